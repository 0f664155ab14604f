r"""Units in LaTeX: upright, with thin spaces and negative powers, ``\mathrm{m\,s^{-1}}``."""

import re

from kansym.symbolic.latex import escaped

_TOKEN = re.compile(
    r"\s*(?:(?P<stroke>/)|(?P<dot>[*·×])|(?P<name>[^\W\d]+|[°%][^\W\d]*|10|1)"
    r"(?:\s*(?:\^|\*\*)\s*[({]?(?P<power>[-−+]?\d+(?:[./]\d+)?)[)}]?|(?P<bare>[-−]?\d+))?)"
)

_SPELLED = {
    "degC": r"^{\circ}C", "°C": r"^{\circ}C", "degF": r"^{\circ}F", "°F": r"^{\circ}F", "degree": r"^{\circ}",
    "deg": r"^{\circ}", "°": r"^{\circ}", "angstrom": r"\mathring{A}", "ohm": r"\Omega", "micron": r"\mu m",
}  # fmt: skip


def unit_to_latex(unit: str | None) -> str:
    r"""A unit as people write it; empty for None and pure numbers.

    Parameters
    ----------
    unit : str or None
        As in `kansym.units.unit.parse_unit`. Text in another form is set as it is.

    Examples
    --------
    >>> print(unit_to_latex("cm^3 MJy/sr"))
    \mathrm{cm^{3}\,MJy\,sr^{-1}}
    """
    text = (unit or "").strip()
    if text in ("", "1", "-", "–", "—", "dimensionless", "none"):
        return ""
    pieces: list[str] = []
    position, below = 0, False
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            return rf"\mathrm{{{escaped(text)}}}"
        stroke, dot, name, power, bare = match.group("stroke", "dot", "name", "power", "bare")
        position = match.end()
        if stroke or dot:
            below = bool(stroke)
            continue
        exponent = (power or bare or "1").replace("−", "-").removeprefix("+")
        if below:
            exponent = exponent[1:] if exponent.startswith("-") else f"-{exponent}"
        if name != "1":
            base = _SPELLED.get(name) or escaped(name)
            pieces.append(base if exponent == "1" else f"{base}^{{{exponent}}}")
        # A stroke holds for one factor: J/kg K is read as pint does, J K/kg.
        below = False
    joined = r"\,".join(pieces)
    return rf"\mathrm{{{joined}}}" if pieces else ""
