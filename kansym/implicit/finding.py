"""`find_relations`: from a table to the relations among its columns."""

import math
import time as wall
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym import clock
from kansym.implicit.fit import Fitted, Form
from kansym.implicit.judging import Judge, Judged
from kansym.implicit.noise import Noise, NoiseKind, noise_of
from kansym.implicit.relation import Relation, Relations, shown, with_solutions
from kansym.implicit.search import RelationSearch
from kansym.implicit.solving import solved_for
from kansym.implicit.table import Columns, read_columns
from kansym.implicit.terms import Term
from kansym.implicit.verdict import Verdict, measured, verdict_on

DEFAULT_SECONDS = 30.0
"""Wall seconds of a search for relations."""

ALIKE = 10.0
"""Bits by which a form may be longer than the best and still be told of."""

SAME_SURFACE = 0.1
"""Sine of the angle between the normals of two surfaces below which they are one, up to noise."""

SAME = 0.999
"""Correlation of distances of two forms that are one surface; of exact tables, on which they are rounding, all are."""

AS_CLOSE = 3.0
"""How many times the distances of the first relation a further one may leave, where errors are not given."""

CLEARLY = 10.0
"""Bits by which errors of the other kind must describe what is left better."""


def find_relations(
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    errors: Mapping[str, float | str] | None = None,
    units: Mapping[str, str] | None = None,
    max_seconds: float = DEFAULT_SECONDS,
    seed: int = 0,
    deterministic: bool = False,
    drop_missing: bool = False,
    key: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Relations:
    """Look for relations F(columns) = 0 that all rows of a table satisfy within their errors.

    No column is a target, and the errors of all columns count. Candidates are sums of products of powers, logarithms,
    trigonometric and other functions of the columns, some with inner constants; of those the shortest description of
    the table is taken, by the judge of `kansym.implicit.judging`.

    Parameters
    ----------
    data : path-like, DataFrame or Columns
    columns : sequence of str, optional
        Default: all columns of numbers.
    errors : mapping of str to (float or str), optional
        Standard errors by column: a number, the name of a column, or ``"1%"``. Columns that are not named are then
        exact. Without any, one size for all columns is estimated from what the relation leaves; give errors wherever
        you have them, since only then can rows be too far off.
    units : mapping of str to str, optional
        Beside those in the headers.
    max_seconds : float, default 30
    seed : int, default 0
        Of shuffled tables, and of the rows of a long table that candidates are compared on.
    deterministic : bool, default False
        Leave the wall out.
    drop_missing : bool, default False
        Leave out rows with missing values.
    key : str, optional
        As of `kansym.read_table`.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    Relations

    Raises
    ------
    DataError
        If the table cannot be used.

    Notes
    -----
    Ctrl-C ends the search with what was found so far.

    References
    ----------
    Kanatani, Statistical Optimization for Geometric Computation (1996), for errors in all columns; Kaheman, Kutz and
    Brunton, doi:10.1098/rspa.2020.0279, for null spaces of dictionaries.
    """
    if isinstance(data, Columns):
        table = data
    else:
        table = read_columns(data, columns=columns, errors=errors, units=units, drop_missing=drop_missing, key=key)
    say = progress or (lambda words: None)
    began = wall.monotonic()
    with clock.budget(max_seconds, deterministic=deterministic):
        until = clock.now() + max_seconds
        finder = _Finder(table, seed, until, say)
        found = finder.run()
    return replace(found, seconds=wall.monotonic() - began)


class _Finder:
    def __init__(self, table: Columns, seed: int, until: float, say: Callable[[str], None]) -> None:
        self.table, self.seed, self.until, self.say = table, seed, until, say
        self.tried, self.notes, self.interrupted = 0, list(table.notes), False

    def run(self) -> Relations:
        noise = noise_of(self.table)
        judged = self._search(self.table.X, noise)
        best = _first(judged)
        if best is not None and not noise.given:
            noise, judged, best = self._other_kind(noise, judged, best)
        if best is None:
            best = judged[0] if judged else None
            return self._result([], best, [], noise)
        best = _plainest(best, judged, noise)
        chosen = [best]
        relations = [self._shown(best, noise)]
        exact = not noise.given and best.fitted.size <= noise.floor
        others = [
            one
            for one in ([] if exact else judged)
            if one is not best and one.says_something and one.bits < best.bits + ALIKE
        ]
        others = _distinct([best, *others])[1:]
        if relations[0].verdict.holds:
            for one in self._further(chosen, judged, noise):
                relation = self._shown(one, noise)
                if relation.verdict.holds:
                    chosen.append(one)
                    relations.append(relation)
        found = [one for one in relations if one.verdict.holds]
        return self._result(found, best, others, noise, relations[0])

    def _search(self, X: np.ndarray, noise: Noise, *, quick: bool = False) -> list[Judged]:
        search = RelationSearch(X, noise, self.seed, self.until, self.say, quick=quick)
        try:
            return search.run()
        except KeyboardInterrupt:
            self.interrupted = True
            return sorted(search.found, key=lambda one: one.bits)
        finally:
            self.tried += search.tried

    def _other_kind(self, noise: Noise, judged: list[Judged], best: Judged) -> tuple[Noise, list[Judged], Judged]:
        """The search anew where errors of the other kind describe what is left better."""
        other = noise_of(self.table, NoiseKind.ABSOLUTE)
        if best.fitted.size <= noise.floor or np.allclose(other.sigma, noise.sigma) or clock.late(self.until):
            return noise, judged, best
        if _scatter_bits(best.fitted, self.table.X, noise) - _scatter_bits(best.fitted, self.table.X, other) < CLEARLY:
            return noise, judged, best
        again = self._search(self.table.X, other)
        found = _first(again)
        if found is None:
            return noise, judged, best
        return other, again, found

    def _further(self, chosen: list[Judged], judged: Sequence[Judged], noise: Noise):
        """Relations that do not follow from those that were chosen, one after the other."""
        X = self.table.X
        for one in judged:
            if one.says_something and self._is_new(one, chosen, noise):
                yield one
        if X.shape[1] < 3:
            return
        for place in sorted(chosen[0].form.columns):
            if clock.late(self.until) or len(chosen) >= X.shape[1] - 1:
                return
            rest = self.table.without(place)
            smaller = Noise(np.delete(noise.sigma, place, axis=1), noise.kind, noise.floor)
            for one in self._search(rest.X, smaller, quick=True)[:3]:
                if one.says_something:
                    whole = Judge(X, noise, self.seed).judged(_with_column(one.form, place))
                    if whole is not None and whole.says_something and self._is_new(whole, chosen, noise):
                        yield whole

    def _is_new(self, one: Judged, chosen: Sequence[Judged], noise: Noise) -> bool:
        first = chosen[0]
        if noise.given:
            close = one.fitted.size <= max(AS_CLOSE / 2, AS_CLOSE / 2 * first.fitted.size)
        else:
            close = one.fitted.size <= AS_CLOSE * max(first.fitted.size, noise.floor)
        return close and _independent([*(other.fitted for other in chosen), one.fitted], self.table.X, noise)

    def _shown(self, one: Judged, noise: Noise, *, solve: bool = True) -> Relation:
        judge = Judge(self.table.X, noise, self.seed)
        names = self.table.names
        numbers = measured(one, self.table.X, noise, names, judge.elsewhere, self.seed)
        plain = shown(one, self.table, not noise.given, numbers, Verdict("", ()))
        relation = replace(plain, verdict=verdict_on(numbers, noise, plain.units_agree))
        if not (solve and relation.verdict.holds):
            return relation
        solutions = {}
        for column in relation.columns:
            found = solved_for(relation.left, relation.right, column, names, relation.values, self.table.X)
            if found is not None:
                solutions[column] = found
        return with_solutions(relation, solutions)

    def _result(
        self, relations: list[Relation], best: Judged | None, others: list[Judged], noise: Noise,
        first: Relation | None = None,
    ) -> Relations:  # fmt: skip
        notes = list(self.notes)
        if first is None and best is not None:
            first = self._shown(best, noise)
        error = None if noise.given or best is None else max(best.fitted.size, noise.floor)
        if self.interrupted:
            notes.append("The search was interrupted; more time may find more.")
        elif clock.late(self.until):
            notes.append("The time was up before everything was tried.")
        return Relations(
            relations=tuple(relations),
            best=first,
            others=tuple(self._shown(one, noise, solve=False) for one in others[:3]),
            table=self.table,
            noise=noise.kind,
            error=error,
            tried=self.tried,
            notes=tuple(notes),
        )


def _plainest(best: Judged, judged: Sequence[Judged], noise: Noise) -> Judged:
    """The same surface in the fewest words: ``p*V = c*n*T`` rather than ``p*V/T = c*n``, which differ by chance."""
    exact = not noise.given and best.fitted.size <= noise.floor

    def is_same(one: Judged) -> bool:
        if exact:
            return one.fitted.size <= noise.floor and one.form.columns == best.form.columns
        return abs(_correlation(one.fitted.residuals, best.fitted.residuals)) >= SAME

    alike = [one for one in judged if one.says_something and one.bits <= best.bits + ALIKE and is_same(one)]
    return min(alike, key=lambda one: one.form_bits, default=best)


def _first(judged: Sequence[Judged]) -> Judged | None:
    return next((one for one in judged if one.says_something), None)


def _distinct(judged: Sequence[Judged]) -> list[Judged]:
    """Those whose distances differ from all before: the same surface in other words is no other form."""
    kept: list[Judged] = []
    for one in judged:
        if all(abs(_correlation(one.fitted.residuals, other.fitted.residuals)) < SAME for other in kept):
            kept.append(one)
    return kept


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 1.0


def _with_column(form: Form, place: int) -> Form:
    """A form of a table without a column, for the table with it."""

    def wider(powers: tuple[float, ...]) -> tuple[float, ...]:
        return (*powers[:place], 0.0, *powers[place:])

    terms = tuple(
        Term(wider(term.powers), tuple(replace(one, powers=wider(one.powers)) for one in term.functions))
        for term in form.terms
    )
    return Form(terms, form.free, form.rates)


def _scatter_bits(fitted: Fitted, X: np.ndarray, noise: Noise) -> float:
    """Bits of F on the rows, were its errors those of this kind: they differ by how errors vary from row to row."""
    residuals = fitted.evaluate(X, noise.sigma)
    gradient = fitted.gradient(X) * noise.sigma
    spread = np.sqrt((gradient**2).sum(axis=1))
    n = len(X)
    return float(np.sum(np.log2(np.maximum(spread, 1e-300)))) + 0.5 * n * math.log2(float(np.mean(residuals**2)))


def _independent(fits: Sequence[Fitted], X: np.ndarray, noise: Noise) -> bool:
    """Whether surfaces cross each other on most rows: their normals, in units of the errors, are independent."""
    normals = np.stack([fit.gradient(X) * noise.sigma for fit in fits], axis=1)
    sizes = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = normals / np.where(sizes > 0, sizes, 1.0)
    least = np.linalg.svd(normals, compute_uv=False)[:, -1]
    return bool(normals.shape[1] <= normals.shape[2] and np.median(least) > SAME_SURFACE)
