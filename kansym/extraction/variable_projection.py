"""Levenberg-Marquardt on the inner constants of ``c f(a v + b) + d``, with c and d in closed form.

Variable projection (Golub and Pereyra 1973, doi:10.1137/0710036) with Kaufman's Jacobian (1975,
doi:10.1007/BF01932995). At most two inner constants are free, so each step is a closed form, and thousands of problems
of different primitives advance together: only the functions themselves are called primitive by primitive.
"""

from dataclasses import dataclass, fields, replace
from typing import Self, TypeVar

import torch
from torch import Tensor

from kansym import clock
from kansym.clock import Work
from kansym.extraction.candidates import Candidates, free_constants
from kansym.extraction.curves import Curves, Sample

_LARGEST_EXPONENT = 30.0
_FLOOR = 1e-31
_DAMPING_LIMIT = 1e10
_SAFE_RANGE = 1e100
_LARGEST_GROWTH = 2.0
_PINNED = 2e-15
_INSIDE = 6e-15


@dataclass(frozen=True)
class _Batch:
    """Tensors with a leading axis of problems."""

    def select(self, index: Tensor) -> Self:
        """The problems at `index`, increasing integers, so that sorted fields stay sorted."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True)
class Problems(_Batch):
    """A flat batch of M fits ``c f(a v + b) + d``.

    Attributes
    ----------
    edge, kind : Tensor (M,) of int64
        Which edge and which primitive; `kind` is sorted.
    a, b, p : Tensor (M,)
        Inner constants in the coordinate v of the curves; p is ignored by primitives without a shape.
    """

    edge: Tensor
    kind: Tensor
    a: Tensor
    b: Tensor
    p: Tensor


@dataclass(frozen=True)
class Data(_Batch):
    """The points and the ends of the edge of each problem; see `Sample` and `Curves`."""

    v: Tensor
    y: Tensor
    root_weight: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def gather(cls, edge: Tensor, curves: Curves, sample: Sample) -> "Data":
        """Data of the edge of each problem."""
        return cls(sample.v[edge], sample.y[edge], sample.root_weight[edge], curves.low[edge], curves.high[edge])


@dataclass(frozen=True)
class Projection(_Batch):
    """Functions at the data, with c and d eliminated.

    Attributes
    ----------
    loss : Tensor (M,)
        Weighted 1 - R^2; inf where the arguments leave the domain or the function is constant to rounding.
    residual, centred : Tensor (M, n)
        Residual and centred function, both times the root weights.
    square : Tensor (M,)
        Squared norm of `centred`.
    amplitude, level : Tensor (M,)
        Coefficient of `f` itself in a fit of the normalised ordinates, and weighted mean of `f`.
    """

    loss: Tensor
    residual: Tensor
    centred: Tensor
    square: Tensor
    amplitude: Tensor
    level: Tensor


B = TypeVar("B", bound=_Batch)


def evaluate(problems: Problems, candidates: Candidates, data: Data) -> Projection:
    """Evaluate every problem on its data; see `Projection`."""
    first, last = problems.a * data.low + problems.b, problems.a * data.high + problems.b
    inside = candidates.cover(problems.kind, first, last)
    z = problems.a[:, None] * data.v
    z += problems.b[:, None]
    f = torch.empty_like(z)
    for primitive, block in candidates.blocks(problems.kind):
        f[block] = primitive.function(z[block], problems.p[block, None])
    return project(f, inside, data.y, data.root_weight)


def project(f: Tensor, inside: Tensor, y: Tensor, root_weight: Tensor) -> Projection:
    """Eliminate c and d for function values `f` (..., n), which are overwritten; the others broadcast against it."""
    clock.charge(Work.TENSOR_PASSES)
    clock.charge(Work.MATCHED_POINTS, f.numel())
    largest = torch.linalg.vector_norm(f, ord=torch.inf, dim=-1)
    valid = inside & torch.isfinite(largest) & (largest > 0)
    # A card does these few steps in vain rather than let the host wait to see whether they are needed.
    if f.is_cuda or not bool(valid.all()):
        f.masked_fill_(~valid[..., None], 0.0)
    scale = torch.ones_like(largest)
    extreme = valid & ((largest > _SAFE_RANGE) | (largest < 1 / _SAFE_RANGE))
    if f.is_cuda or bool(extreme.any()):  # squares would overflow or vanish
        scale = torch.where(extreme & (1 / largest < torch.inf), 1 / largest, scale)
        f *= scale[..., None]
    f *= root_weight
    mean = (f * root_weight).sum(-1)
    f -= mean[..., None] * root_weight
    norm = torch.linalg.vector_norm(f, dim=-1)
    # In units of its largest magnitude the function must vary by more than its own rounding.
    valid = valid & (norm > 1e-14 * largest * scale)
    square = torch.where(valid, norm * norm, 1.0)
    height = torch.where(valid, (f * y).sum(-1) / square, 0.0)
    residual = y - height[..., None] * f
    loss = torch.where(valid, torch.linalg.vector_norm(residual, dim=-1) ** 2, torch.inf)
    return Projection(loss, residual, f, square, height * scale, mean / scale)


def minimise(
    problems: Problems, candidates: Candidates, curves: Curves, sample: Sample, iterations: int, *, tolerance: float
) -> tuple[Problems, Tensor]:
    """Levenberg-Marquardt on all problems at once, with a damping of their own.

    Parameters
    ----------
    problems : Problems
        Starts; those outside their domain stay as they are.
    candidates : Candidates
        What `problems.kind` counts.
    curves, sample : Curves, Sample
        The edges, and the points to fit.
    iterations : int
        Most steps.
    tolerance : float
        A problem stops when an accepted step lowers its loss by less than this fraction.

    Returns
    -------
    problems : Problems
        The best constants found.
    loss : Tensor (M,)
        Their losses.
    """
    data = Data.gather(problems.edge, curves, sample)
    state = evaluate(problems, candidates, data)
    best = replace(problems, a=problems.a.clone(), b=problems.b.clone(), p=problems.p.clone())
    best_loss = state.loss.clone()
    movable = candidates.steps.any(-1).any(-1)[problems.kind]
    running = torch.isfinite(best_loss) & (best_loss > _FLOOR) & movable
    where = running.nonzero()[:, 0]
    current, state, data = problems.select(where), state.select(where), data.select(where)
    running, damping = running[where], torch.full_like(current.a, 1e-2)
    for _ in range(iterations):
        if not len(where):
            break
        trial = _move(current, _step(current, state, candidates, data, damping), candidates, data)
        trial = into_closed_domain(trial, candidates, data.low, data.high)
        attempt = evaluate(trial, candidates, data)
        better = (attempt.loss < state.loss) & running
        gain = torch.where(better, (state.loss - attempt.loss) / state.loss, 1.0)
        damping = torch.where(better, (damping / 8).clamp_min(1e-14), damping * 6)
        state, current = _accepted(better, attempt, state), _accepted(better, trial, current)
        running = running & (gain > tolerance) & (state.loss > _FLOOR) & (damping < _DAMPING_LIMIT)
        # Moving the data costs as much as several passes over it: finished problems leave in batches.
        if int(running.sum()) < 0.8 * len(running):
            _store(best, best_loss, current, state.loss, where)
            left = running.nonzero()[:, 0]
            where, damping, running = where[left], damping[left], running[left]
            current, state, data = current.select(left), state.select(left), data.select(left)
    _store(best, best_loss, current, state.loss, where)
    return best, best_loss


def into_closed_domain(problems: Problems, candidates: Candidates, low: Tensor, high: Tensor) -> Problems:
    """Move arguments that overshoot a closed end of the domain back onto it.

    Rejecting such steps would stall fits whose data reach exactly to the end (sqrt from 0, asin to 1): they have to
    slide along the boundary.
    """
    floor, ceiling = candidates.floor[problems.kind], candidates.ceiling[problems.kind]
    shift_only = ~candidates.steps[..., 0].any(-1)[problems.kind]
    a, b = problems.a, problems.b
    # Overshoot by rounding goes back onto the end, where fits that start there stay (see `_Frame`); a real overshoot
    # ends just inside, free to move. The second pass is for an ulp lost in the first.
    for attempt in range(2):
        first, last = a * low + b, a * high + b
        out_first, out_last = (first < floor) | (first > ceiling), (last < floor) | (last > ceiling)
        out = out_first | out_last
        if not bool(out.any()):
            break
        new_first, new_last = (
            torch.where(end_out, end.clamp(floor + margin, ceiling - margin), end)
            for end, end_out in ((first, out_first), (last, out_last))
            for margin in (torch.where((end - end.clamp(floor, ceiling)).abs() > _PINNED, _INSIDE, attempt * _INSIDE),)
        )
        shift = torch.where(out_first, new_first - first, new_last - last)
        slope = torch.where(shift_only | ~out, a, (new_last - new_first) / (high - low))
        # The end that was corrected is the one to hit exactly: anchor the line there.
        anchored = torch.where(out_first, new_first - slope * low, new_last - slope * high)
        b = torch.where(out, torch.where(shift_only, b + shift, anchored), b)
        a = slope
    return replace(problems, a=a, b=b)


def _step(problems: Problems, state: Projection, candidates: Candidates, data: Data, damping: Tensor) -> Tensor:
    """Damped Gauss-Newton step (M, 2) of the free constants, in the frame of each problem."""
    z = problems.a[:, None] * data.v
    z += problems.b[:, None]
    frame = _Frame.of(problems, candidates, data)
    pivot, unit_a, unit_b = frame.pivot[:, None], frame.unit_a[:, None], frame.unit_b[:, None]
    # Of primitives without a free constant both stay zero.
    first, second = torch.zeros_like(z), torch.zeros_like(z)
    for primitive, block in candidates.blocks(problems.kind):
        p = problems.p[block, None]
        slope = primitive.derivative(z[block], p)
        for target, name in zip((first, second), free_constants(primitive), strict=False):
            if name == "p" and primitive.shape_derivative is not None:
                target[block] = primitive.shape_derivative(z[block], p)
            else:
                inner = (data.v[block] - pivot[block]) * unit_a[block] if name == "a" else unit_b[block]
                target[block] = slope * inner
    factor = state.amplitude[:, None] * data.root_weight
    for column in (first, second):
        # An infinite slope (sqrt at the very end of its domain) says nothing finite about a step: drop the point.
        torch.nan_to_num(column.mul_(factor), 0.0, 0.0, 0.0, out=column)
        # Take out what d and c absorb.
        column -= (column * data.root_weight).sum(-1, keepdim=True) * data.root_weight
        column -= ((column * state.centred).sum(-1) / state.square)[:, None] * state.centred
    # Two columns by modified Gram-Schmidt, then the 2 x 2 damped system written out so that nothing cancels:
    # det = n1^2 (n2^2 + (2 lambda + lambda^2) |J2|^2).
    n1 = torch.linalg.vector_norm(first, dim=-1)
    usable = n1 > 0
    n1 = torch.where(usable, n1, 1.0)
    g1, r12 = (first * state.residual).sum(-1) / n1, (first * second).sum(-1) / n1
    second -= (r12 / n1)[:, None] * first
    n2 = torch.linalg.vector_norm(second, dim=-1)
    g2 = (second * state.residual).sum(-1) / torch.where(n2 > 0, n2, 1.0)
    length = r12 * r12 + n2 * n2
    single = length == 0
    n2_square, length = torch.where(single, 1.0, n2 * n2), torch.where(single, 1.0, length)
    det = n2_square + (2 + damping) * damping * length
    usable = usable & (det > 0)
    det = torch.where(usable, det, 1.0)
    delta1 = ((n2_square + damping * length) * g1 - r12 * n2 * g2) / (n1 * det)
    delta2 = (damping * r12 * g1 + (1 + damping) * n2 * g2) / det
    step = torch.stack([delta1, delta2], -1)
    return torch.where(usable[:, None] & torch.isfinite(step), step, 0.0)


def _move(problems: Problems, step: Tensor, candidates: Candidates, data: Data) -> Problems:
    frame = _Frame.of(problems, candidates, data)
    da, db, dp = (step[:, :, None] * candidates.steps[problems.kind]).sum(1).unbind(-1)
    growth_a, growth_b = (torch.exp(d.clamp(-_LARGEST_GROWTH, _LARGEST_GROWTH)) for d in (da, db))
    a = torch.where(frame.anchored, problems.a * growth_a, problems.a + da)
    gap = frame.unit_b * growth_b
    b = torch.where(
        frame.anchored, frame.anchor + gap - a * frame.pivot, problems.b + db * frame.unit_b - da * frame.pivot
    )
    p = (problems.p + dp).clamp(-_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    return replace(problems, a=a, b=torch.where(frame.anchored & (db == 0) & (da == 0), problems.b, b), p=p)


@dataclass(frozen=True)
class _Frame:
    """The coordinates in which steps are taken.

    In general a and the argument at the centre of the data, which decouples the two. Next to the single end or pole
    of a domain: the logarithms of a and of the gap between the pole and the nearest datum. The valley of the loss is
    far straighter there, and no step can cross the pole. With one end of the data exactly on a closed end of a bounded
    domain (a semicircle from its rim): a about that end, which stays where it is.
    """

    anchored: Tensor
    anchor: Tensor
    pivot: Tensor
    unit_a: Tensor
    unit_b: Tensor

    @classmethod
    def of(cls, problems: Problems, candidates: Candidates, data: Data) -> "_Frame":
        anchor = candidates.anchor[problems.kind]
        anchored = ~torch.isnan(anchor)
        first, last = problems.a * data.low + problems.b - anchor, problems.a * data.high + problems.b - anchor
        at_low = first.abs() <= last.abs()
        pivot = torch.where(anchored, torch.where(at_low, data.low, data.high), (data.low + data.high) / 2)
        gap = torch.where(anchored, torch.where(at_low, first, last), 1.0)
        floor, ceiling = candidates.floor[problems.kind], candidates.ceiling[problems.kind]
        for end in (data.low, data.high):
            z = problems.a * end + problems.b
            pinned = ~anchored & (((z - floor).abs() < _PINNED) | ((z - ceiling).abs() < _PINNED))
            pivot, gap = torch.where(pinned, end, pivot), torch.where(pinned, 0.0, gap)
        return cls(anchored, anchor, pivot, torch.where(anchored, problems.a, 1.0), gap)


def _accepted(better: Tensor, new: B, old: B) -> B:
    """Row by row, `new` where `better`."""
    pairs = ((getattr(new, field.name), getattr(old, field.name)) for field in fields(old))
    return type(old)(*(torch.where(better[:, None] if n.ndim > 1 else better, n, o) for n, o in pairs))


def _store(best: Problems, best_loss: Tensor, current: Problems, loss: Tensor, where: Tensor) -> None:
    best.a[where], best.b[where], best.p[where], best_loss[where] = current.a, current.b, current.p, loss
