"""Levenberg-Marquardt on the inner constants of many sums at once, with their coefficients in closed form.

Variable projection (Golub and Pereyra 1973, doi:10.1137/0710036) with Kaufman's Jacobian (1975,
doi:10.1007/BF01932995). The batch axis holds states, candidates and starts together; each sum has a damping of its own.
Products of the factors before and after a slot give the derivative of its term without a division.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.gradients import without_gradients
from kansym.terms.rows import TermRows, orthonormal
from kansym.terms.slots import Index, Slots, joined, values_and_slopes

EXACT_SQUARE = 1e-26
"""Mean squared residual, in units of the target's, that is rounding: there is nothing to refine."""

CHUNK = 1_500_000
"""Values of factors that are held at once: what fits into the cache of a core is twice as fast."""

STEP_OVERHEAD = 18.0
"""Calls of a step that cost the same for every number of sums, in small fits."""

SINGULAR, LARGEST_COEFFICIENT = 1e-9, 2e3
"""Share of a term that its companions must leave, and the largest coefficient in units of the target: sums of terms
that cancel imitate anything."""


@dataclass(frozen=True, eq=False)
class Refined:
    """Sums with their constants.

    Attributes
    ----------
    slots : Slots
        A table (B, K, F).
    square : Tensor (B,)
        Sum of squared residuals; inf where a sum has no value or its terms cancel.
    coefficients : Tensor (B, K)
        Of the first target where there are several.
    """

    slots: Slots
    square: Tensor
    coefficients: Tensor

    def __getitem__(self, index: Index) -> Refined:
        return Refined(self.slots[index], self.square[index], self.coefficients[index])

    def __len__(self) -> int:
        return len(self.square)


@dataclass(eq=False)
class _State:
    """A batch at its present constants.

    Derivatives of the terms by the constants (B, P, n) and the coefficients of those terms (B, P, J), whose product is
    the Jacobian for each of J targets, basis (B, K, n), residuals (B, J, n) and what they give.
    """

    slopes: Tensor
    weights: Tensor
    basis: Tensor
    residual: Tensor
    coefficients: Tensor
    square: Tensor


def refine(slots: Slots, rows: TermRows | Sequence[TermRows], steps: int, *, until: float) -> Refined:
    """Fit the free constants of every sum.

    Parameters
    ----------
    slots : Slots
        A table (B, K, F).
    rows : TermRows or sequence of TermRows
        Several where rows come in blocks, each of which has coefficients of its own.
    steps : int
        Most steps; zero only solves for the coefficients.
    until : float
        `kansym.clock.now` value after which sums are left as they are, with an infinite square.
    """
    batch, terms, width = slots.factor.shape
    blocks = [rows] if isinstance(rows, TermRows) else list(rows)
    each = max(1, CHUNK // max(terms * width * max(block.number for block in blocks), 1))
    y = blocks[0].y
    parts = []
    for start in range(0, batch, each):
        part = slots[start : start + each]
        if clock.late(until):
            number = len(part)
            endless = y.new_full((number,), torch.inf)
            parts.append(Refined(part, endless, y.new_zeros(number, terms)))
        else:
            parts.append(_refine(part, blocks, steps, until))
    if not parts:
        return Refined(slots, y.new_zeros(0), y.new_zeros(0, terms))
    return Refined(
        joined([part.slots for part in parts]),
        torch.cat([part.square for part in parts]),
        torch.cat([part.coefficients for part in parts]),
    )


@without_gradients
def _refine(slots: Slots, blocks: list[TermRows], steps: int, until: float) -> Refined:
    batch, n = len(slots), sum(block.number for block in blocks)
    flat = slots.free.reshape(batch, -1)
    most = int(flat.sum(1).max())
    # Place of each constant in the table, and its number among the free constants of its sum.
    rank = torch.cumsum(flat, 1) - 1
    states = [_evaluate(slots, block, rank, most) for block in blocks]
    square = _total([state.square for state in states])
    if most == 0:
        return Refined(slots, square, states[0].coefficients[..., 0])
    on = torch.arange(most, device=flat.device)[None] < flat.sum(1)[:, None]
    sums, places = flat.nonzero(as_tuple=True)
    numbers = rank[sums, places]
    damping = square.new_full((batch,), 1e-2)
    theta = slots.theta
    for _ in range(steps):
        step = _step(states, damping, on)
        moved = theta.reshape(batch, -1).clone()
        moved[sums, places] += step[sums, numbers]
        trial = Slots(slots.factor, slots.argument, moved.reshape(theta.shape), slots.free)
        attempts = [_evaluate(trial, block, rank, most) for block in blocks]
        reached = _total([attempt.square for attempt in attempts])
        better = reached < square
        theta = torch.where(better[:, None, None, None], trial.theta, theta)
        slots = Slots(slots.factor, slots.argument, theta, slots.free)
        square = torch.where(better, reached, square)
        for state, attempt in zip(states, attempts, strict=True):
            for name in ("slopes", "weights", "basis", "residual", "coefficients"):
                new, old = getattr(attempt, name), getattr(state, name)
                setattr(state, name, torch.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old))
        damping = torch.where(better, damping * 0.2, damping * 6).clamp(1e-12, 1e8)
        if clock.late(until) or float(square.min()) < EXACT_SQUARE * n:
            break
    return Refined(slots, square, states[0].coefficients[..., 0])


def _total(parts: list[Tensor]) -> Tensor:
    return functools.reduce(operator.add, parts)


def _evaluate(slots: Slots, rows: TermRows, rank: Tensor, most: int) -> _State:
    batch, terms, width = slots.factor.shape
    n = rows.number
    active = int((slots.factor > 0).sum())
    clock.charge(Work.SMALL_FITS, STEP_OVERHEAD)
    clock.charge(Work.PRODUCT_UNITS, n * (active + batch * (terms + most)) / 2)
    factors, slopes, places = values_and_slopes(slots, rows.columns)
    before = torch.ones_like(factors)
    for f in range(1, width):
        torch.mul(before[:, :, f - 1], factors[:, :, f - 1], out=before[:, :, f])
    product = before[:, :, -1] * factors[:, :, -1] * rows.root
    others = before
    after = torch.ones_like(product)
    for f in range(width - 2, -1, -1):
        after = after * factors[:, :, f + 1]
        others[:, :, f] *= after
    finite = torch.isfinite(product).all(-1).all(-1)
    product = torch.nan_to_num(product, 0.0, 0.0, 0.0)
    basis, triangle, size = orthonormal(product)
    targets = rows.y.reshape(-1, n)
    share = basis @ targets.T
    residual = targets - share.transpose(-1, -2) @ basis
    scaled = torch.linalg.solve_triangular(triangle, share, upper=True)
    square = residual.square().sum((-1, -2))
    distinct = triangle.diagonal(dim1=-2, dim2=-1).abs().amin(-1) > SINGULAR
    moderate = scaled.abs().amax((-1, -2)) < LARGEST_COEFFICIENT * torch.linalg.vector_norm(rows.y)
    square = torch.where(finite & distinct & moderate & torch.isfinite(square), square, torch.inf)
    coefficients = scaled / size[..., None]
    # A constant's derivative: that of its factor, times the other factors of its term, times the coefficient.
    slot = places // 2
    owner, number = slot // (terms * width), rank.reshape(-1)[places]
    derivatives, weights = rows.y.new_zeros(batch, most, n), rows.y.new_zeros(batch, most, len(targets))
    derivatives[owner, number] = torch.nan_to_num(slopes * others.reshape(-1, n)[slot] * rows.root, 0.0, 0.0, 0.0)
    weights[owner, number] = torch.nan_to_num(coefficients.reshape(-1, len(targets))[slot // width], 0.0, 0.0, 0.0)
    return _State(derivatives, weights, basis, residual, coefficients, square)


def _step(states: list[_State], damping: Tensor, on: Tensor) -> Tensor:
    """Damped Gauss-Newton step (B, P) of the free constants; zero for those a sum does not have."""
    parts = [_equations(state) for state in states]
    normal, gradient = _total([normal for normal, _ in parts]), _total([gradient for _, gradient in parts])
    diagonal = normal.diagonal(dim1=-2, dim2=-1)
    ridge = diagonal * damping[:, None] + 1e-12 * diagonal.amax(-1, keepdim=True) + 1e-300
    system = normal + torch.diag_embed(ridge + (~on).to(ridge.dtype))
    step = torch.linalg.solve_ex(torch.nan_to_num(system), torch.nan_to_num(gradient)[..., None])[0][..., 0]
    return torch.nan_to_num(step, 0.0, 0.0, 0.0) * on


def _equations(state: _State) -> tuple[Tensor, Tensor]:
    """Normal matrix (B, P, P) and gradient (B, P) of one block of rows."""
    C, W, Q = state.slopes, state.weights, torch.nan_to_num(state.basis, 0.0, 0.0, 0.0)
    # What the coefficients absorb is no reason to move.
    C = C - (C @ Q.transpose(-1, -2)) @ Q
    # Summed over the targets, whose Jacobians differ by the coefficients only.
    return (C @ C.transpose(-1, -2)) * (W @ W.transpose(-1, -2)), ((C @ state.residual.transpose(-1, -2)) * W).sum(-1)
