"""Sums of products as one engine of a search: when they are looked for, with which noise, and for how long."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, unique
from functools import partial

import numpy as np
import sympy

from kansym import clock
from kansym.provenance import signing
from kansym.search.block_readings import block_readings
from kansym.search.budget import LEAF, TERMS_AFTER
from kansym.search.curve_readings import EngineTable, shortest_forms
from kansym.search.factor_readings import MOST_BESIDE, combination_readings, factor_readings
from kansym.search.options import DiscoveryOptions
from kansym.search.rows import FitRows
from kansym.structure.exponentials import exponential_sums
from kansym.structure.fast_waves import fast_waves
from kansym.structure.leaf import Leaf, Look
from kansym.structure.product_units import SMALL_TABLE
from kansym.symbolic.complexity import complexity
from kansym.terms.enumeration import FEW, FEW_OF_NOISY_CURVES, Enumeration
from kansym.terms.linked_waves import linked_waves
from kansym.terms.pursuit import FEW_INPUTS, LEAST_ROWS, Pursuit, suits
from kansym.terms.squares import squared_waves
from kansym.terms.wave_columns import waves_at_once


@unique
class Turn(Enum):
    """Occasions to look for sums, with the share of the time that is left."""

    SHORT = 0.18
    """Only compositions of few operations, and without noise only exact ones: in a second or two, before all that takes
    long."""

    BRIEF = 0.15
    """Only exact sums, and only what is found at once."""

    GLANCE = 0.4
    """Only compositions of few operations, of one column with noise, which else would go by its readings alone."""

    COMPOSED = 0.65
    """The same of a part without noise that has too little time for sums."""

    CURVE = 0.3
    """Before all else, on curves as laboratories have them: peaks on backgrounds, several lifetimes. Without errors as
    soon as an interpolant has seen the noise; in noisy parts before the curve is read."""

    SINGLE = 0.2
    """Only functions of single columns that are read one at a time."""

    SMALL = 0.45
    """The same on small tables of two columns, whose symmetries are guesses where noisy rows are few."""

    EARLY = 0.25
    """In the middle of the structure search."""

    NOISY = 0.55
    """The same, and after it, where noise lets much pass for the law."""

    WHOLE = 0.6
    """Before networks."""

    PART = 0.35
    """Before networks, in a part."""

    NOISY_PART = 0.85
    """The same with noise, where networks say little."""


LAST = {Turn.WHOLE, Turn.PART, Turn.NOISY_PART}
WITHOUT_SUMS = {Turn.GLANCE, Turn.COMPOSED}

ROUNDED = 1e-5
"""Errors of y, in units of its spread, up to which a sum can be told to be exact."""

SPLINED, SPLINED_BY_TWO = 1e-4, 1e-3
"""The same up to which splines of few pieces follow functions without noise, and functions of two columns and more;
what an interpolant leaves beyond that may be noise."""

LEAST_SECONDS, LEAST_GLANCE, LEAST_COMPOSED, LEAST_OF_CURVE = 6.0, 2.0, 1.2, 3.0
"""Least time for a turn, for a glance, the same in a part, and for a turn with the few terms of a single column: in
less, hardly two terms are tried, and what is nearly done elsewhere needs it."""

DECADES = 100.0
"""Largest target in units of the median from which on rows count by their relative errors, without noise."""

SHORTER_SECONDS = 16.0
"""Most time for a turn where a formula leaves nothing to find: only a shorter one is looked for, which is a small sum
that is found soon."""

FEWEST_ROWS = 7
"""Rows of one or two columns from which on there are compositions; a sum of products, whose terms are more than such
rows can tell apart, needs those of `suits`."""

SEEN_BY_FEW = 0.1
"""Share of what interpolants leave of rows too few for most tables that is taken for noise."""

ENUMERATED = 0.25
"""Share of a turn for trees of operations, and only in the last turn for large ones."""


LONGEST = 100
"""Nodes of a formula that is handed on with noise: to fit a longer one and write it shorter takes as long as a hundred
others, and it is no law; waves on polynomials of several columns may have twice as many."""

FAR_LESS = 0.2
"""What splines leave, in units of what an interpolant does, that says that the law is of their form."""

FACTORED, SEEN = 0.6, 0.4
"""Most of a turn for functions that are read one at a time; and with noise the least share of the time that is left for
those."""


ONE_COLUMN: dict[str, Callable[..., Iterable[sympy.Expr]]] = {
    "fast waves": fast_waves,
    "squared waves": squared_waves,
    "linked waves": linked_waves,
    "exponentials and waves": exponential_sums,
    "simple forms": shortest_forms,
}
"""Finders for a table's only column."""


class Sums:
    """The search for sums of products in one table; each turn goes on from where the last one ended.

    Parameters
    ----------
    fit_rows : FitRows
    options : DiscoveryOptions
    device : str
        Of torch, where large tables have their dictionaries.
    part : bool
        Whether the table is a part of another: without structure the user wants to see networks alone, and parts have
        had theirs.
    deadline : float
        `kansym.clock.now` value.
    attainable : float, optional
        Weighted error of an interpolant of y, in units of the spread of y.

    Attributes
    ----------
    noise : float
        Standard deviation of y's errors as the interpolants see it; zero where they see none.
    smooth : float
        What interpolants leave, noise or not, in units of y; inf before there is one.
    idle : tuple of int
        Columns that do not matter, as the interpolants see it: sums of the others are far fewer.
    settled : bool
        Whether there is a short formula that leaves nothing to find.
    """

    def __init__(
        self,
        fit_rows: FitRows,
        options: DiscoveryOptions,
        device: str,
        *,
        part: bool,
        deadline: float,
        attainable: float | None = None,
    ) -> None:
        self.fit_rows, self.options, self.device, self.deadline = fit_rows, options, device, deadline
        self.wanted = options.terms and (options.structure or part)
        self.noise, self.settled = _noise(attainable, fit_rows.dataset.y, fit_rows.dataset.sample_weight), False
        self.smooth = math.inf
        self.idle: tuple[int, ...] = ()
        self._part, self._of_one = part, False
        self._attainable = math.inf if attainable is None else attainable * float(fit_rows.dataset.y.std())
        self._rounded = ROUNDED * float(fit_rows.dataset.y.std())
        self._had: set[Turn] = set()
        self._factored: set[tuple[str, tuple[int, ...]]] = set()  # "" once one of them has been seen
        self._made: dict[tuple[bool, tuple[int, ...]], tuple[Enumeration, Pursuit | None]] = {}

    @property
    def noisy(self) -> bool:
        """Whether y has noise, by its errors or as the interpolants see it."""
        return self.noise > 0 or self.fit_rows.noise_floor > self._rounded

    def see(self, noise: float, smooth: float, idle: tuple[int, ...]) -> None:
        """Take what interpolants see, see the attributes."""
        self.noise, self.smooth, self.idle = noise, smooth, idle

    @property
    def first(self) -> Turn:
        """The turn before structure, with noise, or before all else in a part."""
        rows, columns = self.fit_rows.dataset.X.shape
        if columns == 1:
            return Turn.CURVE
        small = columns == 2 and rows < SMALL_TABLE
        return Turn.SHORT if self._part else Turn.SMALL if small else Turn.GLANCE

    @property
    def early(self) -> Turn:
        """The turn before structure has ended."""
        return Turn.NOISY if self.noisy else Turn.EARLY

    @property
    def last(self) -> Turn:
        """The turn before networks."""
        return Turn.WHOLE if not self._part else Turn.NOISY_PART if self.noisy else Turn.PART

    def open(self, turn: Turn) -> bool:
        """Whether there is such a turn, each of which comes once; none after the last."""
        same = {Turn.EARLY, Turn.NOISY} if turn is self.early else {turn}
        had = bool(self._had & (same | LAST))
        if turn is Turn.BRIEF and self.fit_rows.noise_floor > self._rounded:
            return False
        X, y, _, _ = self._table()
        summed = suits(X, y)
        composed = X.shape[1] <= FEW_INPUTS and len(y) >= FEWEST_ROWS and bool(np.ptp(y) > 0)
        least = LEAST_OF_CURVE if X.shape[1] == 1 else LEAST_SECONDS
        if turn in {Turn.COMPOSED, Turn.SHORT}:
            least, summed = LEAST_COMPOSED, False
        elif turn in {Turn.GLANCE, Turn.SINGLE} or not summed:
            least = LEAST_GLANCE
        enough = turn.value * clock.left(self.deadline) > least
        return self.wanted and not had and enough and (summed or composed)

    def before(self, leaf: Leaf) -> tuple[Turn, ...]:
        """The turns that come before a part is searched: with noise also sums, unless the part has fewer columns."""
        columns = self.fit_rows.dataset.n_columns
        smaller = leaf.look is not Look.WHOLE or leaf.X.shape[1] < columns - len(self.idle)
        return (Turn.SHORT,) if smaller or not self.noisy else (Turn.SHORT, self.early)

    def or_compositions(self, turn: Turn) -> Turn:
        """A turn, or compositions alone in a part without noise that has too little time for it."""
        return Turn.COMPOSED if self._part and not self.noisy and not self.open(turn) else turn

    def spare(self, start: float, seconds: float) -> float:
        """Time that a part has before the first turn is due in a search of so many seconds; inf where none is to come.

        With noise smaller problems come first.
        """
        if self.noisy or not self.open(self.early):
            return math.inf
        return max(start + TERMS_AFTER * seconds - clock.now(), LEAF * seconds)

    def formulas(self, turn: Turn) -> Iterator[sympy.Expr]:
        """Formulas in the variables of the table, as they are found; with noise none that is far longer than laws."""
        return (one for one in self._found(turn) if not (self.noisy and complexity(one) > LONGEST))

    def _found(self, turn: Turn) -> Iterator[sympy.Expr]:
        self._had.add(turn)
        seconds = turn.value * clock.left(self.deadline)
        until = clock.now() + (min(seconds, SHORTER_SECONDS) if self.settled else seconds)
        # An exact sum is one whatever the interpolants say, which may take a kink for noise.
        enumeration, pursuit = self._engines(noisy=self.noisy and turn is not Turn.BRIEF)
        last = turn in LAST
        if turn is Turn.SHORT:
            yield from enumeration.formulas(until, few=FEW, exact=not self.noisy)
            return
        yield from self._of_one_column()
        if turn is Turn.SINGLE:
            yield from self._of_single_columns(until, combined=not self.noisy, products=False)
            return
        few = len(self.fit_rows.variables) - len(self.idle) <= MOST_BESIDE
        part = clock.now() + FACTORED * clock.left(until)
        yield from self._of_single_columns(part, combined=True, products=self.noisy or few)
        pursuit = None if turn in WITHOUT_SUMS else pursuit
        if pursuit is not None:
            # What waves there are is seen at once.
            yield from pursuit.waves(until)
        share = until if pursuit is None else clock.now() + ENUMERATED * clock.left(until)
        few = FEW_OF_NOISY_CURVES if self.noisy and len(self.fit_rows.variables) - len(self.idle) == 1 else FEW
        yield from enumeration.formulas(share, few=math.inf if last else few, exact=turn is Turn.BRIEF)
        if pursuit is not None and not enumeration.exact:
            yield from pursuit.formulas(until, brief=turn is Turn.BRIEF)

    def at_once(self, until: float) -> Iterator[sympy.Expr]:
        """Waves that leave nothing or noise, outside of all turns."""
        X, y, weights = self.fit_rows.rows(self.fit_rows.fitting)
        variables, allowed = self.fit_rows.variables, self.fit_rows.allowed
        if self.wanted and suits(X, y) and len(y) >= LEAST_ROWS:
            root, left = np.ones(len(y)) if weights is None else np.sqrt(weights), clock.left(until)
            fast = signing("fast waves", lambda: fast_waves(X[:, 0], y, variables[0], weights=weights))
            others = signing(
                "wave columns", lambda: waves_at_once(X, y, root, variables, seed=self.options.seed, seconds=left)
            )
            for one in itertools.chain(fast if X.shape[1] == 1 else (), others):
                if allowed is None or allowed.permits(one):
                    yield one

    def followed_by_splines(self, until: float) -> Iterator[sympy.Expr]:
        """Products and sums of functions of single columns where splines leave far less than the interpolant of a part,
        which is then no noise; outside of all turns."""
        X, y, weights, variables = self._table()
        table = self._told(weights, noisy=False)
        table["noise"] = FAR_LESS * self._attainable
        if self.wanted and math.isfinite(self._attainable):
            yield from factor_readings(X, y, variables, table, until=until)

    def _of_one_column(self) -> Iterator[sympy.Expr]:
        """Waves of the only column, of many turns, squared or under links, and sums of exponentials and waves, once."""
        X, y, weights, variables = self._table()
        allowed = self.fit_rows.allowed
        if len(variables) == 1 and not self._of_one:
            self._of_one = True
            noise = max(self.fit_rows.noise_floor, self.noise)
            for name, engine in ONE_COLUMN.items():
                found = partial(engine, X[:, 0], y, variables[0], weights=weights, noise=noise)
                for one in signing(name, found):
                    if allowed is None or allowed.permits(one):
                        yield one

    def _of_single_columns(self, until: float, *, combined: bool, products: bool) -> Iterator[sympy.Expr]:
        """Products and sums of functions that are read one at a time, once for each set of columns: of single columns;
        with one of two; with combinations of two, in products too or in sums alone.

        Without noise once there is an interpolant, to which kinks and narrow peaks are noise and which splines need not
        follow. With it an interpolant leaves more of a function of two columns than splines do.
        """
        X, y, weights, variables = self._table()
        if not (self.noisy or self.smooth < math.inf) or ("", self.idle) in self._factored:
            return
        single, double = self._told(weights, noisy=self.noisy), self._told(weights, noisy=self.noisy)
        if not self.noisy:
            single["noise"] = max(self.smooth, SPLINED * float(y.std()))
            double["noise"] = max(self.smooth, SPLINED_BY_TWO * float(y.std()))
        # What leaves no more than noise is seldom a wrong path, and takes its time.
        seen = max(until, clock.now() + SEEN * clock.left(self.deadline))
        engines = {
            "single columns": partial(factor_readings, table=single, until=seen if self.noisy else until),
            "two columns": partial(block_readings, table=double, until=seen),
        }
        if combined:
            name = "combinations" if products else "sums of combinations"
            engines[name] = partial(combination_readings, table=single, products=products, until=until)
        for name, engine in engines.items():
            asked = name, self.idle
            if asked not in self._factored:
                self._factored.add(asked)
                found = False
                for one in engine(X, y, variables):
                    found = True
                    yield one
                if found:
                    self._factored.add(("", self.idle))
                    return

    def _table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, tuple[sympy.Symbol, ...]]:
        """Columns that matter, y, weights, and the variables of those columns."""
        X, y, weights = self.fit_rows.rows(self.fit_rows.fitting)
        kept = [column for column in range(X.shape[1]) if column not in self.idle]
        return X[:, kept], y, weights, tuple(self.fit_rows.variables[column] for column in kept)

    def _engines(self, *, noisy: bool) -> tuple[Enumeration, Pursuit | None]:
        key = (noisy, self.idle)
        if key not in self._made:
            X, y, weights, variables = self._table()
            weights = weights if noisy else _evened(y, weights)
            table = self._told(weights, noisy=noisy)
            pursuit = Pursuit(X, y, variables, device=self.device, **table) if suits(X, y) else None
            self._made[key] = Enumeration(X, y, variables, **table), pursuit
        return self._made[key]

    def _told(self, weights: np.ndarray | None, *, noisy: bool) -> EngineTable:
        # Errors that are given count in full; a rounding says nothing of the noise.
        floor, rows = self.fit_rows.noise_floor, len(self.fit_rows.fitting)
        seen = self.noise if noisy and floor <= self._rounded else 0.0
        # Few rows show an interpolant less than they show a short sum.
        seen *= SEEN_BY_FEW if rows < LEAST_ROWS else 1.0
        return {
            "weights": weights,
            "noise": max(floor, seen),
            "noisy": noisy,
            "allowed": self.fit_rows.allowed,
            "seed": self.options.seed,
        }


def _noise(attainable: float | None, y: np.ndarray, weights: np.ndarray | None) -> float:
    """What an interpolant of a part leaves, in units of y, where that may be noise.

    Whether it may depends on the spread that the weights see: the values of a quotient are large where its noise is.
    """
    if attainable is None:
        return 0.0
    left = attainable * float(y.std())
    return left if left > SPLINED_BY_TWO * math.sqrt(float(np.cov(y, aweights=weights))) else 0.0


def _evened(y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
    """Weights under which all rows of a target that runs over decades count, where it would be its few largest.

    An exact law is one under any weights.
    """
    middle = float(np.median(np.abs(y)))
    if not float(np.abs(y).max()) > DECADES * middle > 0:
        return weights
    return (1.0 if weights is None else weights) / (y**2 + middle**2)
