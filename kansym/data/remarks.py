"""What is odd about a table and does not forbid its use: columns that are leaks or twins, or called like the standard
errors of another one, or nearly like a constant, gaps, and repeated rows that scatter more than their errors."""

import difflib
import re
import shlex
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from kansym.data.columns import quoted
from kansym.data.repeated import repeated_scatter

SAME = 1e-9
"""Largest difference of two columns that hold the same numbers, relative to the larger peak: a copy may have fewer
digits."""

TWINS = 1e-6
"""Columns with 1 - r^2 below this are the same to a thousandth of their spread."""

MOST_COLUMNS = 200
"""Pairs are not looked at beyond; a table of that width is no list of physical quantities."""

WIDEST_GAP = 1 / 3
"""Share of a column's range without values that is worth a remark. The widest of n gaps at random is about log(n)/n."""

GEOMETRIC = 0.15
"""Values of one sign whose median is this small beside the largest are spread over decades."""

UNLIKELY = 1e-6
"""Probability of their scatter below which it is more than the errors allow; published errors are seldom exact."""

EXPLAINED = 0.5
"""Ratio of the scatter within groups to that of all below which the groups say something."""

MOST_GROUPS = 0.25
"""Groups of a label, in units of the rows."""

LONG, ALIKE = 4, 0.8
"""Letters of a name that may be a misspelt column, and how near it is; x0 and x1 are near and two."""

LEAST_VALUES = 30
"""Different values of a column below which gaps are its nature: levels, quantum numbers, settings."""

FEWEST_VALUES, RANGE, PRINTED = 6, 2.0, 0.02
"""Different values of a target, ratio of the largest to small ones, and relative difference from rounding, from which a
column that follows from it does so by no coincidence."""

_SIGN = r"u|unc|uncert|uncertainty|err|error|errors|sigma|sig|sd|std|stddev|se|stderr"
_WORD = rf"(?:.*[ _.-])?(?:{_SIGN})(?:[ _.-].*)?"
"""A name with a word for errors in it, whatever they are of."""

_PATTERNS = (
    re.compile(rf"(?:{_SIGN})[ _.-](?P<of>.+)", re.IGNORECASE),
    re.compile(rf"(?:{_SIGN}|σ)\((?P<of>.+)\)", re.IGNORECASE),
    re.compile(r"(?:σ|±|\+/?-)[ _]?(?P<of>.+)", re.IGNORECASE),
    re.compile(rf"(?P<of>.+)[ _.-](?:{_SIGN})", re.IGNORECASE),
    re.compile(r"(?P<of>.+?)(?:err|error)", re.IGNORECASE),
    re.compile(r"(?P<of>.+?) ?(?:±|\+/?-)", re.IGNORECASE),
)
"""``u_y``, ``u(y)``, ``σ_y``, ``y_err``, ``yerr``, ``y ±``; what is left must be the name of another column."""

_OF_TARGET = (
    re.compile(r"(?:d|e|delta)[ _]?(?P<of>.+)", re.IGNORECASE),
    re.compile(r"[δΔ][ _]?(?P<of>.+)", re.IGNORECASE),
)
"""``dy``, ``e_y``, ``Δy``: of an input these are more often steps and directions than errors."""


class Warned(str):
    """A note that is said before a search begins, since the search may be better stopped for it."""

    __slots__ = ()


def column_remarks(X: np.ndarray, names: Sequence[str], y: np.ndarray, target: str) -> list[str]:
    """Sentences on columns that repeat the target, columns that say the same as others, and gaps.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Inputs, none of them constant.
    names : sequence of str
    y : ndarray, shape (n,)
    target : str
    """
    return [*_leaks(X, names, y, target), *_errors_by_value(X, names, y, target), *_twins(X, names), *_gaps(X, names)]


def scatter_remarks(
    X: np.ndarray, y: np.ndarray, y_error: np.ndarray | None, labels: Mapping[str, np.ndarray]
) -> list[str]:
    """Sentences on rows with equal inputs that scatter more than their errors, or less within the groups of a label.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    y_error : ndarray, shape (n,), or None
    labels : mapping of str to array (n,)
        Columns that were left out, by their names.
    """
    scatter = repeated_scatter(X, y, y_error)
    if scatter is None:
        return []
    telling = []
    for name, column in labels.items():
        codes = np.unique(column, return_inverse=True)[1].reshape(-1)
        within = repeated_scatter(np.column_stack([X, codes]), y, y_error)
        if are_groups(column) and (within is None or within.size < EXPLAINED * scatter.size):
            telling.append(quoted(name))
    missing = f"a column is missing, perhaps {' or '.join(telling)}, which was left out" if telling else ""
    if y_error is not None and scatter.p_value < UNLIKELY:
        times = f"{scatter.size:.3g} times more than their errors say"
        return [
            f"Rows with the same inputs scatter {times}: {missing or 'a column is missing, or errors are too small'}."
        ]
    return [f"Rows with the same inputs scatter, and less within groups: {missing}."] if telling else []


def are_groups(column: np.ndarray) -> bool:
    """Whether values (n,) are few and more than one: many groups explain everything, as a number of the row would."""
    return 1 < len(np.unique(column)) <= MOST_GROUPS * len(column)


def _leaks(X: np.ndarray, names: Sequence[str], y: np.ndarray, target: str) -> list[str]:
    found = []
    for column, name in zip(X.T, names, strict=True):
        peak = max(float(np.max(np.abs(column))), float(np.max(np.abs(y))))
        if float(np.max(np.abs(column / peak - y / peak))) <= SAME:
            found.append(
                f"Column {quoted(name)} holds the same numbers as the target {quoted(target)}, so that the formula "
                "will be that column; leave it out of the inputs (--columns) if it is a copy."
            )
    return found


def _errors_by_value(X: np.ndarray, names: Sequence[str], y: np.ndarray, target: str) -> list[Warned]:
    """Notes on columns that follow from the target as its errors do: roots of counts, and a share under a telling name.

    A formula with one of them says nothing of the target but how its errors were made. Laws have roots and shares too,
    so that whole numbers and their roots count, which are none, and a share only where the name is one of errors.
    """
    sizes = np.abs(y)
    if len(np.unique(sizes)) < FEWEST_VALUES or not sizes.max() > RANGE * np.quantile(sizes, 0.1):
        return []
    counts = bool((y >= 0).all() and (y == np.round(y)).all())
    found = []
    for column, name in zip(X.T, names, strict=True):
        if not (column > 0).all() or _owner(name, target, (*names, target)) is not None:
            continue
        if counts and not (column == np.round(column)).all() and _follows(column, np.sqrt(np.maximum(y, 1.0)), 1.0):
            what = f"the root of the counts {quoted(target)}"
        elif re.fullmatch(_WORD, name, re.IGNORECASE) and _follows(column, sizes):
            what = f"a share of the target {quoted(target)}"
        else:
            continue
        found.append(
            Warned(
                f"Column {quoted(name)} is {what}, as its errors would be, and is an input now; if it holds errors, "
                f"say --error {shown(name)} (in Python y_error)."
            )
        )
    return found


def _follows(column: np.ndarray, base: np.ndarray, factor: float | None = None) -> bool:
    """Whether a column is a base times a factor, to two printed digits in nine of ten rows."""
    ratio = column[base > 0] / base[base > 0]
    middle = float(np.median(ratio)) if factor is None else factor
    return float(np.quantile(np.abs(ratio / middle - 1), 0.9)) <= PRINTED


def _twins(X: np.ndarray, names: Sequence[str]) -> list[str]:
    rows, columns = X.shape
    # With two rows any two columns are on a line.
    if rows < 5 or not 2 <= columns <= MOST_COLUMNS:
        return []
    scaled = X / np.max(np.abs(X), axis=0)
    scaled = scaled - scaled.mean(axis=0)
    scaled /= np.sqrt((scaled**2).sum(axis=0))
    correlation = scaled.T @ scaled
    found = []
    taken: set[int] = set()
    for first in range(columns):
        for second in range(first + 1, columns):
            # Against the residual of one on the other: 1 - r^2 from r loses what rounding leaves of it.
            if first in taken or second in taken or abs(correlation[first, second]) < 0.999:
                continue
            rest = scaled[:, second] - correlation[first, second] * scaled[:, first]
            if float(rest @ rest) < TWINS:
                taken.add(second)
                found.append(
                    f"Columns {quoted(names[first])} and {quoted(names[second])} are the same up to scale and "
                    "offset, to a thousandth of their spread: which of them the law has can hardly be decided."
                )
    return found


def _gaps(X: np.ndarray, names: Sequence[str]) -> list[str]:
    found = []
    for column, name in zip(X.T, names, strict=True):
        values = np.unique(column)
        if len(values) < LEAST_VALUES:
            continue
        # Values over decades leave gaps on a linear scale only.
        sizes = np.abs(values) / np.max(np.abs(values))
        decades = (values[0] > 0 or values[-1] < 0) and np.median(sizes) < GEOMETRIC
        scale = np.log(sizes) if decades else values / np.max(np.abs(values))
        gaps = np.abs(np.diff(scale)) / abs(scale[-1] - scale[0])
        at = int(np.argmax(gaps))
        if gaps[at] > WIDEST_GAP:
            found.append(
                f"Column {quoted(name)} has no values between {values[at]:g} and {values[at + 1]:g}, "
                f"{gaps[at]:.0%} of its range: what a formula says there is not tested by the data."
            )
    return found


def error_hints(inputs: Sequence[str], target: str) -> list[Warned]:
    """Sentences on inputs that may be the standard errors of the target or of another input.

    Parameters
    ----------
    inputs : sequence of str
        Columns that the formula may use.
    target : str
    """
    known = (*inputs, target)
    found = []
    for name in inputs:
        of = _owner(name, target, known)
        if of is None:
            continue
        option = f"--error {shown(name)}" if of == target else f"--x-error {shown(f'{of}={name}')}"
        argument = "y_error" if of == target else "x_error"
        found.append(
            Warned(
                f"Column {quoted(name)} looks like the standard errors of {quoted(of)}, and is an input now; if it "
                f"holds errors, say {option} (in Python {argument})."
            )
        )
    return found


def name_hints(constants: Sequence[str], columns: Sequence[str], used: Collection[str]) -> list[Warned]:
    """Sentences on constants of a formula whose names are nearly those of columns: a slip of the pen makes a constant.

    Parameters
    ----------
    constants, columns : sequence of str
    used : collection of str
        Columns that the formula holds: in sin(t/T) both are meant.
    """
    found = []
    for name in constants:
        close = [column for column in columns if column.casefold() == name.casefold() and column not in used]
        if not close and len(name) >= LONG:
            close = difflib.get_close_matches(name, columns, n=1, cutoff=ALIKE)
        # speed1 and speed2 are two on purpose.
        if close and re.sub(r"\d", "", name) != re.sub(r"\d", "", close[0]):
            words = f"no column is called {quoted(name)}, so that it is a constant to fit; is {quoted(close[0])} meant?"
            found.append(Warned(f"In the formula, {words}"))
    return found


def shown(text: str) -> str:
    """As a shell takes it."""
    if re.fullmatch(r"[\w.=+-]+", text):
        return text
    # Between double quotes shells read on for these.
    return shlex.quote(text) if set(text) & set('$`"\\!') else f'"{text}"'


def _owner(name: str, target: str, known: Sequence[str]) -> str | None:
    """The column that a name says it is the error of."""
    for pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        of = None if match is None else _column(match["of"].strip(), known)
        if of is not None and of != name:
            return of
    for pattern in _OF_TARGET:
        match = pattern.fullmatch(name)
        if match is not None and _column(match["of"].strip(), known) == target:
            return target
    return None


def _column(text: str, known: Sequence[str]) -> str | None:
    """The column of a name, in small or capital letters where that leaves one: ``T`` and ``t`` are two."""
    if text in known:
        return text
    alike = [name for name in known if name.casefold() == text.casefold()]
    return alike[0] if len(alike) == 1 else None
