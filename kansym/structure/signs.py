# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""Squares of sums of products that have both signs.

The root of ``u*(v*u**2 - v + w**2 - sin(z))**2`` over ``u`` is the sum without its sign, which no row tells. But the
signs that a term of the sum has are right on most rows where it is large, and what the span makes of the root with
those signs has more of them right: the phase retrieval of Fienup, doi:10.1364/AO.21.002758, with signs for phases.
Where the signs are right the span leaves nothing; it must be small, as signs are as many unknowns as rows. The rows
must have no noise.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.offsets import factors, terms_of
from kansym.structure.products import Function
from kansym.structure.spans import MOST_COLUMNS, MOST_ROWS, Span

WIDE = 1e6
"""Largest value of a term in units of its median."""

STARTS, ROUNDS = 12, 40
"""Terms whose signs are tried, those with which the root is nearest to the span, and rounds of each."""

SMALL = 0.3
"""Share of the rows on which the sum is so small that its sign may be wrong to the end."""

NOTHING = 1e-10
"""What the span leaves of the root, in units of its size, where all signs are right."""


def square_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, seed: int = 0, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """A square of a sum of products under a factor, exact on all rows.

    Parameters
    ----------
    X : ndarray, shape (n, d), 1 < d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    seed : int, default 0
        Of the rows.
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 1 < X.shape[1] <= MOST_COLUMNS or not np.ptp(t) > 0:
        return
    rows = np.random.default_rng(seed).permutation(len(t))[:MOST_ROWS]
    X, t = X[rows], t[rows]
    with np.errstate(all="ignore"):
        every = [(one, t * one.values) for one in factors(X, variables)[: 1 + 2 * X.shape[1]]]
        roots = [(one, whole) for one, whole in every if _one_signed(whole)]
        if not roots:
            return
        span = _Signs(_terms(X, variables))
        for factor, whole in roots:
            if clock.late(until):
                return
            total = span.root(np.sqrt(np.abs(whole)))
            if total is not None:
                yield (1 if whole.max() > 0 else -1) * total**2 / factor.expression
                return


def _terms(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """One, elementary functions of columns and products of two, and squares of columns times others."""
    terms = terms_of(X, variables)
    columns = terms[: X.shape[1]]
    cubes = [one.times(one).times(other) for one, other in itertools.product(columns, columns)]
    plain = [one for one in terms if len(one.factors) == 1 or one.expression.is_polynomial()]
    found = [Function.of(sympy.S.One, np.ones(len(X))), *plain, *cubes]
    return [one for one in found if np.abs(one.values).max() < WIDE * np.median(np.abs(one.values))]


def _one_signed(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all() and ((values >= 0).all() or (values <= 0).all()))


class _Signs:
    """The span of some products on all rows.

    Parameters
    ----------
    products : list of Function
    """

    def __init__(self, products: list[Function]) -> None:
        self.span = Span(products)
        self.values = np.column_stack([one.values for one in products])
        self.values /= np.linalg.norm(self.values, axis=0)
        # Terms of the same signs are one start.
        self.signs = np.unique(np.where(self.values > 0, 1.0, -1.0), axis=1)
        clock.charge(Work.DENSE_PRODUCTS, self.values.size * self.values.shape[1])
        self.basis, _ = np.linalg.qr(self.values)

    def root(self, size: np.ndarray) -> sympy.Expr | None:
        """A sum of few products of which that is the size on each row (n,); None where there is none."""
        clock.charge(Work.DENSE_PRODUCTS, self.basis.size * (self.signs.shape[1] + 2 * STARTS * ROUNDS) / 4)
        near = np.linalg.norm(self.basis.T @ (self.signs * size[:, None]), axis=0)
        signed = self.signs[:, np.argsort(-near)[:STARTS]] * size[:, None]
        for _ in range(ROUNDS):
            turned = np.copysign(size[:, None], self.basis @ (self.basis.T @ signed))
            if (turned == signed).all():
                break
            signed = turned
        # What is nearest to the span has most of its length there.
        best = np.linalg.norm(self.basis.T @ signed, axis=0).argmax()
        return self._total(signed[:, best])

    def _total(self, signed: np.ndarray) -> sympy.Expr | None:
        """A sum of few products that is given with its sign where it is large; None where it is none."""
        large = np.abs(signed) > np.quantile(np.abs(signed), SMALL)
        clock.charge(Work.DENSE_PRODUCTS, 4 * self.values.size * self.values.shape[1])
        inside = self.values @ np.linalg.lstsq(self.values[large], signed[large], rcond=None)[0]
        if np.linalg.norm((signed - inside)[large]) > NOTHING * np.linalg.norm(signed):
            return None
        return self.span.terms(np.copysign(signed, inside))
