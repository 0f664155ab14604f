"""A figure as SVG that can stand in a page beside others, the same text for the same figure."""

import hashlib
import html
import re
from io import BytesIO, StringIO

import matplotlib
from matplotlib.figure import Figure

MANY = 50
"""Equal round markers from which they are written as the dots of one path."""

_REFERENCE = re.compile(r'href="#([^"]+)"|url\(#([^)]+)\)')
_USE = r'<use xlink:href="#([^"]+)" x="([^"]+)" y="([^"]+)" style="([^"]*)"/>'


def to_svg(figure: Figure, *, title: str | None = None, keep: re.Pattern[str] | None = None) -> str:
    """The figure as one ``<svg>`` element.

    It has no date, no random ids, no style sheet and no script, so the same figure gives the same text; its ids begin
    with a hash of it, so many fit into one page. Text is drawn as outlines: figures look alike wherever they are
    opened, and mathematics stays where it belongs.

    Parameters
    ----------
    figure : Figure
    title : str, optional
        What a screen reader says, see `kansym.figures.alt_text`. Default: the label of the figure.
    keep : re.Pattern, optional
        Ids that match it as a whole stay as they are, for scripts of the page that look for them. Default: none.
    """
    stream = StringIO()
    # Figures of this package keep these settings by themselves, others do not.
    with matplotlib.rc_context({"svg.hashsalt": "kansym", "svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = _shorter(stream.getvalue())
    prefix = f"k{hashlib.sha256(text.encode()).hexdigest()[:10]}-"
    text = _with_own_ids(text, prefix, keep)
    words = html.escape(title if title is not None else str(figure.get_label()), quote=True)
    # The style sheet of matplotlib would hold for the whole page.
    opening = '<svg role="img" style="stroke-linejoin:round;stroke-linecap:butt" '
    if not words:
        return text.replace("<svg ", opening, 1)
    text = text.replace("<svg ", f'{opening}aria-labelledby="{prefix}title" ', 1)
    end = text.index(">") + 1
    return f'{text[:end]}<title id="{prefix}title">{words}</title>{text[end:]}'


def figure_bytes(figure: Figure, kind: str, *, dpi: int = 150) -> bytes:
    """The figure as a file: "svg" as in `to_svg`, "png" at `dpi` dots per inch, or "pdf"; the same bytes every time."""
    if kind == "svg":
        return f"{to_svg(figure)}\n".encode()
    stream = BytesIO()
    figure.savefig(stream, format=kind, dpi=dpi, metadata={"CreationDate": None} if kind == "pdf" else None)
    return stream.getvalue()


def _shorter(text: str) -> str:
    """One element without what only the file needs, and coordinates to a hundredth of a point."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r">\s+<", "><", text).strip().replace("<defs></defs>", "").replace("<defs/>", "")
    text = re.sub(r' d="([^"]*)"', lambda match: f' d="{_path(match[1])}"', text)
    text = re.sub(r' style="([^"]*)"', lambda match: match[0].replace(": ", ":").replace("; ", ";"), text)
    text = re.sub(r' ([xy])="([^"]+)"', lambda match: f' {match[1]}="{_rounded(match[2])}"', text)
    return re.sub(rf"(?:{_USE}){{{MANY},}}", lambda match: _dots(match[0], text), text)


def _rounded(numbers: str) -> str:
    return re.sub(r"-?\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), numbers)


def _path(path: str) -> str:
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _rounded(path)).strip()


def _dots(uses: str, text: str) -> str:
    """Many equal discs as one path of dots with round ends, a quarter of the text; anything else as it is."""
    found = re.findall(_USE, uses)
    marker, _, _, style = found[0]
    # matplotlib writes a disc as a curve that begins at its lowest point.
    disc = re.search(rf'<path id="{re.escape(marker)}" d="M0 ([\d.]+)C[^"L]*"', text)
    if disc is None or "stroke" in style or any((m, s) != (marker, style) for m, _, _, s in found):
        return uses
    stroke = style.replace("fill", "stroke")
    points = "".join(f"M{x} {y}h.01" for _, x, y, _ in found)
    width = 2 * float(disc[1])
    return f'<path d="{points}" style="fill:none;{stroke};stroke-width:{width:g};stroke-linecap:round"/>'


def _with_own_ids(text: str, prefix: str, keep: re.Pattern[str] | None) -> str:
    """Ids that are referred to get the prefix and a number, those to keep stay, the others go."""
    needed = list(dict.fromkeys(match[1] or match[2] for match in _REFERENCE.finditer(text)))
    short = {name: f"{prefix}{number}" for number, name in enumerate(needed)}

    def written(match: re.Match[str]) -> str:
        if match[1] in short:
            return f' id="{short[match[1]]}"'
        return match[0] if keep is not None and keep.fullmatch(match[1]) else ""

    text = re.sub(r' id="([^"]+)"', written, text)
    return _REFERENCE.sub(lambda m: f'href="#{short[m[1]]}"' if m[1] else f"url(#{short[m[2]]})", text)
