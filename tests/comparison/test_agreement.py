"""Agreement by algebra, and the row of a front that is kansym's law though another one was picked."""

import numpy as np
import pytest

from kansym.comparison.agreement import agreeing_row, equal_by_algebra
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import Sameness

NAMES = ("x", "y")


def read(text):
    return parse_expression(text, NAMES)


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("(x + y)**2", "x**2 + 2*x*y + y**2", True),
        ("sin(x)**2", "1 - cos(x)**2", True),
        ("3*x/y**2", "3.00001*x/(y*y)", True),
        ("x**(3/2)", "x*sqrt(x)", True),
        ("x**(3/2)", "x**1.498", False),
        ("3*x", "3.01*x", False),
        ("0.99937*x", "x", False),
        ("x", "sin(x)", False),
        ("2*x", "2*y", False),
    ],
)
def test_the_difference_is_brought_to_zero(first, second, equal):
    assert equal_by_algebra(read(first), read(second)) is equal
    assert equal_by_algebra(read(second), read(first)) is equal


def test_out_of_time_is_no_answer():
    hard = read("+".join(f"sin(x*y**{k})**{k}/(x + {k}*y)" for k in range(1, 12)))
    assert equal_by_algebra(hard, read("x + y"), seconds=0.05) is None


@pytest.fixture
def rows():
    """What a peer's front may hold for y = 2 x, the law, as it was seen of PySR: the pick is a longer equal form."""
    texts = ("1.2", "2.0*x", "x + x*1.0", "x*(1.0 + sin(y)**2 + cos(y)**2)", "2.0*x + 0.001*sin(y)")
    return {number: read(text) for number, text in enumerate(texts)}


def found_among(rows, chosen, law="2*x", *, pick_agrees, target=None):
    X = np.random.default_rng(0).uniform(1, 3, (60, 2))
    y = 2 * X[:, 0] if target is None else target(X)
    counts = {number: 10.0 + number for number in rows}
    return agreeing_row(
        rows, chosen, rows[chosen], counts, read(law), NAMES, X, y, None, pick_agrees=pick_agrees, seed=0
    )


def test_of_a_longer_equal_pick_the_shorter_row(rows):
    found = found_among(rows, 3, pick_agrees=True)
    assert (found.place, found.complexity, found.own_complexity, found.pick_complexity) == (2, 3, 11.0, 13.0)
    assert found.formula == "2*x" and found.same.kind is Sameness.SAME and found.rms == 0


def test_of_another_pick_the_row_that_is_the_law(rows):
    assert found_among(rows, 4, pick_agrees=False).place == 2


def test_none_where_the_pick_is_the_law_and_the_shortest(rows):
    assert found_among(rows, 1, pick_agrees=True) is None


def test_none_where_no_row_is_the_law(rows):
    assert found_among({0: rows[0], 4: rows[4]}, 4, pick_agrees=False) is None


def test_the_law_with_a_fitted_exponent_is_named_as_such():
    rows = {0: read("3.0"), 1: read("x**1.49985"), 2: read("(x - 0.0018*cos(x))**1.49985")}
    found = found_among(rows, 2, "0.9994*x**(3/2)", pick_agrees=False, target=lambda X: X[:, 0] ** 1.49985)
    assert (
        found.place == 2 and found.same.kind is Sameness.OTHER_CONSTANTS and "exact numbers fitted" in found.same.reason
    )
    # Another curve is no law with other numbers.
    assert found_among({1: read("exp(0.7*x - 0.4)")}, 1, "0.9994*x**(3/2)", pick_agrees=False) is None
