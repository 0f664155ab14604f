"""Networks without a target: a sum of functions of nodes that stays constant, for laws that no dictionary writes.

F = sum_k phi_k(node_k) is a Kolmogorov-Arnold network with one hidden layer: a node is a column, or the sum,
difference, product, ratio or sum of squares of two, and phi_k is a spline. For given nodes F is linear in the
coefficients of its splines. Those that leave least along the runs, or in the whole table, in parts of what they leave
of shuffled rows, are an eigenvector, so that such a network is trained to the end; rows are weighted by what errors
make of F, which normalises its gradient. All small sets of nodes are tried, each with a few knots, and the best are
trained with more. What is known already is held against a network: a direction that it explains does not count as
constant.

References
----------
Liu and Tegmark, doi:10.1103/PhysRevLett.126.180604, and Matsubara and Yaguchi, arXiv:2210.00272 (FINDE), train networks
by gradients on null directions; edges on nodes of sums and products, as here, can be read.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import block_diag

from kansym import clock
from kansym.clock import Work
from kansym.implicit.judging import MOST_SHARE, shuffled
from kansym.implicit.pencil import STEPS, centred, least, least_vectors
from kansym.implicit.subsets import extended, whole_sets
from kansym.implicit.terms import Argument, Inside, single

COARSE, FINE = 8, 16
"""Knot intervals of an edge while sets of nodes are compared, and of a network that is read."""

ROWS_OF_A_NUMBER = 8
"""Rows for each coefficient, at least: with fewer a network follows the noise."""

LARGEST, MOST_SETS, EXTENDED = 4, 4000, 60
"""Nodes of a network, sets of a size that are tried, and sets that are tried with one more node."""

TRAINED, READ = 10, 2
"""Networks of a size that are trained, and that are given to be read."""

RESOLVED, EXACT = 0.01, 1e-3
"""Share below which a network is constant as far as a few splines can tell, and as far as those can that it is trained
with: more nodes that leave less say no more."""

TRIMMED = 0.01
"""Share of rows at either end of a node that is left out."""

OF_ERRORS = 1.5
"""Times what errors explain that a network may change by and still be constant: errors are estimated, edges bend."""

SMOOTH, LEAST_SMOOTH = 10.0, 1e-6
"""Weight of the squared second differences of coefficients, in units of the squared errors of the columns over their
spreads, and at least. A step between the values of two runs is constant along both: it must change by more than errors
make of a smooth function. Without runs there are no such steps."""

SHUFFLES, LEAST_ROWS = 4, 60
"""Shuffled tables, of whose rows enough are left where nodes have values of the table; and how many are enough."""

OF_TWO = 3.0
"""How much more a set must leave for each node of two columns that it does without: knots and noise make so much
difference between sets that say the same."""

LARGEST_EDGE = 30.0
"""Spread of an edge in units of that of F: larger edges take each other away, as those of x, y and x + y do."""

EXPLAINED = 0.99
"""Share of the variance of a known quantity that a set of nodes describes if it holds that quantity."""

SCANNED = 500
"""Rows that sets of nodes are compared on."""

CHUNK = 2000
"""Sets of nodes whose matrices are held at once."""


def nodes_of(X: np.ndarray) -> list[Argument]:
    """Columns that vary, and nodes of two of them."""
    d, sizes = X.shape[1], X.std(axis=0)
    varying = np.flatnonzero(sizes > 0).tolist()
    found = [Argument(single(d, j)) for j in varying]
    for i, j in itertools.combinations(varying, 2):
        both = tuple(1.0 if k in (i, j) else 0.0 for k in range(d))
        # Sums are of like things: of columns whose sizes differ a hundredfold one would not be noticed.
        if 0.01 < sizes[i] / sizes[j] < 100:
            apart = tuple(1.0 if k == i else -1.0 if k == j else 0.0 for k in range(d))
            found += [Argument(apart, Inside.SUM), Argument(both, Inside.SUM), Argument(both, Inside.SQUARES)]
        found.append(Argument(both))
        if np.abs(X[:, j]).min() > 0.05 * sizes[j]:
            found.append(Argument(tuple(1.0 if k == i else -1.0 if k == j else 0.0 for k in range(d))))
    return found


@dataclass(frozen=True, eq=False)
class Edge:
    """The splines of a node: cubic, their knots denser where its values are; without the first, as constants are free.

    Attributes
    ----------
    node : Argument
    knots : ndarray
        Empty where there are no splines, and the only function is the node itself or its logarithm.
    logarithm : bool
    """

    node: Argument
    knots: np.ndarray
    logarithm: bool = False

    @property
    def straight(self) -> bool:
        """Whether the edge is no spline."""
        return not len(self.knots)

    @classmethod
    def of(cls, node: Argument, X: np.ndarray, intervals: int) -> "Edge":
        z, steps = node.values(X)[0], np.linspace(0, 1, intervals + 1)
        # Between where values are and even ones: few rows at the ends are where functions bend most.
        even = z.min() + steps * np.ptp(z)
        inner = np.unique(0.5 * (np.quantile(z, steps) + even))
        return cls(node, np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3]))

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return max(len(self.knots) - 5, 1)

    def functions(self, z: np.ndarray, order: int = 0) -> np.ndarray:
        """The splines (n, size) at values of the node, or their first derivatives; linear beyond their ends."""
        if self.straight and self.logarithm:
            return (1 / z if order else np.log(z))[:, None]
        if self.straight:
            return np.ones((len(z), 1)) if order else z[:, None]
        inside = np.clip(z, self.knots[0], self.knots[-1])
        basis = BSpline(self.knots, np.eye(self.size + 1), 3)
        slope = basis(inside, nu=1)[:, 1:]
        return slope if order else basis(inside)[:, 1:] + slope * (z - inside)[:, None]

    def values(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The splines on rows (n, d), and their derivatives (n, size, d) by the columns."""
        z, slope = self.node.values(X)
        return self.functions(z), self.functions(z, 1)[:, :, None] * slope[:, None, :]


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network.

    Attributes
    ----------
    edges : tuple of Edge
    coefficients : tuple of ndarray
        Of the splines of each edge.
    share : float
        What it changes, in parts of what it changes among shuffled rows.
    error : float
        What the errors of the columns make of that.
    """

    edges: tuple[Edge, ...]
    coefficients: tuple[np.ndarray, ...]
    share: float
    error: float

    @property
    def is_constant(self) -> bool:
        """Whether errors, or the knots, explain all of its change."""
        return self.share <= max(EXACT, OF_ERRORS * self.error)

    @property
    def nodes(self) -> tuple[Argument, ...]:
        """What its edges begin at."""
        return tuple(edge.node for edge in self.edges)

    @property
    def pairs(self) -> int:
        """How many of these hold two columns."""
        return sum(len(node.columns) > 1 for node in self.nodes)

    def evaluate(self, X: np.ndarray) -> np.ndarray:
        """F (n,) up to a constant."""
        pairs = zip(self.edges, self.coefficients, strict=True)
        return np.sum([edge.values(X)[0] @ own for edge, own in pairs], axis=0)

    def gradient(self, X: np.ndarray) -> np.ndarray:
        """Derivatives (n, d) of F by the columns."""
        pairs = zip(self.edges, self.coefficients, strict=True)
        return np.sum([np.einsum("nsd,s->nd", edge.values(X)[1], own) for edge, own in pairs], axis=0)


@dataclass(eq=False)
class NetworkSearch:
    """The search for networks of one table.

    Attributes
    ----------
    X, sigma : ndarray, shape (n, d)
        Rows, and the errors of their columns or what these are proportional to.
    labels : ndarray of int, shape (n,), or None
        Runs, each of which has a constant of its own.
    seed : int
    until : float
        `kansym.clock.now` value at which to stop.
    """

    X: np.ndarray
    sigma: np.ndarray
    labels: np.ndarray | None
    seed: int
    until: float

    def networks(self, known: list[Callable[[np.ndarray], np.ndarray]]) -> Iterator[Network]:
        """Networks that stay constant, those of few nodes first.

        Parameters
        ----------
        known : list of callable
            Functions of rows that are constant, as is known. The caller adds what it has read off a network.
        """
        usable = [node for node in nodes_of(self.X) if self._has_values(node)]
        if self.X.shape[1] == 2 and self.labels is None:
            # A curve in a plane: either column is a function of the other, and nodes of both could stand for any curve.
            usable = [node for node in usable if len(node.columns) == 1]
        for size in range(1, LARGEST + 1):
            # Any function of a node that is constant is constant: it would stand in every other set.
            nodes = [node for node in usable if not self._is_known(node, known)]
            for network in self._best(nodes, size, known):
                if size == 2 and self.labels is None:
                    yield from self._solved(network)
                # More nodes say how a node changes that is not constant.
                elif size > 1 or network.is_constant:
                    yield network

    def _best(self, nodes: Sequence[Argument], size: int, known: Sequence) -> Iterator[Network]:
        """The best networks of so many nodes, what is known held out."""
        taken: list[tuple[Argument, ...]] = []
        for _ in range(READ):
            trained = []
            for chosen in self._ranked(nodes, size, known)[:TRAINED]:
                if clock.late(self.until):
                    return
                network = None if chosen in taken else self._trained(chosen, known)
                if network is not None and network.share <= MOST_SHARE:
                    trained.append(network)
            if not trained:
                return
            best = min(trained, key=lambda one: max(one.share, EXACT) * OF_TWO**one.pairs)
            taken.append(best.nodes)
            yield best

    def _solved(self, network: Network) -> Iterator[Network]:
        """A network of two nodes with an edge that is linear or a logarithm: as h(y) = h(f(x)) it could be anything."""
        rows = self._inside(network.nodes)
        for place, edge in enumerate(network.edges):
            positive = bool((edge.node.values(self.X)[0] > 0).all())
            for logarithm in (False, True)[: 1 + positive]:
                edges = list(network.edges)
                edges[place] = Edge(edge.node, np.empty(0), logarithm)
                solved = _trained(edges, rows, ())
                if solved is not None and solved.share <= MOST_SHARE:
                    yield solved

    def _has_values(self, node: Argument) -> bool:
        with np.errstate(all="ignore"):
            z, slope = node.values(self.X)
        return bool(np.isfinite(z).all() and np.isfinite(slope).all() and np.ptp(z) > 0)

    def _is_known(self, node: Argument, known: Sequence[Callable[[np.ndarray], np.ndarray]]) -> bool:
        """Whether a node is itself one of the constant functions."""
        z = node.values(self.X)[0]
        return any(abs(float(np.corrcoef(z, one(self.X))[0, 1])) > 1 - RESOLVED**2 for one in known)

    def _inside(self, nodes: Sequence[Argument], step: int = 1) -> "_Rows":
        """Rows without the ends of nodes, and shuffled ones on which nodes have no other values than on these.

        A spline has a value of its own where a single row is far out: those of two nodes would take each other away.
        """
        X, sigma = self.X[::step], self.sigma[::step]
        labels = np.zeros(len(X), dtype=np.intp) if self.labels is None else self.labels[::step]
        ends = [np.quantile(node.values(X)[0], [TRIMMED, 1 - TRIMMED]) for node in nodes]
        keep = _between(nodes, ends, X)
        generator = np.random.default_rng([self.seed, 65])
        drawn = [shuffled(X, np.zeros_like(X), list(range(X.shape[1])), generator)[0] for _ in range(SHUFFLES)]
        elsewhere = np.vstack(drawn)
        elsewhere = elsewhere[_between(nodes, ends, elsewhere)]
        labels = np.unique(labels[keep], return_inverse=True)[1]
        return _Rows(X[keep], sigma[keep], None if self.labels is None else labels, elsewhere)

    def _ranked(self, nodes: Sequence[Argument], size: int, known: Sequence) -> list[tuple[Argument, ...]]:
        """Sets of so many nodes that leave little, that which leaves least first."""
        rows = self._inside(nodes, max(1, len(self.X) // SCANNED))
        if not rows.are_enough:
            return []
        edges = [Edge.of(node, rows.X, COARSE) for node in nodes]
        # Values that repeat have fewer knots; sets of matrices are of one size.
        edges = [edge for edge in edges if edge.size == max(one.size for one in edges)]
        if len(edges) < size:
            return []
        matrices = _Matrices(edges, rows, known)
        sets = np.empty((0, 0), dtype=np.intp)
        shares = np.empty(0)
        for count in range(min(size, 2), size + 1):
            before, sets = sets, whole_sets(len(edges), count, (), MOST_SETS)
            if len(before):
                sets = np.unique(np.concatenate([sets, extended(before, len(edges))]), axis=0)
            shares = matrices.least(sets)
            pairs = np.array([len(edge.node.columns) > 1 for edge in edges])[sets].sum(axis=1)
            order = np.argsort(np.maximum(shares, RESOLVED**2) * OF_TWO ** (2 * pairs), kind="stable")[:EXTENDED]
            sets, shares = sets[order], shares[order]
        return [
            tuple(edges[j].node for j in one) for one, share in zip(sets, shares, strict=True) if share <= MOST_SHARE**2
        ]

    def _trained(self, nodes: Sequence[Argument], known: Sequence) -> Network | None:
        """The network of a set of nodes with as many knots as its rows allow."""
        rows = self._inside(nodes)
        if not rows.are_enough:
            return None
        most = len(rows.X) // (ROWS_OF_A_NUMBER * len(nodes)) - 3
        intervals = max(COARSE, min(FINE, most))
        return _trained([Edge.of(node, rows.X, intervals) for node in nodes], rows, known)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows with the errors of their columns and their runs, and shuffled rows."""

    X: np.ndarray
    sigma: np.ndarray
    labels: np.ndarray | None
    elsewhere: np.ndarray

    @property
    def smooth(self) -> float:
        """Weight of roughness."""
        if self.labels is None:
            return 0.0
        spread = self.X.std(axis=0)
        errors = np.square(self.sigma[:, spread > 0] / spread[spread > 0])
        return max(LEAST_SMOOTH, SMOOTH * float(errors.mean())) if errors.size else LEAST_SMOOTH

    @property
    def are_enough(self) -> bool:
        """Whether a network can be told from none on them."""
        return min(len(self.X), len(self.elsewhere)) >= LEAST_ROWS


def _between(nodes: Sequence[Argument], ends: Sequence[np.ndarray], X: np.ndarray) -> np.ndarray:
    """Rows on which every node has a value within its ends."""
    keep = np.ones(len(X), dtype=bool)
    with np.errstate(all="ignore"):
        for node, (low, high) in zip(nodes, ends, strict=True):
            z = node.values(X)[0]
            keep &= (low <= z) & (z <= high)
    return keep


def _least_of_each(total: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """`least` of matrices (K, p, p), infinite for those that it cannot be found of."""
    try:
        return least(total, noise)
    except np.linalg.LinAlgError:
        if len(total) == 1:
            return np.array([np.inf])
        half = len(total) // 2
        return np.concatenate([_least_of_each(total[part], noise[part]) for part in (slice(half), slice(half, None))])


def _trained(edges: Sequence[Edge], rows: _Rows, known: Sequence) -> Network | None:
    """The network of some edges; None where there is none, or its edges take each other away."""
    try:
        coefficients, share, error = _Matrices(edges, rows, known).trained()
    except np.linalg.LinAlgError:
        return None
    ends = np.cumsum([edge.size for edge in edges])[:-1]
    parts = tuple(np.split(coefficients, ends))
    sizes = [float(np.std(edge.values(rows.X)[0] @ own)) for edge, own in zip(edges, parts, strict=True)]
    return Network(tuple(edges), parts, share, error) if max(sizes) < LARGEST_EDGE else None


def _roughness(edges: Sequence[Edge]) -> np.ndarray:
    """Sums of squared second differences of the coefficients of each edge, (p, p)."""
    parts = []
    for edge in edges:
        # The first coefficient is zero.
        differences = np.diff(np.eye(edge.size + 1), n=2, axis=0)[:, 1:]
        parts.append(differences.T @ differences)
    return np.asarray(block_diag(*parts))


class _Matrices:
    """Products of the splines of some edges, on rows and on shuffled ones, and with what is known."""

    def __init__(self, edges: Sequence[Edge], rows: _Rows, known: Sequence) -> None:
        self.edges, self.rows = edges, rows
        elsewhere, labels = rows.elsewhere, rows.labels
        self.values = np.concatenate([edge.functions(edge.node.values(rows.X)[0]) for edge in edges], axis=1)
        with np.errstate(all="ignore"):
            there = np.concatenate([edge.functions(edge.node.values(elsewhere)[0]) for edge in edges], axis=1)
            other = [np.nan_to_num(function(elsewhere), posinf=0.0, neginf=0.0) for function in known]
        there = there - there.mean(axis=0)
        own = centred(self.values, None, labels)
        self.total = own.T @ own / len(own)
        self.noise = there.T @ there / len(there)
        clock.charge(Work.DENSE_PRODUCTS, 2 * own.size * own.shape[1])
        # Each has unit variance, so that what it explains of a direction is a share of it; squares are known as well.
        with np.errstate(all="ignore"):
            other += [(one - one.mean()) ** 2 for one in other]
            z = np.column_stack([one - one.mean() for one in other]) if other else np.empty((len(there), 0))
        with np.errstate(all="ignore"):
            sizes = np.sqrt(np.mean(z**2, axis=0))
        usable = np.isfinite(sizes) & (sizes > 0)
        z = z[:, usable] / sizes[usable]
        self.with_known = there.T @ z / len(there)
        self.rough = rows.smooth * np.trace(self.noise) / len(self.noise) * _roughness(edges)
        self.total = self.total + self.rough

    def least(self, sets: np.ndarray) -> np.ndarray:
        """What sets (K, s) of nodes leave, in parts of what they leave of shuffled rows; squared."""
        width = self.edges[0].size
        found = np.empty(len(sets))
        for begin in range(0, len(sets), CHUNK):
            some = sets[begin : begin + CHUNK]
            places = (some[:, :, None] * width + np.arange(width)).reshape(len(some), -1)
            rows, columns = places[:, :, None], places[:, None, :]
            noise = self.noise[rows, columns]
            total = self.total[rows, columns] + self._held(noise, self.with_known[places])
            found[begin : begin + CHUNK] = _least_of_each(total, noise)
        # A factor, its inverse, two products and the eigenvalues of each.
        clock.charge(Work.DENSE_PRODUCTS, 8 * len(sets) * (sets.shape[1] * width) ** 3)
        return found

    def _held(self, noise: np.ndarray, known: np.ndarray) -> np.ndarray:
        """What is added to matrices (K, p, p) so that directions that are known are not constant."""
        if not known.shape[-1]:
            return np.zeros_like(noise)
        size = np.trace(noise, axis1=-2, axis2=-1)[..., None, None] / noise.shape[-1]
        ridge = 1e-10 * size * np.eye(noise.shape[-1])
        described = (np.linalg.solve(noise + ridge, known) * known).sum(axis=-2)
        own = known * (described > EXPLAINED)[..., None, :]
        return own @ np.swapaxes(own, -1, -2)

    def trained(self) -> tuple[np.ndarray, float, float]:
        """Coefficients of all splines, F having unit variance among shuffled rows, its change, and its error."""
        held = self._held(self.noise[None], self.with_known[None])
        slopes = np.concatenate([edge.values(self.rows.X)[1] for edge in self.edges], axis=1)
        labels = self.rows.labels
        weights, variance = np.ones(len(self.values)), np.zeros(len(self.values))
        vector = np.zeros(self.values.shape[1])
        for _ in range(STEPS):
            own = centred(self.values, weights, labels) * np.sqrt(weights / weights.mean())[:, None]
            total = own.T @ own / len(own) + self.rough
            clock.charge(Work.DENSE_PRODUCTS, own.size * own.shape[1])
            vector = least_vectors(total[None] + held, self.noise[None])[1][0]
            moved = np.einsum("nsd,s->nd", slopes, vector) * self.rows.sigma
            variance = (moved**2).sum(axis=1)
            # A row that errors hardly move must not decide alone.
            weights = 1 / (variance + 0.1 * np.median(variance) + 1e-300)
        extent = max(float(np.sqrt(vector @ self.noise @ vector)), 1e-300)
        change = centred((self.values @ vector)[:, None], weights, labels)[:, 0]
        left = float(np.sqrt(np.mean(change**2)))
        return vector / extent, left / extent, float(np.sqrt(np.mean(variance))) / extent
