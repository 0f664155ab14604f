r"""A table of formulas in LaTeX, like that of ``PySRRegressor.latex_table``.

PySR sets long formulas with ``dmath*`` of the package breqn. Here they are set as inline mathematics in a ``\parbox``,
where TeX breaks lines at plus signs and relations by itself, and at the places between factors that are marked: nothing
but booktabs is needed.
"""

from collections.abc import Iterable, Sequence

from kansym.errors import ArgumentError
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import COMMANDS, name_to_latex, number_to_latex
from kansym.symbolic.text import split_number

OPERATORS = ("+", "-", "=", r"\times", r"\cdot")
"""After which TeX breaks lines by itself, if it should; a break before one would look wrong."""

FUNCTIONS = frozenset(f"\\{name}" for name in COMMANDS)
"""Before whose arguments TeX must not break a line."""

HEADS = {"equation": "Equation", "complexity": "Complexity", "loss": "Loss", "score": "Score"}

LONGEST = 36
"""Letters, digits and signs of a formula that fit on one line beside three columns of numbers."""

WIDTH = r"0.55\linewidth"
"""Of the column of formulas, where one is longer."""


def latex_table(
    front: ParetoFront,
    indices: Sequence[int] | None = None,
    precision: int = 3,
    columns: Sequence[str] = tuple(HEADS),
    *,
    environment: bool = True,
) -> str:
    r"""A booktabs table of formulas; put ``\usepackage{booktabs}`` into the preamble.

    Parameters
    ----------
    front : ParetoFront
    indices : sequence of int, optional
        Rows of the front, in this order; negative ones count from the end. Default: all.
    precision : int, default 3
        Significant digits.
    columns : sequence of str, default ("equation", "complexity", "loss", "score")
    environment : bool, default True
        Put it into a floating ``table``.

    Raises
    ------
    ArgumentError
        If a column or a row does not exist, or `precision` is not positive.
    """
    if isinstance(columns, str) or not columns or set(columns) - set(HEADS):
        raise ArgumentError(f"columns must be some of {', '.join(HEADS)}, got {columns!r}")
    if isinstance(precision, bool) or not isinstance(precision, int) or precision < 1:
        raise ArgumentError(f"precision must be a number of digits, 1 or more, got {precision!r}")
    rows = range(len(front)) if indices is None else indices
    if isinstance(rows, int) or not all(-len(front) <= row < len(front) for row in rows):
        raise ArgumentError(f"indices must name some of the {len(front)} formulas of the front, got {indices!r}")
    scores = front.to_frame()["score"]
    body = [" & ".join(_cells(front[row], float(scores.iloc[row]), columns, precision)) for row in rows]
    layout = f"{'l' if columns[0] == 'equation' else 'c'}{'c' * (len(columns) - 1)}"
    lines = booktabs(layout, " & ".join(HEADS[column] for column in columns), body)
    if environment:
        lines = [r"\begin{table}[h]", *lines, r"\end{table}"]
    return "\n".join(["% Needs \\usepackage{booktabs}.", *lines, ""])


def booktabs(layout: str, head: str, rows: Iterable[str]) -> list[str]:
    """The lines of a centred table: ``l`` and ``c`` for its columns, its head, and its rows."""
    return [
        r"\begin{center}",
        rf"\begin{{tabular}}{{@{{}}{layout}@{{}}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *(rf"{row} \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{center}",
    ]


def _cells(formula: Formula, score: float, columns: Sequence[str], precision: int) -> list[str]:
    cells = {
        "equation": _equation(formula, precision),
        "complexity": f"${formula.complexity}$",
        "loss": f"${_number(formula.loss, precision)}$",
        "score": f"${_number(score, precision)}$",
    }
    return [cells[column] for column in columns]


def _number(value: float, precision: int) -> str:
    return number_to_latex(*split_number(value, precision))


def _equation(formula: Formula, precision: int) -> str:
    text = formula.latex(digits=precision)
    whole = f"{name_to_latex(formula.target)} = {text}"
    if shown_width(text) <= LONGEST:
        return f"${whole}$"
    return rf"\parbox[t]{{{WIDTH}}}{{\raggedright\hangindent=1em ${breakable(whole)}$\strut}}"


def breakable(text: str) -> str:
    r"""LaTeX with ``\allowbreak`` at the spaces between factors that stand in no braces and no ``\left...\right``.

    TeX breaks inline mathematics after relations and binary operators only, and inside no group.
    """
    pieces: list[str] = []
    depth, function = 0, False
    tokens = ["", *_tokens(text), ""]
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token in ("{", r"\left"):
            depth += 1
        elif token in ("}", r"\right"):
            depth -= 1
        if depth == 0 and token not in ("^", "_", "}"):
            # What follows a function's name, or its power, is its argument.
            function, argument = token in FUNCTIONS, function
            between = token == " " and not argument
        else:
            between = False
        marked = between and before not in OPERATORS and after not in (*OPERATORS, r"\,")
        pieces.append(r" \allowbreak " if marked else token)
    return "".join(pieces)


def shown_width(text: str) -> int:
    """About how many characters LaTeX shows; those of a fraction one after the other."""
    count = 0
    for token in _tokens(text):
        if token.startswith("\\"):
            count += 0 if token in (r"\left", r"\right", r"\mathrm", r"\frac") else min(len(token) - 1, 3)
        else:
            count += token not in "{}^_ "
    return count


def _tokens(text: str) -> Iterable[str]:
    """Commands, and single characters."""
    at = 0
    while at < len(text):
        end = at + 1
        if text[at] == "\\":
            end = at + 2
            while text[at + 1].isalpha() and end < len(text) and text[end].isalpha():
                end += 1
        yield text[at:end]
        at = end
