"""What PySR is asked for: operators from kansym's primitives, units, and the arguments of ``PySRRegressor``.

See `kansym.comparison.workers.pysr` for the reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kansym.comparison.request import Request
from kansym.errors import DataError
from kansym.symbolic.pysr_operators import OPERATORS, POWER

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
    from kansym.units.unit import PURE, parse_unit

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
