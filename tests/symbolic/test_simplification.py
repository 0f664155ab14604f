import threading

import numpy as np
import pytest
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic import complexity, simplify
from kansym.symbolic.passes import PASSES, Pass

F = sympy.Float
X, Y, Z = VARIABLES = sympy.symbols("x y z")
ENOUGH = 60.0
"""Seconds that no pass needs, on a busy machine either."""

ROWS = np.random.default_rng(0).uniform([0.5, 0.5, -1.0], 3.0, (300, 3))


def hard_sum(terms):
    rng = np.random.default_rng(1)
    c = rng.normal(size=(terms, 4))
    return sympy.Add(*(F(a) * sympy.sin(F(b) * X + F(p)) * sympy.exp(F(q) * Y) for a, b, p, q in c))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (F(1.7) * X * Y + F(1.7) * X * Z, F(1.7) * X * (Y + Z)),
        (F(2.2) * sympy.sin(Z) ** 2 + F(2.2) * sympy.cos(Z) ** 2, F(2.2)),
        ((X + Y) ** 2 - X**2 - Y**2, 2 * X * Y),
        (F(1.7) * X**2 - F(3.4) * X * Y + F(1.7) * Y**2, F(1.7) * (X - Y) ** 2),
        (F(1.3) * (1 - sympy.exp(-F(2.0) * Z)) / (1 + sympy.exp(-F(2.0) * Z)), F(1.3) * sympy.tanh(Z)),
        (F(0.5) * sympy.exp(Z) - F(0.5) * sympy.exp(-Z), sympy.sinh(Z)),
        (sympy.sqrt(X**2 * Y**2), X * Y),
    ],
    ids=str,
)
def test_shorter_forms_are_found(raw, expected):
    result = simplify(raw, VARIABLES, ROWS, seconds=20.0)
    assert complexity(result.expression) == complexity(expected)
    difference = sympy.lambdify(VARIABLES, result.expression - expected)(*ROWS.T)
    assert np.abs(difference).max() < 1e-12
    assert result.steps


@pytest.mark.parametrize("seconds", [0.2, pytest.param(0.5, marks=pytest.mark.long)])
def test_the_time_limit_holds(seconds, work_clock):
    raw = hard_sum(24)
    result = simplify(raw, VARIABLES, ROWS, seconds=seconds)
    assert result.rejected[-1][1] == "out of time" and not work_clock.ended_by_wall
    # A pass that has begun is finished.
    assert work_clock.now() < seconds + 0.5
    assert complexity(result.expression) <= complexity(raw)


def test_a_sum_that_takes_sympy_a_minute_is_left_alone(work_clock):
    raw = hard_sum(36)
    result = simplify(raw, VARIABLES, ROWS, seconds=20.0)
    # No pass was given up: those that would take long were not begun.
    assert result.rejected == () and not work_clock.ended_by_wall and work_clock.now() < 2
    assert complexity(result.expression) <= complexity(raw)


def test_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(simplify(X * Y + X * Z, VARIABLES, ROWS, seconds=ENOUGH)))
    thread.start()
    thread.join()
    assert complexity(results[0].expression) == 5


def test_a_pass_that_changes_the_function_is_rejected(monkeypatch):
    monkeypatch.setitem(PASSES, "powers", Pass(lambda e: next(s for s in e.free_symbols if s.name == "x")))
    result = simplify(X + F(1e-6) * sympy.sin(Y), VARIABLES, ROWS, seconds=ENOUGH)
    assert ("powers", "not equal on the check points") in result.rejected
    assert result.expression == X + F(1e-6) * sympy.sin(Y)


def test_a_square_below_a_root_near_its_zero():
    # There the root has half of the digits.
    rows = np.column_stack([np.r_[1.7 + np.geomspace(1e-9, 1.0, 60)], np.full(60, 2.0), np.zeros(60)])
    raw = F(0.6) * sympy.sqrt(F(1.7) ** 2 - F(3.4) * X + X**2)
    result = simplify(raw, VARIABLES, rows, seconds=ENOUGH)
    assert complexity(result.expression) < complexity(raw)
    values = sympy.lambdify(VARIABLES, result.expression)(*rows.T)
    np.testing.assert_allclose(values, 0.6 * np.abs(rows[:, 0] - 1.7), rtol=1e-12, atol=1e-15)


def test_a_small_difference_is_no_rounding(monkeypatch):
    monkeypatch.setitem(PASSES, "wrong", Pass(lambda expression: expression.subs(Z, 0)))
    raw = F(1.3) * X + F(2e-8) * Z**3
    assert simplify(raw, VARIABLES, ROWS, seconds=ENOUGH).expression.has(Z)


def test_a_pass_that_fails_is_rejected(monkeypatch):
    def broken(expression):
        raise RuntimeError("no")

    monkeypatch.setitem(PASSES, "powers", Pass(broken))
    result = simplify(X * Y + X * Z, VARIABLES, ROWS, seconds=ENOUGH)
    assert ("powers", "RuntimeError: no") in result.rejected
    assert complexity(result.expression) == 5


def test_tiny_terms_stay():
    raw = X + F(1e-7) * Y
    assert simplify(raw, VARIABLES, ROWS, seconds=ENOUGH).expression.has(Y)


def test_wrong_rows_are_refused():
    with pytest.raises(ArgumentError, match="X_check must have shape"):
        simplify(X, VARIABLES, ROWS[:, :2])
