"""What a guess lacks."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.data.dataset import make_dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import split
from kansym.search.options import DiscoveryOptions
from kansym.search.prior import correction
from kansym.search.prior.correction import corrections
from kansym.search.prior.family import PLUS, TIMES_ABOUT_ONE
from kansym.search.prior.guess import Guess
from kansym.search.prior.starts import fitted_guess
from kansym.search.rows import FitRows

RNG = np.random.default_rng(6)
X = RNG.uniform(0.5, 4, (300, 2))
x, z = X.T
OPTIONS = DiscoveryOptions(max_seconds=10)

pytestmark = pytest.mark.usefixtures("work_clock")


def bench_and_form(y, text):
    dataset = make_dataset(X, y, names=["x", "z"])
    train, validation = split(dataset, seed=0)
    fit_rows = FitRows.of(dataset, train, validation, noise_floor(dataset))
    return fit_rows, fitted_guess(Guess.read(text, dataset.names), fit_rows, seed=0, until=clock.now() + 10)


def until_exact(found, y):
    """Corrections up to the first exact one."""
    seen = []
    for one in found:
        seen.append(one)
        if best_of(seen).validation_loss < 1e-18 * np.var(y):
            break
    return seen


def best_of(found):
    return min((formula for one in found for formula in one.formulas), key=lambda formula: formula.rank)


@pytest.mark.long
@pytest.mark.parametrize(
    ("y", "way"),
    [
        (2.6 * np.exp(-x / 1.7) + 0.3 * z**2, PLUS),
        (2.6 * np.exp(-x / 1.7) * (1 + 0.3 * z**2), None),
        (2.6 * np.exp(-x / 1.7) * (1 + 0.01 * np.sin(z)), TIMES_ABOUT_ONE),
    ],
    ids=["term", "factor", "small factor"],
)
def test_a_term_or_a_factor_of_another_column(y, way):
    fit_rows, form = bench_and_form(y, "A*exp(-x/tau)")
    found = until_exact(corrections(form, fit_rows, OPTIONS, clock.now() + 30), y)
    best = best_of(found)
    assert best.validation_loss < 1e-18 * np.var(y)
    if way is not None:
        (own,) = (one for one in found if best in one.formulas)
        assert own.way == way
        assert own.expression.free_symbols == {sympy.Symbol("z")}


def test_rows_without_a_value_of_the_factor_are_left_out():
    # The guess is zero on some rows, where a factor can have any value.
    y = np.where(x < 1, 0.0, (x - 1)) * (2 + z)
    fit_rows, form = bench_and_form(y, "A*(x - 1 + abs(x - 1))")
    found = until_exact(corrections(form, fit_rows, OPTIONS, clock.now() + 40), y)
    assert best_of(found).validation_loss < 1e-18 * np.var(y)


def test_an_interruption_is_passed_on_after_what_was_found(monkeypatch):
    fit_rows, form = bench_and_form(2.6 * np.exp(-x / 1.7) + 0.3 * z**2, "A*exp(-x/tau)")
    real, calls = correction.run_pipeline, []

    def interrupted(*arguments, **options):
        calls.append(1)
        return replace(real(*arguments, **options), stopped="interrupted")

    monkeypatch.setattr(correction, "run_pipeline", interrupted)
    found = []
    with pytest.raises(KeyboardInterrupt):
        for one in corrections(form, fit_rows, OPTIONS, clock.now() + 10):
            found.append(one)
    assert len(calls) == 1 and found and best_of(found).validation_loss < 1e-18


def test_no_time_is_no_search():
    fit_rows, form = bench_and_form(2.6 * np.exp(-x / 1.7) + 0.3 * z**2, "A*exp(-x/tau)")
    assert list(corrections(form, fit_rows, OPTIONS, clock.now() - 1)) == []
