"""Guesses from text."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.prior.guess import Guess, freed

X = np.random.default_rng(0).uniform(0.5, 2.0, (20, 2))
NAMES = ("x", "z (m)")


def test_names_are_constants_and_numbers_with_a_point_start_them():
    guess = Guess.read("A*exp(-x/tau) + 0.25*x**2 + x/3 + 1.5", NAMES)
    assert [symbol.name for symbol in guess.form.constants[: guess.named]] == ["A", "tau"]
    assert sorted(guess.numbers.values()) == [0.25, 1.5] and len(guess.form.constants) == 4
    values = {"A": 3.0, "tau": 0.7} | {symbol.name: value for symbol, value in guess.numbers.items()}
    form = guess.form.with_values([values[symbol.name] for symbol in guess.form.constants])
    x = X[:, 0]
    np.testing.assert_allclose(form.evaluate(X), 3 * np.exp(-x / 0.7) + 0.25 * x**2 + x / 3 + 1.5, rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*x^2", 2 * X[:, 0] ** 2),
        ("y = 2*x^2", 2 * X[:, 0] ** 2),
        ("force = x/`z (m)`", X[:, 0] / X[:, 1]),
        # PySR's own functions.
        ("cube(x) * inv(`z (m)`)", None),
        ("cube(x) - neg(x)", X[:, 0] ** 3 + X[:, 0]),
        ("max(x, 1.0)", np.maximum(X[:, 0], 1.0)),
        ("(x * 3.1) ^ 2.0", (X[:, 0] * 3.1) ** 2),
    ],
)
def test_notations(text, expected):
    if expected is None:
        # Backquotes are kansym's, not Julia's.
        with pytest.raises(ArgumentError, match="cube"):
            Guess.read(text, NAMES, "force")
        return
    guess = Guess.read(text, NAMES, "force")
    np.testing.assert_allclose(guess.form.evaluate(X), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + (", "position 5"),
        ("", "position 0"),
        ("A*B", "contains no column of the table; columns: x, z"),
        ("x - x + A", "contains no column"),
        ("wiggle(x)", "unknown function 'wiggle'"),
        ("__import__('os')*x", "unexpected character"),
        ("x*9**9**9", "too large"),
        ("(" * 500 + "x", "nested"),
        ("+".join(f"c{k}*sin({k}+x)" for k in range(60)), "60 constants; at most 50"),
        ("other = 2*x", "unexpected character '='"),
    ],
)
def test_what_is_no_guess(text, message):
    with pytest.raises(ArgumentError, match=r"^guesses: ") as caught:
        Guess.read(text, NAMES, "y")
    assert message in str(caught.value)


def test_a_name_that_cancels_is_no_constant():
    guess = Guess.read("x + k - k", NAMES)
    assert guess.form.constants == () and guess.form.expression == sympy.Symbol("x")


@settings(max_examples=60)
@given(st.text(alphabet="xAB0123456789.+-*/^()=, `ez", max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        guess = Guess.read(text, NAMES, "y")
    except ArgumentError as error:
        assert str(error).startswith("guesses: ") and "\n" not in str(error)
    else:
        assert guess.form.evaluate(X).shape == (20,)


def test_a_column_that_was_left_out_of_the_table_is_no_constant():
    x = np.linspace(1, 2, 20)
    table = make_dataset(np.column_stack([x, np.full(20, 7.0)]), x**2, names=["x", "c"])
    assert table.take(np.arange(5)).dropped == {"c": "Dropped column 'c': it is constant (7)."}
    with pytest.raises(ArgumentError, match=r"guesses: 'A\*x \+ c' holds 'c', which is left out. Dropped column 'c'"):
        Guess.read("A*x + c", table.names, "y", table.dropped)


def test_bounds_stay_with_a_guess_and_with_its_numbers_freed():
    guess = Guess.read("A*x**3 + B", ["x"], bounds={"B": (2.0, 2.0), "A": (0.0, np.inf), "Q": (0.0, 1.0)})
    np.testing.assert_array_equal(guess.form.bounds, [[0, np.inf], [2, 2]])
    free = freed(guess.form)
    assert free is not None
    np.testing.assert_array_equal(free.form.bounds, [[0, np.inf], [2, 2], [-np.inf, np.inf]])


@pytest.mark.long
def test_a_guess_keeps_to_its_bounds():
    t = np.linspace(0, 6, 60)
    y = 3 * np.exp(-t / 2) - 0.05 + 0.05 * np.random.default_rng(0).standard_normal(60)
    data = make_dataset(t[:, None], y, names=["t"], y_error=0.05)
    options = DiscoveryOptions(max_seconds=1, guesses=("A*exp(-t/tau) + B",), bounds={"B": (0, None)})
    outcome = discover(data, options).guess
    A, tau, B = outcome.formula.constants
    assert B.value == 0 and B.held == "bound" and B.error is None
    best = fit_constants("A*exp(-t/tau)", {"t": t}, y, y_error=0.05)
    assert A.value == pytest.approx(best.values["A"], rel=1e-6) and tau.error == pytest.approx(best.errors["tau"])
    assert "do not need B" in outcome.words


@pytest.mark.parametrize("options", [{"bounds": {"B": (0, 1)}}, {"fixed": {"B": 1.0}}])
def test_bounds_need_something_that_is_given(options):
    with pytest.raises(ArgumentError, match="there is none"):
        DiscoveryOptions(**options)
    known = DiscoveryOptions(guesses=("B*t",), **options)
    assert known.limits and not known.unguessed.limits and not known.alone.guesses
