"""The edge of a root goes under a link."""

import numpy as np
import sympy

from kansym import clock
from kansym.structure.problem import Problem
from kansym.structure.smoother import smoother
from kansym.structure.surrogate import fit_surrogate

A, B = SYMBOLS = sympy.symbols("a b", real=True)


def smoothed(t, X, until=np.inf):
    problem = Problem.of(X, t, SYMBOLS)
    with clock.running(clock.Clock()):
        surrogate = fit_surrogate(problem.X, problem.t, log=np.zeros(2, bool), weights=None, seed=0, rows=500)
        assert surrogate is not None
        return smoother(problem, surrogate, seed=0, until=until)


def test_the_edge_of_a_root_goes(box):
    X = box(600, (-1, 1), (-1, 1))
    t = np.sqrt(X[:, 0] + X[:, 1] ** 2 + 1.0001)
    found = smoothed(t, X)
    assert found is not None
    errors = [
        fit_surrogate(X, own, log=np.zeros(2, bool), weights=None, seed=0, rows=500).error for own in (t, found.t)
    ]
    assert errors[1] < 0.2 * errors[0]


def test_what_is_smooth_stays(box):
    X = box(600, (-1, 1), (-1, 1))
    assert smoothed(np.sin(X[:, 0]) + X[:, 1], X) is None


def test_a_deadline_ends_it(box):
    X = box(600, (-1, 1), (-1, 1))
    assert smoothed(np.sqrt(X[:, 0] + X[:, 1] ** 2 + 1.0001), X, until=-1.0) is None
