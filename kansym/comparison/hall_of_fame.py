"""PySR's hall of fame: the CSV file that it keeps while it searches, read without PySR and without Julia.

PySR writes ``hall_of_fame.csv`` and then the same once more as ``hall_of_fame.csv.bak``, so that one of them is whole
whenever it is stopped; with several targets they are ``hall_of_fame_output1.csv`` and so on. The columns are
``Complexity,Loss,Equation``. The formulas are text in Julia, which is translated and parsed, never evaluated.
"""

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sympy

from kansym.comparison.request import MOST_FORMULAS, PeerFormula
from kansym.errors import ArgumentError, DataError
from kansym.symbolic.parser import FormulaSyntaxError, parse_expression
from kansym.symbolic.pysr import FormulaTextError, names_in, translated

FILE = "hall_of_fame.csv"

LARGEST = 20 * 2**20
"""Bytes of a hall of fame; real ones have some kilobytes."""

_GENERIC = re.compile(r"x(\d{1,6})")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@dataclass(frozen=True)
class Row:
    """A line of the file.

    Attributes
    ----------
    complexity, loss : float
        As PySR counts and measures.
    equation : str
        In Julia.
    """

    complexity: float
    loss: float
    equation: str


@dataclass(frozen=True)
class Rows:
    """What a file holds.

    Attributes
    ----------
    rows : tuple of Row
    source : Path
        The file that they are from.
    whole : bool
        Whether it is complete, and was not cut off while it was written.
    remarks : tuple of str
    """

    rows: tuple[Row, ...]
    source: Path
    whole: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class HallOfFame:
    """A hall of fame in the words of a table.

    Attributes
    ----------
    formulas : tuple of PeerFormula
        With the table's names, for `kansym.symbolic.parser.parse_expression`; the simplest first.
    expressions : tuple of sympy.Expr
        The same, parsed, in plain symbols.
    pick : int
        Number of the one that PySR hands out with ``model_selection="best"``.
    source : Path
        The file that they are from.
    remarks : tuple of str
        What was left out or had to be supposed.
    """

    formulas: tuple[PeerFormula, ...]
    expressions: tuple[sympy.Expr, ...]
    pick: int
    source: Path
    remarks: tuple[str, ...] = ()


def read_hall_of_fame(path: Path | str, names: Sequence[str]) -> HallOfFame:
    """Read a hall of fame for a table.

    Names in its formulas are matched with the table's columns, as they are or with underscores in place of spaces,
    which is what PySR makes of them. Where all of them are ``x0``, ``x1``, ... and not all of these are columns, they
    are PySR's own names for the columns in their order, counted from 0; from 1, as SymbolicRegression.jl does, if the
    last column would otherwise be missing from the table. A table with one column needs no names to match.

    Parameters
    ----------
    path : Path or str
        A ``hall_of_fame.csv``, its ``.bak``, a table with these columns in any case (``model.equations_`` written
        out), or a folder with one of them.
    names : sequence of str
        Columns of the table, in the order in which PySR saw them.

    Raises
    ------
    ArgumentError
        If there is no such file, or a folder holds several.
    DataError
        If it is no hall of fame, names do not match, or no formula can be read.
    """
    table = read_rows(path)
    remarks = list(table.remarks)
    kept, used = _with_names(table.rows, remarks)
    columns, supposed = _columns(used, names, table.source)
    remarks += supposed
    readable: list[tuple[Row, str, sympy.Expr]] = []
    for row in kept:
        try:
            text = translated(row.equation, columns)
            readable.append((row, text, parse_expression(text, names)))
        except (FormulaTextError, ArgumentError) as error:
            remarks.append(_left_out(row, error))
    if not readable:
        reason = f": {remarks[-1]}" if remarks else ""
        raise DataError(f"{table.source}: no formula that can be read{reason}")
    pick = best_pick([row for row, _, _ in readable])
    theirs = table.rows[best_pick(table.rows)]
    if readable[pick][0] is not theirs:
        remarks.append(f"PySR's own pick, of complexity {theirs.complexity:g}, is not among those that can be read")
    return HallOfFame(
        tuple(PeerFormula(text, row.complexity, _finite(row.loss)) for row, text, _ in readable),
        tuple(expression for _, _, expression in readable),
        pick,
        table.source,
        tuple(remarks),
    )


def read_rows(path: Path | str) -> Rows:
    """The lines of a hall of fame, of its ``.bak`` where the file itself is missing or was cut off.

    Raises
    ------
    ArgumentError, DataError
        See `read_hall_of_fame`.
    """
    chosen = Path(path)
    if chosen.is_dir():
        chosen = _file_in(chosen)
    files = [chosen] if chosen.suffix == ".bak" else [chosen, chosen.with_name(chosen.name + ".bak")]
    found: list[Rows] = []
    problem: DataError | None = None
    for file in files:
        try:
            rows = _read(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ArgumentError(f"hall of fame: {file} cannot be read ({error.strerror or error})") from error
        except DataError as error:
            problem = problem or error
            continue
        if rows.whole and not _goes_on(file, files[-1]):
            if file is not chosen:
                remark = f"read from {file.name}, since {chosen.name} is missing or was cut off"
                rows = Rows(rows.rows, rows.source, True, (*rows.remarks, remark))
            return rows
        found.append(rows)
    if found:
        # The longer one: what was cut off is lost either way.
        best = max(found, key=lambda rows: len(rows.rows))
        return Rows(best.rows, best.source, False, (*best.remarks, f"{best.source.name} was cut off"))
    if problem is not None:
        raise problem
    raise ArgumentError(f"hall of fame: there is no file {chosen}")


def best_pick(rows: Sequence[Row | PeerFormula]) -> int:
    """The number of the row that PySR hands out with ``model_selection="best"``.

    Among rows whose loss is at most 1.5 times the least, the one with the highest score: the fall of the logarithm
    of the loss per unit of complexity, from the row before. The first row has score 0, an exact one infinity. With a
    negative loss there are no scores (``loss_scale="linear"``), and it is the row of least loss.

    Parameters
    ----------
    rows : sequence of Row or PeerFormula, not empty
        In the order of the file.
    """
    losses = _losses(rows)
    least = min(losses)
    if least < 0:
        return losses.index(least)
    found = scores(rows)
    good = [k for k, loss in enumerate(losses) if loss <= 1.5 * least]
    return max(good, key=lambda k: found[k])


def scores(rows: Sequence[Row | PeerFormula]) -> list[float]:
    """PySR's score of every row: the fall of the logarithm of the loss per unit of complexity, from the row before.

    The first row has 0, an exact one infinity, and a row without a better loss or a larger complexity minus infinity.
    """
    losses = _losses(rows)
    sizes = [row.complexity or 0.0 for row in rows]
    found = [0.0]
    for k in range(1, len(rows)):
        if losses[k] <= 0:
            found.append(math.inf)
        elif losses[k] == math.inf or losses[k - 1] <= 0 or sizes[k] == sizes[k - 1]:
            found.append(-math.inf)
        else:
            ratio = losses[k] / losses[k - 1]
            found.append(-math.log(ratio) / (sizes[k] - sizes[k - 1]) if ratio > 0 else math.inf)
    return found


def _losses(rows: Sequence[Row | PeerFormula]) -> list[float]:
    return [math.inf if row.loss is None or math.isnan(row.loss) else row.loss for row in rows]


# -- files -------------------------------------------------------------------------------------------------------------


def _file_in(folder: Path) -> Path:
    """The one hall of fame in a folder, or in one of the folders of runs in it."""
    for places in ([folder], sorted(entry for entry in folder.iterdir() if entry.is_dir())):
        files = {
            file.with_name(file.name.removesuffix(".bak"))
            for place in places
            for file in place.glob("hall_of_fame*.csv*")
            if file.name.removesuffix(".bak").endswith(".csv")
        }
        if len(files) == 1:
            return files.pop()
        if files:
            listed = ", ".join(str(file.relative_to(folder)) for file in sorted(files)[:10])
            several = "PySR wrote one for each target" if places == [folder] else "there are several runs"
            raise ArgumentError(f"hall of fame: {folder} holds {len(files)} ({several}); give one of them: {listed}")
    raise ArgumentError(f"hall of fame: the folder {folder} holds no {FILE}; give the file itself")


def _goes_on(file: Path, copy: Path) -> bool:
    """Whether a file is the beginning of its copy: it may have been cut off between two lines."""
    if file == copy or not copy.is_file() or not file.stat().st_size < copy.stat().st_size <= LARGEST:
        return False
    return copy.read_bytes().startswith(file.read_bytes())


def _read(file: Path) -> Rows:
    if file.stat().st_size > LARGEST:
        raise DataError(f"{file}: larger than {LARGEST // 2**20} MB, so it is no hall of fame of PySR")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is no text in UTF-8, so it is no hall of fame of PySR") from error
    lines = text.splitlines(keepends=True)
    if not lines:
        raise DataError(f"{file}: is empty; PySR ended before its first round was over")
    header, delimiter = _header(lines[0], file)
    records, whole = _records(lines[1:], delimiter)
    rows: list[Row] = []
    remarks: list[str] = []
    for number, record in records:
        try:
            rows.append(_row(record, header))
        except (IndexError, ValueError):
            if number >= len(lines) and not text.endswith("\n"):
                whole = False
            elif any(entry.strip() for entry in record):
                remarks.append(f"line {number} of {file.name} is not complexity, loss and equation")
    if not rows:
        raise DataError(f"{file}: has no formulas" + (f": {remarks[0]}" if remarks else ""))
    if len(rows) > MOST_FORMULAS:
        remarks.append(f"only the first {MOST_FORMULAS} of {len(rows)} formulas are looked at")
    return Rows(tuple(rows[:MOST_FORMULAS]), file, whole, tuple(remarks))


def _row(record: list[str], header: dict[str, int]) -> Row:
    equation = record[header["equation"]].strip()
    if not equation:
        raise ValueError
    return Row(float(record[header["complexity"]]), float(record[header["loss"]]), equation)


def _header(line: str, file: Path) -> tuple[dict[str, int], str]:
    """Where the three columns are, and what is between them."""
    for delimiter in ",;|\t":
        words = [word.strip().strip('"').lower() for word in line.strip().split(delimiter)]
        if {"complexity", "loss", "equation"} <= set(words):
            return {word: k for k, word in reversed(list(enumerate(words)))}, delimiter
    found = line.strip() if len(line) <= 80 else f"{line[:80]}..."
    raise DataError(f"{file}: needs the columns Complexity, Loss and Equation, but its first line is {found!r}")


def _records(lines: list[str], delimiter: str) -> tuple[list[tuple[int, list[str]]], bool]:
    """Numbers of lines and their entries, and whether the last quotation mark is closed."""
    records: list[tuple[int, list[str]]] = []
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if record:
                # The header is line 1.
                records.append((reader.line_num + 1, record))
    except csv.Error:
        return records, False
    return records, True


# -- names -------------------------------------------------------------------------------------------------------------


def _with_names(rows: Iterable[Row], remarks: list[str]) -> tuple[list[Row], list[str]]:
    """The rows that are formulas, and all the names in them."""
    kept: list[Row] = []
    used: dict[str, None] = {}
    for row in rows:
        try:
            used.update(dict.fromkeys(names_in(row.equation)))
        except FormulaTextError as error:
            remarks.append(_left_out(row, error))
        else:
            kept.append(row)
    return kept, list(used)


def _columns(used: list[str], names: Sequence[str], source: Path) -> tuple[dict[str, str], list[str]]:
    """What each name is called in the table, and what had to be supposed."""
    known = {name.replace(" ", "_"): name for name in reversed(names)} | {name: name for name in names}
    if all(name in known for name in used):
        return {name: known[name] for name in used}, []
    numbers = {name: _GENERIC.fullmatch(name.translate(_SUBSCRIPTS)) for name in used}
    if all(numbers.values()):
        places = {name: int(match[1]) for name, match in numbers.items() if match}
        first = 1 if 0 not in places.values() and len(names) in places.values() else 0
        beyond = [name for name, place in places.items() if place - first >= len(names)]
        if beyond:
            raise DataError(f"{source}: has the column {beyond[0]}, but the table has {len(names)}: {_listed(names)}")
        remark = f"x{first} is taken for {names[0]}, the first column, and so on"
        return {name: names[place - first] for name, place in places.items()}, [remark]
    unknown = [name for name in used if name not in known]
    if len(names) == len(used) == 1:
        return {used[0]: names[0]}, [f"{used[0]} is taken for {names[0]}, the only column"]
    raise DataError(
        f"{source}: {_listed(unknown)}: no such column in the table, which has {_listed(names)}; the file must use the "
        "table's names, or x0, x1, ... in the order of its columns: rename the columns in one of the two"
    )


def _left_out(row: Row, error: Exception) -> str:
    # The remark names the formula by its complexity and need not quote it.
    syntax = isinstance(error, FormulaSyntaxError)
    reason = f"{error.position}: {error.problem}" if syntax else str(error)
    return f"the formula of complexity {row.complexity:g} is left out: {reason}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
