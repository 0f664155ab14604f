# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""Sums of few monomials and one term with an inner constant, as of saturation, by a fine grid of that constant.

A beam over a library with a few values of each inner constant sees the right sum far behind wrong ones, since its
residual falls only where the constant is nearly right. With one such term the constant can be searched on a fine grid
for every set of few monomials beside it: the residual of all is one product of matrices (variable projection).

Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate,
SIAM Journal on Numerical Analysis 10 (1973) 413, doi:10.1137/0710036.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.dynamics.library import STRONG, Atom, monomials, priced
from kansym.dynamics.weak import EXACT_FLOOR, Grid, WeakProblem
from kansym.symbolic.complexity import misfit_bits

STEPS, DECADES = {1: 128, 2: 64}, (-1.7, 1.3)
"""Values of a constant by the number of variables, 32 for more, and decades between which they lie, in units of the
median size of the variable or of one over it."""

TURNS, TURN = 30.0, 0.6
"""Largest change of an angle over the data, and its step from one frequency to the next, in radians."""

EXPONENTS = (1, 2, 3, 4, 5, 6)
"""Of saturating terms."""

BESIDE, SETS = 3, 200
"""Most monomials beside the term, and sets of them that are tried."""

DEGREES = {1: 3, 2: 2, 3: 2}
"""Largest degree of the monomials, beside the term and as its factors, by the number of variables; 1 for more."""

FINER, AGAIN = 8, 2
"""Constants between two of the grid that are tried around the best of a family, and times that this is done."""

KEPT = 10
"""Sums that are handed on: the best of different families."""


Values = Callable[[np.ndarray], np.ndarray]
"""Values (M, c) of a function of one variable with some constants."""

Shape = tuple[np.ndarray, Callable[[float], sympy.Expr], Values]
"""Constants, the function with one of them, and its values."""


@dataclass(frozen=True, eq=False)
class _Family:
    """Terms that differ in their inner constant only: a monomial times a function with the constant.

    Attributes
    ----------
    problem : WeakProblem
    monomial : Expr
    column : ndarray, shape (M,)
        Values of the monomial.
    constants : ndarray, shape (c,)
    function : callable
        The function with a constant.
    values : callable
    bits : float
        Of a term.
    """

    problem: WeakProblem
    monomial: sympy.Expr
    column: np.ndarray
    constants: np.ndarray
    function: Callable[[float], sympy.Expr]
    values: Values
    bits: float

    def term(self, constant: float) -> sympy.Expr:
        """The term with a constant."""
        return self.monomial * self.function(constant)

    def columns(self, constants: np.ndarray) -> np.ndarray:
        """What the terms with some constants do to the left sides, shape (rows, c)."""
        clock.charge(Work.DENSE_PRODUCTS, self.problem.A.size * len(constants))
        return self.problem.A @ (self.values(constants) * self.column[:, None])


@dataclass(frozen=True)
class _Sum:
    """Which monomials, which constant of the term, and the description length."""

    bits: float
    chosen: tuple[int, ...]
    constant: float


class _Beside:
    """Sets of monomials, one of which is beside a term.

    Parameters
    ----------
    problem : WeakProblem
    plain : list of Atom
    """

    def __init__(self, problem: WeakProblem, plain: list[Atom]) -> None:
        self.problem, self.plain = problem, plain
        self.whole = problem.A @ np.column_stack([atom.values for atom in plain])
        counts = range(min(BESIDE, len(plain), len(problem.b) - 2) + 1)
        sets = itertools.chain.from_iterable(itertools.combinations(range(len(plain)), k) for k in counts)
        self.each = 0.5 * math.log2(len(problem.b))
        self.sets = []
        for chosen in itertools.islice(sets, SETS):
            basis = np.linalg.qr(self.whole[:, list(chosen)])[0]
            residual = problem.b - basis @ (basis.T @ problem.b)
            bits = sum(plain[j].bits for j in chosen) + self.each * (len(chosen) + 2)
            self.sets.append((chosen, basis, residual, bits))

    def best(self, family: _Family) -> _Sum | None:
        """The best sum with a term of a family: on the grid, and between its constants."""
        coarse = self._scan(family, family.constants)
        return min((self._between(family, one) for one in coarse.values()), key=lambda one: one.bits, default=None)

    def _between(self, family: _Family, one: _Sum) -> _Sum:
        """A sum with as many monomials and a constant between those of the grid."""
        constants = family.constants
        for _ in range(AGAIN if len(constants) > 2 else 0):
            place = int(np.argmin(np.abs(constants - one.constant)))
            low, high = constants[max(place - 1, 0)], constants[min(place + 1, len(constants) - 1)]
            constants = np.linspace(low, high, 2 * FINER + 1)
            one = self._scan(family, constants, len(one.chosen)).get(len(one.chosen), one)
        return one

    def _scan(self, family: _Family, constants: np.ndarray, only: int | None = None) -> dict[int, _Sum]:
        """The best sum with one of some constants, by the number of monomials."""
        columns, n = family.columns(constants), len(self.problem.b)
        square = np.einsum("ij,ij->j", columns, columns)
        best: dict[int, _Sum] = {}
        for chosen, basis, residual, price in self.sets:
            if only not in (None, len(chosen)):
                continue
            clock.charge(Work.DENSE_PRODUCTS, columns.size * (len(chosen) + 1))
            left = square - np.sum((basis.T @ columns) ** 2, axis=0)
            usable = np.isfinite(square) & (left > 1e-9 * square)
            gain = np.where(usable, (residual @ columns) ** 2 / np.where(usable, left, 1.0), 0.0)
            k = int(np.argmax(gain))
            rest = max(float(residual @ residual) - float(gain[k]), 0.0)
            bits = misfit_bits(n, rest / n, self.problem.floor) + family.bits + price
            if gain[k] > 0 and (len(chosen) not in best or bits < best[len(chosen)].bits):
                best[len(chosen)] = _Sum(bits, chosen, float(constants[k]))
        return best

    def expression(self, family: _Family, one: _Sum) -> sympy.Expr:
        """A sum with its coefficients, in Floats."""
        columns = np.column_stack([self.whole[:, list(one.chosen)], family.columns(np.array([one.constant]))])
        coefficients = np.linalg.lstsq(columns, self.problem.b, rcond=1e-14)[0]
        terms = [*(self.plain[j].expression for j in one.chosen), family.term(one.constant)]
        return sympy.Add(*(sympy.Float(float(c)) * term for c, term in zip(coefficients, terms, strict=True)))


def sums_with_inner_constant(problem: WeakProblem, *, until: float = math.inf) -> list[sympy.Expr]:
    """The sums of up to three monomials and a term with an inner constant that have the shortest descriptions.

    Parameters
    ----------
    problem : WeakProblem
    until : float, default inf
        `kansym.clock.now` value after which only what was tried is handed on.

    Returns
    -------
    list of Expr
        In Floats, the best of each of some families of terms.
    """
    if len(problem.b) < 3:
        return []
    factors = list(monomials(problem.grid, DEGREES.get(len(problem.grid.names), 1)))
    beside = _Beside(problem, priced(factors, problem.grid))
    found: list[tuple[_Sum, _Family]] = []
    for family in _families(problem, factors):
        if clock.late(until):
            break
        one = beside.best(family)
        if one is not None:
            found.append((one, family))
    found.sort(key=lambda pair: pair[0].bits)
    return [beside.expression(family, one) for one, family in found[:KEPT]]


def _families(problem: WeakProblem, factors: list[tuple[sympy.Expr, np.ndarray]]) -> Iterator[_Family]:
    grid = problem.grid
    for k in range(len(grid.names)):
        # With noise a sine of any frequency imitates whatever is smooth; that is for the whole search to find.
        waves = () if problem.floor < EXACT_FLOOR else _waves(grid, k)
        for constants, function, values in itertools.chain(_shapes(grid, k), waves):
            for monomial, column in factors:
                for atom in priced([(monomial * function(float(constants[0])), column)], grid):
                    yield _Family(problem, monomial, column, constants, function, values, atom.bits)


def _shapes(grid: Grid, k: int) -> Iterator[Shape]:
    """Terms of one variable with an inner constant: of saturation, growth and decay."""
    v, x = grid.symbols[k], grid.X[:, k]
    middle, width = float(np.median(np.abs(x))), float(np.ptp(x))
    if middle == 0 or width == 0:
        return
    scales = np.logspace(*DECADES, STEPS.get(len(grid.names), 32))
    for p in EXPONENTS:
        if p % 2 and x.min() < 0:
            continue
        yield (
            middle * scales,
            lambda h, p=p: 1 / (v**p + sympy.Float(h**p)),
            lambda h, p=p: 1 / (x[:, None] ** p + h**p),
        )
    rates = scales / middle
    rates = rates[rates * float(np.abs(x).max()) < STRONG]
    for sign in (1, -1) if len(rates) else ():
        yield sign * rates, lambda h: sympy.exp(sympy.Float(h) * v), lambda h: np.exp(x[:, None] * h)


def _waves(grid: Grid, k: int) -> Iterator[Shape]:
    """Sines and cosines of one variable."""
    v, x = grid.symbols[k], grid.X[:, k]
    width = float(np.ptp(x))
    turns = np.arange(TURN, TURNS, TURN) / width if width > 0 else np.empty(0)
    for wave, values in ((sympy.sin, np.sin), (sympy.cos, np.cos)) if len(turns) else ():
        yield turns, lambda h, wave=wave: wave(sympy.Float(h) * v), lambda h, values=values: values(x[:, None] * h)
