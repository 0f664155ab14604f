# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Forms without inner constants, tried by the ten thousand: c * F(A op B).

In dimensionless variables most laws have no constants but a factor: 1/sqrt(1 - v^2), x^3/(exp(x) - 1), 1 + r^2. With
noise, where a dozen curves with two constants fit as well as the law does, having none is what tells the law apart.
All combinations of two elementary functions A and B of the columns under one of four operations and an outer function
are evaluated, and their one factor c comes from least squares. It is a search over forms, with the same forms for
every table.
"""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.complexity import formula_bits

FEW_ROWS = 250
"""Rows of the first look at all forms; the best ones are looked at on all rows."""

SHORTLIST = 300

MOST_ATOMS = 130

FRACTIONS = tuple(
    sympy.Rational(p, q) for p, q in ((1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (3, 1), (1, 3), (4, 1), (1, 4))
)
"""Factors of dimensionless forms that need no measuring."""

FAR_ROUNDING = 16.0
"""Squared distance in standard errors beyond which no factor is rounded."""

LARGEST = 300.0
"""Largest |x| that is the argument of a sine, and twenty times that of an exponential."""

_z = sympy.Symbol("_z", positive=True)


@dataclass(frozen=True, eq=False)
class SimpleForm:
    """A form with its factor.

    Attributes
    ----------
    expression : sympy.Expr
        In the variables, the factor c included.
    loss : float
        Weighted mean squared residual on all rows.
    bare : sympy.Expr or None
        The expression without its factor, where another factor may be tried.
    factor, square : float
        The factor, and the weighted mean square of `bare`: what a change of the factor costs.
    constant : float
        What was fitted beside the expression; zero where nothing was.
    """

    expression: sympy.Expr
    loss: float
    bare: sympy.Expr | None = None
    factor: float = math.nan
    square: float = math.nan
    constant: float = 0.0

    @property
    def whole(self) -> sympy.Expr:
        """The expression with its constant."""
        return self.expression + sympy.Float(self.constant) if self.constant else self.expression

    def bits(self, n: int, columns: int, floor: float = 0.0) -> float:
        """Description length up to a constant, with the factor as a real constant or a small fraction near it."""

        def length(loss: float, expression: sympy.Expr) -> float:
            return 0.5 * n * math.log2(max(loss, floor, 1e-300)) + formula_bits(expression, n, columns)

        least = length(self.loss, self.whole)
        if self.bare is None:
            return least
        size = min(FRACTIONS, key=lambda fraction: abs(abs(self.factor) - float(fraction)))
        fraction = size if self.factor > 0 else -size
        rise = self.square * (self.factor - float(fraction)) ** 2
        # Most fractions are much farther away than noise would put them.
        if rise < FAR_ROUNDING * max(self.loss, floor) / n:
            least = min(least, length(self.loss + rise, fraction * self.bare))
        return least


def _both_ways(forms: list[sympy.Expr]) -> list[sympy.Expr]:
    """The forms of z and of 1/z: which of a dimensionless number and its inverse is natural is not known."""
    return forms + [form.xreplace({_z: 1 / _z}) for form in forms]


_half = sympy.Rational(1, 2)
POWERS: list[sympy.Expr] = [_z**p for p in (1, -1, 2, -2, 3, -3, 4, -4)]
ROOTS: list[sympy.Expr] = [sympy.sqrt(_z), 1 / sympy.sqrt(_z), _z ** sympy.Rational(3, 2)]
SHIFTED: list[sympy.Expr] = [1 + _z, 1 - _z, 1 + _z**2, 1 - _z**2, 1 + 1 / _z, 1 - 1 / _z, 1 + _z**-2, 1 - _z**-2]
SHIFTED_ROOTS: list[sympy.Expr] = [sympy.sqrt(form) for form in SHIFTED]
EXPONENTIALS: list[sympy.Expr] = _both_ways(
    [
        sympy.exp(_z),
        sympy.exp(-_z),
        sympy.exp(_z) - 1,
        1 - sympy.exp(-_z),
        sympy.exp(_z) + 1,
        sympy.exp(-(_z**2) / 2),
        sympy.exp(-(_z**2)),
        sympy.tanh(_z),
        1 / sympy.tanh(_z),
        sympy.cosh(_z),
        sympy.sinh(_z),
    ]
)
LOGARITHMS: list[sympy.Expr] = [sympy.log(_z), *_both_ways([sympy.log(1 + _z)])]
PERIODIC: list[sympy.Expr] = [
    sympy.sin(_z),
    sympy.cos(_z),
    sympy.sin(_z) ** 2,
    sympy.cos(_z) ** 2,
    1 - sympy.cos(_z),
    1 + sympy.cos(_z),
    sympy.sin(_z / 2) ** 2,
    sympy.sin(_z**2),
    sympy.cos(_z**2),
    sympy.tan(_z),
]

OUTER: tuple[tuple[Callable[[np.ndarray], np.ndarray], Callable[[sympy.Expr], sympy.Expr]], ...] = (
    (lambda u: u, lambda u: u),
    (np.sqrt, sympy.sqrt),
    (lambda u: 1 / u, lambda u: 1 / u),
    (lambda u: 1 / np.sqrt(u), lambda u: 1 / sympy.sqrt(u)),
    (np.log, sympy.log),
    (np.arcsin, sympy.asin),
)
"""Outer functions, as arrays and as expressions."""

OPERATIONS: tuple[tuple[Callable, Callable], ...] = (
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / b, lambda a, b: a / b),
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
)


def simple_forms(
    X: np.ndarray,
    t: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    weights: np.ndarray | None = None,
    *,
    offset: bool = False,
    floor: float = 0.0,
    until: float = math.inf,
) -> list[SimpleForm]:
    """The forms that fit best, those of least description length first.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 3
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
    offset : bool, default False
        Whether a constant is fitted as well; it is no part of the expressions, see `SimpleForm.whole`.
    floor : float, default 0
        Mean squared error of t: smaller losses are ties.
    until : float
        `kansym.clock.now` value after which no further combinations are tried.
    """
    if not 1 <= X.shape[1] <= 3 or len(t) < 20 or not (np.isfinite(X).all() and np.isfinite(t).all()):
        return []
    if not t.any() or (offset and not np.ptp(t) > 0):
        return []
    w = np.ones(len(t)) if weights is None else weights / weights.mean()
    rows = np.unique(np.linspace(0, len(t) - 1, FEW_ROWS).astype(int))
    atoms = _atoms(X, variables)
    values = np.stack([value for _, value in atoms])
    few, target, share = values[:, rows], t[rows], w[rows]
    shortlist: list[tuple[float, int, int, int, int]] = []
    for i in range(len(atoms)):
        if clock.late(until):
            break
        shortlist += _best_with(i, few, target, share, offset, floor)
        if len(shortlist) > 4 * SHORTLIST:
            shortlist = sorted(shortlist)[:SHORTLIST]
    scored = [
        one for place in sorted(shortlist)[:SHORTLIST] if (one := _scored(place[1:], values, t, w, offset)) is not None
    ]
    found: dict[sympy.Expr, SimpleForm] = {}
    for one in sorted(scored, key=lambda one: max(one.loss, floor)):
        if len(found) == SHORTLIST // 4:
            break
        i, j, operation, outer = one.place
        bare = OUTER[outer][1](OPERATIONS[operation][1](atoms[i][0], atoms[j][0]))
        expression = sympy.Float(one.factor) * bare
        form = SimpleForm(expression, one.loss, None if offset else bare, one.factor, one.square, one.constant)
        found.setdefault(bare, form)
    best = sorted(found.values(), key=lambda form: form.bits(len(t), X.shape[1], floor))
    # What leaves the same, to ten digits, is the same in other words.
    distinct: dict[str, SimpleForm] = {}
    for form in best:
        distinct.setdefault(f"{form.loss:.9e}", form)
    return list(distinct.values())


@dataclass(frozen=True)
class _Scored:
    """A form before its expression is written: where it is among atoms, operations and outer functions, and its fit."""

    place: tuple[int, int, int, int]
    loss: float
    factor: float
    square: float
    constant: float


def _scored(
    place: tuple[int, int, int, int], values: np.ndarray, t: np.ndarray, w: np.ndarray, offset: bool
) -> _Scored | None:
    """A form on all rows; None where it is not finite on them."""
    i, j, operation, outer = place
    with np.errstate(all="ignore"):
        value = OUTER[outer][0](OPERATIONS[operation][0](values[i], values[j]))
    if not np.isfinite(value).all():
        return None
    middle, level = (float((w * value).mean()), float((w * t).mean())) if offset else (0.0, 0.0)
    moment, square = (w * (value - middle) * (t - level)).sum(), (w * (value - middle) ** 2).sum()
    factor = float(moment / max(square, 1e-300))
    constant = level - factor * middle
    loss = float((w * (t - factor * value - constant) ** 2).mean())
    return _Scored(place, loss, factor, float((w * value**2).mean()), constant) if math.isfinite(loss) else None


def _best_with(
    i: int, values: np.ndarray, target: np.ndarray, weights: np.ndarray, offset: bool, floor: float
) -> Iterator[tuple[float, int, int, int, int]]:
    """The best forms whose first atom is i, as (loss, i, j, operation, outer)."""
    clock.charge(Work.FORM_VALUES, len(OPERATIONS) * len(OUTER) * values.size)
    share = weights / weights.sum()
    if offset:
        target = target - float((share * target).sum())
    total = float((weights * target**2).sum())
    for operation, (combine, _) in enumerate(OPERATIONS):
        # Products and sums are the same both ways round.
        first = i if operation in (0, 2) else 0
        with np.errstate(all="ignore"):
            inner = combine(values[i], values[first:])
        for outer, (function, _) in enumerate(OUTER):
            with np.errstate(all="ignore"):
                u = function(inner)
                if offset:
                    u = u - (u @ share)[:, None]
                square = (weights * u * u).sum(1)
                loss = 1 - (u @ (weights * target)) ** 2 / (square * total)
            # Among ties the simpler atoms win, which come first.
            loss = np.where(np.isfinite(loss) & (square > 0), np.maximum(loss, floor * weights.sum() / total), np.inf)
            for place in np.argsort(loss, kind="stable")[:6]:
                if np.isfinite(loss[place]):
                    yield float(loss[place]), i, int(place) + first, operation, outer


def _atoms(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[tuple[sympy.Expr, np.ndarray]]:
    """One, elementary functions of single columns, and simple functions of pairs; all finite on the rows."""
    found: list[tuple[sympy.Expr, np.ndarray]] = [(sympy.S.One, np.ones(len(X)))]
    for x, variable in zip(X.T, variables, strict=True):
        for form in _of_column(x, X.shape[1]):
            with np.errstate(all="ignore"):
                value = _compiled((_z,), form)(x) * np.ones(len(x))
            if np.isrealobj(value) and np.isfinite(value).all() and 0 < np.abs(value).max() < 1e12:
                found.append((form.xreplace({_z: variable}), value))
    for first, second in [(a, b) for a in range(X.shape[1]) for b in range(a)]:
        pair = variables[first], variables[second]
        for form in _of_pairs(*pair):
            with np.errstate(all="ignore"):
                value = _compiled(pair, form)(X[:, first], X[:, second])
            if np.isfinite(value).all():
                found.append((form, value))
    return _distinct(found)[:MOST_ATOMS]


def _of_column(x: np.ndarray, columns: int) -> list[sympy.Expr]:
    """Functions of one of so many columns."""
    forms = [*POWERS, *SHIFTED]
    if (x > 0).all():
        forms += [*ROOTS, *LOGARITHMS]
    forms += SHIFTED_ROOTS
    if np.abs(x).max() < LARGEST:
        forms += PERIODIC
    forms += EXPONENTIALS
    return [form for form in forms if form not in POWERS[4:]][:40] if columns == 3 else forms


def _distinct(found: list[tuple[sympy.Expr, np.ndarray]]) -> list[tuple[sympy.Expr, np.ndarray]]:
    """Functions of which those that are one and the same on the rows to rounding are kept once."""
    n = len(found[0][1])
    clock.charge(Work.COMPILED_NODES, 10 * len(found))
    clock.charge(Work.FORM_VALUES, len(found) ** 2 * n)
    kept: list[tuple[sympy.Expr, np.ndarray]] = []
    known = np.empty((len(found), n))
    for expression, value in found:
        others = known[: len(kept)]
        if not (np.abs(others - value) <= 1e-12 * np.abs(others)).all(1).any():
            known[len(kept)] = value
            kept.append((expression, value))
    return kept


@functools.cache
def _of_pairs(x: sympy.Symbol, z: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """Functions of two columns."""
    return (x * z, x / z, x + z, x - z, 1 + x * z, 1 - x * z, x**2 + z**2, x**2 - z**2, 1 + x**2 + z**2)


@functools.cache
def _compiled(variables: tuple[sympy.Symbol, ...], form: sympy.Expr) -> Callable[..., np.ndarray]:
    return sympy.lambdify(variables, form, "numpy")
