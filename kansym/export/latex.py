# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
r"""A formula in LaTeX with what belongs to it: units, constants with errors, and a document of its own.

Units are upright, with thin spaces and negative powers, ``\mathrm{m\,s^{-1}}``; constants have letters whose values
follow, ``a x, \quad a = 9.812(20)\,\mathrm{m\,s^{-2}}``; the document is for pdflatex, with amsmath and booktabs.
"""

import re
from collections.abc import Mapping

from kansym.export.languages import Language
from kansym.export.latex_table import booktabs, breakable, latex_table, shown_width
from kansym.export.writing import made_by, one_line, summary_of, units_of
from kansym.numbers import measured_latex
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.latex import escaped, name_to_latex
from kansym.units.unit import split_factor
from kansym.units.words import begins_with_number

LONGEST = 62
"""Letters and signs of a formula that fit into a line."""

_TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "±": r"$\pm$", "²": "$^2$", "³": "$^3$", "χ": r"$\chi$",
    "<": r"\textless{}", ">": r"\textgreater{}", '"': "''", "|": r"\textbar{}", "-": "{-}", "\N{MINUS SIGN}": "$-$",
}  # fmt: skip

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
        # A slash holds for one factor: J/kg K is read as pint does, J K/kg.
        below = False
    joined = r"\,".join(pieces)
    return rf"\mathrm{{{joined}}}" if pieces else ""


def constant_to_latex(constant: Constant) -> str:
    r"""``9.812(20)\,\mathrm{m\,s^{-2}}``; a factor of the unit goes into the number."""
    value, error, words = constant.value, constant.error, constant.unit
    if words and begins_with_number(words):
        factor, words = split_factor(words)
        value, error = factor * value, None if error is None else factor * error
    unit = unit_to_latex(words)
    return measured_latex(value, error) + (rf"\,{unit}" if unit else "")


def latex_with_units(formula: Formula) -> str:
    """The formula with letters for constants, followed by their values, errors and units."""
    named = formula.named()
    parts = [f"{name_to_latex(one.name)} = {constant_to_latex(one)}" for one in named.constants]
    return r", \quad ".join([named.latex(), *parts])


class Document(Language):
    """A document with the formula, its constants with errors and units, its columns, and the front as a table.

    The run brings the units of the columns, the front, and how the formula was found.
    """

    title = "LaTeX document"
    suffix = ".tex"

    def write(self, formula: Formula, name: str | None, run: RunSummary | FinishedRun | None) -> str:
        """The document; it has no function that could have a name."""
        summary = summary_of(run)
        lines = [
            r"\documentclass{article}",
            r"\usepackage{amsmath}",
            r"\usepackage{booktabs}",
            r"\usepackage[margin=25mm]{geometry}",
            r"\setlength{\parindent}{0pt}",
            r"\begin{document}",
            "",
            *_law(formula),
            *_units(formula, units_of(run)),
        ]
        if summary is not None and len(summary.front) > 1:
            lines += ["", r"\section*{Formulas by complexity}", latex_table(summary.front, environment=False)]
        lines += ["", r"\section*{How it was found}", *(rf"{_text(line)}\\" for line in made_by(run, formula))]
        # pdflatex has no letters for other characters; a question mark shows that there was one.
        return "\n".join([*lines, "", r"\end{document}", ""]).encode("ascii", "replace").decode()


def _law(formula: Formula) -> list[str]:
    """The formula with numbers, then with letters for the constants, and their values."""
    target = name_to_latex(formula.target)
    lines = [rf"\section*{{The law of ${target}$}}", *_equation(f"{target} = {formula.latex()}")]
    named = formula.named()
    if named.constants:
        lines += ["", "With letters for the fitted constants:", *_equation(named.latex(with_target=True))]
        rows = [f"${name_to_latex(one.name)}$ & ${constant_to_latex(one)}$" for one in named.constants]
        lines += ["", *booktabs("ll", "Constant & Value", rows)]
        if any(one.error for one in named.constants):
            lines += ["Standard errors are given in units of the last digits.", ""]
    return lines


def _units(formula: Formula, units: Mapping[str, str | None]) -> list[str]:
    """The units of the target and of the columns that occur, where any is known."""
    if not any(units.values()):
        return []
    used = {symbol.name for symbol in formula.expression.free_symbols}
    names = [formula.target, *(name for name in formula.variables if name in used)]
    return booktabs("ll", "Quantity & Unit", [f"${name_to_latex(name)}$ & {_unit(units.get(name))}" for name in names])


def _equation(text: str) -> list[str]:
    if shown_width(text) <= LONGEST:
        return [r"\begin{equation*}", f"  {text}", r"\end{equation*}"]
    return [r"\begin{center}\raggedright\hangindent=2em", rf"$\displaystyle {breakable(text)}$", r"\end{center}"]


def _unit(unit: str | None) -> str:
    shown = unit_to_latex(unit)
    return f"${shown}$" if shown else "pure number" if unit in ("1", "-") else ""


def _text(line: str) -> str:
    """Plain text in LaTeX."""
    return "".join(_TEXT.get(letter, letter) for letter in one_line(line))


LANGUAGE = Document()
