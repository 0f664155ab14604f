# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""A formula as a LaTeX document of its own: pdflatex, with amsmath and booktabs."""

from collections.abc import Sequence

from kansym.export.latex_table import breakable, latex_table, shown_width
from kansym.export.provenance import made_by, summary_of, units_of
from kansym.export.unit_latex import unit_to_latex
from kansym.export.where import constant_to_latex, lettered
from kansym.export.writing import one_line
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import name_to_latex

SUFFIX = ".tex"

LONGEST = 62
"""Letters and signs of a formula that fit into a line."""

_TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "±": r"$\pm$", "²": "$^2$", "³": "$^3$", "χ": r"$\chi$",
    "<": r"\textless{}", ">": r"\textgreater{}", '"': "''", "|": r"\textbar{}", "-": "{-}", "\N{MINUS SIGN}": "$-$",
}  # fmt: skip


def document(formula: Formula, run: "RunSummary | FinishedRun | None" = None) -> str:
    """A document with the formula, its constants with errors and units, its columns, and the front as a table.

    Parameters
    ----------
    formula : Formula
    run : RunSummary or FinishedRun, optional
        Brings the units of the columns, the front, and how the formula was found.
    """
    units, summary = units_of(run), summary_of(run)
    target = name_to_latex(formula.target)
    text, constants = lettered(formula)
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\usepackage{booktabs}",
        r"\usepackage[margin=25mm]{geometry}",
        r"\setlength{\parindent}{0pt}",
        r"\begin{document}",
        "",
        rf"\section*{{The law of ${target}$}}",
        *_equation(f"{target} = {formula.latex()}"),
    ]
    if constants:
        lines += ["", "With letters for the fitted constants:", *_equation(f"{target} = {text}")]
        rows = [f"${letter}$ & ${constant_to_latex(one)}$" for letter, one in constants]
        lines += ["", *_table("ll", "Constant & Value", rows)]
        if any(one.error for _, one in constants):
            lines += ["Standard errors are given in units of the last digits.", ""]
    used = {symbol.name for symbol in formula.expression.free_symbols}
    columns = [name for name in formula.variables if name in used]
    if any(units.values()):
        rows = [f"${name_to_latex(name)}$ & {_unit(units.get(name))}" for name in (formula.target, *columns)]
        lines += _table("ll", "Quantity & Unit", rows)
    if summary is not None and len(summary.front) > 1:
        lines += ["", r"\section*{Formulas by complexity}", latex_table(summary.front, environment=False)]
    lines += ["", r"\section*{How it was found}", *(rf"{_text(line)}\\" for line in made_by(run, formula))]
    return "".join(
        letter if ord(letter) < 128 else _UNKNOWN for letter in "\n".join([*lines, "", r"\end{document}", ""])
    )


_UNKNOWN = "?"
"""For characters that pdflatex has no letter for."""


def _equation(text: str) -> list[str]:
    if shown_width(text) <= LONGEST:
        return [r"\begin{equation*}", f"  {text}", r"\end{equation*}"]
    return [r"\begin{center}\raggedright\hangindent=2em", rf"$\displaystyle {breakable(text)}$", r"\end{center}"]


def _table(columns: str, head: str, rows: Sequence[str]) -> list[str]:
    body = [rf"{row} \\" for row in rows]
    return [
        r"\begin{center}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{center}",
    ]


def _unit(unit: str | None) -> str:
    shown = unit_to_latex(unit)
    return f"${shown}$" if shown else "pure number" if unit in ("1", "-") else ""


def _text(line: str) -> str:
    """Plain text in LaTeX."""
    return "".join(_TEXT.get(letter, letter) for letter in one_line(line))
