"""PySR, in a process of its own, with Julia.

Versions 1.5 and 2 take the same arguments and leave the same files; `lacking` says what 1.5 has not.

Settings, and why; all others are PySR's defaults, which its authors tuned and advise to keep
(https://pysr.ai/tuning, and the advice that comes with version 2).

- ``timeout_in_seconds`` is the time asked for and ``niterations`` so large that it never ends the search. PySR's clock
  starts after its first round over all populations, so that large tables get more time; the seconds of the answer
  count everything.
- ``parallelism="serial"``, ``deterministic=True`` and ``random_state`` together, one thread: the same seed gives the
  same search, but for where the time ends it, and PySR has as many cores as the others. One without the others is an
  error or a warning.
- ``precision=64``: kansym computes in double precision, and in single precision an exact law is not told from one that
  is off by 1e-7.
- ``batching=False``: all rows are seen in every evaluation, as by the others. The default compares on batches from
  1000 rows on.
- ``model_selection="best"``, the default; the pick is PySR's own.
- Operators: arithmetic, and those that are needed to write the primitives that kansym may use
  (`kansym.symbolic.pysr.OPERATORS`). What needs no operator of its own gets none, ``1/x`` and the
  Lorentzian for example, and with ``^`` there is no ``square`` and ``cube``: its authors advise the fewest operators,
  and none that another can stand in for.
- ``constraints={"^": (-1, 1)}``: exponents are a number or a column, as its authors advise and as in kansym.
- Units, where those of all columns are known; they count by PySR's own rules and penalty. Rows have their weights.
- ``input_stream="devnull"``: standard input is the worker's. ``output_directory`` and ``run_id``: the hall of fame is
  in the request's folder, for what is left when PySR is stopped.

Formulas are read from the CSV file that PySR writes, not from its pickles, nor from sympy's reading of text.
"""

import contextlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from kansym.comparison.hall_of_fame import FILE, Row, best_pick, read_rows
from kansym.comparison.request import Answer, PeerError, PeerFormula, Progress, Request
from kansym.comparison.workers.pysr_start import import_pysr, telling
from kansym.errors import ArgumentError, DataError
from kansym.symbolic.pysr import OPERATORS, POWER, FormulaTextError, translated
from kansym.units.unit import PURE, parse_unit

_READY: set[tuple[object, ...]] = set()
"""What Julia has compiled for in this process."""

_REFUSED: set[tuple[object, ...]] = set()
"""Units that PySR did not take."""

_WARM_UP_ROWS = 20

# -- settings ----------------------------------------------------------------------------------------------------------

RUN = "pysr"
"""The folder that PySR makes in the request's."""

ARITHMETIC = ("+", "-", "*", "/")
"""Always there, as in every network of kansym's."""

_ORDER = tuple(dict.fromkeys(operator for needed in OPERATORS.values() for operator in needed))

_SI = ("m", "kg", "s", "A", "K", "mol", "cd")


@dataclass(frozen=True)
class Operators:
    """PySR's operators for a set of primitives.

    Attributes
    ----------
    binary, unary : tuple of str
        Always in the same order: Julia compiles for each order anew.
    missing : tuple of str
        Primitives that PySR cannot write.
    """

    binary: tuple[str, ...]
    unary: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Units:
    """Units as PySR takes them.

    Attributes
    ----------
    columns : tuple of str, or None
    target : str or None
    remark : str
        Why they were left out; empty where they were not.
    """

    columns: tuple[str, ...] | None = None
    target: str | None = None
    remark: str = ""


def operators_for(functions: Iterable[str]) -> Operators:
    """The fewest operators with which PySR can write all that kansym may use.

    Parameters
    ----------
    functions : iterable of str
        Names of primitives.
    """
    functions = list(functions)
    needed = {operator for name in functions for operator in OPERATORS.get(name, ())}
    binary = (*ARITHMETIC, POWER) if POWER in needed else ARITHMETIC
    # PySR's tuning page: pow does what square does, so one of them only.
    redundant = {POWER, "square", "cube"} if POWER in needed else set()
    unary = tuple(name for name in _ORDER if name in needed and name not in redundant)
    return Operators(binary, unary, tuple(name for name in functions if name not in OPERATORS))


def units_for(units: Iterable[str | None], target: str | None) -> Units:
    """Units in SI base units, in the spelling of DynamicQuantities.jl.

    PySR checks dimensions only, so that ``km`` and ``m`` are the same to it. It has no word for an unknown unit of a
    column, so that all are left out where one is unknown; the target's may be missing.
    """
    dimensions = []
    for text in (*units, target):
        try:
            unit = None if text is None else parse_unit(text)
        except DataError:
            unit = None
        dimensions.append(None if unit is None else unit.dimension)
    columns, last = dimensions[:-1], dimensions[-1]
    if all(dimension is None for dimension in columns):
        return Units()
    if all(dimension == PURE for dimension in columns) and last in (None, PURE):
        # Nothing to go wrong, and checking it takes time.
        return Units()
    if any(dimension is None for dimension in columns):
        return Units(remark="units left out: PySR needs those of all columns")
    return Units(tuple(_spelled(d) for d in columns if d is not None), None if last is None else _spelled(last))


def _spelled(dimension: tuple[Fraction, ...]) -> str:
    parts = []
    for name, power in zip(_SI, dimension, strict=True):
        if power == 1:
            parts.append(name)
        elif power.denominator == 1 and power != 0:
            parts.append(f"{name}^{power.numerator}")
        elif power != 0:
            parts.append(f"{name}^({power.numerator}//{power.denominator})")
    return "*".join(parts) or "1"


def arguments(operators: Operators, request: Request) -> dict[str, Any]:
    """Arguments of ``PySRRegressor`` for a search."""
    return {
        "binary_operators": list(operators.binary),
        "unary_operators": list(operators.unary) or None,
        "constraints": {POWER: (-1, 1)} if POWER in operators.binary else None,
        "niterations": 10_000_000,
        "timeout_in_seconds": float(request.seconds),
        "model_selection": "best",
        "parallelism": "serial",
        "deterministic": True,
        "random_state": request.seed % 2**32,
        "batching": False,
        "precision": 64,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "output_directory": str(request.folder),
        "run_id": RUN,
        "temp_equation_file": False,
    }


# -- the search --------------------------------------------------------------------------------------------------------


def prepare(progress: Progress = lambda text: None) -> None:
    """Start Julia and compile PySR for all primitives of the default library.

    Raises
    ------
    ImportError
        If PySR, Julia or its packages are missing; the message says how to get them.
    """
    progress("starting Julia")
    import_pysr(progress)
    with tempfile.TemporaryDirectory(prefix="kansym-pysr-") as folder:
        nothing = np.zeros((0, 2))
        warm_up(
            Request(nothing, nothing[:, 0], None, nothing, (None, None), None, tuple(OPERATORS), 1.0, 0, Path(folder)),
            progress,
        )


def warm_up(request: Request, progress: Progress) -> Units:
    """Have Julia compile what a request's search needs, unless it has; returns the units that PySR takes.

    Julia compiles anew for other operators, and for tables with weights or units; this takes up to a minute, and does
    not belong to the search.
    """
    operators = operators_for(request.functions)
    units = units_for(request.units, request.y_unit)
    if (units.columns, units.target) in _REFUSED:
        units = Units(remark="units left out: PySR did not take them")
    key = (operators.binary, operators.unary, request.weights is not None, units.columns, units.target)
    if key in _READY:
        return units
    progress("compiling PySR for this search" if _READY else "compiling PySR")
    rng = np.random.default_rng(0)
    X = rng.uniform(1.0, 2.0, (_WARM_UP_ROWS, request.X.shape[1]))
    weights = None if request.weights is None else np.ones(_WARM_UP_ROWS)
    few = {"niterations": 2, "populations": 2, "ncycles_per_iteration": 20, "timeout_in_seconds": 600.0}
    with tempfile.TemporaryDirectory(prefix="kansym-pysr-") as folder:
        settings = arguments(operators, request) | few | {"output_directory": folder}
        try:
            _fit(settings, X, X.sum(axis=1), weights, units, request.names, progress)
        except Exception:
            if units.columns is None:
                raise
            _REFUSED.add((units.columns, units.target))
            return warm_up(request, progress)
    _READY.add(key)
    return units


def search(request: Request, progress: Progress) -> Answer:
    """Search a table.

    Raises
    ------
    ImportError
        If PySR, Julia or its packages are missing.
    PeerError
        If PySR fails before it has a formula.
    """
    pysr = import_pysr(progress)
    units = warm_up(request, progress)
    operators = operators_for(request.functions)
    # Of an earlier search, if the folder is used again.
    shutil.rmtree(request.folder / RUN, ignore_errors=True)
    version = str(getattr(pysr, "__version__", ""))
    remarks = [units.remark, lacking(version)]
    if operators.missing:
        remarks.append(f"without {', '.join(operators.missing)}, which PySR does not have")
    progress("searching")
    start = time.perf_counter()
    model, problem = None, None
    try:
        with telling(progress, lambda seconds: _so_far(request.folder), every=2.0):
            model = _fit(
                arguments(operators, request), request.X, request.y, request.weights, units, request.names, progress
            )
    except Exception as error:
        # It may have failed after the search, over its own reading of a formula.
        problem = error
    seconds = time.perf_counter() - start
    try:
        rows, formulas = _formulas(request.folder, remarks)
    except (ArgumentError, DataError) as error:
        if problem is not None:
            raise problem from None
        raise PeerError(f"left no formula: {error}") from error
    if problem is not None:
        remarks.append(f"it ended with {type(problem).__name__}: {' '.join(str(problem).split())[:200]}")
    if getattr(model, "interrupted_", False):
        remarks.append("interrupted; this is what it had")
    return Answer(
        formulas=tuple(formulas),
        pick=_pick(model, rows),
        seconds=seconds,
        remark="; ".join(remark for remark in remarks if remark),
        version=version,
    )


def lacking(version: str) -> str:
    """What a version lacks of what kansym has a use for; nothing where it lacks nothing.

    The arguments of a search are in 1.5 and in all of 2.
    """
    return "PySR 1 takes no guesses, which kansym can write for version 2" if version.startswith("1.") else ""


def pick(formulas: Sequence[PeerFormula]) -> int:
    """Number of the formula that PySR would hand out."""
    return best_pick(formulas)


def salvage(folder: Path) -> list[PeerFormula]:
    """Formulas that PySR left in a request's folder before it was stopped; none where it had not come so far."""
    try:
        return _formulas(folder, [])[1]
    except (ArgumentError, DataError):
        return []


def _fit(
    settings: dict[str, Any],
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    units: Units,
    names: tuple[str, ...],
    progress: Progress,
) -> Any:
    model = import_pysr(progress).PySRRegressor(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(
            X,
            y,
            weights=weights,
            variable_names=list(names),
            X_units=None if units.columns is None else list(units.columns),
            y_units=units.target,
        )
    return model


def _formulas(folder: Path, remarks: list[str]) -> tuple[list[Row], list[PeerFormula]]:
    """Rows of the hall of fame that can be read, and their formulas in kansym's words."""
    rows, formulas = [], []
    for row in read_rows(folder / RUN / FILE).rows:
        try:
            text = translated(row.equation, _SameNames())
        except FormulaTextError as error:
            remarks.append(f"the formula of complexity {row.complexity:g} is left out: {error}")
        else:
            rows.append(row)
            formulas.append(PeerFormula(text, row.complexity, row.loss))
    if not rows:
        raise DataError("PySR's formulas cannot be read")
    return rows, formulas


class _SameNames(dict[str, str]):
    """Every name is its own: PySR was given names that need no translation."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return name


def _pick(model: Any, rows: list[Row]) -> int:
    """PySR's own pick; the same by its rule where it has none to say."""
    theirs = None
    # A list for several targets, and nothing at all after a failure.
    with contextlib.suppress(Exception):
        theirs = float(model.get_best()["complexity"])
    same = [k for k, row in enumerate(rows) if row.complexity == theirs]
    return same[0] if same else best_pick(rows)


def _so_far(folder: Path) -> str:
    """What the hall of fame holds just now."""
    try:
        rows = read_rows(folder / RUN / FILE).rows
    except (ArgumentError, DataError, OSError):
        return ""
    return f"{len(rows)} formulas, least loss {min(row.loss for row in rows):.3g}"
