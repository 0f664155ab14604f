"""One variable, two primitives deep: f(g(x)), f(x) g(x) and f(x) + g(x).

A table with one input is one edge, and no single primitive may fit it: Clausius and Clapeyron need exp(1/x), Planck
x^3 / (e^x - 1). A chain of two splines does not settle such a curve (any monotone inner function will do), so the inner
primitive is laid down first, on a few scales and origins, and what it leaves to explain is matched like any edge:
y against g(x) for chains, y / g(x) for products, y less the best single match for sums. The most plausible readings
then become symbolic networks, and all their constants are fitted together on the data.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kansym.extraction.edges import EdgeRef, apply_match, match_cost
from kansym.extraction.matching import Match, match_edges
from kansym.kan.network import Network
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive

INNER_COMPLEXITY = 3
"""Most complex primitive laid down inside: the outer one may be anything."""

OUTER_COMPLEXITY = 4
"""Most complex outer primitive of chains and products; Bessel functions of something are not worth their time."""

CHUNK = 24
"""Edges matched between two looks at the clock."""

SHAPES: dict[str, tuple] = {"single": (1, 1), "chain": (1, 1, 1), "product": (1, 2, (0, 1)), "sum": (1, 2, 1)}
"""Network shapes of the readings; in products and sums the second layer only multiplies or adds."""


@dataclass(frozen=True)
class Reading:
    """A curve read as one or two primitives.

    Attributes
    ----------
    form : {"single", "chain", "product", "sum"}
    matches : tuple of Match
        The primitive, or the inner (first) and the outer (second) one.
    cost : float
        Decades of error plus the price of complexity; lower is better.
    """

    form: str
    matches: tuple[Match, ...]
    cost: float


def inner_candidates(primitives: Sequence[Primitive], origin: float) -> Iterator[tuple[Primitive, float, float, float]]:
    """Inner functions f(a u + b) worth trying on u in [-1, 1], as (primitive, a, b, p).

    Parameters
    ----------
    primitives : sequence of Primitive
    origin : float
        Where the raw variable is zero, in u. Physical laws count from there more often than from anywhere else.
    """
    for primitive in primitives:
        if primitive.name == "x" or primitive.complexity > INNER_COMPLEXITY:
            continue
        power_like, exponential = "a" in primitive.redundant, "b" in primitive.redundant
        if power_like:
            # A power's only free constant is its origin: that of the raw variable, or one just off either end.
            scales, centres = (1.0, -1.0), (origin, -1.3, 1.3)
        elif exponential:
            scales, centres = (0.7, -0.7, 2.5, -2.5), (0.0,)
        else:
            scales, centres = (0.7, 2.5), (origin, 0.0)
        if primitive.parity != "none":
            scales = tuple(scale for scale in scales if scale > 0)
        for p in primitive.shape_starts[:2] or (1.0,):
            for a in scales:
                for centre in centres:
                    # An origin far outside the data makes every smooth function of that scale a straight line.
                    if power_like or abs(centre) < 4:
                        yield primitive, a, -a * centre, p


def _laid_down(u: Tensor, primitives: Sequence[Primitive], origin: float) -> tuple[list[Match], Tensor]:
    """Inner candidates that are finite and vary on the data, with their values, shape (E, n)."""
    found: list[Match] = []
    values: list[Tensor] = []
    ends = torch.stack([u.min(), u.max()])
    for primitive, a, b, p in inner_candidates(primitives, origin):
        shape = torch.tensor(p, dtype=u.dtype, device=u.device)
        z = a * ends + b
        low, high = float(z.min()), float(z.max())
        if not bool(primitive.domain.contains(z).all()) or any(low <= pole <= high for pole in primitive.domain.poles):
            continue
        value = primitive.function(a * u + b, shape)
        spread = float(value.max() - value.min())
        if not math.isfinite(spread) or spread <= 1e-9 * float(value.abs().max()):
            continue
        # A straight line adds nothing to the outer primitive, which has its own.
        if _straight(u, value):
            continue
        found.append(Match(primitive, a, b, 1.0, 0.0, p if primitive.has_shape else math.nan, math.nan))
        values.append(value)
    if not values:
        return [], torch.zeros(0, u.shape[0], dtype=u.dtype, device=u.device)
    return found, torch.stack(values)


def _straight(u: Tensor, value: Tensor) -> bool:
    centred_u, centred = u - u.mean(), value - value.mean()
    r = (centred_u * centred).sum() / (centred_u.norm() * centred.norm()).clamp_min(1e-300)
    return float(1 - r * r) < 1e-6


def read_curve(
    u: Tensor,
    y: Tensor,
    primitives: Sequence[Primitive],
    *,
    origin: float,
    weights: Tensor | None = None,
    complexity_weight: float = 0.15,
    floor: float = 1e-24,
    count: int = 64,
    seed: int = 0,
    deadline: float | None = None,
) -> Iterator[tuple[str, list[Reading]]]:
    """The most plausible readings of a curve, form after form: single, chain, product, sum; best first.

    Parameters
    ----------
    u : Tensor, shape (n,)
        Inputs scaled to [-1, 1].
    y : Tensor, shape (n,)
    primitives : sequence of Primitive
    origin : float
        Position of the raw variable's zero, in u.
    weights : Tensor, shape (n,), optional
    complexity_weight : float, default 0.15
        Decades of error that one unit of complexity must buy.
    floor : float, default 1e-24
        Relative mean squared residual below which a better fit is a tie.
    count : int, default 64
        Most readings per form.
    seed : int, default 0
    deadline : float, optional
        `time.monotonic` value after which no further candidates are matched.
    """
    curve = _Curve(u, y, torch.ones_like(y) if weights is None else weights, complexity_weight, floor, seed, deadline)
    matched = match_edges(u[None], y[None], primitives, weights=curve.weights[None], top_k=len(primitives), seed=seed)
    singles = [Reading("single", (match,), match_cost(match, floor, complexity_weight)) for match in matched[0]]
    yield "single", _best(singles, count)
    outer = [primitive for primitive in primitives if primitive.complexity <= OUTER_COMPLEXITY]
    inner, values = _laid_down(u, primitives, origin)
    for form, readings in (
        ("chain", curve.chains(inner, values, outer)),
        ("product", curve.products(inner, values, outer)),
        ("sum", curve.sums(sorted(singles, key=lambda reading: reading.cost)[:12], primitives)),
    ):
        if readings:
            yield form, _best(readings, count)


@dataclass(frozen=True, eq=False)
class _Curve:
    """The points of a curve and how readings of it are priced."""

    u: Tensor
    y: Tensor
    weights: Tensor
    complexity_weight: float
    floor: float
    seed: int
    deadline: float | None

    def match(self, x: Tensor, y: Tensor, weights: Tensor, primitives: Sequence[Primitive]) -> list[list[Match]]:
        """Matches of edges, shape (E, n) each, in chunks; edges that the deadline cuts off get none."""
        found: list[list[Match]] = []
        for part in torch.arange(x.shape[0]).split(CHUNK):
            if self.deadline is not None and time.monotonic() > self.deadline:
                found += [[] for _ in part]
                continue
            found += match_edges(
                x[part].contiguous(),
                y[part].contiguous(),
                primitives,
                weights=weights[part].contiguous(),
                top_k=8,
                max_points=64,
                iterations=12,
                seed=self.seed,
            )
        return found

    def pair(self, form: str, first: Match, second: Match, loss: float) -> Reading:
        price = self.complexity_weight * (first.primitive.complexity + second.primitive.complexity)
        return Reading(form, (first, second), math.log10(max(loss, self.floor, 1e-30)) / 2 + price)

    def chains(self, inner: list[Match], values: Tensor, outer: Sequence[Primitive]) -> list[Reading]:
        """f(g(x)): y against g(x)."""
        found = self.match(values, self.y.expand_as(values), self.weights.expand_as(values), outer)
        return [
            self.pair("chain", first, match, match.loss)
            for first, matches in zip(inner, found, strict=True)
            for match in matches
            if match.primitive.name != "x"
        ]

    def products(self, inner: list[Match], values: Tensor, outer: Sequence[Primitive]) -> list[Reading]:
        """f(x) g(x): y / g against x, weighted by g^2 so that residuals are those of y."""
        keep = values.abs().amin(1) > 1e-6 * values.abs().amax(1)
        inner = [match for match, kept in zip(inner, keep.tolist(), strict=True) if kept]
        values = values[keep]
        quotient, heavier = self.y / values, self.weights * values.square()
        spread = float(_weighted_variance(self.y[None], self.weights[None])[0])
        # 1 - R^2 of y / g, brought back to the scale of y.
        scale = _weighted_variance(quotient, heavier) * heavier.sum(1) / self.weights.sum() / max(spread, 1e-300)
        found = self.match(self.u.expand_as(quotient), quotient, heavier, outer)
        return [
            self.pair("product", first, match, match.loss * factor)
            for first, factor, matches in zip(inner, scale.tolist(), found, strict=True)
            for match in matches
        ]

    def sums(self, singles: Sequence[Reading], primitives: Sequence[Primitive]) -> list[Reading]:
        """f(x) + g(x): what the best single matches leave."""
        if not singles:
            return []
        residuals = torch.stack([self.y - reading.matches[0].evaluate(self.u) for reading in singles])
        weights = self.weights.expand_as(residuals)
        spread = _weighted_variance(self.y[None], self.weights[None]).clamp_min(1e-300)
        left = (_weighted_variance(residuals, weights) / spread).tolist()
        found = self.match(self.u.expand_as(residuals), residuals, weights, primitives)
        return [
            self.pair("sum", reading.matches[0], match, match.loss * share)
            for reading, share, matches in zip(singles, left, found, strict=True)
            for match in matches
        ]


def _best(readings: list[Reading], count: int) -> list[Reading]:
    """The best readings, at most three starts for one and the same pair of primitives."""
    seen: dict[tuple[str, ...], int] = {}
    kept = []
    for reading in sorted(readings, key=lambda reading: reading.cost):
        names = tuple(match.primitive.name for match in reading.matches)
        if seen.get(names, 0) < 3:
            seen[names] = seen.get(names, 0) + 1
            kept.append(reading)
        if len(kept) == count:
            break
    return kept


def _weighted_variance(values: Tensor, weights: Tensor) -> Tensor:
    total = weights.sum(-1, keepdim=True).clamp_min(1e-300)
    mean = (weights * values).sum(-1, keepdim=True) / total
    return ((weights * (values - mean).square()).sum(-1, keepdim=True) / total).squeeze(-1)


def as_networks(readings: Sequence[Reading], like: Tensor) -> Network:
    """Readings of one form as a population of symbolic networks.

    Parameters
    ----------
    readings : sequence of Reading
        All of one form.
    like : Tensor
        Gives dtype and device.
    """
    form = readings[0].form
    network = Network.create(
        SHAPES[form],
        grid=1,
        population=len(readings),
        generator=torch.Generator().manual_seed(0),
        device=like.device,
        dtype=like.dtype,
    )
    identity = default_library().get("x")
    if form in ("product", "sum"):
        for source in (0, 1):
            network.set_symbolic(1, source, 0, identity, frozen="abcdp")
    for position, reading in enumerate(readings):
        if form == "single":
            apply_match(network, EdgeRef(0, 0, 0), reading.matches[0], position=position)
            continue
        first, second = reading.matches
        place = EdgeRef(0, 0, 0)
        apply_match(network, place, first, position=position)
        # The inner scale and level of a chain, and the scale of one factor, are free: the other edge has them too.
        held = {"chain": [2, 3], "product": [2, 3], "sum": [3]}[form]
        network.layers[0].frozen[position, 0, 0, held] = True
        apply_match(network, EdgeRef(1, 0, 0) if form == "chain" else EdgeRef(0, 0, 1), second, position=position)
    return network
