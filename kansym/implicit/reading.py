# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""What the edges of a network without a target may be: every edge is a curve, read by what reads curves everywhere.

A reading such as ``1.2*exp(-0.7*z) + 0.4*z + 3`` is taken apart into terms whose coefficients are free; the constants
within them are where a fit begins.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.errors import ArgumentError
from kansym.implicit.fit import Form
from kansym.implicit.network import EXACT, Edge, Network
from kansym.implicit.shortening import MOST_POWER
from kansym.implicit.terms import ARGUMENT, Argument, Curve, Function, Inside, Term, one_of, single
from kansym.search.curve_readings import curve_readings, stand_in
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.parametric import parametrize

UNFIT = (ArgumentError, ArithmeticError, TypeError, ValueError, np.linalg.LinAlgError)
"""What a form that was read may raise when it is fitted: it is made of whatever a curve resembles."""

POINTS = 200
"""Points of an edge."""

KEPT, MOST = 4, 8
"""Readings of an edge that are kept, and forms of a network that are tried, the shortest first."""

MOST_INNER = 6
"""Inner constants of a form: with more it is no law."""


@dataclass(frozen=True, eq=False)
class EdgeReading:
    """A sum of functions of a node, its bits with what it leaves of the edge, and the terms that it consists of."""

    bits: float
    pieces: tuple[sympy.Expr, ...]


def forms_of(network: Network, X: np.ndarray, seed: int, until: float) -> Iterator[Form]:
    """Forms that a network may be, the shortest first.

    Parameters
    ----------
    network : Network
    X : ndarray, shape (n, d)
        The rows that it was trained on.
    seed : int
    until : float
        `kansym.clock.now` value at which to stop reading edges.
    """
    readings = []
    for number, (edge, own) in enumerate(zip(network.edges, network.coefficients, strict=True)):
        share = (until - clock.now()) / (len(network.edges) - number)
        readings.append(_readings(edge, own, X, network.share, seed, clock.now() + share))
    if not all(readings):
        return
    combined = sorted(itertools.product(*readings), key=lambda chosen: sum(one.bits for one in chosen))
    seen = set()
    for chosen in combined[:MOST]:
        form = _form([(edge.node, one) for edge, one in zip(network.edges, chosen, strict=True)])
        if form is not None and len(form.rates) <= MOST_INNER and form.key not in seen:
            seen.add(form.key)
            yield form


def _readings(
    edge: Edge, coefficients: np.ndarray, X: np.ndarray, noise: float, seed: int, until: float
) -> list[EdgeReading]:
    """The best readings of an edge, as functions of `ARGUMENT`."""
    if edge.straight:
        return [EdgeReading(0.0, (sympy.log(ARGUMENT) if edge.logarithm else ARGUMENT,))]
    z = np.sort(edge.node.values(X)[0])
    z = z[(edge.knots[0] <= z) & (z <= edge.knots[-1])]
    z = z[np.unique(np.linspace(0, len(z) - 1, POINTS).round().astype(int))]
    y = edge.functions(z) @ coefficients
    size = float(y.std())
    if not size > 0:
        return []
    y = (y - y.mean()) / size
    # F has unit variance, so that what it changes by is also an error of the edges.
    error = max(noise / size, EXACT)
    symbol = stand_in(z)
    table = {"weights": None, "noise": error, "noisy": True, "allowed": None, "seed": seed}
    found: dict[tuple[sympy.Expr, ...], EdgeReading] = {}
    for expression in curve_readings(z, y, symbol, table, until=until):  # type: ignore[arg-type]
        try:
            left = parametrize(expression, (symbol,)).evaluate(z[:, None]) - y
            pieces = _pieces(expression.xreplace({symbol: ARGUMENT}))
        except ArgumentError:
            # A constant beyond double precision.
            continue
        if not np.isfinite(left).all():
            continue
        misfit = 0.5 * len(z) * math.log2(float(np.mean(left**2)) + error**2)
        bits = misfit + formula_bits(expression, len(z), 1)
        if pieces and (pieces not in found or bits < found[pieces].bits):
            found[pieces] = EdgeReading(bits, pieces)
    return sorted(found.values(), key=lambda one: one.bits)[:KEPT]


def _pieces(expression: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The terms of a sum, each without its coefficient, and with no constant that a coefficient can stand for."""
    plain = sympy.expand_log(sympy.expand_power_exp(expression), force=True)
    found = []
    for part in sympy.Add.make_args(sympy.expand_mul(plain, deep=False)):
        piece = _scaled(part.as_independent(ARGUMENT, as_Add=False)[1])
        if piece.has(ARGUMENT) and piece not in found:
            found.append(piece)
    return tuple(found)


def _scaled(piece: sympy.Expr) -> sympy.Expr:
    """A product in which powers of ``a z + b`` are powers of ``z + b/a``."""
    factors = []
    for factor in sympy.Mul.make_args(piece):
        base, exponent = factor.as_base_exp()
        if base.is_Add and not exponent.has(ARGUMENT):
            slope = base.coeff(ARGUMENT, 1)
            if slope is not None and slope.is_number and slope not in (0, 1):
                factor = sympy.expand(base / slope) ** exponent
        factors.append(factor)
    return sympy.Mul(*factors)


def _form(chosen: Sequence[tuple[Argument, EdgeReading]]) -> Form | None:
    """All terms of all edges, beside a constant."""
    terms: dict[Term, None] = {}
    rates: list[float] = []
    try:
        for node, reading in chosen:
            for piece in reading.pieces:
                terms |= dict.fromkeys(_terms(node, piece, rates))
    except ArgumentError:
        # Taken apart, a constant may be beyond double precision.
        return None
    return Form(tuple(terms), True, tuple(rates)) if terms else None


def _terms(node: Argument, piece: sympy.Expr, rates: list[float]) -> list[Term]:
    """A function of a node as terms; new inner constants are added to those that there are."""
    d = len(node.powers)
    base, exponent = piece.as_base_exp()
    if base == ARGUMENT and exponent.is_number and float(2 * exponent).is_integer():
        power = float(exponent)
        if node.inside is Inside.PRODUCT and abs(power) <= MOST_POWER:
            return [Term(tuple(power * one for one in node.powers))]
        if node.inside is Inside.SUM and power == 1:
            return [Term(single(d, j)) for j in node.columns]
        if node.inside is Inside.SQUARES and power == 1:
            return [Term(single(d, j, 2.0)) for j in node.columns]
    form = parametrize(piece, (ARGUMENT,))
    places = tuple(range(len(rates), len(rates) + len(form.values)))
    rates += map(float, form.values)
    curve = Curve(form.expression, form.constants, places)
    return [Term(one_of(d), (Function(curve, node.powers, inside=node.inside),))]
