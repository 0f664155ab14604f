"""`find_conserved`: from runs of a system to the functions of its state that stay constant along each.

A relation with a free constant holds on a whole table; a conserved quantity is one whose constant is free in every run.
So terms are centred within runs, and what is left of their combinations is compared with what the errors of the states
make of it. Quantities are taken the shortest first, each if its gradient is independent of those before.
"""

import logging
import math
import time as wall
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.conserved.echelon import reduced_echelon
from kansym.conserved.library import libraries
from kansym.conserved.noether import canonical_pairs, noether
from kansym.conserved.quantity import ConservedFound, Quantity, shown
from kansym.conserved.states import States
from kansym.dynamics.trajectories import Trajectories, read_trajectories
from kansym.errors import DataError
from kansym.implicit.dictionaries import Dictionary
from kansym.implicit.fit import Form
from kansym.implicit.judging import form_bits, saved_bits
from kansym.implicit.network import Network, NetworkSearch
from kansym.implicit.pencil import Pencil
from kansym.implicit.reading import UNFIT, forms_of
from kansym.implicit.subsets import MOST_SETS, extended, whole_sets
from kansym.implicit.terms import Term, values_and_slopes

logger = logging.getLogger(__name__)

DEFAULT_SECONDS = 30.0
"""Wall seconds of a search for conserved quantities."""

SCANNED = 500
"""Points that sets of terms are compared on; all points have their say about those that are taken."""

MOST_SHARE = 0.2
"""Of what shuffled states leave that a quantity may vary along the runs: as for relations."""

SAME = (1e-3, 3.0)
"""Sine of the angle between gradients below which a quantity is a function of others: at least so much, and so many
times the errors of the states in parts of their spreads, which turn gradients by as much."""

LARGEST, ROUGH, CHECKED = 6, 300, 60
"""Terms of a quantity that are tried together; sets of a size that are weighted, and that are checked on all points."""

ALL_SETS = 50_000
"""Sets of up to three terms: all of a library."""

ALTERNATIVE = 0.8
"""Correlation of the changes of two quantities that describe the same in other words, up to what one of them misses."""

WAITING = 12
"""Candidates of a library that are measured on all points."""

READING = 6.0
"""Seconds in which the edges of a network are read: a curve takes two or three."""

TURNED = 0.1
"""Sine of the angle below which the gradient of a network, which knots turn, is that of what is known."""

FEW_TERMS = 2
"""Terms of a quantity beside which no network is read: none says it shorter."""

DOMINANT = 1e-6
"""Relative size of a coefficient that is none."""


def find_conserved(
    data: Any,
    *,
    time: str | None = None,
    states: Sequence[str] | str | None = None,
    run: str | None = None,
    error: float | str | Mapping[str, float | str] | None = None,
    units: Mapping[str, str] | None = None,
    max_seconds: float = DEFAULT_SECONDS,
    seed: int = 0,
    deterministic: bool = False,
    progress: Callable[[str], None] | None = None,
) -> ConservedFound:
    """Look for functions of the state that stay constant along each run of a system, without its equations.

    Parameters
    ----------
    data : path-like, DataFrame, a list of them, or Trajectories
    time, states : str, sequence of str
        Columns; not for Trajectories. Velocities or momenta belong to the states.
    run : str, optional
        Column that numbers or names the runs. With several runs a quantity differs from one to the other; of a single
        one it is only known that it is not trivial among the states visited.
    error : float, str or mapping of state to (float or str), optional
        Standard errors of the states, as of `kansym.discover_dynamics`. Default: estimated from how smooth the states
        are in time.
    units : mapping of str to str, optional
    max_seconds : float, default 30
    seed : int, default 0
    deterministic : bool, default False
        Leave the wall out.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    ConservedFound

    Raises
    ------
    DataError
        If the runs cannot be used.

    References
    ----------
    Liu and Tegmark, doi:10.1103/PhysRevLett.126.180604 (how many there are); Kaiser, Kutz and Brunton,
    doi:10.1109/CDC.2018.8618963 (null spaces).
    """
    if not isinstance(data, Trajectories):
        if time is None or states is None:
            raise DataError("time and states must name columns of the data")
        names = [states] if isinstance(states, str) else list(states)
        data = read_trajectories(data, time=time, states=names, trajectory=run, error=error, units=units)
    if len(data.states) < 2:
        raise DataError(f"a single state, {', '.join(data.states)}, says nothing; name at least two states")
    began = wall.monotonic()
    with clock.budget(max_seconds, deterministic=deterministic):
        found = _Finder(data, seed, clock.now() + max_seconds, progress or (lambda words: None)).run()
    return replace(found, seconds=wall.monotonic() - began)


@dataclass(frozen=True, eq=False)
class Kept:
    """A quantity with the bits of its form, and of form and misfit, and its gradient at all points."""

    form_bits: float
    bits: float
    quantity: Quantity
    gradient: np.ndarray


class _Finder:
    def __init__(self, data: Trajectories, seed: int, until: float, say: Callable[[str], None]) -> None:
        self.data, self.seed, self.until, self.say = data, seed, until, say
        self.states = States.of(data)
        self.few = self.states.thinned(SCANNED)
        self.m = len(data.states)
        noise = float(np.median(self.states.sigma / self.states.x.std(axis=0)))
        self.same = max(SAME[0], SAME[1] * noise)
        self.pool: dict[tuple, Kept] = {}
        self.chosen: list[Quantity] = []
        self.expected = 0
        self.tried = 0
        self.notes = list(data.notes)

    def run(self) -> ConservedFound:
        try:
            for library in libraries(self.few.x, self.few.sigma):
                if clock.late(self.until):
                    break
                self.say(f"{library.name}: {len(library.terms)} terms")
                self._search(library)
            self._read_networks()
        except KeyboardInterrupt:
            self.notes.append("The search was interrupted; more time may find more.")
        if clock.late(self.until):
            self.notes.append("The time was up before everything was tried.")
        return ConservedFound(
            quantities=self._with_symmetries(),
            expected=max(self.expected, len(self.chosen)),
            data=self.data,
            sigma=self.states.sigma,
            errors_given=self.states.given,
            tried=self.tried,
            notes=tuple(self.notes),
        )

    def _with_symmetries(self) -> tuple[Quantity, ...]:
        x, pairs = self.states.x, canonical_pairs(self.data)
        names = self.data.states
        return tuple(replace(one, symmetry=noether(one.gradient(x), x, pairs, names)) for one in self.chosen)

    def _search(self, library: Dictionary) -> None:
        """Offer what a library holds: small sets of its terms, and the rest of its null space."""
        pencil = self.states.pencil(library.terms, self.seed)
        null = self._null_space(pencil)
        if not len(null):
            return
        for places in self._small(library, pencil):
            self._offer(_chosen(library, places))
        self._choose()
        gradients = [self._gradient(library.terms, row / pencil.scale) for row in null]
        own = [one.gradient(self.states.x) for one in self.chosen]
        rank = min(self._rank([*own, *gradients]), self.m - 1)
        if rank > len(self.chosen):
            for places in self._eliminated(pencil, null):
                self._offer(_chosen(library, places))
            self._choose()
        self.expected = len(self.chosen)

    def _choose(self) -> None:
        """The shortest forms of all that are constant, each if it does not follow from those before.

        Chi-squared of unlike quantities differs by chance; it decides only between two that see the same errors.
        """
        self.chosen = []
        for short in sorted(self.pool.values(), key=lambda one: one.form_bits):
            before = [one.gradient(self.states.x) for one in self.chosen]
            number = len(before) + 1
            if number >= self.m or self._rank([*before, short.gradient]) < number:
                continue
            best = short
            for other in self.pool.values():
                if other.bits < best.bits and _alike(other.quantity, short.quantity):
                    together = self._rank([*before, short.gradient, other.gradient])
                    if together == number == self._rank([*before, other.gradient]):
                        best = other
            self.chosen.append(best.quantity)

    def _null_space(self, pencil: Pencil) -> np.ndarray:
        """Combinations (K, p) of scaled terms that errors alone explain."""
        n, p = pencil.values.shape
        values = pencil.values - _means(pencil.values, self.states.labels)
        total = values.T @ values / n
        flat = np.swapaxes(pencil.noise, 1, 2).reshape(-1, p)
        noise = flat.T @ flat / n
        clock.charge(Work.DENSE_PRODUCTS, (n + len(flat)) * p**2)
        noise += 1e-12 * np.trace(noise) / p * np.eye(p)
        inverse = np.linalg.inv(np.linalg.cholesky(noise))
        eigenvalues, vectors = np.linalg.eigh(inverse @ total @ inverse.T)
        # With equal weights the rows of large errors decide, so this is generous.
        keep = eigenvalues <= 2 * self.states.limit(p)
        rows = (inverse.T @ vectors[:, keep]).T
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return np.array([row for row in rows if self._varies(pencil, row)]).reshape(-1, p)

    def _varies(self, pencil: Pencil, row: np.ndarray) -> bool:
        """Whether a combination changes far less along runs than shuffled states would make it."""
        assert pencil.elsewhere is not None
        values = pencil.values @ row
        within = values - _means(values[:, None], self.states.labels)[:, 0]
        return float(np.std(within)) <= MOST_SHARE * float(np.std(pencil.elsewhere[0] @ row))

    def _small(self, library: Dictionary, whole: Pencil) -> Iterator[tuple[int, ...]]:
        """Sets of few terms that are constant, the shortest of each size first; none that holds another."""
        pencil = self.few.pencil(library.terms, self.seed)
        grams, p = pencil.grams(True), len(library.terms)
        costs = np.array([form_bits(Form((term,), False), len(self.states.x)) for term in library.terms])
        taken: list[frozenset[int]] = []
        before = np.empty((0, 1), dtype=np.intp)
        for size in range(1, min(LARGEST, p) + 1):
            sets = whole_sets(p, size, (), MOST_SETS if size > 3 else ALL_SETS)
            if before.shape[1] == size - 1 and len(before):
                sets = np.unique(np.concatenate([sets, extended(before[:CHECKED], p)]), axis=0)
            sets = _without_supersets(sets, taken)
            if not len(sets):
                return
            self.tried += len(sets)
            before = sets[np.argsort(pencil.scan(sets, grams), kind="stable")[:ROUGH]]
            eigenvalues, vectors, means = pencil.weighted(before, True, 3)
            constant = eigenvalues <= self.few.limit(size)
            constant &= eigenvalues <= (MOST_SHARE * pencil.apart(before, vectors, means)) ** 2
            # What is needed of a set is all of it: a coefficient that says nothing belongs to a smaller one.
            constant &= np.abs(vectors).min(axis=1) > DOMINANT
            found = before[constant]
            waiting = WAITING
            for places in found[np.argsort(costs[found].sum(axis=1), kind="stable")].tolist():
                if waiting and not any(one <= set(places) for one in taken) and self._is_constant(whole, places):
                    waiting -= 1
                    taken.append(frozenset(places))
                    yield tuple(places)
            if clock.late(self.until):
                return

    def _eliminated(self, pencil: Pencil, null: np.ndarray) -> Iterator[tuple[int, ...]]:
        """Combinations of a null space with as few terms as they can be constant with."""
        for row in reduced_echelon(null, least=DOMINANT, relative=True):
            if clock.late(self.until):
                return
            places = np.flatnonzero(np.abs(row) > DOMINANT * np.abs(row).max()).tolist()
            yield tuple(self._shortened(pencil, places))

    def _shortened(self, pencil: Pencil, places: list[int]) -> list[int]:
        """Places less those that can be left out, the smallest parts first."""
        while len(places) > 1 and not clock.late(self.until):
            _, (vector,), _ = pencil.weighted(np.array([places]), True, 3)
            order = np.argsort(np.abs(vector))
            for k in order[: max(3, len(order) // 3)].tolist():
                rest = [place for j, place in enumerate(places) if j != k]
                if self._is_constant(pencil, rest):
                    places = rest
                    break
            else:
                return places
        return places

    def _is_constant(self, pencil: Pencil, places: Sequence[int]) -> bool:
        """Whether some terms have a combination that is constant up to errors, and not trivially so."""
        own = np.array([places])
        try:
            (eigenvalue,), vectors, means = pencil.weighted(own, True)
        except np.linalg.LinAlgError:
            return False
        apart = float(pencil.apart(own, vectors, means)[0])
        return bool(eigenvalue <= self.states.limit(len(places)) and eigenvalue <= (MOST_SHARE * apart) ** 2)

    def _read_networks(self) -> None:
        """Offer what the edges of networks may be, where they say more or shorter what is constant."""
        known = self._short()
        search = NetworkSearch(self.states.x, self.states.sigma, self.states.labels, self.seed, self.until)
        for network in search.networks(known):
            self.say(f"a network of {len(network.edges)} nodes")
            if not self._is_worth_reading(network):
                continue
            for form in forms_of(network, self.states.x, self.seed, min(self.until, clock.now() + READING)):
                if clock.late(self.until):
                    break
                if form_bits(form, len(self.states.x)) < self._longest():
                    self._offer_read(form)
            self._choose()
            known[:] = self._short()
            self.expected = max(self.expected, len(self.chosen))
            if len(known) == self.m - 1:
                return

    def _short(self) -> list[Callable[[np.ndarray], np.ndarray]]:
        """What is conserved in few words: the network of a long quantity is looked for, which may be short."""
        return [one.evaluate for one in self.chosen if len(one.form.terms) <= FEW_TERMS]

    def _offer_read(self, form: Form) -> None:
        """Offer a form that was read: what cannot be fitted must not end the search."""
        try:
            self._offer(form)
        except UNFIT as error:
            logger.info("a form of a network was left out: %s", error)

    def _longest(self) -> float:
        """Bits that a form must save: those of the longest quantity where there cannot be more of them."""
        if len(self.chosen) < self.m - 1:
            return math.inf
        return max(form_bits(one.form, len(self.states.x)) for one in self.chosen)

    def _is_worth_reading(self, network: Network) -> bool:
        """Whether a network is constant where nothing known is, or has fewer edges than what is known has terms."""
        gradients = [one.gradient(self.states.x) for one in self.chosen]
        new = self._rank([*gradients, network.gradient(self.states.x)], TURNED) > len(gradients)
        if new and len(self.chosen) < self.m - 1:
            return True
        return any(len(one.form.terms) > max(FEW_TERMS, len(network.edges)) for one in self.chosen)

    def _offer(self, form: Form) -> None:
        """Measure a candidate, and keep it where it is constant."""
        if form.key in self.pool:
            return
        quantity = shown(form.terms, self.states, self.data, self.seed, form.rates)
        n = len(self.states.x)
        chi2 = float(quantity.residuals @ quantity.residuals)
        constants = len(form.terms) - 1 + len(form.rates)
        if not chi2 / n <= self.states.limit(constants + 1) or quantity.share > MOST_SHARE:
            return
        own = form_bits(Form(form.terms, False, form.rates), n) - saved_bits(n) * (constants - len(quantity.constants))
        self.pool[form.key] = Kept(own, own + chi2 / (2 * math.log(2)), quantity, quantity.gradient(self.states.x))

    def _gradient(self, terms: Sequence[Term], coefficients: np.ndarray) -> np.ndarray:
        _, slopes = values_and_slopes(terms, self.states.x)
        return np.einsum("nsd,s->nd", slopes, coefficients)

    def _rank(self, gradients: Sequence[np.ndarray], least: float = 0.0) -> int:
        """How many gradients (n, m) are independent of each other at most points, in units of the spread of states."""
        normals = np.stack(gradients, axis=1) * self.states.x.std(axis=0)
        sizes = np.linalg.norm(normals, axis=2, keepdims=True)
        singular = np.linalg.svd(normals / np.where(sizes > 0, sizes, 1.0), compute_uv=False)
        return int(np.median((singular > max(self.same, least) * singular[:, :1]).sum(axis=1)))


def _chosen(library: Dictionary, places: Sequence[int]) -> Form:
    return Form(tuple(library.terms[k] for k in places), True)


def _alike(first: Quantity, second: Quantity) -> bool:
    """Whether the changes of two quantities are those of one."""
    size = float(np.linalg.norm(first.residuals) * np.linalg.norm(second.residuals))
    return abs(float(first.residuals @ second.residuals)) > ALTERNATIVE * size


def _means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of each run at its points."""
    count = np.bincount(labels)
    return np.stack([np.bincount(labels, column) / count for column in values.T], axis=1)[labels]


def _without_supersets(sets: np.ndarray, taken: Sequence[frozenset[int]]) -> np.ndarray:
    """Sets (K, s) that hold none of some smaller ones."""
    keep = np.ones(len(sets), dtype=bool)
    for one in taken:
        keep &= ~np.logical_and.reduce([(sets == place).any(axis=1) for place in one])
    return sets[keep]
