"""Levenberg-Marquardt on the inner constants of ``c f(a v + b) + d``, with c and d in closed form.

Variable projection (Golub and Pereyra 1973, doi:10.1137/0710036) with Kaufman's Jacobian (1975,
doi:10.1007/BF01932995). At most two inner constants are free, so each step is a closed form, and thousands of problems
of different primitives advance together: only the functions themselves are called primitive by primitive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TypeVar

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.device import CHECKED_EVERY
from kansym.extraction.candidates import Batch, Candidates, Rules, free_constants
from kansym.extraction.curves import Curves, Sample

_LARGEST_EXPONENT = 30.0
_FLOOR = 1e-31
_DAMPING_LIMIT = 1e10
_SAFE_RANGE = 1e100
_LARGEST_GROWTH = 2.0
_PINNED = 2e-15
_INSIDE = 6e-15
# Problems times points below which a step is left to the host: that takes some 70 ns for each and a millisecond, while
# the seven hundred kernels of a step take a card some three, however few the problems are.
_CARD_POINTS = 30_000


@dataclass(frozen=True)
class Problems(Batch):
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
class Data(Batch):
    """What each problem is about.

    Attributes
    ----------
    v, y, root_weight : Tensor (M, n)
        Points of its edge; see `Sample`.
    ends : Tensor (M, 2)
        Lowest and highest v of all points of its edge.
    rules : Rules
        Those of its primitive.
    """

    v: Tensor
    y: Tensor
    root_weight: Tensor
    ends: Tensor
    rules: Rules

    @cached_property
    def middle(self) -> Tensor:
        """Centre of the data, shape (M,)."""
        return self.ends.sum(-1) / 2

    @classmethod
    def gather(cls, problems: Problems, candidates: Candidates, curves: Curves, sample: Sample) -> Data:
        """Data of the edge and the primitive of each problem."""
        edge, ends = problems.edge, torch.stack([curves.low, curves.high], -1)
        return cls(
            sample.v[edge], sample.y[edge], sample.root_weight[edge], ends[edge], candidates.rules[problems.kind]
        )


@dataclass(frozen=True)
class Projection(Batch):
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


B = TypeVar("B", bound=Batch)


def evaluate(problems: Problems, candidates: Candidates, data: Data) -> Projection:
    """Evaluate every problem on its data; see `Projection`."""
    inside = data.rules.cover(problems.a[:, None] * data.ends + problems.b[:, None])
    z = problems.a[:, None] * data.v
    z += problems.b[:, None]
    blocks = candidates.blocks(problems.kind)
    f = joined([primitive.function(z[block], problems.p[block, None]) for primitive, block in blocks])
    return project(f, inside, data.y, data.root_weight)


def joined(parts: list[Tensor], axis: int = 0) -> Tensor:
    """One tensor of several, without a copy where it is one."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, axis)


def project(f: Tensor, inside: Tensor, y: Tensor, root_weight: Tensor) -> Projection:
    """Eliminate c and d for function values `f` (..., n), which are overwritten; the others broadcast against it."""
    clock.charge(Work.TENSOR_PASSES)
    clock.charge(Work.MATCHED_POINTS, f.numel())
    largest = torch.linalg.vector_norm(f, ord=torch.inf, dim=-1)
    valid = inside & (largest < math.inf) & (largest > 0)
    # A card does these few steps in vain rather than let the host wait to see whether they are needed.
    if f.is_cuda or not bool(valid.all()):
        f.masked_fill_(~valid[..., None], 0.0)
    scale = torch.ones_like(largest)
    extreme = valid & ((largest > _SAFE_RANGE) | (largest < 1 / _SAFE_RANGE))
    if f.is_cuda or bool(extreme.any()):  # squares would overflow or vanish
        inverse = 1 / largest
        scale = torch.where(extreme & (inverse < torch.inf), inverse, scale)
        f *= scale[..., None]
    f *= root_weight
    mean = (f * root_weight).sum(-1)
    f -= mean[..., None] * root_weight
    norm = torch.linalg.vector_norm(f, dim=-1)
    # In units of its largest magnitude the function must vary by more than its own rounding.
    valid = valid & (norm > 1e-14 * largest * scale)
    square = torch.where(valid, norm * norm, 1.0)
    height = (f * y).sum(-1) / square
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
    run = _Run.start(problems, candidates, Data.gather(problems, candidates, curves, sample))
    best = replace(problems, a=problems.a.clone(), b=problems.b.clone(), p=problems.p.clone())
    best_loss = run.state.loss.clone()
    run = run[run.running.nonzero()[:, 0]]
    for iteration in range(1, iterations + 1):
        if not len(run.where):
            break
        if run.where.is_cuda and run.data.v.numel() < _CARD_POINTS:
            run, best, best_loss = run.to("cpu"), best.to("cpu"), best_loss.to("cpu")
        run = run.stepped(candidates, tolerance)
        if run.where.is_cuda and iteration % CHECKED_EVERY:
            continue
        # Moving the data costs as much as several passes over it: finished problems leave in batches.
        if int(run.running.sum()) < 0.8 * len(run.running):
            run.store(best, best_loss)
            run = run[run.running.nonzero()[:, 0]]
    run.store(best, best_loss)
    return best.to(problems.a.device), best_loss.to(problems.a.device)


@dataclass(frozen=True)
class _Run(Batch):
    """Problems under way, where they stand.

    Attributes
    ----------
    where : Tensor (M,) of int64
        Their places among all problems.
    running : Tensor (M,) of bool
        Which have not come to their end.
    damping : Tensor (M,)
    problems, state, data
        Constants, what they give, and what they are fitted to.
    """

    where: Tensor
    running: Tensor
    damping: Tensor
    problems: Problems
    state: Projection
    data: Data

    @classmethod
    def start(cls, problems: Problems, candidates: Candidates, data: Data) -> _Run:
        """All problems, of which those can move that are valid and not exact."""
        state = evaluate(problems, candidates, data)
        movable = data.rules.steps.flatten(1).any(-1)
        running = (state.loss < math.inf) & (state.loss > _FLOOR) & movable
        where = torch.arange(len(running), device=running.device)
        return cls(where, running, torch.full_like(state.loss, 1e-2), problems, state, data)

    def stepped(self, candidates: Candidates, tolerance: float) -> _Run:
        """After one step, taken by those whose loss it lowers."""
        data, old = self.data, self.state
        frame = _Frame.of(self.problems, data)
        step = _step(self.problems, old, candidates, data, frame, self.damping)
        trial = into_closed_domain(_move(self.problems, step, data.rules, frame), data)
        attempt = evaluate(trial, candidates, data)
        better = (attempt.loss < old.loss) & self.running
        gain = torch.where(better, (old.loss - attempt.loss) / old.loss, 1.0)
        damping = (self.damping * torch.where(better, 1 / 8, 6.0)).clamp_min(1e-14)
        state = _accepted(better, attempt, old, *(field.name for field in fields(old)))
        running = self.running & (gain > tolerance) & (state.loss > _FLOOR) & (damping < _DAMPING_LIMIT)
        problems = _accepted(better, trial, self.problems, "a", "b", "p")
        return _Run(self.where, running, damping, problems, state, data)

    def store(self, best: Problems, best_loss: Tensor) -> None:
        """Write constants and losses into those of all problems."""
        for name in ("a", "b", "p"):
            getattr(best, name)[self.where] = getattr(self.problems, name)
        best_loss[self.where] = self.state.loss


def into_closed_domain(problems: Problems, data: Data) -> Problems:
    """Move arguments that overshoot a closed end of the domain back onto it.

    Rejecting such steps would stall fits whose data reach exactly to the end (sqrt from 0, asin to 1): they have to
    slide along the boundary.
    """
    floor, ceiling = data.rules.closed.split(1, -1)
    shift_only = data.rules.shift_only
    a, b = problems.a, problems.b
    # Overshoot by rounding goes back onto the end, where fits that start there stay (see `_Frame`); a real overshoot
    # ends just inside, free to move. The second pass is for an ulp lost in the first.
    for attempt in range(2):
        z = a[:, None] * data.ends + b[:, None]
        out = (z < floor) | (z > ceiling)
        if not bool(out.any()):
            break
        margin = torch.where((z - z.clamp(floor, ceiling)).abs() > _PINNED, _INSIDE, attempt * _INSIDE)
        moved = torch.where(out, z.clamp(floor + margin, ceiling - margin), z)
        low, high = data.ends.unbind(-1)
        (out_first, out_last), (first, last) = out.unbind(-1), moved.unbind(-1)
        any_out = out_first | out_last
        shift = torch.where(out_first, *(moved - z).unbind(-1))
        slope = torch.where(shift_only | ~any_out, a, (last - first) / (high - low))
        # The end that was corrected is the one to hit exactly: anchor the line there.
        anchored = torch.where(out_first, *(moved - slope[:, None] * data.ends).unbind(-1))
        b = torch.where(any_out, torch.where(shift_only, b + shift, anchored), b)
        a = slope
    return replace(problems, a=a, b=b)


def _step(
    problems: Problems, state: Projection, candidates: Candidates, data: Data, frame: _Frame, damping: Tensor
) -> Tensor:
    """Damped Gauss-Newton step (M, 2) of the free constants, in the frame of each problem."""
    columns = _columns(problems, candidates, data, frame)
    first, second = columns
    factor = state.amplitude[:, None] * data.root_weight
    # One at a time they stay in the caches of a CPU; a card is asked for both at once.
    for column in (columns,) if columns.is_cuda else (first, second):
        # An infinite slope (sqrt at the very end of its domain) says nothing finite about a step: drop the point.
        torch.nan_to_num(column.mul_(factor), 0.0, 0.0, 0.0, out=column)
        # Take out what d and c absorb.
        column -= (column * data.root_weight).sum(-1, keepdim=True) * data.root_weight
        column -= ((column * state.centred).sum(-1) / state.square)[..., None] * state.centred
    # Two columns by modified Gram-Schmidt, then the 2 x 2 damped system written out so that nothing cancels:
    # det = n1^2 (n2^2 + (2 lambda + lambda^2) |J2|^2).
    n1 = torch.linalg.vector_norm(first, dim=-1)
    usable = n1 > 0
    n1 = torch.where(usable, n1, 1.0)
    g1, r12 = (first * state.residual).sum(-1) / n1, (first * second).sum(-1) / n1
    second -= (r12 / n1)[:, None] * first
    n2 = torch.linalg.vector_norm(second, dim=-1)
    g2 = (second * state.residual).sum(-1) / torch.where(n2 > 0, n2, 1.0)
    n2_square = n2 * n2
    length = r12 * r12 + n2_square
    single = length == 0
    n2_square, length = torch.where(single, 1.0, n2_square), torch.where(single, 1.0, length)
    det = n2_square + (2 + damping) * damping * length
    usable = usable & (det > 0)
    det = torch.where(usable, det, 1.0)
    delta1 = ((n2_square + damping * length) * g1 - r12 * n2 * g2) / (n1 * det)
    delta2 = (damping * r12 * g1 + (1 + damping) * n2 * g2) / det
    step = torch.stack([delta1, delta2], -1)
    return torch.where(usable[:, None] & (step.abs() < math.inf), step, 0.0)


def _columns(problems: Problems, candidates: Candidates, data: Data, frame: _Frame) -> Tensor:
    """Derivatives (2, M, n) of f in the free constants; zero or nan for those that a primitive lacks."""
    z = problems.a[:, None] * data.v
    z += problems.b[:, None]
    blocks = list(candidates.blocks(problems.kind))
    slope = joined([primitive.derivative(z[block], problems.p[block, None]) for primitive, block in blocks])
    columns, steps, unit_b = slope.new_empty(2, *slope.shape), data.rules.steps, frame.unit_b[:, None]
    inner = (data.v - frame.pivot[:, None]) * frame.unit_a[:, None]
    torch.mul(slope, torch.where(steps[:, 0, :1] > 0, inner, unit_b), out=columns[0])
    torch.mul(slope, unit_b * steps[:, 1, 1:2], out=columns[1])
    for primitive, block in blocks:
        if primitive.shape_derivative is not None:
            number = free_constants(primitive).index("p")
            columns[number, block] = primitive.shape_derivative(z[block], problems.p[block, None])
    return columns


def _move(problems: Problems, step: Tensor, rules: Rules, frame: _Frame) -> Problems:
    moves = (step[:, :, None] * rules.steps).sum(1)
    da, db, dp = moves.unbind(-1)
    growth_a, growth_b, _ = torch.exp(moves.clamp(-_LARGEST_GROWTH, _LARGEST_GROWTH)).unbind(-1)
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
    def of(cls, problems: Problems, data: Data) -> _Frame:
        rules, (low, high) = data.rules, data.ends.unbind(-1)
        anchored = rules.anchored
        z = problems.a[:, None] * data.ends + problems.b[:, None]
        first, last = (z - rules.anchor[:, None]).unbind(-1)
        at_low = first.abs() <= last.abs()
        pivot = torch.where(anchored, torch.where(at_low, low, high), data.middle)
        gap = torch.where(anchored, torch.where(at_low, first, last), 1.0)
        pinned = ((z[..., None] - rules.pins[:, None]).abs() < _PINNED).any(-1)
        pivot = torch.where(pinned[:, 0], low, pivot)
        pivot = torch.where(pinned[:, 1], high, pivot)
        gap = torch.where(pinned.any(-1), 0.0, gap)
        return cls(anchored, rules.anchor, pivot, torch.where(anchored, problems.a, 1.0), gap)


def _accepted(better: Tensor, new: B, old: B, *names: str) -> B:
    """Row by row and for the fields named, `new` where `better`."""
    pairs = {name: (getattr(new, name), getattr(old, name)) for name in names}
    changed = {name: torch.where(better[:, None] if n.ndim > 1 else better, n, o) for name, (n, o) in pairs.items()}
    return replace(old, **changed)
