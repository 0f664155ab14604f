"""Term pursuit: sums of products of primitives with inner constants, for tables of one to three inputs.

A law of one to five terms, each a product of functions of inputs or of simple combinations of inputs, is a product
network whose edges are symbolic from the start. Where a law is such a sum no column separates, and a network of splines
needs a node for every product; here its terms are found one by one in a dictionary, and all inner constants are refined
together. Nothing is known of the law but what the dictionary can write.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
import torch

from kansym import clock
from kansym.interrupting import Abandoned
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import Argument, arguments
from kansym.terms.beam import Beam, State
from kansym.terms.dictionary import Dictionary
from kansym.terms.finishing import finished
from kansym.terms.length import Lengths
from kansym.terms.refinement import Refined
from kansym.terms.rows import TermRows
from kansym.terms.slots import expression
from kansym.terms.targets import Target, targets

logger = logging.getLogger(__name__)

WIDEST = 3
"""Most inputs."""

LEAST_ROWS = 60
"""Fewest rows: below, some of so many columns fit by chance, and nothing in the table can refuse them."""

ROWS = {1: 80, 2: 144, 3: 192}
"""Rows that terms are looked for on, by the number of inputs, without noise; `NOISY_ROWS` times as many with noise."""

NOISY_ROWS, NOISE = 2, 1e-4
"""How many times more rows with noise, and noise that counts as such, in units of the target's root mean square."""

WIDTH = {1: 56, 2: 28, 3: 16}
"""Sums in the beam, by the number of inputs."""

TOP = 16
"""Columns tried beside each sum."""

LINKED_WIDTH = 8
"""Least width of the beam for functions of y, which is a quarter of the other: most laws are for y."""

FIRST_COST = {1: 19.0, 2: 19.0, 3: 23.0}
"""Nats of the longest terms of the first pass over a target, by the number of inputs."""

PAIRED, SEEDS, LINKED_SEEDS = 2500, {1: 100, 2: 80, 3: 30}, {1: 40, 2: 20, 3: 10}
"""Cheap columns of which all pairs are tried for y, and plain first terms beside which all columns are, for y and for
functions of y, by the number of inputs."""

HELD = 6
"""Sums of each number of terms that are kept for the end."""

EXACT, NEAR_NOISE = 1e-11, 1.1
"""Residual, in units of the target's root mean square, at which nothing is left to find, and the same in units of the
noise where that is known."""

SEARCHED = 0.8
"""Share of the time that goes into looking for sums; the rest is for their constants."""


@dataclass(frozen=True)
class TermOptions:
    """What sums are looked for.

    Attributes
    ----------
    terms : int, default 5
        Most terms.
    moves : int, default 2
        Most rounds of changes after each new term.
    finished : int, default 4
        Sums whose constants are fitted to all rows.
    handed : int, default 2
        Formulas handed on, of those.
    """

    terms: int = 5
    moves: int = 2
    finished: int = 4
    handed: int = 2


@dataclass(frozen=True, eq=False)
class _Held:
    """A sum that was found: its description length in units of y, its residual, and what it is for."""

    length: float
    error: float
    target: Target
    state: State
    rows: TermRows


def pursue(
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    *,
    weights: np.ndarray | None = None,
    noise: float = 0.0,
    noisy: bool = False,
    allowed: AllowedFunctions | None = None,
    until: float = math.inf,
    seed: int = 0,
    options: TermOptions | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[sympy.Expr]:
    """Formulas for a table, in its variables, as they are found.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        One to three inputs.
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    noise : float, default 0
        Standard deviation of the errors of y, in units of y, where it is known.
    noisy : bool, default False
        Whether y has noise of a size that is not known: terms are then looked for on more rows.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    until : float, default inf
        `kansym.clock.now` value to stop at.
    seed : int, default 0
        Of the rows that terms are looked for on.
    options : TermOptions, optional
    device : torch.device or str, default "cpu"

    Yields
    ------
    sympy.Expr
        With Float constants. After Ctrl-C the best sum so far comes, and then the KeyboardInterrupt.
    """
    n, d = X.shape
    if not (1 <= d <= WIDEST and n >= LEAST_ROWS and np.ptp(y) > 0) or clock.late(until):
        return
    search = _Pursuit(X, y, variables, weights, noise, noisy, allowed, until, seed, options or TermOptions(), device)
    yield from search.formulas()


class _Pursuit:
    """State of one pursuit."""

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        variables: tuple[sympy.Symbol, ...],
        weights: np.ndarray | None,
        noise: float,
        noisy: bool,
        allowed: AllowedFunctions | None,
        until: float,
        seed: int,
        options: TermOptions,
        device: torch.device | str,
    ) -> None:
        self.y, self.until, self.options, self.allowed = y, until, options, allowed
        self.began = clock.now()
        n, self.dimension = X.shape
        self.device = torch.device(device)
        self.weight_root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
        size = float(np.sqrt(np.mean((self.weight_root * y) ** 2)))
        self.noise = noise / size
        self.enough = max(EXACT, NEAR_NOISE * self.noise)
        self.arguments: list[Argument] = arguments(X, variables, allowed)
        self.columns = self._tensor(np.array([argument.column for argument in self.arguments]))
        count = ROWS[self.dimension] * (NOISY_ROWS if noisy or self.noise > NOISE else 1)
        chosen = np.sort(np.random.default_rng(seed).permutation(n)[:count])
        self.chosen = torch.from_numpy(chosen).to(self.device)
        self.lengths = Lengths(self.arguments, n, self.noise, self.device)
        plain = self._rows(y, np.ones(n))
        self.dictionary = Dictionary(
            self.arguments,
            plain.take(self.chosen),
            self.lengths,
            allowed,
            self.dimension,
        )
        self.started: dict[str, tuple[Beam, Iterator[list[State]]]] = {}

    def formulas(self) -> Iterator[sympy.Expr]:
        """Formulas of all targets: at once where a sum is as good as the data, and the best of all at the end."""
        whole = clock.left(self.until) if math.isfinite(self.until) else math.inf
        held: list[_Held] = []
        interrupted = False
        try:
            for target in targets(self.y, self.allowed, self.options.terms):
                if clock.late(self.until):
                    break
                share = min(whole * target.share, clock.left(self.until)) if math.isfinite(whole) else math.inf
                rows, before = self._rows(target.z, target.slope), len(held)
                self._search(target, rows, clock.now() + SEARCHED * share, held)
                found = min(held[before:], key=lambda one: one.length, default=None)
                if found is None or found.error > self.enough:
                    continue
                done = list(self._finished(held[before:]))
                held = held[:before]
                yield from (formula for formula, _ in done)
                if any(error <= self.enough for _, error in done):
                    return
        except Abandoned:
            raise
        except KeyboardInterrupt:
            interrupted = True
        # Only the first is finished where nobody waits for the rest.
        until = clock.now() if interrupted else self.until
        yield from (formula for formula, _ in self._finished(held, until))
        if interrupted:
            raise KeyboardInterrupt

    def _finished(self, held: list["_Held"], until: float | None = None) -> Iterator[tuple[sympy.Expr, float]]:
        """The best of some sums, on all rows and as short as they get, with their relative residuals."""
        until = self.until if until is None else until
        best = sorted(held, key=lambda one: one.length)[: self.options.finished]
        done: list[tuple[float, Target, Refined, TermRows]] = []
        for name in dict.fromkeys(one.target.name for one in best):
            mine = [one for one in best if one.target.name == name]
            rows = mine[0].rows
            # In units of y, so that sums for functions of y can be compared.
            scale = len(self.y) * math.log(rows.size)
            for length, refined in finished([one.state for one in mine], rows, self.lengths, until=until):
                done.append((length + scale, mine[0].target, refined, rows))
        done.sort(key=lambda one: one[0])
        for _, target, refined, rows in done[: self.options.handed]:
            error = math.sqrt(float(refined.square[0]) / rows.number)
            yield target.formula(self._expression(refined, rows)), error
            if error <= EXACT:
                # What follows is the same in other words.
                return

    def _search(self, target: Target, rows: TermRows, until: float, held: list["_Held"]) -> None:
        """Add the best sums of every size."""
        few = rows.take(self.chosen)
        with torch.no_grad():
            self.dictionary.weighted(few)
            if target.name not in self.started or target.any_length:
                self.started[target.name] = self._beam(target, few, until)
            beam, rounds = self.started[target.name]
            beam.until = until
            for states in rounds:
                terms, scale = len(states[0].slots), few.number * math.log(rows.size)
                for state in states[:HELD]:
                    error = math.sqrt(state.square / few.number)
                    held.append(_Held(state.length + scale, error, target, state, rows))
                error = math.sqrt(states[0].square / few.number)
                logger.info("terms: %s, %d terms, residual %.1e, at %.1f s", target.name, terms, error, clock.now())
                if terms >= target.terms or beam.exact:
                    break

    def _beam(self, target: Target, few: TermRows, until: float) -> tuple[Beam, Iterator[list[State]]]:
        """A search for one target and its rounds, which can be left and taken up again."""
        plain = not target.linked
        beam = Beam(
            self.dictionary,
            few,
            self.lengths,
            seeds=(SEEDS if plain else LINKED_SEEDS)[self.dimension],
            width=WIDTH[self.dimension] if plain else max(LINKED_WIDTH, WIDTH[self.dimension] // 4),
            top=TOP if plain else TOP // 2,
            until=until,
            most_cost=math.inf if target.any_length else FIRST_COST[self.dimension],
            paired=PAIRED if plain and not target.any_length else 0,
        )
        return beam, beam.rounds(self.options.terms, self.options.moves if plain else 0)

    def _rows(self, z: np.ndarray, slope: np.ndarray) -> TermRows:
        """All rows for a target, of mean square one."""
        root = self.weight_root * slope
        y = z * root
        size = float(np.sqrt(np.mean(y**2)))
        return TermRows(self.columns, self._tensor(y / size), self._tensor(root), size)

    def _expression(self, refined: Refined, rows: TermRows) -> sympy.Expr:
        """A sum for the target itself: coefficients are those of a target of mean square one."""
        coefficients = (refined.coefficients[0] * rows.size).tolist()
        return expression(refined.slots[0], coefficients, self.arguments)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64)).to(self.device)
