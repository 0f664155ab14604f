"""Tables of the laboratory: their rows, their errors, and when a formula is as good as the law fitted to them."""

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.bench import lab_tables
from kansym.bench.catalogue import load_catalogue
from kansym.bench.dice import Dice
from kansym.bench.form import same_form
from kansym.bench.lab_laws import FAMILIES
from kansym.bench.law import Law, Noise
from kansym.bench.outcome import judge
from kansym.bench.problem import make_problem
from kansym.bench.sampling import Variable, generator
from kansym.bench.strict import FIT_BEYOND, FIT_INSIDE, fit_errors, strict
from kansym.errors import ArgumentError


@pytest.fixture(scope="module")
def tables():
    return [(law, make_problem(law, rows=2000, seed=0)) for law in load_catalogue("lab:3").only(["14"]).laws]


def test_rows_and_errors(tables):
    kinds = set()
    for law, problem in tables:
        assert lab_tables.FEWEST <= len(problem.y) <= lab_tables.MOST, law.title
        assert len(problem.y) == law.rows >= len(law.constants) + lab_tables.SPARE
        assert np.isfinite(problem.y).all() and np.isfinite(problem.law_at(problem.beyond)).all()
        assert (problem.errors is not None) is law.noise.given
        kinds.add((law.noise.kind, law.noise.given, bool(law.levels), len(law.variables)))
        if law.noise.kind == "counts":
            assert (problem.y == np.round(problem.y)).all() and (problem.y >= 0).all()
            np.testing.assert_array_equal(problem.errors, np.sqrt(np.maximum(problem.y, 1)))
        if problem.errors is not None:
            # Chi-squared of the law itself is that of its errors.
            pulls = (problem.y - problem.law_at(problem.X)) / problem.errors
            assert 0.2 < np.sqrt(np.mean(pulls**2)) < 2.5, law.title
    assert {kind for kind, *_ in kinds} == {"relative", "absolute", "counts"}
    for place in (1, 2):
        assert {entry[place] for entry in kinds} == {True, False}
    assert {entry[3] for entry in kinds} == {1, 2}


def test_grids_are_even_in_the_scale_of_their_columns(tables):
    grids = [law for law, _ in tables if law.levels]
    for law in grids:
        X, _ = law.sample(5, 0)
        for column, variable, level in zip(X.T, law.variables, law.levels, strict=True):
            values = np.unique(column)
            values = np.log(values) if variable.distribution == "log" else values
            assert len(values) == level
            np.testing.assert_allclose(np.diff(values), np.diff(values).mean(), rtol=1e-9)
    assert grids


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_family_has_tables(family):
    dice = Dice(generator(family.__name__, 0))
    laws = (lab_tables._laid_out(family(dice), dice, "one", family.__name__) for _ in range(30))
    law = next(law for law in laws if law is not None and lab_tables._is_measurable(law))
    # Every constant is in the formula.
    assert {str(symbol) for symbol in law.form.free_symbols} == {*law.names, *law.constants}


def test_the_fitted_law_is_recovered_and_the_exact_one_too(tables):
    for law, problem in tables:
        inside, beyond = fit_errors(problem)
        assert 0 < inside < 0.2 and beyond > 0, law.title
        assert strict(problem.truth, problem).recovered, law.title
        # A parabola in the first column is not.
        column = problem.X[:, 0]
        parabola = np.polyfit(column, problem.y, 2)
        x = problem.symbols[0]
        formula = sum(sympy.Float(c) * x ** (2 - k) for k, c in enumerate(parabola))
        assert not strict(formula, problem).recovered and not same_form(formula, problem), law.title


def test_all_judges_look_at_a_table(tables):
    law, problem = tables[0]
    verdict = judge(problem.truth, problem)
    assert verdict.strict.recovered and verdict.form and verdict.srbench, law.title


@pytest.fixture
def decay():
    return Law(
        name="decay",
        formula="A*exp(-t/s)",
        target="N",
        variables=(Variable("t", 0, 3),),
        constants={"A": 100.0, "s": 1.2},
        free=("A", "s"),
        levels=(25,),
        noise=Noise("absolute", 2.0, given=True),
        judge="fit",
    )


def test_tolerances_are_those_of_the_fitted_law(decay, problem_of, in_columns):
    problem = problem_of(decay)
    inside, beyond = fit_errors(problem)
    verdict = strict(problem.truth, problem)
    assert (verdict.tolerance, verdict.tolerance_beyond) == (FIT_INSIDE * inside, FIT_BEYOND * beyond)
    # scipy's answer to the same fit, judged by hand.
    (a, s), _ = scipy.optimize.curve_fit(
        lambda t, a, s: a * np.exp(-t / s), problem.X[:, 0], problem.y, (90.0, 1.0), problem.errors
    )
    law = problem.law_at(problem.inside)
    error = (a * np.exp(-problem.inside[:, 0] / s) - law) / (np.std(law) + np.abs(law))
    assert inside == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-6)


def test_length_does_not_count_and_closeness_does(decay, problem_of, in_columns):
    problem = problem_of(decay)
    inside, _ = fit_errors(problem)
    long = "100.0*exp(-t/1.2)*cos(0.5*t)**2 + 100.0*exp(-t/1.2)*sin(0.5*t)**2 + 0.0001*t + 0.0001*t**2"
    assert strict(in_columns(problem, long), problem).recovered
    law = problem.law_at(problem.inside)
    # A relative error r of all values is an error of r*law/(spread + law).
    weight = np.sqrt(np.mean((law / (np.std(law) + law)) ** 2))
    for factor, recovered in ((0.8, True), (1.2, False)):
        share = factor * FIT_INSIDE * inside / weight
        assert strict(in_columns(problem, f"{100 * (1 + share)}*exp(-t/1.2)"), problem).right_inside is recovered


def test_noise_of_the_user_comes_on_top(decay, problem_of):
    assert problem_of(decay).errors == pytest.approx(np.full(25, 2.0))
    problem = problem_of(decay, noise=0.1)
    rms = np.sqrt(np.mean(problem.law_at(problem.X) ** 2))
    assert problem.errors == pytest.approx(np.full(25, np.hypot(2.0, 0.1 * rms)))
    assert problem.weights == pytest.approx(np.ones(25))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": (5, 5)}, "levels"),
        ({"judge": "eye"}, "judge"),
        ({"free": ()}, "under free"),
        ({"log_target": True}, "logarithm"),
        ({"variables": (Variable("t", 1, 3, signed=True),)}, "either sign"),
    ],
)
def test_wrong_laws(decay, changes, message):
    arguments = {name: getattr(decay, name) for name in Law.__dataclass_fields__}
    with pytest.raises(ArgumentError, match=message):
        Law(**{**arguments, **changes})


def test_wrong_noise():
    with pytest.raises(ArgumentError, match="'relative', 'absolute' or 'counts'"):
        Noise("poisson")
    with pytest.raises(ArgumentError, match="not negative"):
        Noise("absolute", -1.0)
