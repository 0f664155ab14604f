"""The search for relations: every dictionary in turn, the best of each, and the shortest that says much."""

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.optimize

from kansym import clock
from kansym.implicit import dictionaries
from kansym.implicit.dictionaries import FAMILIES, Dictionary
from kansym.implicit.fit import Form, evaluated, fit_form
from kansym.implicit.judging import Judge, Judged, form_bits, misfit_bits, shuffled
from kansym.implicit.network import RESOLVED, Network, NetworkSearch
from kansym.implicit.noise import Noise
from kansym.implicit.pencil import Pencil
from kansym.implicit.reading import UNFIT, forms_of
from kansym.implicit.shortening import shortened
from kansym.implicit.subsets import FIRST, LARGEST, ranked
from kansym.implicit.terms import Term, values_and_slopes

logger = logging.getLogger(__name__)

SCANNING = 0.7
"""Share of the time in which candidates are looked for; the rest is for judging them."""

SCANNED = 300
"""Rows that sets of terms are compared on; all rows have their say in the last fit."""

RATED, JUDGED, SHORTENED = 300, 20, 4
"""Candidates whose room is counted; of these those that are fitted with all rows; and those that are tried without one
of their terms, and times a power of a column."""

OF_EACH = 12
"""Candidates of a dictionary, a size and a kind that go on."""

INNER_TERMS = 14
"""Products of powers beside functions with an inner constant."""

INNER_LARGEST, INNER_FIRST = 3, 40
"""Terms beside a constant in which an inner constant is looked for, and sets of a size that are weighted for each."""

REFINED = 8
"""Sets of terms whose inner constant is fitted."""

NETWORKS, READING = 0.3, 6.0
"""Share of the time that is left in which networks are trained and read, and seconds for one: a curve takes two."""

LESS = 0.7
"""Of what the best form leaves, that a network must leave to be read: knots and noise make some difference."""

RATIONAL_ERROR = 0.03
"""Distance from a multiple of its unit within which an exponent may be one, whatever its error."""

MOST_MULTIPLE = 6
"""Exponent of a product of powers."""


@dataclass(eq=False)
class Candidates:
    """Forms with coefficients by what their description is estimated to be, the shortest first."""

    found: dict[tuple, tuple[float, Form, np.ndarray]] = field(default_factory=dict)

    def add(self, form: Form, coefficients: np.ndarray, bits: float) -> None:
        if form.key not in self.found or bits < self.found[form.key][0]:
            self.found[form.key] = (bits, form, coefficients)

    def best(self, count: int) -> list[tuple[float, Form, np.ndarray]]:
        """The forms of the least bits."""
        return sorted(self.found.values(), key=lambda one: one[0])[:count]


@dataclass(eq=False)
class RelationSearch:
    """One search of one table.

    Attributes
    ----------
    X : ndarray, shape (n, d)
    noise : Noise
    seed : int
    until : float
        `kansym.clock.now` value at which to stop.
    progress : callable
    quick : bool
        Only products of powers, of few terms.
    tried : int
        Sets of terms so far.
    found : list of Judged
        Forms that were judged so far.
    scanned_until : float
        When candidates are no longer looked for.
    """

    X: np.ndarray
    noise: Noise
    seed: int
    until: float
    progress: Callable[[str], None] = lambda words: None
    quick: bool = False
    tried: int = 0
    found: list[Judged] = field(default_factory=list)
    scanned_until: float = np.inf

    def run(self) -> list[Judged]:
        """Forms that were judged, the shortest description first."""
        candidates = Candidates()
        now = clock.now()
        self.scanned_until = now + SCANNING * (self.until - now) if self.until < np.inf else self.until
        self._plain(candidates)
        if not self.quick:
            self._inner(candidates)
        judge = Judge(self.X, self.noise, self.seed)
        forms = self._chosen(candidates, judge)
        forms += [form for form in _rational_products(forms, self.X, self.noise) if form not in forms]
        found = self.found
        for form in forms:
            if found and clock.late(self.until):
                break
            one = judge.judged(form)
            if one is not None:
                found.append(one)
        found.sort(key=lambda one: one.bits)
        if not self.quick:
            self._read_networks(judge)
        for place, one in enumerate(found[:SHORTENED]):
            # The best is never shown with a term that says nothing.
            if place and clock.late(self.until):
                break
            found += shortened(one, judge)
        distinct = {one.form.key: one for one in found}
        return sorted(distinct.values(), key=lambda one: one.bits)

    def _read_networks(self, judge: Judge) -> None:
        """Judge what the edges of networks may be, where they leave less than the best form, or say it shorter."""
        now = clock.now()
        until = min(self.until, now + NETWORKS * (self.until - now)) if self.until < np.inf else np.inf
        search = NetworkSearch(self.X, self.noise.sigma, None, self.seed, until)
        for network in search.networks([]):
            best = self.found[0] if self.found else None
            if len(network.edges) < 2 or (best is not None and not _says_more(network, best)):
                continue
            self.progress(f"a network of {len(network.edges)} nodes")
            for form in forms_of(network, self.X, self.seed, min(until, clock.now() + READING)):
                try:
                    one = judge.judged(form) if len(form.columns) > 1 else None
                except UNFIT as error:
                    # What cannot be fitted must not end the search.
                    logger.info("a form of a network was left out: %s", error)
                    continue
                if one is not None:
                    self.found.append(one)
                if clock.late(until):
                    break
            self.found.sort(key=lambda one: one.bits)

    def _chosen(self, candidates: Candidates, judge: Judge) -> list[Form]:
        """Candidates that are judged: the room that they leave is counted, with the coefficients that they have."""
        rated = []
        for bits, form, coefficients in candidates.best(RATED):
            found = evaluated(form, coefficients, self.X, self.noise)
            rated.append((bits if found is None else judge.quick(found), form))
        rated.sort(key=lambda one: one[0])
        return [form for _, form in rated[:JUDGED]]

    def _rows(self) -> np.ndarray:
        n = len(self.X)
        if n <= SCANNED:
            return np.arange(n)
        return np.sort(np.random.default_rng([self.seed, 61]).choice(n, SCANNED, replace=False))

    def _plain(self, candidates: Candidates) -> None:
        rows = self._rows()
        X, sigma, likely = self.X[rows], self.noise.sigma[rows], self.noise.likely[rows]
        for dictionary in dictionaries.of_columns(X, likely):
            if clock.late(self.scanned_until):
                return
            self.progress(f"{dictionary.name}: {len(dictionary.terms)} terms")
            if self.quick and dictionary.required:
                return
            for one in self._of(dictionary, X, sigma, largest=INNER_LARGEST if self.quick else LARGEST):
                candidates.add(*one)

    def _of(
        self, dictionary: Dictionary, X: np.ndarray, sigma: np.ndarray, *, largest: int = LARGEST, first: int = FIRST
    ) -> Iterator[tuple[Form, np.ndarray, float]]:
        """The best forms of each size, with the coefficients of their terms, and their bits."""
        pencil, n = self._pencil(dictionary.terms, dictionary.rates, X, sigma), len(self.X)
        costs = np.array([form_bits(Form((term,), False), n) for term in dictionary.terms])
        several = _several_columns(dictionary.terms)
        for free in (True, False):
            for sets in ranked(pencil, free, dictionary.required, costs, n, largest, first):
                self.tried += len(sets)
                sets = sets[several(sets)]
                if not len(sets):
                    continue
                eigenvalues, vectors, means = pencil.weighted(sets, free)
                misfits = np.array([misfit_bits(float(one) * n, n, self.noise) for one in eigenvalues])
                misfits -= n * np.log2(pencil.apart(sets, vectors, means))
                for k in np.argsort(misfits + costs[sets].sum(axis=1), kind="stable")[:OF_EACH]:
                    form = Form(tuple(dictionary.terms[place] for place in sets[k]), free, dictionary.rates)
                    yield form, vectors[k] / pencil.scale[sets[k]], form_bits(form, n) + float(misfits[k])
                if clock.late(self.scanned_until):
                    return

    def _pencil(self, terms: Sequence[Term], rates: Sequence[float], X: np.ndarray, sigma: np.ndarray) -> Pencil:
        values, slopes = values_and_slopes(terms, X, rates)
        columns = list(range(X.shape[1]))
        there, errors = shuffled(X, sigma, columns, np.random.default_rng([self.seed, 63]))
        others, other_slopes = values_and_slopes(terms, there, rates)
        with np.errstate(all="ignore"):
            noise = other_slopes * errors[:, None, :]
        return Pencil(values, slopes * sigma[:, None, :], elsewhere=(others, noise))

    def _inner(self, candidates: Candidates) -> None:
        """Functions with an inner constant of each column in turn."""
        rows = self._rows()
        X, sigma, likely = self.X[rows], self.noise.sigma[rows], self.noise.likely[rows]
        beside = dictionaries.monomials(X, likely, INNER_TERMS)
        for place, shapes in itertools.product(range(X.shape[1]), FAMILIES):
            if clock.late(self.scanned_until):
                return
            self.progress(f"{' and '.join(shapes)} with an inner constant")
            pool = Candidates()
            for rate in dictionaries.inner_grid(shapes, X[:, place]):
                dictionary = dictionaries.inner_functions(X, likely, place, shapes, float(rate), beside)
                if dictionary is not None:
                    for one in self._of(dictionary, X, sigma, largest=INNER_LARGEST, first=INNER_FIRST):
                        pool.add(*one)
            for _, form, _ in pool.best(REFINED):
                refined = self._refined(form, X, sigma)
                if refined is not None:
                    candidates.add(*refined)

    def _refined(self, form: Form, X: np.ndarray, sigma: np.ndarray) -> tuple[Form, np.ndarray, float] | None:
        """A form with its inner constant where the eigenvalue is least nearby."""
        places, n = np.arange(len(form.terms))[None, :], len(self.X)
        best: list = [np.inf, form.rates[0], np.zeros(len(form.terms))]

        def eigenvalue(rate: float) -> float:
            values, slopes = values_and_slopes(form.terms, X, (rate,))
            if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
                return 1e300
            pencil = self._pencil(form.terms, (rate,), X, sigma)
            (found,), vectors, means = pencil.weighted(places, form.free)
            apart = float(pencil.apart(places, vectors, means)[0])
            bits = misfit_bits(float(found) * n, n, self.noise) - n * np.log2(apart)
            if bits < best[0]:
                best[:] = bits, rate, vectors[0] / pencil.scale
            return bits

        rate = form.rates[0]
        width = 0.25 * abs(rate)
        try:
            scipy.optimize.minimize_scalar(eigenvalue, bounds=(rate - width, rate + width), method="bounded",
                                           options={"maxiter": 40, "xatol": 1e-9 * abs(rate)})  # fmt: skip
        except np.linalg.LinAlgError:
            return None
        refined = replace(form, rates=(float(best[1]),))
        return refined, best[2], form_bits(form, n) + best[0]


def _says_more(network: Network, best: Judged) -> bool:
    """Whether a network leaves clearly less than a form, or is constant with half as many edges as that has terms."""
    shorter = 2 * len(network.edges) <= len(best.form.terms) and network.share <= RESOLVED
    return shorter or network.share < LESS * best.share


def _several_columns(terms: Sequence[Term]) -> Callable[[np.ndarray], np.ndarray]:
    """Which sets of terms hold more than one column: a relation is between columns."""
    member = np.array([[j in term.columns for j in range(len(term.powers))] for term in terms])
    return lambda sets: member[sets].any(axis=1).sum(axis=1) > 1


def _rational_products(forms: Sequence[Form], X: np.ndarray, noise: Noise) -> list[Form]:
    """For sums of logarithms, products of rational powers that are constant."""
    found = []
    for form in forms:
        if not all(_is_logarithm(term) for term in form.terms):
            continue
        fitted = fit_form(form, X, noise)
        if fitted is None:
            continue
        exponents = fitted.coefficients[: len(form.terms)]
        for reference, multiple in itertools.product(np.abs(exponents), (1, 2, 3)):
            scaled = exponents * multiple / reference if reference else exponents
            whole = np.round(scaled)
            if (np.abs(scaled - whole) <= RATIONAL_ERROR * multiple).all() and 0 < np.abs(whole).max() <= MOST_MULTIPLE:
                made = _product_of(form.terms, whole)
                if made not in found:
                    found.append(made)
                break
    return found


def _is_logarithm(term: Term) -> bool:
    return len(term.functions) == 1 and term.functions[0].shape == "log" and not any(term.powers)


def _product_of(terms: Sequence[Term], exponents: np.ndarray) -> Form:
    powers = [0.0] * len(terms[0].powers)
    divisor = int(np.gcd.reduce(exponents.astype(int)))
    for term, exponent in zip(terms, exponents, strict=True):
        (place,) = term.columns
        powers[place] = float(int(exponent) // divisor)
    if sum(powers) < 0 or (sum(powers) == 0 and next(p for p in powers if p) < 0):
        powers = [-power for power in powers]
    return Form((Term(tuple(powers)),), True)
