import numpy as np
import pytest

from kansym.bench import outcome
from kansym.bench.strict import strict


@pytest.fixture
def problem(make_law, problem_of):
    return problem_of(make_law("a*sin(b)", a=(1, 3), b=(0, 2)))


def staged(problem, in_columns, texts, predict=None, **options):
    front = [(formula, strict(formula, problem)) for formula in (in_columns(problem, text) for text in texts)]
    return outcome.stage(front[0][1], front, problem, predict, **options)


LAW, LONG = "a*sin(b)", "a*sin(b)*cos(a*b)**2 + a*sin(b)*sin(a*b)**2"
B = np.linspace(0, 2, 50)
CUBIC = " + ".join(f"({c})*b**{k}" for k, c in enumerate(np.polyfit(B, np.sin(B), 3)[::-1]))
BEND = "a*abs(sin(b))"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([LAW], outcome.RECOVERED),
        ([LAW, LONG], outcome.RECOVERED),
        (["a*b", LAW], outcome.NOT_PICKED),
        (["a*b", LONG], outcome.TOO_LONG),
        (["a*sin(1.01*b)"], outcome.CONSTANTS),
        (["0.9*a*sin(b + 0.1) + 0.05"], outcome.CONSTANTS),
        ([BEND], outcome.INSIDE_ONLY),
        ([f"a*({CUBIC})"], outcome.CLOSE),
        (["a*b"], outcome.INACCURATE),
    ],
)
def test_stage_of_formulas(problem, in_columns, texts, expected):
    # A bend outside of the box, to have one: b < 0 is beyond, and there |sin b| differs.
    if expected == outcome.INSIDE_ONLY:
        problem.beyond[:, problem.names.index(problem.places["b"])] *= -1
    assert staged(problem, in_columns, texts) == expected


def test_a_good_network_with_a_bad_formula_is_close(problem, in_columns):
    assert staged(problem, in_columns, ["a*b"], lambda X: problem.law_at(X) * 1.001) == outcome.CLOSE
    assert staged(problem, in_columns, ["a*b"], lambda X: problem.law_at(X) * 1.5) == outcome.INACCURATE
    assert staged(problem, in_columns, ["a*b"], network=False) == outcome.NO_FORMULA


def test_network_error_is_relative_to_the_spread(problem):
    spread = np.std(problem.law_at(problem.inside))
    assert outcome.network_error(problem, lambda X: problem.law_at(X) + 0.3 * spread) == pytest.approx(0.3)


def test_another_form_that_is_right_within_the_ranges_is_told_apart(problem, in_columns):
    # Right to 1e-7 within the ranges.
    wide = np.linspace(0, 2, 200)
    series = " + ".join(f"({c})*b**{k}" for k, c in enumerate(np.polyfit(wide, np.sin(wide), 7)[::-1]))
    assert staged(problem, in_columns, [f"a*({series})"]) == outcome.INSIDE_ONLY
