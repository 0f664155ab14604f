"""Drawings and formulas as pieces of a page: read as XML and written again, so that only known markup gets in."""

import re
from dataclasses import fields
from xml.etree import ElementTree

from markupsafe import Markup

from kansym.figures.style import LIGHT, Theme

SVG = "http://www.w3.org/2000/svg"

# What matplotlib writes; no script, no foreignObject, no animation.
# fmt: off
_SVG_ELEMENTS = frozenset({
    "svg", "g", "path", "use", "defs", "clipPath", "rect", "line", "circle", "ellipse", "polygon", "polyline",
    "text", "tspan", "image", "linearGradient", "radialGradient", "stop", "pattern", "mask", "marker",
})
# fmt: on

# MathML Core, less what runs or links.
# fmt: off
_MATHML_ELEMENTS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot", "mstyle", "mpadded",
    "mphantom", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts",
    "mtable", "mtr", "mtd", "menclose", "merror", "semantics", "annotation",
})
_MATHML_ATTRIBUTES = frozenset({
    "display", "displaystyle", "mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace",
    "minsize", "maxsize", "symmetric", "largeop", "movablelimits", "width", "height", "depth", "linethickness",
    "columnalign", "rowspacing", "columnspacing", "accent", "accentunder", "dir", "scriptlevel", "encoding",
    "alttext", "intent", "arg", "class",
})
# fmt: on

_REFERENCE = re.compile(r"url\(\s*(['\"]?)#([^)'\"]+)\1\s*\)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")

LEAST = 0.6
"""Share of its size down to which a drawing shrinks; below, its letters could not be read."""


class MarkupError(ValueError):
    """A piece is not well-formed, or holds what a page must not hold."""


def trusted_svg(text: str, prefix: str, label: str) -> Markup:
    """An SVG drawing to stand within a page.

    Ids get a prefix, since several drawings of one library use the same ones; colours become properties of the page,
    see `drawing_colours`. Metadata, titles, which pages show as tips, comments and the document type are
    left out; it is as wide as it wants to be where the page allows, and scrolls below 60 % of that.

    Parameters
    ----------
    text : str
        The file.
    prefix : str
        Different for each drawing of a page.
    label : str
        The alternative text.

    Raises
    ------
    MarkupError
        If it is not SVG, or holds scripts, foreign elements or references to anything outside of itself.
    """
    root = _parsed(text)
    if _local(root.tag) != "svg":
        raise MarkupError(f"expected an svg element, got {_local(root.tag)!r}")
    _clean_svg(root, prefix)
    width = root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    if width and re.fullmatch(r"[\d.]+pt", width):
        natural = float(width[:-2]) * 4 / 3
        own = f"{root.get('style', '')};".lstrip(";")
        root.set("style", f"{own}max-width:{natural:.0f}px;min-width:{LEAST * natural:.0f}px")
    root.set("role", "img")
    root.attrib.pop("aria-labelledby", None)
    root.set("aria-label", label)
    return Markup(_written(root))


def trusted_mathml(text: str, *, display: bool = False, label: str = "") -> Markup:
    """A formula in MathML to stand within a page.

    Parameters
    ----------
    text : str
        A ``math`` element, or what belongs in one.
    display : bool, default False
        On a line of its own.
    label : str, optional
        The formula in plain text, for what does not know MathML.

    Raises
    ------
    MarkupError
        If it is not well-formed, or holds elements that are not MathML.
    """
    root = _parsed(text)
    if _local(root.tag) != "math":
        math = ElementTree.Element("math")
        math.append(root)
        root = math
    for element in root.iter():
        name = _local(element.tag)
        if name not in _MATHML_ELEMENTS:
            raise MarkupError(f"{name!r} is no element of MathML")
        element.tag = name
        element.attrib = {key: value for key, value in element.attrib.items() if key in _MATHML_ATTRIBUTES}
        element.tail = None if element.tail is None or not element.tail.strip() else element.tail
    root.attrib.pop("display", None)
    if display:
        root.set("display", "block")
    if label:
        root.set("alttext", label)
    return Markup(_written(root))


def _parsed(text: str) -> ElementTree.Element:
    # The parser resolves no external entities, and drops comments and the document type.
    if "<!ENTITY" in text:
        raise MarkupError("entities are not allowed")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise MarkupError(f"not well-formed: {error}") from error


def _clean_svg(element: ElementTree.Element, prefix: str) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or _local(child.tag) in ("metadata", "title", "desc"):
            element.remove(child)
            continue
        if not child.tag.startswith(f"{{{SVG}}}"):
            raise MarkupError(f"{child.tag!r} is not SVG")
        _clean_svg(child, prefix)
    name = _local(element.tag)
    if name not in _SVG_ELEMENTS:
        raise MarkupError(f"{name!r} may not stand in a drawing")
    element.tag = name
    if element.text is not None and not element.text.strip():
        element.text = None
    if element.tail is not None and not element.tail.strip():
        element.tail = None
    kept = {}
    for key, value in element.attrib.items():
        local = _local(key)
        if local.lower().startswith("on"):
            raise MarkupError(f"the attribute {local!r} may not stand in a drawing")
        if local == "id":
            value = prefix + value
        elif local == "href":
            if value.startswith("#"):
                value = f"#{prefix}{value[1:]}"
            elif not value.startswith("data:image/png;base64,"):
                raise MarkupError("a drawing may refer to nothing outside of itself")
        elif "url(" in value:
            value = _REFERENCE.sub(rf"url(#{prefix}\2)", value)
            if re.search(r"url\(\s*(?!#)", value):
                raise MarkupError("a drawing may refer to nothing outside of itself")
        if local in ("style", "fill", "stroke"):
            value = with_properties(value)
        if not key.startswith("{") or local == "href":
            kept[local] = value
    element.attrib = kept


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _written(root: ElementTree.Element) -> str:
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _named(theme: Theme) -> dict[str, str]:
    """Name of the property to colour."""
    found = {}
    for field in fields(theme):
        value = getattr(theme, field.name)
        for k, colour in enumerate((value,) if isinstance(value, str) else value):
            found[f"--drawing-{field.name}-{k}"] = colour.lower()
    return found


def drawing_colours(theme: Theme) -> Markup:
    """Declarations of a theme's colours for a style sheet."""
    return Markup(" ".join(f"{name}: {colour};" for name, colour in _named(theme).items()))


def with_properties(style: str) -> str:
    """The style of a drawing made in light colours, with the properties in their place; without them they hold."""
    return _COLOUR.sub(lambda match: _PROPERTIES.get(match[0].lower(), match[0]), style)


_PROPERTIES = {colour: f"var({name},{colour})" for name, colour in reversed(_named(LIGHT).items())}
