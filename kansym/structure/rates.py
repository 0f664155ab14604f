# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Sums of polynomials times exponentials and waves of one column with given starts of their rates, fitted.

Coefficients come in closed form, and the rates are moved by Levenberg-Marquardt with Kaufman's Jacobian (variable
projection; Golub and Pereyra 1973, doi:10.1137/0710036; Kaufman 1975, doi:10.1007/BF01932995).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.periodogram import scattered

CHOSEN_ON = 500
"""Rows that sums are chosen on, at most; the best are fitted to all."""

STEPS = 30
"""Steps of the fit of rates."""

NODES = 1.3
"""Nats of a node of the formula."""

LARGEST_EXPONENT = 600.0
"""Of an exponential at zero, in units of its value at an end of the range, in double precision."""

LEAST_DISTINCT = 12
"""Values of the column below which there is nothing to tell."""


@dataclass(frozen=True)
class Block:
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

    def moved(self, steps: Sequence[float]) -> "Block":
        left = list(steps)
        decay = self.decay + left.pop(0) if self.decay else 0.0
        # A sine of the other sign has another coefficient.
        return replace(self, decay=decay, frequency=abs(self.frequency + left.pop(0)) if self.frequency else 0.0)


@dataclass(frozen=True, eq=False)
class RateFit:
    """Blocks with their coefficients, the weighted residual, and the derivatives of the sum by the rates (n, R)."""

    blocks: tuple[Block, ...]
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


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in s from -1 to 1, y times root weights in units of its root mean square."""

    s: np.ndarray
    y: np.ndarray
    root: np.ndarray
    middle: float
    half: float
    size: float
    stands_for: int = 0

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Self | None:
        root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
        with np.errstate(over="ignore"):
            low, high, size = float(x.min()), float(x.max()), float(np.sqrt(np.mean((root * y) ** 2)))
        if not (high > low and 0 < size < math.inf):
            return None
        middle, half = (low + high) / 2, (high - low) / 2
        found = cls((x - middle) / half, root * y / size, root, middle, half, size)
        return found if found.distinct >= LEAST_DISTINCT else None

    @property
    def number(self) -> int:
        return len(self.y)

    @cached_property
    def distinct(self) -> int:
        """Values of the column that differ."""
        return len(np.unique(self.s))

    def few(self) -> Self:
        """Rows that sums are chosen on, each of which stands for as many."""
        some = slice(None, None, -(-self.number // CHOSEN_ON))
        return replace(self, s=self.s[some], y=self.y[some], root=self.root[some], stands_for=self.number)

    def scattered(self) -> Self:
        """Some of the rows, in no order, each of which stands for as many."""
        some = scattered(self.number)
        return replace(self, s=self.s[some], y=self.y[some], root=self.root[some], stands_for=self.number)

    def length(self, fit: RateFit, floor: float) -> float:
        """Nats of y with a fit."""
        nodes = sum(3 * block.width + 3 * block.rates for block in fit.blocks)
        n = self.stands_for or self.number
        misfit = 0.5 * n * math.log(fit.square / self.number + floor**2)
        return misfit + 0.5 * math.log(n) * fit.constants + NODES * nodes

    def written(self, fit: RateFit, floor: float, symbol: sympy.Symbol) -> sympy.Expr:
        """The formula in x, without terms that leave no more when they are gone."""
        x = self.middle + self.half * self.s
        scale = float(np.abs(x).max())
        terms = [
            (block, power, side) for block in fit.blocks for power in range(block.powers) for side in _sides(block)
        ]

        def column(block: Block, power: int, side: int) -> np.ndarray:
            size = np.exp(block.decay * (self.s - block.end))
            angle = block.frequency / self.half * x
            return self.root * size * (x / scale) ** power * (np.sin(angle) if side else np.cos(angle))

        matrix = np.column_stack([column(*term) for term in terms])
        kept = _fewest(matrix, self.y, floor)
        coefficients = np.linalg.lstsq(matrix[:, kept], self.y, rcond=None)[0]
        parts: dict[Block, dict[int, list[float]]] = {}
        for place, value in zip(kept, coefficients, strict=True):
            block, power, side = terms[place]
            # The exponential of the column is one at an end of the range, and that of the formula at zero.
            shift = math.exp(-block.decay * (self.middle / self.half + block.end))
            own = parts.setdefault(block, {}).setdefault(power, [0.0, 0.0])
            own[side] = float(value) * self.size * shift / scale**power
        return sympy.Add(*(_formula(block, own, self.half, symbol) for block, own in parts.items()))


def fitted(blocks: tuple[Block, ...], rows: Rows) -> RateFit | None:
    """Rates by Levenberg-Marquardt, with the coefficients in closed form."""
    with np.errstate(all="ignore"):
        fit, damping = solved(blocks, rows), 1e-3
        for _ in range(STEPS if any(block.rates for block in blocks) else 0):
            if fit is None or damping > 1e6:
                break
            moved = solved(_stepped(fit, damping), rows)
            if moved is None or not moved.square < fit.square:
                damping *= 8
                continue
            done, damping = fit.square - moved.square < 1e-9 * moved.square, max(0.1 * damping, 1e-12)
            fit = moved
            if done:
                break
    return fit


def solved(blocks: tuple[Block, ...], rows: Rows) -> RateFit | None:
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
    return RateFit(blocks, coefficients, residual, jacobian - basis @ (basis.T @ jacobian))


def _stepped(fit: RateFit, damping: float) -> tuple[Block, ...]:
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


def _sides(block: Block) -> tuple[int, ...]:
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


def _formula(block: Block, powers: dict[int, list[float]], half: float, symbol: sympy.Symbol) -> sympy.Expr:
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
