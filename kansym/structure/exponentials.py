# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Sums of polynomials times exponentials and waves of one column, by the differential equation that they solve.

Decays, damped and driven oscillations, beats and critical damping are sums of P(x) exp(z x) with complex rates z: what
a linear differential equation with constant coefficients has for solutions. Integrated as many times as its order, the
equation says that y is a combination of its own integrals and a polynomial: one linear system in the Chebyshev
coefficients of y, whatever the design of the rows. Its rates are the roots of one polynomial, as in Prony's method
(Osborne and Smyth 1995, SIAM J. Sci. Comput. 16, 119), and start a fit of rates with all coefficients in closed form
(variable projection; Golub and Pereyra 1973, doi:10.1137/0710036).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
from numpy.polynomial import chebyshev

from kansym import clock
from kansym.clock import Work
from kansym.structure.rates import LEAST_DISTINCT, Block, RateFit, Rows, fitted
from kansym.structure.rounding import EXACT, ROUNDING

MOST_ORDER, MOST_ORDER_NEAR = 8, 6
"""Order of the largest differential equation, without noise and with it."""

MOST_DEGREE, ROWS_OF_DEGREE = 60, 3
LEAST_DEGREE = LEAST_DISTINCT // ROWS_OF_DEGREE
"""Of the polynomial through the rows, and least rows for each: at random rows one of higher degree swings."""

NEARLY, CLIFF = 1e-8, 1e-3
"""Residual, in units of y's root mean square, of the polynomial that takes the place of an exact law; and what the
right order leaves of an equation at most, in units of what the order before leaves: that of an imitation falls step by
step."""

LEAST_FOR_EACH = 1.5
"""Degree of the polynomial that takes the place of a sum, at least, for each constant: of any smooth curve there
are sums of as many constants as the polynomial has. With noise, of which the polynomial sees less, just as many."""

TOGETHER = (0.6, 0.2, 0.02, 1e-4)
"""Differences of rates, in units of their size and of one over half the range, up to which two are the same, or one is
zero, as seen before the fit, the shortest sums first: multiple roots are found with a root of the precision."""

FULL_TURN, WITHOUT_TURNS = math.pi, 4
"""Frequency of a wave that turns once over the range, and most constants of a noisy sum that has none: of decays alone
there is one for any curve."""

BEST, HANDED, WORSE = 3, 2, 2
"""Sums that are tried with fewer rates, those of them that are handed on, and orders without a shorter one after which
no larger ones are tried."""

SHARED = 0.6
"""Share of the range that the middle 98 in 100 rows have where they are looked at alone."""

NOISE = 1e-3
"""Least residual that is noise, in units of y's root mean square."""


def exponential_law(x: np.ndarray, y: np.ndarray, symbol: sympy.Symbol) -> sympy.Expr | None:
    """An exact sum, or None.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    """
    rows = _Rows.of(x, y)
    if rows is None:
        return None
    for part in rows.windows():
        series = part.series()
        if series.left[-1] > NEARLY:
            continue
        left = _equations(series.coefficients, MOST_ORDER)
        for before, (rates, residual) in zip([1.0, *(one for _, one in left)], left, strict=False):
            if not (residual < CLIFF * before):
                continue
            for fit in _fits(part.on(rows, rates), rows):
                error = math.sqrt(fit.square / rows.number)
                if error <= EXACT and series.needs(error) >= LEAST_FOR_EACH * fit.constants:
                    return rows.written(fit, ROUNDING, symbol)
    return None


def exponential_sums(
    x: np.ndarray, y: np.ndarray, symbol: sympy.Symbol, *, weights: np.ndarray | None = None, noise: float = 0.0
) -> Iterator[sympy.Expr]:
    """Sums that come near, with Float constants, the shortest description first.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    weights : ndarray, shape (n,), optional
        Of the squared residuals of y.
    noise : float, default 0
        Standard deviation of y where the weight is one, as far as it is known.
    """
    rows = _Rows.of(x, y, weights)
    if rows is None:
        return
    floor, found = max(noise / rows.size, ROUNDING), []
    series, few = rows.series(), rows.few()
    for order, (rates, _) in enumerate(_equations(series.coefficients, MOST_ORDER_NEAR), start=1):
        found += [(few.length(fit, floor), order, fit) for fit in _fits(rates, few)]
        if order > min(found, key=lambda one: one[:2], default=(0.0, order))[1] + WORSE:
            break
    shortest = [fit for *_, fit in sorted(found, key=lambda one: one[:2])[:BEST]]
    better = [fitted(_simplest(fit, few, floor).blocks, rows) for fit in shortest]
    plain = [fit for fit in better if fit and _is_told(fit, series, rows, noisy=floor >= NOISE)]
    # What leaves the same is the same.
    different = {f"{rows.length(fit, floor):.6g}": fit for fit in plain}
    for fit in sorted(different.values(), key=lambda fit: rows.length(fit, floor))[:HANDED]:
        yield rows.written(fit, floor, symbol)


@dataclass(frozen=True, eq=False)
class _Series:
    """Chebyshev coefficients of y, and what the first of them leave of it, one after the other."""

    coefficients: np.ndarray
    left: np.ndarray

    def needs(self, error: float) -> int:
        """How many coefficients it takes to come as near."""
        return int(np.count_nonzero(self.left[:-1] > error)) + 1


class _Rows(Rows):
    """Rows with the polynomial through them."""

    def part(self, low: float, high: float) -> "_Rows":
        """The rows between two values of s."""
        kept = (self.s >= low) & (self.s <= high)
        middle, half = (low + high) / 2, (high - low) / 2
        s = (self.s[kept] - middle) / half
        return _Rows(s, self.y[kept], self.root[kept], self.middle + self.half * middle, self.half * half, self.size)

    def windows(self) -> Iterator["_Rows"]:
        """All rows, or most where the others are far away, and a third for what has many waves."""
        low, first, second, high = np.quantile(self.s, [0.01, 1 / 3, 2 / 3, 0.99])
        yield self.part(low, high) if high - low < 2 * SHARED else self
        if self.number >= 3 * ROWS_OF_DEGREE * MOST_DEGREE:
            yield self.part(first, second)

    def on(self, other: "_Rows", rates: np.ndarray) -> np.ndarray:
        """Rates of this s as those of another one's."""
        return rates * other.half / self.half

    def series(self) -> "_Series":
        """The polynomial through the rows, of the degree that they tell."""
        most = min(MOST_DEGREE, self.distinct // ROWS_OF_DEGREE)
        matrix = chebyshev.chebvander(self.s, most) * self.root[:, None]
        clock.charge(Work.DENSE_PRODUCTS, 4 * matrix.size * (most + 1))
        basis, triangle = np.linalg.qr(matrix)
        shares = basis.T @ self.y
        rest = self.y - basis @ shares
        # What is left after each degree, without cancellation.
        tails = np.append(np.cumsum(shares[::-1] ** 2)[::-1][1:], 0.0) + rest @ rest
        n, degrees = self.number, np.arange(1, most + 2)
        lengths = 0.5 * n * np.log(tails / n + 1e-28) + 0.5 * math.log(n) * degrees
        kept = max(int(degrees[lengths.argmin()]), LEAST_DEGREE)
        return _Series(np.linalg.solve(triangle[:kept, :kept], shares[:kept]), np.sqrt(tails[:kept] / n))


def _equations(series: np.ndarray, most: int) -> list[tuple[np.ndarray, float]]:
    """Rates of the equation of each order, and what it leaves of the coefficients."""
    found, size = [], float(np.linalg.norm(series))
    integrals, one = [], series
    for order in range(1, most + 1):
        one = chebyshev.chebint(one)
        integrals.append(one)
        # The polynomial of lower degree than the order is free, and nothing is known of what was cut off.
        rows = slice(order, len(series))
        if len(series) - order < order:
            break
        matrix = np.column_stack([integral[rows] for integral in integrals])
        widths = np.linalg.norm(matrix, axis=0)
        widths[widths == 0] = 1.0
        solution = np.linalg.lstsq(matrix / widths, series[rows], rcond=1e-15)[0] / widths
        left = float(np.linalg.norm(series[rows] - matrix @ solution))
        if not math.isfinite(left):
            break
        found.append((np.roots(np.concatenate([[1.0], -solution])), left / size))
    return found


def _fits(rates: np.ndarray, rows: _Rows) -> list[RateFit]:
    """Sums of these rates, fitted: as they are, and with those the same that nearly are."""
    choices = dict.fromkeys(_blocks(rates, near) for near in TOGETHER)
    return [fit for fit in (fitted(blocks, rows) for blocks in choices if blocks) if fit is not None]


def _is_told(fit: RateFit, series: _Series, rows: _Rows, *, noisy: bool) -> bool:
    """Whether a sum is more than one of the many that come near a smooth curve."""
    error = math.sqrt(fit.square / rows.number)
    if not noisy:
        return series.needs(error) >= LEAST_FOR_EACH * fit.constants
    turns = max(block.frequency for block in fit.blocks) >= FULL_TURN
    return series.needs(error) >= fit.constants and (turns or fit.constants <= WITHOUT_TURNS)


def _simplest(fit: RateFit, rows: _Rows, floor: float) -> RateFit:
    """The fit with fewer rates where that is the shorter description."""
    least = rows.length(fit, floor)
    while True:
        fits = [one for one in (fitted(blocks, rows) for blocks in _fewer_rates(fit.blocks)) if one is not None]
        shorter = min(((rows.length(one, floor), number) for number, one in enumerate(fits)), default=(math.inf, 0))
        if not shorter[0] < least:
            return fit
        least, fit = shorter[0], fits[shorter[1]]


def _fewer_rates(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    """Blocks of which one has no decay or a power less, or two are one."""
    for block in blocks:
        rest = [other for other in blocks if other is not block]
        if block.decay:
            yield _joined([*rest, replace(block, decay=0.0)])
        if rest or block.powers > 1:
            yield _joined([*rest, *([replace(block, powers=block.powers - 1)] if block.powers > 1 else ())])
    for one, other in itertools.combinations(blocks, 2):
        if bool(one.frequency) == bool(other.frequency):
            rest = [block for block in blocks if block is not one and block is not other]
            middle = (one.decay + other.decay) / 2, (one.frequency + other.frequency) / 2
            yield _joined([*rest, Block(*middle, one.powers + other.powers)])


def _joined(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks of which no two have the same rates: together they have the powers of both."""
    found: dict[tuple[float, float], int] = {}
    for block in blocks:
        rates = block.decay, block.frequency
        found[rates] = found.get(rates, 0) + block.powers
    return tuple(Block(decay, frequency, powers) for (decay, frequency), powers in found.items())


def _blocks(rates: np.ndarray, near: float) -> tuple[Block, ...]:
    """Blocks of rates, of which some may be the same, zero, or without a real or imaginary part."""
    groups: list[list[complex]] = []
    for rate in sorted((complex(one) for one in rates if one.imag >= 0), key=lambda one: (abs(one), one.imag)):
        close = [one for one in groups if abs(rate - np.mean(one)) <= near * max(abs(rate), 1.0)]
        if close:
            close[0].append(rate)
        else:
            groups.append([rate])
    found: list[Block] = []
    for group in groups:
        mean = complex(np.mean(group))
        least = near * max(abs(mean), 1.0)
        decay, frequency = (0.0 if abs(part) <= least else part for part in (mean.real, mean.imag))
        # Of a double real root that splits in two complex ones only one is here.
        split = sum(2 if one.imag > 0 and not frequency else 1 for one in group)
        found.append(Block(decay, frequency, split))
    return _joined(found)
