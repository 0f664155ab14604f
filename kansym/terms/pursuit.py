"""Term pursuit: sums of products of primitives with inner constants, for tables of one to five inputs.

A law of one to five terms, each a product of functions of inputs or of simple combinations of inputs, is a product
network whose edges are symbolic from the start. Where a law is such a sum no column separates, and a network of splines
needs a node for every product; here its terms are found one by one in a dictionary, and all inner constants are refined
together. Nothing is known of the law but what the dictionary can write.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.deferred import torch
from kansym.interrupting import first_press
from kansym.primitives.allowed import AllowedFunctions
from kansym.provenance import signed
from kansym.terms.arguments import Argument, arguments
from kansym.terms.beam import Beam, State
from kansym.terms.dictionary import POLES, Dictionary
from kansym.terms.effort import EFFORTS
from kansym.terms.finishing import finished
from kansym.terms.length import NOISE, Lengths
from kansym.terms.refinement import Refined, refine
from kansym.terms.rows import TermRows
from kansym.terms.slots import expression, joined
from kansym.terms.targets import Target, Way, plain_target, targets

logger = logging.getLogger(__name__)

LEAST_ROWS = 12
"""Fewest rows, those of a sum of two terms."""

ROWS_PER_TERM = 6
"""Rows for each term of a sum: one has up to four constants, most of them fewer."""

NOISY_ROWS = 2
"""How many times more rows with noise."""

TOP = 16
"""Columns tried beside each sum."""

HELD, HELD_WITH_NOISE = 6, 24
"""Sums of each number of terms that are kept for the end: with noise the few rows prefer now this, now that one."""

LOOKED_AT, LOOK_STEPS = 64, 6
"""Sums whose constants are fitted to all rows, with noise, to see which are the shortest there, and steps of that."""

EXACT, NEAR_NOISE = 1e-11, 1.1
"""Residual, in units of the target's root mean square, at which nothing is left to find, and the same in units of the
noise where that is known."""

LONG_MOVES = 5
"""Most rounds of changes of terms of any length: each adds a factor."""

ALIKE = 1e-9
"""Relative difference of sums of squares of two sums that have the same values."""

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
    handed, handed_with_noise : int, default 2 and 4
        Formulas handed on, of those: with noise several are as good, and their numbers tell which is likelier.
    quick : bool, default False
        Only sums for y itself, of the likeliest terms one after another: a second or two.
    """

    terms: int = 5
    moves: int = 2
    finished: int = 4
    handed: int = 2
    handed_with_noise: int = 4
    quick: bool = False


@dataclass(frozen=True, eq=False)
class _Held:
    """A sum that was found: its description length in units of y, its residual, and what it is for."""

    length: float
    error: float
    target: Target
    state: State
    rows: TermRows


_Done = tuple[float, Target, Refined, TermRows]
"""A sum on all rows, after its length in units of y."""


def suits(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether a table can have a pursuit: one to five inputs, enough rows, and a target that varies.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    """
    return X.shape[1] in EFFORTS and len(y) >= LEAST_ROWS and bool(np.ptp(y) > 0)


class Pursuit:
    """A search for sums of products, which can be left and taken up again.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        One to five inputs; see `suits`.
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    noise : float, default 0
        Standard deviation of the errors of y, in units of y, where it is known.
    noisy : bool, default False
        Whether y has noise of a size that is not known.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    seed : int, default 0
        Of the rows that terms are looked for on.
    options : TermOptions, optional
    device : torch.device or str, default "cpu"
    enough : float, default 0
        Error of y at which a sum is handed on at once, where that is more than `noise`.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        variables: tuple[sympy.Symbol, ...],
        *,
        weights: np.ndarray | None = None,
        noise: float = 0.0,
        noisy: bool = False,
        allowed: AllowedFunctions | None = None,
        seed: int = 0,
        options: TermOptions | None = None,
        device: torch.device | str = "cpu",
        enough: float = 0.0,
    ) -> None:
        options = options or TermOptions()
        self.X, self.y, self.variables, self.seed = X, y, variables, seed
        self.options = replace(options, terms=max(1, min(options.terms, len(y) // ROWS_PER_TERM)))
        self.allowed = allowed
        n, self.dimension = X.shape
        self.effort = EFFORTS[self.dimension]
        self.device = torch.device(device)
        self.weight_root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
        size = float(np.sqrt(np.mean((self.weight_root * y) ** 2)))
        self.given, self.noise = noise, noise / size
        self.noisy = noisy or self.noise > NOISE
        self.enough = max(EXACT, NEAR_NOISE * max(self.noise, enough / size))
        self.arguments: list[Argument] = arguments(X, variables, allowed)
        self.count = self.effort.rows * (NOISY_ROWS if self.noisy else 1)
        self.generator = np.random.default_rng(seed)
        self._draw()
        self.started: dict[tuple[str, Way], tuple[Beam, Iterator[list[State]]]] = {}
        self.held: list[_Held] = []
        self._handed = math.inf

    def _draw(self) -> None:
        """Rows that terms are looked for on, and the dictionary there."""
        n = len(self.y)
        self.columns = self._tensor(np.array([argument.column for argument in self.arguments]))
        self.lengths = Lengths(self.arguments, n, self.noise, self.device)
        chosen = np.sort(self.generator.permutation(n)[: self.count])
        self.chosen = torch.from_numpy(chosen).to(self.device)
        rows = self._rows(self.y, np.ones(n)).take(self.chosen)
        poles = bool(np.abs(self.y).max() > POLES * np.sqrt(np.mean(self.y**2)))
        self.dictionary = Dictionary(self.arguments, rows, self.lengths, self.allowed, self.dimension, poles=poles)

    @signed("pursuit")
    def formulas(self, until: float = math.inf) -> Iterator[sympy.Expr]:
        """Formulas in the variables: at once where a sum is as good as the data, and the best of all at the end.

        Parameters
        ----------
        until : float, default inf
            `kansym.clock.now` value to stop at.

        Yields
        ------
        sympy.Expr
            With Float constants. After Ctrl-C the best sum so far comes, and then the KeyboardInterrupt.
        """
        whole = clock.left(until) if math.isfinite(until) else math.inf
        with first_press() as press:
            looking = clock.now() + SEARCHED * clock.left(until) if math.isfinite(whole) else math.inf
            for target in self._targets():
                if clock.late(looking):
                    break
                rows, before = self._rows(target.z, target.slope), len(self.held)
                for _ in self._search(target, rows, min(looking, clock.now() + SEARCHED * target.share * whole)):
                    yield from self._shortest()
                found = min(self.held[before:], key=lambda one: one.length, default=None)
                # With noise the first sums are as good as the data before the shortest is there.
                early = self.noisy and target.terms < self.options.terms
                if found is None or found.error > self.enough or early:
                    continue
                done = list(self._finished(self.held[before:], until))
                yield from (formula for formula, _ in done)
                if self.noisy:
                    # Much is as good as the data, and another target may have what is shorter.
                    continue
                self.held = self.held[:before]
                if any(error <= self.enough for _, error in done):
                    return
        # Only the first is finished where nobody waits for the rest.
        until = clock.now() if press.came else until
        yield from (formula for formula, _ in self._finished(self.held, until))
        if press.came:
            raise KeyboardInterrupt

    def _shortest(self) -> Iterator[sympy.Expr]:
        """The shortest sum so far, if it is new; without noise nothing but the law is worth a look."""
        best = min(self.held, key=lambda one: one.length, default=None)
        if not self.noisy or best is None or best.length >= self._handed:
            return
        self._handed = best.length
        with torch.no_grad():
            refined = refine(best.state.slots[None].packed(), best.rows, LOOK_STEPS, until=math.inf)
        if math.isfinite(float(refined.square[0])):
            yield best.target.formula(self._expression(refined, best.rows))

    def _targets(self) -> list[Target]:
        most = self.options.terms
        if self.options.quick:
            return [replace(plain_target(self.y), share=1.0, terms=most, way=Way.QUICK)]
        return targets(self.y, self.allowed, most, noisy=self.noisy, dimension=self.dimension)

    def _finished(self, held: list[_Held], until: float) -> Iterator[tuple[sympy.Expr, float]]:
        """The best of some sums, on all rows and as short as they get, with their relative residuals."""
        best = self._on_all_rows(held, until) if self.noisy else sorted(held, key=lambda one: one.length)
        best = best[: self.options.finished]
        done: list[_Done] = []
        for name in dict.fromkeys(one.target.name for one in best):
            mine = [one for one in best if one.target.name == name]
            rows = mine[0].rows
            # In units of y, so that sums for functions of y can be compared.
            scale = len(self.y) * math.log(rows.size)
            for length, refined in finished([one.state for one in mine], rows, self.lengths, until=until):
                done.append((length + scale, mine[0].target, refined, rows))
        done.sort(key=lambda one: one[0])
        handed = self.options.handed_with_noise if self.noisy else self.options.handed
        for _, target, refined, rows in _different(done)[:handed]:
            error = math.sqrt(float(refined.square[0]) / rows.number)
            yield target.formula(self._expression(refined, rows)), error
            if error <= EXACT:
                # What follows is the same in other words.
                return

    def _on_all_rows(self, held: list[_Held], until: float) -> list[_Held]:
        """The best of some sums with their constants fitted to all rows, the shortest formulas first.

        With noise much fits as well, and what formulas are likely then decides more than how many factors they have.
        """
        best = sorted(held, key=lambda one: one.length)[:LOOKED_AT]
        found: dict[tuple[str, str], _Held] = {}
        for name, terms in dict.fromkeys((one.target.name, len(one.state.slots)) for one in best):
            mine = [one for one in best if (one.target.name, len(one.state.slots)) == (name, terms)]
            target, rows = mine[0].target, mine[0].rows
            table = joined([one.state.slots[None] for one in mine]).packed()
            refined = refine(table, rows, LOOK_STEPS, until=until)
            for k, square in enumerate(refined.square.tolist()):
                if not math.isfinite(square):
                    continue
                error = math.sqrt(square / rows.number)
                formula = target.formula(self._expression(refined[k : k + 1], rows))
                length = self.lengths.of_formula(formula, rows.size, error, self.dimension)
                # Starts of one sum end at the same place.
                key = (name, f"{square:.6g}")
                if math.isfinite(length) and (key not in found or length < found[key].length):
                    found[key] = _Held(length, error, target, State(length, refined.slots[k], square), rows)
        return sorted(found.values(), key=lambda one: one.length) or best

    def _search(self, target: Target, rows: TermRows, until: float) -> Iterator[None]:
        """Hold the best sums of every size, one after another."""
        key = (target.name, target.way)
        if target.way is Way.AGAIN:
            self._draw()
            self.started.pop(key, None)
        if key not in self.started:
            with torch.no_grad():
                self.started[key] = self._beam(target, rows.take(self.chosen), until)
        beam, rounds = self.started[key]
        beam.until, few = until, beam.rows
        # A beam that is taken up again has its own rows, and its dictionary may have had another target since.
        beam.dictionary.weighted(few)
        while True:
            with torch.no_grad():
                states = next(rounds, None)
            if not states:
                return
            terms = len(states[0].slots)
            self._hold(target, states, rows, few.number)
            error = math.sqrt(states[0].square / few.number)
            logger.info("terms: %s, %d terms, residual %.1e, at %.1f s", target.name, terms, error, clock.now())
            yield
            if terms >= target.terms or beam.exact:
                return

    def _hold(self, target: Target, states: list[State], rows: TermRows, number: int) -> None:
        """Hold the best of a beam that was fitted to so many rows."""
        for state in states[: HELD_WITH_NOISE if self.noisy else HELD]:
            length = state.length + number * math.log(rows.size)
            self.held.append(_Held(length, math.sqrt(state.square / number), target, state, rows))

    def _beam(self, target: Target, few: TermRows, until: float) -> tuple[Beam, Iterator[list[State]]]:
        """A search for one target and its rounds, which can be left and taken up again."""
        plain, quick = not target.linked, target.way is Way.QUICK
        beam = Beam(
            self.dictionary,
            few,
            self.lengths,
            effort=self.effort.quick() if quick else self.effort if plain else self.effort.linked(),
            top=TOP if plain and not quick else TOP // 2,
            until=until,
            most_cost=math.inf if target.way is Way.LONG else self.effort.first_cost,
        )
        moves = 0 if not plain else LONG_MOVES if target.way is Way.LONG else self.options.moves
        return beam, beam.rounds(self.options.terms, moves)

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


def _different(done: list[_Done]) -> list[_Done]:
    """Without sums that leave what a shorter one leaves: they are the same in other words."""
    kept: list[_Done] = []
    for one in done:
        square = float(one[2].square[0]) * one[3].size ** 2
        if all(abs(square - float(other[2].square[0]) * other[3].size ** 2) > ALIKE * square for other in kept):
            kept.append(one)
    return kept
