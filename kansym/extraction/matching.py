"""Which primitive is an edge? Every edge against every primitive, ``c f(a x + b) + d``, in one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.extraction.candidates import Candidates, free_constants
from kansym.extraction.curves import Curves, Sample
from kansym.extraction.starts import features, starting_points
from kansym.extraction.variable_projection import (
    Data,
    Problems,
    evaluate,
    into_closed_domain,
    joined,
    minimise,
    project,
)
from kansym.kan.card_memory import chunk_bytes
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive

_SCREENING_POINTS = 40
_SCREENED_STARTS = 8
_SCREENED_ITERATIONS = 4
_COARSE_POINTS = 64
_COARSE_STARTS = 2
_COARSE_ITERATIONS = 15
# Primitives per edge that are fitted on all points, in multiples of `top_k` and at least.
_FINALISTS = 2
_LEAST_FINALISTS = 16
# Edges fitted together: enough to amortise the cost of a call, few enough that the work arrays stay near the caches.
_CHUNK = 32
_CHUNK_CUDA = 128


@dataclass(frozen=True)
class Match:
    """One reading of an edge as ``c * f(a * x + b) + d``, in the raw x and y of the edge.

    Attributes
    ----------
    primitive : Primitive
        The function f.
    a, b, c, d : float
        The constants. Redundant ones are held as `Primitive.redundant` says (a at +1 or -1, b at 0) unless that
        overflows. For even and odd primitives a is positive; for periodic ones b lies within half a period of 0, and
        for sin, where c absorbs half a turn, within a quarter.
    p : float
        Shape parameter; nan for primitives without one.
    loss : float
        Weighted 1 - R^2 on the (thinned) data, scale-free: 0 is a perfect fit, 1 is no better than a constant.
    """

    primitive: Primitive
    a: float
    b: float
    c: float
    d: float
    p: float
    loss: float

    def evaluate(self, x: Tensor) -> Tensor:
        """Values at x, of the shape of x."""
        p = torch.tensor(self.p, dtype=x.dtype, device=x.device)
        return self.c * self.primitive.function(self.a * x + self.b, p) + self.d

    def sympy(self, argument: sympy.Expr) -> sympy.Expr:
        """The matched curve as an expression in `argument`."""
        inner = self.primitive.sympy(self.a * argument + self.b, self.p if self.primitive.has_shape else None)
        return self.c * inner + self.d


def match_edges(
    x: Tensor,
    y: Tensor,
    primitives: Sequence[Primitive] | Mapping[str, Primitive],
    *,
    weights: Tensor | None = None,
    top_k: int = 5,
    max_points: int = 512,
    iterations: int = 40,
    seed: int = 0,
) -> list[list[Match]]:
    """Fit ``c f(a x + b) + d`` for every edge and every primitive, and return the best of each edge.

    Many starts are screened on about 40 quantile points with c and d in closed form. Levenberg-Marquardt takes the
    best eight of each primitive a few steps further on these points, the best two of those to 64 points, and the
    primitives that come closest (16, or twice `top_k`) to all points. A fit whose arguments leave the
    domain of f anywhere between the lowest and the highest x, or have a pole among them, is refused at every stage.
    Everything happens in standardised coordinates, so neither the scale of x nor that of y matters.

    Parameters
    ----------
    x, y : Tensor (E, N), float64
        Points of each edge, in any order; each edge has points of its own.
    primitives : sequence or mapping of Primitive
        Candidates, e.g. ``default_library()``. Those whose `equivalent_to` is among them are left out.
    weights : Tensor (N,) or (E, N), optional
        Non-negative weights of the points; equal by default.
    top_k : int, default 5
        Most matches to return for each edge.
    max_points : int, default 512
        Edges with more points are thinned to this many, evenly spaced in rank of x. Fewer is faster, more resolves
        finer oscillations.
    iterations : int, default 40
        Most Levenberg-Marquardt steps of the last stage; converged fits stop earlier.
    seed : int, default 0
        Seed of the few random starts.

    Returns
    -------
    list of list of Match
        For each edge its matches, by increasing loss. Losses that rounding cannot tell apart are ordered by
        complexity. A constant edge gives one match: the identity with c = 0, d the constant, and loss 0. An edge
        whose x is constant while y is not gives the same with loss 1. Fits that are nowhere valid are left out.

    Raises
    ------
    ArgumentError
        If shapes disagree, a value is not finite, the weights of an edge are negative or sum to zero, or an option
        is out of range.
    """
    weights = _checked(x, y, weights, top_k, max_points, iterations)
    candidates = Candidates.from_primitives(_distinct(primitives), x.device)
    generator_seed = int(seed)
    x, y, weights = x.detach(), y.detach(), weights.detach()
    wide = x.amin(-1) < x.amax(-1)
    high, low = y.amax(-1), y.amin(-1)
    varied = high - low > 4 * torch.finfo(y.dtype).eps * torch.maximum(high.abs(), low.abs())
    results: list[list[Match]] = []
    mean = (weights * y).sum(-1) / weights.sum(-1)
    identity = default_library()["x"]
    for e, (changes, has_width) in enumerate(zip(varied.tolist(), wide.tolist(), strict=True)):
        constant = Match(identity, 1.0, 0.0, 0.0, float(mean[e]), math.nan, 1.0 if changes else 0.0)
        results.append([] if changes and has_width else [constant])
    ordinary = (varied & wide).nonzero()[:, 0]
    size = _CHUNK_CUDA if x.is_cuda else _CHUNK
    for chunk in ordinary.split(size) if len(ordinary) else ():
        generator = torch.Generator().manual_seed(generator_seed)
        curves = Curves.from_data(x[chunk], y[chunk], weights[chunk], max_points)
        fitted, _ = _fit(curves, candidates, top_k, iterations, generator)
        for e, matches in zip(chunk.tolist(), _matches(fitted, candidates, curves), strict=True):
            results[e] = matches[:top_k]
    return results


def _checked(x: Tensor, y: Tensor, weights: Tensor | None, top_k: int, max_points: int, iterations: int) -> Tensor:
    """Weights of shape (E, N), after the checks that `match_edges` documents."""
    for name, tensor in (("x", x), ("y", y), ("weights", weights)):
        if tensor is None:
            continue
        if not isinstance(tensor, torch.Tensor) or tensor.dtype != torch.float64:
            found = tensor.dtype if isinstance(tensor, torch.Tensor) else type(tensor).__name__
            raise ArgumentError(f"{name}: expected a float64 tensor, got {found}; convert it with .to(torch.float64)")
        if not bool(torch.isfinite(tensor).all()):
            bad = int((~torch.isfinite(tensor)).sum())
            raise ArgumentError(f"{name}: {bad} values are not finite; drop these points first")
    if x.ndim != 2 or x.shape[-1] == 0 or x.shape != y.shape:
        raise ArgumentError(
            f"x, y: expected two tensors of one shape (edges, points), got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    for name, value, least in (("top_k", top_k, 1), ("max_points", max_points, 8), ("iterations", iterations, 0)):
        if value < least:
            raise ArgumentError(f"{name}: expected at least {least}, got {value}")
    if weights is None:
        return torch.ones_like(x)
    if weights.shape not in (x.shape, x.shape[-1:]):
        raise ArgumentError(
            f"weights: expected shape {tuple(x.shape)} or {tuple(x.shape[-1:])}, got {tuple(weights.shape)}"
        )
    weights = weights.expand(x.shape)
    if bool((weights < 0).any()) or not bool((weights.sum(-1) > 0).all()):
        raise ArgumentError("weights: expected non-negative values with a positive sum on every edge")
    return weights / weights.amax(-1, keepdim=True)


def _distinct(primitives: Sequence[Primitive] | Mapping[str, Primitive]) -> list[Primitive]:
    """The candidates less those that are the same curve as another candidate."""
    offered = list(primitives.values() if isinstance(primitives, Mapping) else primitives)
    names = [primitive.name for primitive in offered]
    if not offered or len(set(names)) < len(names):
        raise ArgumentError(f"primitives: expected at least one primitive and distinct names, got {names}")
    for primitive in offered:
        free_constants(primitive)
    return [primitive for primitive in offered if primitive.equivalent_to not in names]


def _fit(
    curves: Curves, candidates: Candidates, top_k: int, iterations: int, generator: torch.Generator
) -> tuple[Problems, Tensor]:
    """The best fits of each edge in the coordinate of its curve, at least `top_k` if there are as many candidates."""
    edges, groups = curves.v.shape[0], len(candidates) * curves.v.shape[0]
    screening, coarse, full = curves.sample(_SCREENING_POINTS), curves.sample(_COARSE_POINTS), curves.sample()
    problems = _screened(candidates, curves, screening, generator)
    problems, loss = minimise(problems, candidates, curves, screening, _SCREENED_ITERATIONS, tolerance=1e-2)
    problems, _ = _best(problems, loss, groups, _COARSE_STARTS)
    problems, loss = minimise(problems, candidates, curves, coarse, _COARSE_ITERATIONS, tolerance=1e-4)
    # The race: the rest of the work goes to the primitives that have come close, two starts of each.
    count = min(len(candidates), max(_LEAST_FINALISTS, _FINALISTS * top_k))
    table = loss.reshape(len(candidates), edges, _COARSE_STARTS).amin(-1)
    complexity = torch.tensor([primitive.complexity for primitive in candidates.primitives])
    complexity = complexity.to(loss)
    table = table.clamp_min(1e-20) * (1 + 1e-9 * complexity[:, None])  # the simpler ones where all are exact
    kept = torch.zeros_like(table, dtype=torch.bool)
    kept.scatter_(0, table.topk(count, dim=0, largest=False).indices, True)
    problems = problems[kept.flatten().repeat_interleave(_COARSE_STARTS).nonzero()[:, 0]]
    problems, loss = minimise(problems, candidates, curves, full, iterations, tolerance=1e-5)
    return _best(problems, loss, count * edges, 1)


def _screened(candidates: Candidates, curves: Curves, sample: Sample, generator: torch.Generator) -> Problems:
    """The best starts of every primitive on each edge.

    Starts are found on the host, where what they come from is a few numbers. There one primitive is screened after the
    other; on a card as many together as its memory takes.
    """
    here = curves.to("cpu")
    shape, (edges, points) = features(here), sample.v.shape
    room = chunk_bytes(sample.v.device) // 8 if sample.v.is_cuda else 0
    parts, kinds, starts, size = [], [], [], 0
    for k, primitive in enumerate(candidates.primitives):
        found = torch.stack(starting_points(primitive, here, shape, generator))
        if kinds and size + found[0].numel() * points > room:
            parts.append(_screen(kinds, starts, candidates, curves, sample))
            kinds, starts, size = [], [], 0
        kinds, starts, size = [*kinds, k], [*starts, found], size + found[0].numel() * points
    parts.append(_screen(kinds, starts, candidates, curves, sample))
    a, b, p = joined(parts, 1).flatten(1)
    index = torch.arange(len(a), device=a.device) // _SCREENED_STARTS
    return Problems(index % edges, index // edges, a, b, p)


def _screen(kinds: list[int], starts: list[Tensor], candidates: Candidates, curves: Curves, sample: Sample) -> Tensor:
    """The best starts (a, b, p) of some primitives on each edge, shape (3, primitives, E, starts)."""
    device, counts = sample.v.device, [one.shape[-1] for one in starts]
    a, b, p = constants = joined(starts, -1).to(device)
    rules = candidates.rules[torch.tensor(kinds).repeat_interleave(torch.tensor(counts)).to(device)]
    inside = rules.cover(a[..., None] * torch.stack([curves.low, curves.high], -1)[:, None] + b[..., None])
    z = a[..., None] * sample.v[:, None]
    z += b[..., None]
    blocks = zip(kinds, z.split(counts, 1), p[..., None].split(counts, 1), strict=True)
    f = joined([candidates.primitives[k].function(*block) for k, *block in blocks], 1)
    loss = project(f, inside, sample.y[:, None], sample.root_weight[:, None]).loss
    # The starts of each primitive as a row of a table; rows that are too short go on with nothing.
    ends, column = torch.tensor(counts).cumsum(0)[:, None], torch.arange(max(counts))
    place = ends - torch.tensor(counts)[:, None] + column
    place, beyond = place.clamp(max=ends - 1).to(device), (place >= ends).to(device)
    table = loss[:, place].masked_fill_(beyond, torch.inf)
    best = table.topk(min(_SCREENED_STARTS, max(counts)), dim=-1, largest=False).indices
    best = best[..., [min(i, best.shape[-1] - 1) for i in range(_SCREENED_STARTS)]].transpose(0, 1)
    best = place[:, None].expand(-1, len(a), -1).gather(-1, best)
    return constants[:, None].expand(-1, len(kinds), -1, -1).gather(-1, best.expand(3, *best.shape))


def _best(problems: Problems, loss: Tensor, groups: int, count: int) -> tuple[Problems, Tensor]:
    """The `count` best of each group of consecutive problems, with their losses."""
    table = loss.reshape(groups, -1)
    index = table.topk(count, dim=-1, largest=False).indices.sort(-1).values
    index = (index + torch.arange(groups, device=loss.device)[:, None] * table.shape[-1]).flatten()
    return problems[index], loss[index]


def _matches(problems: Problems, candidates: Candidates, curves: Curves) -> list[list[Match]]:
    """Fits in the coordinate v to sorted matches in x and y."""
    raw = curves.in_x()
    sample = raw.sample()
    data = Data.gather(problems, candidates, raw, sample)
    plain = replace(
        problems,
        a=problems.a / curves.half[problems.edge],
        b=problems.b - problems.a * (curves.origin / curves.half)[problems.edge],
    )
    canonical = _canonical(problems, plain, candidates, curves)
    plain, canonical = (into_closed_domain(t, data) for t in (plain, canonical))
    plain_fit, fit = (evaluate(t, candidates, data) for t in (plain, canonical))
    usable = torch.isfinite(fit.loss)
    a, b = torch.where(usable, canonical.a, plain.a), torch.where(usable, canonical.b, plain.b)
    loss, amplitude, level = (
        torch.where(usable, getattr(fit, name), getattr(plain_fit, name)) for name in ("loss", "amplitude", "level")
    )
    c = amplitude * (sample.norm * curves.largest)[problems.edge]
    d = (sample.mean * curves.largest)[problems.edge] - c * level
    # Below this, rounding of y itself decides between losses: simpler primitives then go first.
    floor = ((8 * torch.finfo(c.dtype).eps / sample.norm) ** 2).clamp_min(1e-26).tolist()
    results: list[list[Match]] = [[] for _ in floor]
    columns = (t.tolist() for t in (problems.edge, problems.kind, a, b, c, d, problems.p, loss))
    for edge, kind, *constants in zip(*columns, strict=True):
        if all(math.isfinite(value) for value in (*constants[:4], constants[5])):
            results[edge].append(Match(candidates.primitives[kind], *constants))
    for edge, matches in enumerate(results):
        matches.sort(key=lambda match: (max(match.loss, floor[edge]), match.primitive.complexity))
    return results


def _changes_sign_after_half_period(primitive: Primitive) -> bool:
    """Whether c absorbs a shift by half a period, as it does for sin."""
    assert primitive.period is not None
    z = torch.tensor([0.3, 0.7, 1.1], dtype=torch.float64)
    shifted = primitive.function(z + primitive.period / 2, z)
    return bool(torch.allclose(shifted, -primitive.function(z, z), rtol=1e-9, atol=1e-9))


def _canonical(problems: Problems, plain: Problems, candidates: Candidates, curves: Curves) -> Problems:
    """Constants in x in the conventional gauge: redundant ones held, signs and phases reduced."""
    a, b = plain.a.clone(), plain.b.clone()
    half, origin = curves.half[problems.edge], curves.origin[problems.edge]
    for primitive, block in candidates.blocks(problems.kind):
        if "a" in primitive.redundant:
            sign = torch.sign(problems.a[block])
            a[block], b[block] = sign, problems.b[block] * half[block] - sign * origin[block]
        if "b" in primitive.redundant:
            b[block] = 0.0
        if primitive.parity != "none":
            flip = torch.where(a[block] < 0, -1.0, 1.0)
            a[block], b[block] = a[block] * flip, b[block] * flip
        if primitive.period is not None:
            turn = primitive.period / 2 if _changes_sign_after_half_period(primitive) else primitive.period
            # A quarter below, to rounding, counts as a quarter above: no coin toss between phases of +-pi/2.
            b[block] = b[block] - turn * torch.ceil(b[block] / turn - (0.5 + 1e-9))
    return replace(plain, a=a, b=b)
