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
from functools import cached_property

import numpy as np
import sympy
from numpy.polynomial import chebyshev

from kansym import clock
from kansym.clock import Work

MOST_ORDER, MOST_ORDER_NEAR = 8, 6
"""Order of the largest differential equation, without noise and with it."""

LEAST_DEGREE, MOST_DEGREE, ROWS_OF_DEGREE = 4, 60, 3
"""Of the polynomial through the rows, and least rows for each: at random rows one of higher degree swings."""

EXACT, NEARLY, CLIFF = 1e-11, 1e-8, 1e-3
"""Residual, in units of y's root mean square, of an exact law, and of the polynomial that takes its place; and what the
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

CHOSEN_ON = 500
"""Rows that sums are chosen on, at most; the best are fitted to all."""

STEPS = 30
"""Steps of the fit of rates."""

SHARED = 0.6
"""Share of the range that the middle 98 in 100 rows have where they are looked at alone."""

NODES = 1.3
"""Nats of a node of the formula."""

LARGEST_EXPONENT = 600.0
"""Of an exponential at zero, in units of its value at an end of the range, in double precision."""

ROUNDING, NOISE = 1e-12, 1e-3
"""Residual that is rounding, and least one that is noise, in units of y's root mean square."""


@dataclass(frozen=True)
class _Block:
    """Powers 0 to `powers` - 1 of s, times exp(decay s), times a cosine and a sine where there is a frequency."""

    decay: float
    frequency: float
    powers: int

    @property
    def end(self) -> float:
        """The end of the range at which the exponential is largest, where it is taken to be one."""
        return math.copysign(1.0, self.decay)

    @property
    def rates(self) -> int:
        return (self.decay != 0) + (self.frequency != 0)

    @property
    def width(self) -> int:
        """Columns."""
        return self.powers * (2 if self.frequency else 1)

    def columns(self, s: np.ndarray) -> np.ndarray:
        """Columns (n, width): for each power the cosine and then the sine."""
        size = np.exp(self.decay * (s - self.end))
        waves = [np.cos(self.frequency * s), np.sin(self.frequency * s)] if self.frequency else [np.ones_like(s)]
        return np.column_stack([size * s**power * wave for power in range(self.powers) for wave in waves])

    def slopes(self, s: np.ndarray, columns: np.ndarray, coefficients: np.ndarray) -> list[np.ndarray]:
        """Derivatives of the sum of columns by its rates."""
        found = []
        if self.decay:
            found.append((s - self.end) * (columns @ coefficients))
        if self.frequency:
            pairs = coefficients.reshape(-1, 2)
            turned = np.column_stack([pairs[:, 1], -pairs[:, 0]]).reshape(-1)
            found.append(s * (columns @ turned))
        return found

    def moved(self, steps: Sequence[float]) -> "_Block":
        left = list(steps)
        decay = self.decay + left.pop(0) if self.decay else 0.0
        # A sine of the other sign has another coefficient.
        return replace(self, decay=decay, frequency=abs(self.frequency + left.pop(0)) if self.frequency else 0.0)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Blocks with their coefficients, the weighted residual, and the derivatives of the sum by the rates (n, R)."""

    blocks: tuple[_Block, ...]
    coefficients: np.ndarray
    residual: np.ndarray
    jacobian: np.ndarray

    @property
    def square(self) -> float:
        square = float(self.residual @ self.residual)
        return square if math.isfinite(square) else math.inf

    @property
    def constants(self) -> int:
        return len(self.coefficients) + sum(block.rates for block in self.blocks)


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
    better = [_fitted(_simplest(fit, few, floor).blocks, rows) for fit in shortest]
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


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows in s from -1 to 1, y times root weights in units of its root mean square."""

    s: np.ndarray
    y: np.ndarray
    root: np.ndarray
    middle: float
    half: float
    size: float
    stands_for: int = 0

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> "_Rows | None":
        root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
        with np.errstate(over="ignore"):
            low, high, size = float(x.min()), float(x.max()), float(np.sqrt(np.mean((root * y) ** 2)))
        if not (high > low and 0 < size < math.inf):
            return None
        middle, half = (low + high) / 2, (high - low) / 2
        found = cls((x - middle) / half, root * y / size, root, middle, half, size)
        return found if found.distinct >= ROWS_OF_DEGREE * LEAST_DEGREE else None

    @property
    def number(self) -> int:
        return len(self.y)

    @cached_property
    def distinct(self) -> int:
        """Values of the column that differ."""
        return len(np.unique(self.s))

    def part(self, low: float, high: float) -> "_Rows":
        """The rows between two values of s."""
        kept = (self.s >= low) & (self.s <= high)
        middle, half = (low + high) / 2, (high - low) / 2
        s = (self.s[kept] - middle) / half
        return _Rows(s, self.y[kept], self.root[kept], self.middle + self.half * middle, self.half * half, self.size)

    def few(self) -> "_Rows":
        """Rows that sums are chosen on, each of which stands for as many."""
        some = slice(None, None, -(-self.number // CHOSEN_ON))
        return replace(self, s=self.s[some], y=self.y[some], root=self.root[some], stands_for=self.number)

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

    def length(self, fit: _Fit, floor: float) -> float:
        """Nats of y with a fit."""
        nodes = sum(3 * block.width + 3 * block.rates for block in fit.blocks)
        n = self.stands_for or self.number
        misfit = 0.5 * n * math.log(fit.square / self.number + floor**2)
        return misfit + 0.5 * math.log(n) * fit.constants + NODES * nodes

    def written(self, fit: _Fit, floor: float, symbol: sympy.Symbol) -> sympy.Expr:
        """The formula in x, without terms that leave no more when they are gone."""
        x = self.middle + self.half * self.s
        scale = float(np.abs(x).max())
        terms = [
            (block, power, side) for block in fit.blocks for power in range(block.powers) for side in _sides(block)
        ]

        def column(block: _Block, power: int, side: int) -> np.ndarray:
            size = np.exp(block.decay * (self.s - block.end))
            angle = block.frequency / self.half * x
            return self.root * size * (x / scale) ** power * (np.sin(angle) if side else np.cos(angle))

        matrix = np.column_stack([column(*term) for term in terms])
        kept = _fewest(matrix, self.y, floor)
        coefficients = np.linalg.lstsq(matrix[:, kept], self.y, rcond=None)[0]
        parts: dict[_Block, dict[int, list[float]]] = {}
        for place, value in zip(kept, coefficients, strict=True):
            block, power, side = terms[place]
            # The exponential of the column is one at an end of the range, and that of the formula at zero.
            shift = math.exp(-block.decay * (self.middle / self.half + block.end))
            own = parts.setdefault(block, {}).setdefault(power, [0.0, 0.0])
            own[side] = float(value) * self.size * shift / scale**power
        return sympy.Add(*(_formula(block, own, self.half, symbol) for block, own in parts.items()))


def _sides(block: _Block) -> tuple[int, ...]:
    return (0, 1) if block.frequency else (0,)


def _fewest(matrix: np.ndarray, y: np.ndarray, floor: float) -> list[int]:
    """Columns that are needed, by description length."""
    n, kept = len(y), list(range(matrix.shape[1]))

    def length(some: list[int]) -> float:
        rest = y - matrix[:, some] @ np.linalg.lstsq(matrix[:, some], y, rcond=None)[0] if some else y
        return 0.5 * n * math.log(float(rest @ rest) / n + floor**2) + (0.5 * math.log(n) + 3 * NODES) * len(some)

    least = length(kept)
    while len(kept) > 1:
        shorter = [(length([k for k in kept if k != one]), one) for one in kept]
        best, gone = min(shorter)
        if best > least:
            break
        least, kept = best, [k for k in kept if k != gone]
    return kept


def _formula(block: _Block, powers: dict[int, list[float]], half: float, symbol: sympy.Symbol) -> sympy.Expr:
    total = sympy.S.Zero
    angle = sympy.Float(block.frequency / half) * symbol
    for power, (cosine, sine) in powers.items():
        if not block.frequency:
            wave = sympy.Float(cosine)
        elif cosine and sine:
            wave = sympy.Float(math.hypot(cosine, sine)) * sympy.sin(angle + sympy.Float(math.atan2(cosine, sine)))
        else:
            wave = sympy.Float(sine) * sympy.sin(angle) if sine else sympy.Float(cosine) * sympy.cos(angle)
        total += symbol**power * wave
    return total * sympy.exp(sympy.Float(block.decay / half) * symbol) if block.decay else total


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


def _fits(rates: np.ndarray, rows: _Rows) -> list[_Fit]:
    """Sums of these rates, fitted: as they are, and with those the same that nearly are."""
    choices = dict.fromkeys(_blocks(rates, near) for near in TOGETHER)
    return [fit for fit in (_fitted(blocks, rows) for blocks in choices if blocks) if fit is not None]


def _is_told(fit: _Fit, series: _Series, rows: _Rows, *, noisy: bool) -> bool:
    """Whether a sum is more than one of the many that come near a smooth curve."""
    error = math.sqrt(fit.square / rows.number)
    if not noisy:
        return series.needs(error) >= LEAST_FOR_EACH * fit.constants
    turns = max(block.frequency for block in fit.blocks) >= FULL_TURN
    return series.needs(error) >= fit.constants and (turns or fit.constants <= WITHOUT_TURNS)


def _simplest(fit: _Fit, rows: _Rows, floor: float) -> _Fit:
    """The fit with fewer rates where that is the shorter description."""
    least = rows.length(fit, floor)
    while True:
        fits = [one for one in (_fitted(blocks, rows) for blocks in _fewer_rates(fit.blocks)) if one is not None]
        shorter = min(((rows.length(one, floor), number) for number, one in enumerate(fits)), default=(math.inf, 0))
        if not shorter[0] < least:
            return fit
        least, fit = shorter[0], fits[shorter[1]]


def _fewer_rates(blocks: tuple[_Block, ...]) -> Iterator[tuple[_Block, ...]]:
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
            yield _joined([*rest, _Block(*middle, one.powers + other.powers)])


def _joined(blocks: Sequence[_Block]) -> tuple[_Block, ...]:
    """Blocks of which no two have the same rates: together they have the powers of both."""
    found: dict[tuple[float, float], int] = {}
    for block in blocks:
        rates = block.decay, block.frequency
        found[rates] = found.get(rates, 0) + block.powers
    return tuple(_Block(decay, frequency, powers) for (decay, frequency), powers in found.items())


def _blocks(rates: np.ndarray, near: float) -> tuple[_Block, ...]:
    """Blocks of rates, of which some may be the same, zero, or without a real or imaginary part."""
    groups: list[list[complex]] = []
    for rate in sorted((complex(one) for one in rates if one.imag >= 0), key=lambda one: (abs(one), one.imag)):
        close = [one for one in groups if abs(rate - np.mean(one)) <= near * max(abs(rate), 1.0)]
        if close:
            close[0].append(rate)
        else:
            groups.append([rate])
    found: list[_Block] = []
    for group in groups:
        mean = complex(np.mean(group))
        least = near * max(abs(mean), 1.0)
        decay, frequency = (0.0 if abs(part) <= least else part for part in (mean.real, mean.imag))
        # Of a double real root that splits in two complex ones only one is here.
        split = sum(2 if one.imag > 0 and not frequency else 1 for one in group)
        found.append(_Block(decay, frequency, split))
    return _joined(found)


def _fitted(blocks: tuple[_Block, ...], rows: _Rows) -> _Fit | None:
    """Rates by Levenberg-Marquardt, with the coefficients in closed form."""
    with np.errstate(all="ignore"):
        fit, damping = _solved(blocks, rows), 1e-3
        for _ in range(STEPS if any(block.rates for block in blocks) else 0):
            if fit is None or damping > 1e6:
                break
            moved = _solved(_stepped(fit, damping), rows)
            if moved is None or not moved.square < fit.square:
                damping *= 8
                continue
            done, damping = fit.square - moved.square < 1e-9 * moved.square, max(0.1 * damping, 1e-12)
            fit = moved
            if done:
                break
    return fit


def _solved(blocks: tuple[_Block, ...], rows: _Rows) -> _Fit | None:
    """Coefficients of blocks; None where they have no values."""
    farthest = abs(rows.middle / rows.half) + 1.0
    if max(abs(block.decay) for block in blocks) * farthest > LARGEST_EXPONENT:
        return None
    each = [block.columns(rows.s) * rows.root[:, None] for block in blocks]
    matrix = np.concatenate(each, axis=1)
    if matrix.shape[1] > rows.number or not np.isfinite(matrix).all():
        return None
    clock.charge(Work.SMALL_FITS, 2)
    clock.charge(Work.DENSE_PRODUCTS, 8 * matrix.size * matrix.shape[1])
    basis, triangle = np.linalg.qr(matrix)
    shares = basis.T @ rows.y
    coefficients = np.linalg.lstsq(triangle, shares, rcond=1e-14)[0]
    residual, slopes, first = rows.y - matrix @ coefficients, list[np.ndarray](), 0
    for block, own in zip(blocks, each, strict=True):
        slopes += block.slopes(rows.s, own, coefficients[first : first + block.width])
        first += block.width
    # What the coefficients absorb of a change of rates is none.
    jacobian = np.array(slopes).reshape(-1, rows.number).T
    if not (np.isfinite(residual).all() and np.isfinite(jacobian).all()):
        return None
    return _Fit(blocks, coefficients, residual, jacobian - basis @ (basis.T @ jacobian))


def _stepped(fit: _Fit, damping: float) -> tuple[_Block, ...]:
    jacobian = fit.jacobian
    scale = np.linalg.norm(jacobian, axis=0)
    scale[~(scale > 0)] = 1.0
    jacobian = jacobian / scale
    system = np.concatenate([jacobian, math.sqrt(damping) * np.eye(len(scale))])
    steps = (np.linalg.lstsq(system, np.append(fit.residual, np.zeros(len(scale))), rcond=None)[0] / scale).tolist()
    moved = []
    for block in fit.blocks:
        moved.append(block.moved(steps[: block.rates]))
        steps = steps[block.rates :]
    return tuple(moved)
