"""The constants of guesses, and what cannot be fitted."""

import numpy as np
import pytest
import scipy.optimize

from kansym import clock
from kansym.data.dataset import make_dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import split
from kansym.search.prior.guess import Guess
from kansym.search.prior.one_column import best_curve, spline_basis
from kansym.search.prior.starts import UnusableGuess, fitted_guess
from kansym.search.rows import FitRows

pytestmark = pytest.mark.usefixtures("work_clock")


def bench_of(X, y, names, **more):
    dataset = make_dataset(X, y, names=names, **more)
    train, validation = split(dataset, seed=0)
    return FitRows.of(dataset, train, validation, noise_floor(dataset))


def fitted(text, fit_rows, seconds=20.0):
    guess = Guess.read(text, fit_rows.dataset.names)
    form = fitted_guess(guess, fit_rows, seed=0, until=clock.now() + seconds)
    return {symbol.name: value for symbol, value in zip(form.constants, form.values, strict=True)}


@pytest.fixture(scope="module")
def decay():
    rng = np.random.default_rng(2)
    t = rng.uniform(0, 5, 120)
    return t, 3 * np.exp(-t / 1.7) + 0.4 + 0.01 * rng.normal(size=120)


# -t/0.9 is a rate to sympy.
@pytest.mark.parametrize(
    "text", ["A*exp(-t/tau) + B", "2.0*exp(-t/0.9) + 0.1", "A*exp(-t/tau) + 0.1", "9e3*exp(-7.0*t) - 3.0"]
)
def test_constants_are_those_of_curve_fit(decay, text):
    t, y = decay
    fit_rows = bench_of(t[:, None], y, ["t"])
    rows = fit_rows.train
    expected, _ = scipy.optimize.curve_fit(lambda t, a, k, b: a * np.exp(-k * t) + b, t[rows], y[rows], [3, 0.6, 0.4])
    values = np.sort(list(fitted(text, fit_rows).values()))
    own = np.sort([expected[0], 1 / expected[1] if "tau" in text else -expected[1], expected[2]])
    np.testing.assert_allclose(values, own, rtol=1e-5)


def test_without_time_there_are_still_constants(decay):
    t, y = decay
    values = fitted("A*exp(-t/tau) + B", bench_of(t[:, None], y, ["t"]), seconds=-1.0)
    assert np.isfinite(list(values.values())).all()


def test_a_guess_without_constants_is_taken_as_it_is(decay):
    t, y = decay
    assert fitted("3*exp(-t/2)", bench_of(t[:, None], y, ["t"])) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A*log(t - 6)", r"no finite value on 120 of 120 rows, such as t="),
        ("sqrt(1 - t)", "no finite value on"),
        ("+".join(f"c{k}*t**{k}" for k in range(9)), "9 constants, and the table has 8 rows"),
    ],
)
def test_what_is_unusable(decay, text, message):
    t, y = decay
    few = 8 if "c8" in text else 120
    with pytest.raises(UnusableGuess, match=message):
        fitted(text, bench_of(t[:few, None], y[:few], ["t"]), seconds=3.0)


def test_splines_are_a_basis_of_cubics():
    x = np.random.default_rng(0).uniform(-2, 5, 200)
    basis = spline_basis(x)
    assert basis is not None and basis.shape[1] <= 14
    cubic = x**3 - 2 * x + 1
    np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, cubic, rcond=None)[0], cubic, atol=1e-10)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, rtol=1e-12)
    assert spline_basis(np.repeat([1.0, 2.0, 3.0], 50)) is None


@pytest.mark.parametrize("factor", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_free_curve_gives_the_constants_back(factor):
    # Without the curve, both constants move to make up for the sine.
    rng = np.random.default_rng(4)
    X = rng.uniform(0.5, 4, (300, 2))
    x, z = X.T
    law = 3 * np.exp(-x / 1.7) * z**1.5
    y = law * (1 + 0.2 * np.sin(3 * z)) if factor else law + 0.3 * np.sin(3 * z)
    fit_rows = bench_of(X, y, ["x", "z"])
    guess = Guess.read("A*exp(-x/tau)*z**p", ["x", "z"])
    form = fitted_guess(guess, fit_rows, seed=0, until=clock.now() + 20)
    tau = form.values[1]
    curve = best_curve(form, fit_rows, factor=factor)
    assert curve is not None and curve.column == 1
    assert abs(curve.values[1] - 1.7) < 0.01 or factor
    if not factor:
        assert abs(tau - 1.7) > 10 * abs(curve.values[1] - 1.7)
    assert curve.variance < 1e-3 * np.var(y)
    # A sine of the other column belongs to that.
    other = bench_of(X, law + 0.3 * np.sin(3 * x), ["x", "z"])
    found = best_curve(fitted_guess(guess, other, seed=0, until=clock.now() + 20), other, factor=False)
    assert found is not None and found.column == 0
