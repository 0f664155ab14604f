"""One variable: a table with one input is one edge, and no single primitive may fit it.

The forms are tried from cheap to expensive: one primitive; polynomials and rational functions, by linear
algebra; pairs of primitives A and B in sums, products and A B + A + B, and polynomials of a primitive; chains f(g(x));
pairs of which one is a chain. Atoms are laid down on a grid of scales and places (`curve_atoms`), all pairs are judged
at once by their inner products (`curve_screening`), and the best of each pair of primitives are fitted in batches
(`curve_sketches`), the field being narrowed as the fits converge. A reading that is exact is handed out at once; what
is merely close waits until every form was tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kansym import clock
from kansym.deferred import Tensor, torch
from kansym.extraction.curve_atoms import Atoms, chained_atoms, plain_atoms
from kansym.extraction.curve_noise import bins, fastest_frequency, noise_variance, thinned
from kansym.extraction.curve_rationals import rationals
from kansym.extraction.curve_readings import Reading, as_networks, power_name, rational_reading, single, sketch_reading
from kansym.extraction.curve_screening import (
    best_pairs,
    best_singles,
    best_within,
    modulated_oscillations,
    term_subsets,
)
from kansym.extraction.curve_sketches import TERMS, Fit, Points, Sketches, minimise
from kansym.extraction.edges import match_cost
from kansym.extraction.matching import match_edges
from kansym.primitives.primitive import Primitive

__all__ = ["Reading", "as_networks", "read_curve"]

POINTS = 72
"""Points that sketches are fitted on; more where the curve oscillates."""

LEAST_POINTS = 4
"""Distinct points from which more than one primitive is tried."""

OF_PAIRS, OF_CHAINS, OF_MIXED = 7, 6, 9
"""Constants of sketches: on as many distinct points any of these forms fits any curve."""

NOISY_POINTS = 240
"""Bins of a noisy curve: each is a mean over its points."""

SEARCH_SHARE = 0.6
"""Share of the time until the deadline that the search itself may take."""

EXACT_LOSS = 1e-19
"""1 - R^2 of a sketch that is the law: what is left is rounding."""

OUTER_COMPLEXITY = 4
"""Most complex outer primitive of a chain."""

SIMPLE_INSIDE = ("x^2", "x^3", "x^-1", "sqrt", "exp", "log")
"""Inner functions of the chains that are paired with other primitives."""

MIXED_ATOMS, MIXED_STARTS = 2000, 4000
"""Chains that are paired with primitives, and pairs that are fitted."""

RACE = ((3, 1600), (5, 500), (8, 160), (15, 48), (40, 16))
"""Iterations, and how many sketches go on after them."""

EACH = 4
"""Most sketches of the same primitives and terms that go on."""

ALWAYS_KEPT = 5
"""Complexity up to which sketches stay in the race to the end: what is likeliest is worth the longest fit."""

COARSE = 2
"""Rounds of the race that are run on every other point."""

HANDED_OUT = 4
"""Readings of each form that are handed out where none is exact."""


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
    """The most plausible readings of a curve, in groups of one form and one shape of network; best first.

    Parameters
    ----------
    u : Tensor, shape (n,)
        Inputs scaled to [-1, 1], on any device; a curve is read on the CPU, for it is a few hundred points and a
        thousand small decisions.
    y : Tensor, shape (n,)
    primitives : sequence of Primitive
    origin : float
        Position of the raw variable's zero, in u.
    weights : Tensor, shape (n,), optional
    complexity_weight : float, default 0.15
        Decades of error that one unit of complexity must buy.
    floor : float, default 1e-24
        Mean squared residual, in the unit of y squared, below which a better fit is a tie. The default is for a y
        of a spread near one.
    count : int, default 64
        Most readings per group.
    seed : int, default 0
    deadline : float, optional
        `kansym.clock.now` value after which no further forms are tried.

    Yields
    ------
    form : str
        See `Reading`.
    readings : list of Reading
        Exact ones, or ones that leave nothing but noise, as soon as they are found; the rest at the end.
    """
    u, y = u.cpu(), y.cpu()
    weights = torch.ones_like(y) if weights is None else weights.cpu()
    now = clock.now()
    if deadline is not None:
        # What was found is worth nothing until it is fitted and written down.
        deadline = now + SEARCH_SHARE * (deadline - now)
    curve = _Curve.of(u, y, weights, primitives, origin, complexity_weight, floor, seed, deadline)
    held: list[Reading] = []
    for stage in curve.stages():
        if curve.late() and held:
            break
        found = stage()
        # Within known noise many forms are as good, and the simplest of all stages is to come first.
        ready = stage == curve.singles or not curve.noise_known
        good = [reading for reading in found if ready and reading.loss <= curve.enough]
        held += [reading for reading in found if not (ready and reading.loss <= curve.enough)]
        yield from _groups(good, min(count, 3))
    groups = list(_groups(held, min(count, HANDED_OUT)))
    if all(reading.loss > curve.enough for reading in held):
        # Nobody knows how much of what is left is noise: the simple forms first, for whoever can tell.
        singles = [reading for reading in held if reading.form == "single"]
        groups = [*_groups(singles, count, total=count), *(group for group in groups if group[0] != "single")]
    elif curve.noise_known:
        # All that reach the noise are as good, and the cheapest is the one to believe: one at a time.
        best = sorted((r for r in held if r.loss <= curve.enough), key=lambda reading: reading.cost)[:HANDED_OUT]
        yield from ((reading.form, [reading]) for reading in best)
    yield from groups


def _groups(readings: list[Reading], count: int, total: int = 14) -> Iterator[tuple[str, list[Reading]]]:
    """The best readings in groups of one form and shape, the group with the best one first."""
    groups: dict[tuple, list[Reading]] = {}
    seen: set[tuple] = set()
    for reading in sorted(readings, key=lambda reading: reading.cost):
        key = (reading.form, reading.network.shape)
        if (*key, reading.names) in seen or len(groups.get(key, ())) >= count:
            continue
        seen.add((*key, reading.names))
        groups.setdefault(key, []).append(reading)
        total -= 1
        if total == 0:
            break
    for (form, _), group in groups.items():
        yield form, group


def _spread(atoms: Atoms, most: int) -> Atoms:
    """At most about `most` atoms, evenly taken from the grids."""
    return atoms.select(torch.arange(0, len(atoms), max(1, len(atoms) // most)))


@dataclass(eq=False)
class _Curve:
    """A curve, its points, and the search over forms."""

    u: Tensor
    y: Tensor
    weights: Tensor
    points: Points
    coarse: Points
    primitives: Sequence[Primitive]
    origin: float
    fastest: float
    complexity_weight: float
    floor: float
    enough: float
    noisy: bool
    noise_known: bool
    seed: int
    deadline: float | None
    _plain: Atoms | None = field(default=None)
    _few: Atoms | None = field(default=None)

    @classmethod
    def of(
        cls,
        u: Tensor,
        y: Tensor,
        weights: Tensor,
        primitives: Sequence[Primitive],
        origin: float,
        complexity_weight: float,
        floor: float,
        seed: int,
        deadline: float | None,
    ) -> _Curve:
        share = weights / weights.sum()
        spread = max(float((share * (y - (share * y).sum()).square()).sum()), 1e-300)
        # Losses are shares of the weighted variance, which need not be that of the rows.
        floor = floor / spread
        noise = noise_variance(u, y, weights)
        noisy = noise is not None and noise > 1e-10 * spread
        level = noise if noisy and noise is not None else 0.0
        make = bins if noisy else thinned
        seen = make(u, y, weights, NOISY_POINTS if noisy else 4 * POINTS)
        per_bin = math.sqrt(level * len(seen[0]) / len(u))
        fastest = fastest_frequency(seen[1], per_bin)
        if not noisy:
            seen = thinned(u, y, weights, int(min(3 * POINTS, max(POINTS, 4 * fastest))))
        # What binning leaves of the noise is what a right sketch leaves of the points.
        left = level * len(seen[0]) / len(u) / spread if noisy else 0.0
        # The mean square of n residuals scatters by sqrt(2 / n); its expectation is known to some five per cent.
        margin = min(2.0, 1.05 + 3 * math.sqrt(2 / len(seen[0])))
        enough = max(EXACT_LOSS, floor * margin if floor > EXACT_LOSS else floor, margin * left)
        return cls(
            u,
            y,
            weights,
            Points.of(*seen),
            Points.of(*thinned(*seen, len(seen[0]) // 2 + 1)) if len(seen[0]) > 60 and not noisy else Points.of(*seen),
            primitives,
            origin,
            fastest,
            complexity_weight,
            max(floor, 1e-22, enough if noisy else 0.0),
            enough,
            noisy,
            noisy or floor > EXACT_LOSS,
            seed,
            deadline,
        )

    def stages(self) -> list[Callable[[], list[Reading]]]:
        """Searches over forms: of a constant curve, and of few points, only for those that these can tell."""
        distinct = len(self.points.u.unique())
        if distinct < LEAST_POINTS or self.points.norm <= 1e-15 * abs(self.points.level):
            return [self.singles]
        forms = ((self.pairs, OF_PAIRS), (self.chains, OF_CHAINS), (self.mixed, OF_MIXED))
        return [self.singles, self.rationals, *(form for form, constants in forms if distinct > constants)]

    def late(self) -> bool:
        return clock.late(self.deadline)

    def price(self, loss: float, complexity: float) -> float:
        # Half a decade below the floor still counts a little: of two ties the better fit is the more plausible.
        loss = max(loss, 1e-24)
        return math.log10(max(loss, self.floor)) / 2 + 0.02 * math.log10(loss) / 2 + self.complexity_weight * complexity

    # -- forms -------------------------------------------------------------------------------------------------------

    def singles(self) -> list[Reading]:
        """One primitive."""
        u, y, weights = self.u, self.y, self.weights
        if self.noisy:
            # Losses have to be those of the bins, like all others.
            root = self.points.root_weight
            u, y, weights = self.points.u, self.points.y / root * self.points.norm + self.points.level, root.square()
        count = len(self.primitives)
        matched = match_edges(u[None], y[None], self.primitives, weights=weights[None], top_k=count, seed=self.seed)
        return [
            single(
                match,
                self.primitives,
                loss=match.loss,
                cost=match_cost(match, self.floor, self.complexity_weight),
            )
            for match in matched[0]
        ]

    def rationals(self) -> list[Reading]:
        """Polynomials and rational functions, as far as their powers are among the primitives."""
        names = {primitive.name for primitive in self.primitives}
        u, y, root = (tensor.numpy() for tensor in (self.points.u, self.points.y, self.points.root_weight))
        ordinates = y / root * self.points.norm + self.points.level
        centre = self.origin if abs(self.origin) < 30 else 0.0
        readings = []
        for fit in rationals(u, ordinates, root**2, enough=self.enough):
            exact = fit.loss <= self.enough and not self.noisy
            numerator, denominator = fit.powers(centre, negligible=1e-9 if exact else 1e-14)
            degree = max(len(numerator), len(denominator)) - 1
            if degree == 0 or not names.issuperset(power_name(k) for k in range(1, degree + 1)):
                continue
            terms = sum(c != 0 for side in (numerator, denominator) for c in side)
            cost = self.price(fit.loss, 1.5 * terms)
            readings.append(rational_reading(numerator, denominator, centre, self.primitives, loss=fit.loss, cost=cost))
        return readings

    def pairs(self) -> list[Reading]:
        """Sums and products of two primitives, and polynomials of one."""
        atoms = self.plain()
        starts = [best_pairs(atoms, atoms, self.points, self.primitives, forms=("sum", "product", "both"))]
        for terms in (("A", "A2"), ("A", "A2", "A3"), ("AB", "uAB", "u2AB"), ("AB", "uAB", "u2AB", "u3AB")):
            starts.append(best_within(atoms, terms, self.points, self.primitives, self.deadline))
        starts.append(modulated_oscillations(atoms, self.coarse, self.primitives, self.deadline))
        return self.race(Sketches.concatenate(starts))

    def chains(self) -> list[Reading]:
        """f(g(x))."""
        outer = self.outer(OUTER_COMPLEXITY)
        atoms = chained_atoms(self.points, self.primitives, self.few(), outer=outer)
        return self.race(best_singles(atoms, self.points, self.primitives, each=6))

    def mixed(self) -> list[Reading]:
        """Sums and products of a chain and a primitive."""
        inside = self.few()
        simple = torch.tensor([self.primitives[k].name in SIMPLE_INSIDE for k in inside.inner.tolist()])
        inside = inside.select(simple.nonzero()[:, 0])
        atoms = chained_atoms(self.points, self.primitives, inside, outer=self.outer(3))
        plain = self.plain()
        simple = torch.tensor([self.primitives[k].complexity <= 3 for k in plain.inner.tolist()])
        plain = plain.select(simple.nonzero()[:, 0])
        starts = best_pairs(
            _spread(atoms, MIXED_ATOMS), _spread(plain, 500), self.points, self.primitives,
            forms=("sum", "product"), most=MIXED_STARTS,
        )  # fmt: skip
        return self.race(starts)

    # -- machinery ---------------------------------------------------------------------------------------------------

    def plain(self) -> Atoms:
        if self._plain is None:
            self._plain = plain_atoms(self.points, self.primitives, self.origin, self.fastest)
        return self._plain

    def few(self) -> Atoms:
        if self._few is None:
            self._few = plain_atoms(self.points, self.primitives, self.origin, self.fastest, few=True)
        return self._few

    def outer(self, complexity: int) -> list[int]:
        return [
            k
            for k, primitive in enumerate(self.primitives)
            if primitive.complexity <= complexity and primitive.kink is None and primitive.name != "x"
        ]

    def race(self, sketches: Sketches) -> list[Reading]:
        """Fit sketches in rounds, the more plausible going on, and return those that reach the end."""
        if not len(sketches):
            return []
        fit: Fit | None = None
        for number, (iterations, kept) in enumerate(RACE):
            if fit is not None and self.late():
                break
            points = self.coarse if number < COARSE else self.points
            sketches, fit = minimise(sketches, points, self.primitives, iterations=iterations, deadline=self.deadline)
            index = self.ranked(sketches, fit)
            simple = sketches.complexity(self.primitives)[index[kept:]] <= ALWAYS_KEPT
            index = torch.cat([index[:kept], index[kept:][simple][: 2 * RACE[2][1]]])
            sketches, fit = sketches.select(index), fit.select(index)
            if number >= COARSE - 1 and not self.noise_known and bool((fit.loss <= self.enough).any()):
                break
        # Which of the terms are needed shows only now.
        sketches = Sketches.concatenate([sketches, term_subsets(sketches.select(torch.arange(min(len(sketches), 24))))])
        sketches, fit = minimise(sketches, self.points, self.primitives, iterations=25, deadline=self.deadline)
        index = self.ranked(sketches, fit)[: RACE[-1][1]]
        return self.as_readings(sketches.select(index), fit.select(index))

    def ranked(self, sketches: Sketches, fit: Fit) -> Tensor:
        """Finite sketches, the most plausible first."""
        decades = fit.loss.clamp_min(max(self.floor, 1e-30)).log10() / 2
        cost = decades + self.complexity_weight * sketches.complexity(self.primitives)
        order = torch.argsort(cost)
        order = order[torch.isfinite(fit.loss[order])]
        # A few of each pair of primitives: what is ahead early need not be the right one.
        kinds = torch.cat([sketches.inner, sketches.outer, sketches.terms.long()], 1)[order]
        kind = torch.unique(kinds, dim=0, return_inverse=True)[1]
        by_kind = torch.argsort(kind, stable=True)
        counts = torch.unique_consecutive(kind[by_kind], return_counts=True)[1]
        place = torch.empty_like(kind)
        place[by_kind] = torch.cat([torch.arange(int(count)) for count in counts]) if len(counts) else place
        return order[place < EACH]

    def vanishing(self, sketches: Sketches, fit: Fit) -> Tensor:
        """How many free constants of each sketch are zero over the raw variable: shifts, and the level."""
        a, b, _, _, beta, _ = sketches.theta.unbind(-1)
        centred = ((b + a * self.origin).abs() < 1e-6 * a.abs()) & sketches.free[..., 1]
        bare = (beta.abs() < 1e-6) & sketches.free[..., 4]
        level = (fit.linear[:, 0] * self.points.norm + self.points.level).abs() < 1e-6 * self.points.norm
        return centred.sum(-1) + bare.sum(-1) + level.long()

    def as_readings(self, sketches: Sketches, fit: Fit) -> list[Reading]:
        complexity = sketches.complexity(self.primitives).tolist()
        zeros = self.vanishing(sketches, fit).tolist()
        linear = fit.linear * self.points.norm
        linear[:, 0] += self.points.level
        readings = []
        # A product that the other terms make superfluous: the sketch without it is among them.
        empty = sketches.terms[:, TERMS["AB"]] & ~sketches.terms[:, TERMS["uAB"]] & (linear[:, 1 + TERMS["AB"]] == 0)
        for k, loss in enumerate(fit.loss.tolist()):
            if not math.isfinite(loss) or empty[k]:
                continue
            readings.append(
                sketch_reading(
                    sketches.inner[k].tolist(),
                    sketches.outer[k].tolist(),
                    sketches.theta[k].tolist(),
                    sketches.terms[k].tolist(),
                    linear[k].tolist(),
                    self.primitives,
                    centre=self.origin if abs(self.origin) < 30 else 0.0,
                    loss=loss,
                    cost=self.price(loss, complexity[k] - zeros[k] / 3),
                )
            )
        return readings
