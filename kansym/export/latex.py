# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
r"""A formula in LaTeX with what belongs to it: units, constants with errors, and a document of its own.

Units are upright, with thin spaces and negative powers, ``\mathrm{m\,s^{-1}}``; constants have letters whose values
follow, ``a x, \quad a = 9.812(20)\,\mathrm{m\,s^{-2}}``; the document is for pdflatex, with amsmath and booktabs.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

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

_UNIT_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d{1,3}(?!\d)|(?![eE][-+]?\d)))|(?P<name>[^\W\d]+|[°%][^\W\d]*)"
    r"|(?P<power>\^|\*\*)|(?P<sign>[-+*·×/(){}]))"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")

_SPELLED = {
    "degC": r"^{\circ}C", "°C": r"^{\circ}C", "degF": r"^{\circ}F", "°F": r"^{\circ}F", "degree": r"{}^{\circ}",
    "deg": r"{}^{\circ}", "°": r"{}^{\circ}", "angstrom": r"\mathring{A}", "ohm": r"\Omega", "micron": r"\mu m",
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
    try:
        pieces = [piece for name, power in _UnitReader(text).factors() if (piece := _unit_piece(name, power))]
    except (ValueError, ArithmeticError, RecursionError):
        return rf"\mathrm{{{escaped(text)}}}"
    return rf"\mathrm{{{joined}}}" if (joined := r"\,".join(pieces)) else ""


class _UnitReader:
    """The factors of a unit, in the order in which they are written; ValueError where it is no product of powers."""

    def __init__(self, text: str) -> None:
        raised = re.sub("[⁻−]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "^" + match[0].translate(_RAISED), text)
        text = raised.replace("−", "-")
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _UNIT_TOKEN.match(text, position)
            if match is None:
                raise ValueError(text)
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            position = match.end()

    def factors(self) -> list[tuple[str, Fraction]]:
        found = self._product()
        if self.tokens:
            raise ValueError(self.tokens[0][1])
        return found

    def _next(self, *wanted: str) -> str:
        """The next token where it is one of those; else nothing."""
        if self.tokens and (self.tokens[0][1] in wanted or self.tokens[0][0] in wanted):
            return self.tokens.pop(0)[1]
        return ""

    def _product(self) -> list[tuple[str, Fraction]]:
        found = self._power()
        while self.tokens and self.tokens[0][1] not in ")}":
            # A slash holds for one factor: J/kg K is read as pint does, J K/kg.
            sign = -1 if self._next("/", "per") else 1
            if sign > 0:
                self._next("*", "·", "×")
            found += [(name, sign * power) for name, power in self._power()]
        return found

    def _power(self) -> list[tuple[str, Fraction]]:
        if self._next("("):
            base = self._product()
            self._close(")")
        else:
            base = [(self._next("name", "number"), Fraction(1))]
            if not base[0][0] or base[0][0] == "per":
                raise ValueError("a unit is missing")
        if self._next("power"):
            power = self._exponent()
        elif base[0][0][0].isdigit() or not self.tokens or self.tokens[0][0] == "name":
            power = Fraction(1)
        else:
            # m s-2 and m2
            minus = len(self.tokens) > 1 and self.tokens[0][1] == "-" and self.tokens[1][0] == "number"
            power = self._exponent() if minus or self.tokens[0][0] == "number" else Fraction(1)
        return [(name, one * power) for name, one in base]

    def _exponent(self) -> Fraction:
        bracket = self._next("(", "{")
        sign = -1 if self._next("-") else 1
        self._next("+")
        value = Fraction(self._next("number") or "missing")
        if bracket:
            if self._next("/"):
                value /= Fraction(self._next("number") or "missing")
            self._close(")" if bracket == "(" else "}")
        return sign * value

    def _close(self, bracket: str) -> None:
        if not self._next(bracket):
            raise ValueError("a bracket is open")


def _unit_piece(name: str, power: Fraction) -> str:
    """A factor of a unit in LaTeX; nothing for 1, and ValueError for 0."""
    if name[0].isdigit():
        if not Fraction(name):
            raise ValueError("a unit is not zero")
        digits, _, order = name.lower().partition("e")
        if Fraction(name) == 1 or not power:
            return ""
        if Fraction(digits) == 1 and power == 1:
            return f"10^{{{int(order)}}}"
        name = rf"{digits}\cdot 10^{{{int(order)}}}" if order else digits
        return name if power == 1 else f"({name})^{{{power}}}" if order else f"{name}^{{{power}}}"
    base = _SPELLED.get(name) or escaped(name)
    shown = str(power) if power.denominator <= 12 else f"{float(power):.4g}"
    return base if power == 1 else f"{{{base}}}^{{{shown}}}" if "^" in base else f"{base}^{{{shown}}}"


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
