"""What the front keeps, and which formula is the pick."""

import math

import numpy as np
import pytest
import sympy

from kansym.errors import ArgumentError
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Formula

X, Y = sympy.symbols("x y")
F = sympy.Float


def formula(expression, complexity=5, loss=1e-3, bits=10.0):
    return Formula(
        expression=expression,
        variables=("x", "y"),
        target="force",
        complexity=complexity,
        train_loss=loss,
        validation_loss=loss,
        description_length=bits,
        structure="[2,1,1]",
    )


def front():
    return ParetoFront.from_formulas(
        [
            formula(F(2.0) * X, 3, 1e-2, 50.0),
            formula(F(9.8) * X / Y**2, 7, 1e-6, 20.0),
            formula(X, 1, 1.0, 100.0),
            formula(X + Y, 3, 2e-2, 60.0),  # as large as 2*x and worse
            formula(X * Y**3 + Y, 9, 1e-5, 30.0),  # larger and worse
            formula(F(9.8) * X * Y / Y**3 + 0 * X, 7, 1e-6, 20.0),  # the same again
            formula(F(9.8) * X / (Y * sympy.exp(sympy.log(Y))), 8, 0.5e-6, 21.0),  # the same function, larger
            formula(F(9.8) * X / Y**2 + F(1e-3) * sympy.sin(X), 12, 1e-7, 25.0),
            formula(X**3, 2, math.nan, 0.0),
        ]
    )


def test_front_keeps_what_is_not_dominated_and_not_a_copy():
    assert [f.complexity for f in front()] == [1, 3, 7, 12]
    losses = [f.loss for f in front()]
    assert losses == sorted(losses, reverse=True)
    assert front()[1].expression == F(2.0) * X
    assert len(front()[:2]) == 2 and isinstance(front()[:2], ParetoFront)


def test_of_the_same_formula_the_one_that_was_found_first_stays():
    # A rival that turns out to be the pick itself, its loss and its length smaller by rounding errors.
    first, again = formula(F(2.0) * X), formula(F(2.0) * X, loss=1e-3 * (1 - 1e-14), bits=10.0 - 1e-14)
    assert ParetoFront.from_formulas([first, again])[0] is first


def test_the_pick_stays_beside_the_same_function_of_fewer_and_dearer_nodes():
    power, exponential, other = (
        formula(F(0.5) ** X * X, 5, 1e-3, 30.0),
        formula(X * sympy.exp(-math.log(2) * X), 6, 1e-3 * (1 + 1e-8), 17.0),
        formula(1 + X - sympy.exp(Y), 7, 0.9e-3, 28.0),
    )
    kept = ParetoFront.from_formulas([other, power, exponential])
    assert list(kept) == [exponential, other] and kept.best is exponential


def test_the_last_digits_of_the_same_function_pay_for_no_nodes():
    short = formula(F(2.0) * X, 3, 1e-20, 20.0)
    longer = formula(F(2.0) * X + F(1e-10) * X * sympy.sin(X), 8, 1e-24, -100.0)
    assert list(ParetoFront.from_formulas([longer, short])) == [short]


def test_the_pick_has_the_smallest_description_length():
    assert front().best.complexity == 7
    with pytest.raises(ArgumentError, match="empty"):
        _ = ParetoFront([]).best


def test_table_has_the_columns_of_pysr():
    frame = front().to_frame()
    assert list(frame.columns) == [
        "complexity", "loss", "score", "equation", "sympy_format", "latex", "description_length", "consistent",
        "origin", "picked",
    ]  # fmt: skip
    assert frame["score"].tolist() == pytest.approx(
        [0.0, math.log(100) / 2, math.log(1e4) / 4, math.log(10) / 5], rel=1e-12
    )
    assert frame["picked"].tolist() == [False, False, True, False]
    assert list(ParetoFront([]).to_frame().columns) == list(frame.columns)


def test_front_keeps_a_rational_exponent_next_to_a_real_one_that_fits_a_little_better():
    rational = formula(F(2.5) * X ** sympy.Rational(3, 2), complexity=5, loss=1.1e-3, bits=40.0)
    real = formula(F(2.4) * X ** F(1.507), complexity=5, loss=1e-3, bits=48.0)
    assert list(ParetoFront.from_formulas([real, rational])) == [rational]


def test_front_keeps_the_pick_where_fewer_nodes_fit_better():
    # Moseley's square of a difference, and the power that imitates it.
    power = formula(F(0.5) * X ** F(2.106), complexity=5, loss=1.0e-3, bits=48.0)
    square = formula(F(0.8) * (X - F(1.5)) ** 2, complexity=7, loss=1.1e-3, bits=40.0)
    worse = formula(F(0.7) * X * Y + F(3.0), complexity=9, loss=1.05e-3, bits=60.0)
    found = ParetoFront.from_formulas([worse, square, power])
    assert list(found) == [power, square] and found.best is square


@pytest.mark.parametrize("sizes", [(7000.0, 300.0, 600.0), (1e-20, 1e-21, 1e-20), (1e9, 1e8, 1e9)], ids=str)
def test_functions_are_told_apart_where_the_rows_are(sizes):
    # At the size of one all of these are zero, or their first factor.
    energy, low, high = sizes
    rows = np.column_stack([np.linspace(low, high, 30)] * 2)
    boltzmann = formula(F(3.0) * sympy.exp(-F(energy) / X), complexity=5, loss=1e-3, bits=50.0)
    fermi = formula(F(3.0) / (sympy.exp(F(energy) / X) + 1), complexity=7, loss=1e-6, bits=30.0)
    again = formula(F(3.0) * sympy.exp(-F(energy) / X) / (1 + sympy.exp(-F(energy) / X)), 9, loss=0.9e-6, bits=35.0)
    assert list(ParetoFront.from_formulas([boltzmann, fermi, again], rows)) == [boltzmann, fermi]


def test_zeros_of_both_say_nothing():
    # Without rows there is no telling, and both stay.
    boltzmann = formula(F(3.0) * sympy.exp(-F(7000.0) / X**2), complexity=5, loss=1e-3, bits=50.0)
    fermi = formula(F(3.0) / (sympy.exp(F(7000.0) / X**2) + 1), complexity=7, loss=1e-6, bits=30.0)
    assert list(ParetoFront.from_formulas([boltzmann, fermi])) == [boltzmann, fermi]


def test_front_prints_with_the_pick_marked():
    lines = str(front()).splitlines()
    assert len(lines) == 5 and [line.startswith(">") for line in lines] == [False, False, False, True, False]
