# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""The constants of a formula: value, error, unit, and what they may be; numbers that are made of them; correlations.

Of ``A*exp(-t/tau)`` sympy keeps the number -1/tau; tau is what counts.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Symbol

from kansym.symbolic.candidates import roles, simple_number
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import PREFIXES, ParametricForm
from kansym.units.consistency import Consistency
from kansym.units.named_constants import suggestions
from kansym.units.naming import reduced
from kansym.units.system import UnitSystem


@dataclass(frozen=True)
class Constant:
    """A constant of a formula.

    Attributes
    ----------
    name : str
    value : float
    error : float or None
        Standard error; None if exact or unknown.
    snapped : str or None
        The exact number it was replaced by, e.g. ``"1/(4*pi)"``; None if it was fitted.
    unit : str or None
        The unit that makes the formula dimensionally consistent, ``"1"`` for a pure number; None where units are not
        known.
    suggestions : tuple of str
        Constants of nature that have the same unit and agree within the errors, in words.
    near : str or None
        The simple number that it is near to, ``"2"``, ``"3/2"`` or ``"pi/8"``, as a pure number where the unit is one
        such as ``cm/mm``; None where there is none.
    deviation : float or None
        Its distance from that number, or from the exact number it was replaced by, in standard errors.
    fitted : float or None
        What was fitted, where an exact number stands in its place; `error` is then the standard error of that.
    bounds : tuple of (float or None) or None
        What it may be, where that was set: the low and the high end, None where there is none; equal where it is fixed.
    """

    name: str
    value: float
    error: float | None = None
    snapped: str | None = None
    unit: str | None = None
    suggestions: tuple[str, ...] = ()
    near: str | None = None
    deviation: float | None = None
    fitted: float | None = None
    bounds: tuple[float | None, float | None] | None = None

    @property
    def held(self) -> str | None:
        """Why it has no error of its own: "fixed" if it was given and not fitted, "bound" if it is at its bound."""
        if self.bounds is None:
            return None
        if self.bounds[0] == self.bounds[1]:
            return "fixed"
        return "bound" if self.value in self.bounds else None


def constants_of(
    form: ParametricForm, errors: np.ndarray, units: UnitSystem | None, found: Consistency | None
) -> tuple[Constant, ...]:
    """The constants of a fitted form.

    Parameters
    ----------
    form : ParametricForm
    errors : array (k,)
        Standard errors, nan where unknown.
    units : UnitSystem or None
        Of the table.
    found : Consistency or None
        What `units` say of the form.
    """
    known = {}
    if units is not None and found is not None and found.consistent:
        # A unit that hangs on one that is not known would be a guess; one whose size is no double cannot be written.
        known = {
            name: unit
            for name, unit in found.units.items()
            if name not in found.undetermined and unit.scale not in (0.0, math.inf)
        }
    constants = []
    places = roles(form)
    for symbol, value, error, bounds in zip(form.constants, form.values, errors, _bounds_of(form), strict=True):
        unit = known.get(symbol.name)
        own = float(error) if math.isfinite(error) else None
        name = None if unit is None or units is None else units.named(unit)
        # 0.0393 cm/mm is 0.393.
        factor, rest = (1.0, "1") if name is None else reduced(name)
        factor = factor if rest == "1" else 1.0
        near = simple_number(places.get(symbol, "prefactor"), factor * float(value), factor * own) if own else None
        constants.append(
            Constant(
                name=symbol.name,
                value=float(value),
                error=own,
                unit=name,
                suggestions=tuple(str(one) for one in suggestions(float(value), own, unit)[:3]),
                near=None if near is None else str(near.expression),
                deviation=None if near is None or own is None else abs(float(value) - near.value / factor) / own,
                bounds=bounds,
            )
        )
    return tuple(constants)


def _bounds_of(form: ParametricForm) -> list[tuple[float | None, float | None] | None]:
    ends = [None] * len(form.constants) if form.bounds is None else form.bounds.tolist()
    pairs = [pair and tuple(end if math.isfinite(end) else None for end in pair) for pair in ends]
    return [None if pair == (None, None) else pair for pair in pairs]


def bounded(form: ParametricForm, constants: Sequence[Constant], prefix: str = "") -> ParametricForm:
    """A form with the bounds of the constants of a formula, by their names behind a prefix."""
    limits = {prefix + one.name: one.bounds for one in constants if one.bounds is not None}
    ends = {
        name: (-math.inf if low is None else low, math.inf if high is None else high)
        for name, (low, high) in limits.items()
    }
    return form.bounded(ends)


def consistency_of(form: ParametricForm, units: UnitSystem | None) -> Consistency | None:
    """Whether a fitted form is dimensionally consistent; None where the table has no units.

    Parameters
    ----------
    form : ParametricForm
    units : UnitSystem or None
        Of the table.
    """
    if units is None or not units.known:
        return None
    values = {symbol.name: float(value) for symbol, value in zip(form.constants, form.values, strict=True)}
    return units.check(form.expression, values)


RATIOS = tuple(sympy.Rational(p, q) * sign for p in (1, 2, 3, 4) for q in (1, 2, 3, 4) for sign in (1, -1))
"""Multiples of a constant that a number may be."""

ROUNDING = 1e-14
"""Relative difference of a number from what it is made of: some roundings of double precision."""


CONSTANT_PREFIX = "constant "
"""Before names of constants that must not be taken for columns."""


def with_constant_symbols(
    form: ParametricForm, constants: Sequence[Constant], prefix: str = ""
) -> tuple[ParametricForm, dict[Symbol, Expr]]:
    """A form whose constants are the named ones of a formula, where its numbers are made of them.

    A number is a constant or its negative; or, for constants that the user has named, a simple multiple of one, of its
    reciprocal, square or square root, or of a product or quotient of two. Other numbers keep their symbols.

    Parameters
    ----------
    form : ParametricForm
        Of the formula's expression, a constant per number.
    constants : sequence of Constant
        With name and value.
    prefix : str, default ""
        Put before the names, where they could be those of columns.

    Returns
    -------
    form : ParametricForm
        Its constants are those that occur, in the order of `constants`; then numbers that are none of them.
    numbers : dict
        By the symbol of the given form, what its number is in the symbols of the new one.
    """
    symbols = [plain_symbol(prefix + constant.name) for constant in constants]
    numbers: dict[Symbol, Expr] = {}
    for symbol, value in zip(form.constants, form.values, strict=True):
        numbers[symbol] = _made_of(float(value), constants, symbols, symbol)
    used = set().union(*(expression.free_symbols for expression in numbers.values()))
    kept = [(symbol, constant.value) for symbol, constant in zip(symbols, constants, strict=True) if symbol in used]
    kept += [(s, float(v)) for s, v in zip(form.constants, form.values, strict=True) if numbers[s] == s]
    named = ParametricForm(
        form.expression.xreplace(numbers),
        form.variables,
        tuple(symbol for symbol, _ in kept),
        np.array([value for _, value in kept], dtype=np.float64),
    )
    return named, numbers


def errors_of_parts(
    form: ParametricForm, constants: Sequence[Constant], errors: Mapping[float, float]
) -> dict[float, float]:
    """Errors of the numbers that are made of constants, as 1/tau: to first order, from those of the constants.

    Parameters
    ----------
    form : ParametricForm
        Of the formula's expression, a constant per number.
    constants : sequence of Constant
    errors : mapping of float to float
        Of the constants, by their values.
    """
    named, numbers = with_constant_symbols(form, constants, CONSTANT_PREFIX)
    values = dict(zip(named.constants, named.values.tolist(), strict=True))
    parts = {}
    for symbol, value in zip(form.constants, form.values, strict=True):
        made_of = numbers[symbol]
        if value in errors or made_of == symbol:
            continue
        slopes = [(float(made_of.diff(one).xreplace(values)), values[one]) for one in made_of.free_symbols]
        if all(size in errors for _, size in slopes):
            parts[float(value)] = math.hypot(*(slope * errors[size] for slope, size in slopes))
    return parts


def is_named(name: str) -> bool:
    """Whether a constant has a name of its own, and not the one that every formula gives: c0, c1, ..."""
    return not (name[-1:].isdigit() and name.rstrip("0123456789") in PREFIXES)


def _made_of(value: float, constants: Sequence[Constant], symbols: Sequence[Symbol], other: Symbol) -> Expr:
    for constant, symbol in zip(constants, symbols, strict=True):
        for sign in (1, -1):
            # Algebra turns signs without rounding.
            if math.isclose(value, sign * constant.value, rel_tol=1e-15, abs_tol=0.0):
                return sign * symbol
    own = [(s, c.value) for s, c in zip(symbols, constants, strict=True) if is_named(c.name) and c.value]
    for expression, part in _combinations(own):
        for ratio in RATIOS:
            if math.isfinite(part) and math.isclose(value, float(ratio) * part, rel_tol=ROUNDING, abs_tol=0.0):
                return ratio * expression
    return other


def _combinations(own: Sequence[tuple[Symbol, float]]) -> Iterator[tuple[Expr, float]]:
    """Expressions of one or two constants with their values, the simplest first."""
    yield from own
    yield from ((1 / symbol, 1 / value) for symbol, value in own)
    for (a, x), (b, y) in itertools.combinations(own, 2):
        yield from ((a * b, x * y), (a / b, x / y), (b / a, y / x), (1 / (a * b), 1 / (x * y) if x * y else math.inf))
    for symbol, value in own:
        square = value * value
        yield symbol**2, square
        yield symbol**-2, 1 / square if square else math.inf
        if value > 0:
            yield sympy.sqrt(symbol), math.sqrt(value)
            yield 1 / sympy.sqrt(symbol), 1 / math.sqrt(value)


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Correlation (k, k) of a covariance; nan where a variance is nan or zero."""
    with np.errstate(all="ignore"):
        sigma = np.sqrt(np.diagonal(covariance))
        correlation = covariance / sigma[:, None] / sigma
    known = np.isfinite(np.diagonal(correlation))
    # Rounding must not leave a diagonal of 0.9999999.
    correlation[known, known] = 1.0
    return np.clip(correlation, -1.0, 1.0)


def strongest_pair(constants: Sequence[Constant], correlation: np.ndarray | None) -> tuple[str, str, float] | None:
    """The names of the two constants that are most correlated, and their correlation; None where none is known."""
    if correlation is None or len(correlation) != len(constants) or len(constants) < 2:
        return None
    size = np.triu(np.abs(np.nan_to_num(correlation)), 1)
    first, second = (int(k) for k in np.unravel_index(int(np.argmax(size)), size.shape))
    if not size[first, second] > 0:
        return None
    return constants[first].name, constants[second].name, float(correlation[first, second])


def errors_alone(covariance: np.ndarray | None) -> np.ndarray:
    """Standard errors (k,) of each constant where the others are held: nan where not known, empty without covariance.

    The inverse of the covariance has the reciprocal squares of these on its diagonal.
    """
    if covariance is None:
        return np.empty(0)
    alone = np.full(len(covariance), math.nan)
    sigma = np.sqrt(np.abs(np.diagonal(covariance)))
    known = np.flatnonzero(np.isfinite(covariance).all(1) & (sigma > 0))
    if not len(known):
        known = np.flatnonzero(np.isfinite(sigma) & (sigma > 0))
    block = np.ix_(known, known)
    correlation = correlation_of(covariance)[block]
    if not len(known) or not np.isfinite(correlation).all():
        return alone
    # Rounding can leave a correlation matrix that is not quite positive definite.
    values, vectors = np.linalg.eigh(correlation)
    inverse = (vectors**2 / np.maximum(values, 1e-14)).sum(1)
    alone[known] = sigma[known] / np.sqrt(inverse)
    return alone
