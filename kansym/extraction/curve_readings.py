"""Readings of a curve as symbolic networks: what a sketch or a rational function looks like edge by edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

from kansym.deferred import Tensor, torch
from kansym.extraction.curve_sketches import TERMS
from kansym.extraction.matching import Match
from kansym.kan.network import Network, Width, concatenate
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive

HELD = "abcdp"
"""All constants of an edge, for edges that only pass their input on."""

Shape = tuple[Width, ...]


@dataclass(frozen=True, eq=False)
class Reading:
    """A curve read as a closed form.

    Attributes
    ----------
    form : str
        "single", "chain", "product", "sum", "polynomial" or "rational".
    names : tuple of str
        The primitives that it is made of.
    network : Network
        Symbolic, of population 1, close to the curve; its constants are still to be fitted on all rows.
    loss : float
        Weighted 1 - R^2 on the points that the search saw.
    cost : float
        Decades of error plus the price of complexity; lower is better.
    """

    form: str
    names: tuple[str, ...]
    network: Network
    loss: float
    cost: float


def blank(shape: Shape, primitives: Sequence[Primitive]) -> Network:
    """A network of population 1 with all edges off, that knows `primitives` and those that structure needs."""
    network = Network.create(shape, grid=1, generator=torch.Generator().manual_seed(0))
    for number, layer in enumerate(network.layers):
        for source in range(layer.n_in):
            for target in range(layer.n_out):
                network.set_off(number, source, target)
    library = default_library()
    network = network.with_primitives(primitives)
    return network.with_primitives([library.get("x"), library.get("x^-1")])


def _primitive(network: Network, name: str) -> Primitive:
    return next(primitive for primitive in network.primitives if primitive.name == name)


def single(match: Match, primitives: Sequence[Primitive], *, loss: float, cost: float) -> Reading:
    """One primitive."""
    network = blank((1, 1), primitives)
    p = match.p if match.primitive.has_shape else 1.0
    network.set_symbolic(0, 0, 0, match.primitive, a=match.a, b=match.b, c=match.c, d=match.d, p=p)
    return Reading("single", (match.primitive.name,), network, loss, cost)


@dataclass(frozen=True)
class _Atom:
    """One atom of a sketch: inner and outer primitive (None for none) and the six constants."""

    inner: Primitive
    outer: Primitive | None
    theta: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.inner.name,) if self.outer is None else (self.inner.name, self.outer.name)

    def place(
        self, network: Network, position: int, target: int, *, c: float, d: float, free_c: bool, free_d: bool
    ) -> None:
        """Set layer 0 to the inner primitive on node `position`, and layer 1 to ``c outer + d`` into `target`."""
        a, b, p, alpha, beta, q = self.theta
        held = [*self.inner.redundant, "c", "d", *(() if self.inner.has_shape else ("p",))]
        network.set_symbolic(0, 0, position, self.inner, a=a, b=b, p=p, frozen=held)
        outer = self.outer or _primitive(network, "x")
        held = ["a", "b"] if self.outer is None else [*outer.redundant]
        held += ([] if outer.has_shape else ["p"]) + ([] if free_c else ["c"]) + ([] if free_d else ["d"])
        if self.outer is None:
            alpha, beta, q = 1.0, 0.0, 1.0
        network.set_symbolic(1, position, target, outer, a=alpha, b=beta, c=c, d=d, p=q, frozen=held)


def sketch_reading(
    inner: Sequence[int],
    outer: Sequence[int],
    theta: Sequence[Sequence[float]],
    terms: Sequence[bool],
    linear: Sequence[float],
    primitives: Sequence[Primitive],
    *,
    centre: float,
    loss: float,
    cost: float,
) -> Reading:
    """A row of `Sketches` with its linear constants (level, then those of `TERMS`) as a reading.

    Parameters
    ----------
    centre : float
        Place on the axis of u that polynomials count from.
    """
    atoms = [
        _Atom(primitives[i], primitives[o] if o >= 0 else None, tuple(t))
        for i, o, t in zip(inner, outer, theta, strict=True)
        if i >= 0
    ]
    names = tuple(name for atom in atoms for name in atom.names)
    level, c_a, c_b, c_ab, c_2, c_3, *c_u = linear
    if terms[TERMS["uAB"]]:
        network = _modulated(atoms, level, (c_ab, *c_u), centre, primitives)
        return Reading("product", ("polynomial", *names), network, loss, cost)
    if terms[TERMS["A2"]]:
        network = _power_series(atoms[0], level, (c_a, c_2, c_3), bool(terms[TERMS["A3"]]), primitives)
        return Reading("polynomial", names, network, loss, cost)
    if len(atoms) == 1:
        atom = atoms[0]
        if atom.outer is None:
            a, b, p = atom.theta[:3]
            match = Match(atom.inner, a, b, c_a, level, p if atom.inner.has_shape else math.nan, loss)
            return single(match, primitives, loss=loss, cost=cost)
        network = blank((1, 1, 1), primitives)
        atom.place(network, 0, 0, c=c_a, d=level, free_c=True, free_d=True)
        return Reading("chain", names, network, loss, cost)
    first, second = atoms
    if not terms[TERMS["AB"]]:
        network = blank((1, 2, 1), primitives)
        first.place(network, 0, 0, c=c_a, d=level, free_c=True, free_d=True)
        second.place(network, 1, 0, c=c_b, d=0.0, free_c=True, free_d=False)
        return Reading("sum", names, network, loss, cost)
    # c_ab A B + c_a A + c_b B + level = c_ab (A + c_b / c_ab) (B + c_a / c_ab) + level - c_a c_b / c_ab.
    # Without the term B the first factor is not shifted, without A the second is not.
    rest = level - c_a * c_b / c_ab
    shape: Shape = (1, 2, (0, 1)) if rest == 0.0 else (1, 2, (0, 1), 1)
    network = blank(shape, primitives)
    last = len(shape) == 3
    scale = c_ab if last else 1.0
    first.place(network, 0, 0, c=scale, d=scale * c_b / c_ab, free_c=last, free_d=bool(terms[TERMS["B"]]))
    second.place(network, 1, 0, c=1.0, d=c_a / c_ab, free_c=False, free_d=bool(terms[TERMS["A"]]))
    if not last:
        network.set_symbolic(2, 0, 0, _primitive(network, "x"), c=c_ab, d=rest, frozen="abp")
    return Reading("product", names, network, loss, cost)


def _modulated(
    atoms: Sequence[_Atom], level: float, coefficients: Sequence[float], centre: float, primitives: Sequence[Primitive]
) -> Network:
    """level + P(u) A B with a polynomial P, given by its coefficients from degree 0 up."""
    library = default_library()
    shifted = Polynomial(coefficients)(Polynomial([centre, 1.0])).coef
    # numpy leaves out leading coefficients that are zero.
    shifted = np.pad(shifted, (0, len(coefficients) - len(shifted)))
    size = np.abs(shifted) * (1 + abs(centre)) ** np.arange(len(shifted))
    degrees = [k for k in range(1, len(shifted)) if size[k] > 1e-9 * size.max()]
    count, last = len(atoms), max(degrees, default=1)
    degrees = degrees or [1]
    network = blank((1, count + len(degrees), count + 1, (0, 1), 1), primitives)
    identity = library.get("x")
    unit = float(shifted[last]) or 1.0
    for position, atom in enumerate(atoms):
        atom.place(network, position, position, c=1.0, d=0.0, free_c=False, free_d=False)
    for position, k in enumerate(degrees):
        node = count + position
        network.set_symbolic(0, 0, node, library.get(power_name(k)), b=-centre, frozen=HELD)
        d = float(shifted[0]) / unit if position == 0 and size[0] > 1e-9 * size.max() else 0.0
        held = "ab" + ("c" if k == last else "") + ("d" if d == 0.0 else "") + "p"
        network.set_symbolic(1, node, count, identity, c=float(shifted[k]) / unit, d=d, frozen=held)
    for source in range(count + 1):
        network.set_symbolic(2, source, 0, identity, frozen=HELD)
    network.set_symbolic(3, 0, 0, identity, c=unit, d=level, frozen="abp")
    return network


def _power_series(
    atom: _Atom, level: float, coefficients: Sequence[float], cubic: bool, primitives: Sequence[Primitive]
) -> Network:
    """level + c1 A + c2 A^2 + c3 A^3."""
    library = default_library()
    count = 3 if cubic else 2
    network = blank((1, 1, count, 1), primitives)
    a, b, p = atom.theta[:3]
    held = [*atom.inner.redundant, "c", "d", *(() if atom.inner.has_shape else ("p",))]
    network.set_symbolic(0, 0, 0, atom.inner, a=a, b=b, p=p, frozen=held)
    for k, name in enumerate(("x", "x^2", "x^3")[:count]):
        network.set_symbolic(1, 0, k, library.get(name), c=coefficients[k], d=level if k == 0 else 0.0,
                             frozen="abp" if k == 0 else "abdp")  # fmt: skip
        network.set_symbolic(2, k, 0, library.get("x"), frozen=HELD)
    return network


def power_name(degree: int) -> str:
    return "x" if degree == 1 else f"x^{degree}"


def rational_reading(
    numerator: Sequence[float],
    denominator: Sequence[float],
    centre: float,
    primitives: Sequence[Primitive],
    *,
    loss: float,
    cost: float,
) -> Reading:
    """N(t) / D(t) with t = u - centre, coefficients from degree 0 up; a coefficient of 0 leaves its term out.

    The denominator is (1,) for a polynomial.
    """
    library = default_library()
    degrees = [
        k
        for k in range(1, max(len(numerator), len(denominator)))
        if any(k < len(side) and side[k] != 0.0 for side in (numerator, denominator))
    ]
    names = tuple(power_name(k) for k in degrees)
    identity = library.get("x")
    if len(denominator) == 1:
        network = blank((1, len(degrees), 1), primitives)
        for node, k in enumerate(degrees):
            level = numerator[0] / denominator[0] if node == 0 else 0.0
            frozen = "abp" if node == 0 else "abdp"
            c = numerator[k] / denominator[0]
            b = 0.0 if k == 1 else -centre
            d = level - c * centre if k == 1 else level
            if k == 1 and node > 0:
                frozen = "abdp"
                c0 = -centre
                network.set_symbolic(0, 0, node, identity, b=c0, c=c, d=0.0, frozen=frozen)
            else:
                network.set_symbolic(0, 0, node, library.get(power_name(k)), b=b, c=c, d=d, frozen=frozen)
            network.set_symbolic(1, node, 0, identity, frozen=HELD)
        return Reading("polynomial", names, network, loss, cost)
    network = blank((1, len(degrees), 2, (0, 1)), primitives)
    # One coefficient of the fraction is free: the denominator's level, or else its leading coefficient, is 1.
    unit = denominator[0] if denominator[0] != 0.0 else denominator[-1]
    for node, k in enumerate(degrees):
        network.set_symbolic(0, 0, node, library.get(power_name(k)), b=-centre, frozen=HELD)
    for target, side in enumerate((numerator, denominator)):
        terms = [(node, k) for node, k in enumerate(degrees) if k < len(side) and side[k] != 0.0]
        level_held = side[0] == 0.0 or target == 1
        if not terms:
            network.set_symbolic(1, 0, target, identity, c=0.0, d=side[0] / unit, frozen="abcp")
        for position, (node, k) in enumerate(terms):
            frozen = "abp" + ("d" if position > 0 or level_held else "")
            if target == 1 and denominator[0] == 0.0 and k == len(denominator) - 1:
                frozen += "c"
            level = side[0] / unit if position == 0 else 0.0
            network.set_symbolic(1, node, target, identity, c=side[k] / unit, d=level, frozen=frozen)
    network.set_symbolic(2, 0, 0, identity, frozen=HELD)
    network.set_symbolic(2, 1, 0, library.get("x^-1"), frozen=HELD)
    return Reading("rational", names, network, loss, cost)


def as_networks(readings: Sequence[Reading], like: Tensor) -> Network:
    """Readings of one shape as a population of symbolic networks.

    Parameters
    ----------
    readings : sequence of Reading
        All of one shape, as `read_curve` groups them.
    like : Tensor
        Gives dtype and device.
    """
    names = [primitive.name for primitive in readings[0].network.primitives]
    networks = []
    for reading in readings:
        # Structural primitives may have been added in another order.
        assert [primitive.name for primitive in reading.network.primitives] == names
        networks.append(reading.network)
    return concatenate(networks).to(like.device, like.dtype)
