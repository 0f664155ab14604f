"""Formulas beside the front, for the certificate."""

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, certify, discover, load_dataset
from kansym.search.front import ParetoFront
from kansym.search.results import MOST_RIVALS, RIVAL_BITS, near_rivals
from kansym.symbolic.formula import Formula

X = sympy.Symbol("x")


def test_moseleys_square_is_named_as_a_rival():
    found = discover(load_dataset("moseley", target="wavenumber"), DiscoveryOptions(max_seconds=3))
    shown = {formula.expression for formula in found.front}
    assert found.rivals and all(rival.expression not in shown for rival in found.rivals)
    # Other curves of two constants describe his 21 points as well. c * (Z - b)**2, with a screening constant of order
    # one, is the pick or among its rivals.
    squares = []
    for formula in (found.formula, *found.rivals):
        (Z,) = formula.expression.free_symbols
        expanded = sympy.expand(formula.expression)
        if expanded.is_polynomial(Z) and sympy.degree(expanded, Z) == 2:
            c, linear, constant = map(float, sympy.Poly(expanded, Z).all_coeffs())
            if constant == pytest.approx(linear**2 / (4 * c), rel=1e-9):
                squares.append(-linear / (2 * c))
    assert len(squares) == 1 and 0.5 < squares[0] < 2.5
    verdict = certify(found).verdict
    assert verdict.kind == "good description" and "nearly as good" in verdict.reason


def formula(expression, length, **options):
    return Formula(expression, ("x",), "y", 3, 0.1, 0.1, length, **options)


def test_the_shortest_beside_the_front_are_kept_once():
    pick, other = formula(2 * X, 10.0), formula(X**2, 30.0)
    front = ParetoFront([pick, other])
    near, nearer = formula(X**3, 13.0), formula(sympy.sin(X), 12.0)
    far, inconsistent = formula(sympy.exp(X), 10.0 + RIVAL_BITS), formula(sympy.log(X), 11.0, consistent=False)
    found = near_rivals([pick, far, near, other, nearer, formula(X**3, 14.0), inconsistent], front)
    assert found == (nearer, near)
    many = [formula(X**k, 11.0 + k / 100) for k in np.arange(5, 20).tolist()]
    assert near_rivals(many, front) == tuple(many[:MOST_RIVALS])
