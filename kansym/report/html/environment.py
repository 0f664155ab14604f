"""The templates, with everything escaped, and the filters that they use."""

import re
from functools import cache

import jinja2
from markupsafe import Markup, escape

from kansym.report.html.formulas import formula_markup

_POWER = re.compile(r"(?:\^|\*\*)(?:\(([-+−]?\d+(?:/\d+)?)\)|([-+−]?\d+(?:/\d+)?))")
_EXPONENT = re.compile(r"(?<=[\d)])e([+-]?\d+)")


@cache
def environment() -> jinja2.Environment:
    """Templates of this package: values are escaped unless they are `Markup`, and a missing name is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("kansym.report.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "mathematics": formula_markup,
        "unit": unit_markup,
        "number": number_markup,
        "measured": measured_markup,
    }
    return made


def unit_markup(text: str | None) -> Markup:
    """A unit with raised powers: ``cm^3 MJy/sr``; nothing for a pure number."""
    if text is None or text == "1":
        return Markup("")
    raised = _POWER.sub(_raised, str(escape(text)))
    return Markup(raised.replace("*", "·"))


def number_markup(text: str) -> Markup:
    """A number with its power of ten written out: ``6.63(2)e-34``; a minus sign instead of a hyphen."""
    text = str(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    if "*" in text:
        # A formula, which must stay what it is for those who copy it.
        return Markup(text)
    text = _EXPONENT.sub(lambda match: f" × 10<sup>{int(match[1])}</sup>", text)
    return Markup(re.sub(r"(?<![\w)])-(?=\d)|(?<=>)-(?=\d)", "−", text))


def measured_markup(text: str) -> Markup:
    """Words with numbers and units in them, ``0.21 kg m^2 s^-2``; formulas stay what they are."""
    if "*" in text:
        return Markup(escape(text))
    return Markup(_POWER.sub(_raised, number_markup(text)))


def _raised(match: re.Match[str]) -> str:
    return f"<sup>{(match[1] or match[2]).replace('-', '−').lstrip('+')}</sup>"
