"""Constants of noisy data keep value and error; exact numbers take their places only where the user asks for it."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from kansym import Dataset, DiscoveryOptions, discover
from kansym.report.text import text_report
from kansym.run.summary import RunSummary

x = np.linspace(0.5, 3.0, 25)
ERROR = 0.02
SHAPES = {
    "line": lambda x, a: a * x,
    "square": lambda x, a: a * x**2,
    "decay": lambda x, a: a * np.exp(-x / 1.73),
}


def table(y, error=ERROR):
    return Dataset(x[:, None], y, ("x",), y_error=np.full(len(x), error))


def found(y, **options):
    return discover(table(y), DiscoveryOptions(max_seconds=1, deterministic=True, **options))


# Of half a decay so few digits are known that no number is near.
@pytest.mark.parametrize(("shape", "factor"), [("line", 2.0), ("line", 0.5), ("square", 1.0), ("decay", 0.5)])
@pytest.mark.long
def test_a_constant_near_a_simple_number_is_that_of_least_squares(shape, factor, rng):
    law = SHAPES[shape]
    # Off by about one standard error.
    y = law(x, factor + ERROR / np.linalg.norm(law(x, 1.0))) + ERROR * rng.normal(size=25)
    formula = found(y).formula
    constants = [constant for constant in formula.constants if abs(constant.value) < 10 * factor]
    if shape == "decay":
        (value, _), covariance = scipy.optimize.curve_fit(
            lambda x, a, b: a * np.exp(-x / b), x, y, [1, 1], sigma=np.full(25, ERROR), absolute_sigma=True
        )
    else:
        (value,), covariance = scipy.optimize.curve_fit(law, x, y, [1], sigma=np.full(25, ERROR), absolute_sigma=True)
        assert len(constants) == 1
    (own,) = [constant for constant in constants if constant.value == pytest.approx(value, rel=1e-5)]
    assert own.error == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-3) and own.snapped is None
    if own.error > 0.03 * factor:
        # So few digits do not ask for a number.
        assert own.near is None
        return
    assert own.near == {2.0: "2", 1.0: "1", 0.5: "1/2"}[factor]
    assert own.deviation == pytest.approx(abs(value - factor) / own.error, rel=1e-3)


@pytest.mark.long
def test_pulls_of_slopes_near_whole_numbers_are_normal():
    # Were slopes replaced by the numbers they agree with, most of the pulls would be those of the numbers.
    pulls = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        slope = 2.0 + rng.uniform(-3, 3) * ERROR / np.sqrt((x**2).sum())
        (constant,) = found(slope * x + ERROR * rng.normal(size=25)).formula.constants
        pulls.append((constant.value - slope) / constant.error)
    assert scipy.stats.kstest(pulls, "norm").pvalue > 0.01


def test_exact_numbers_where_they_are_asked_for(rng):
    y = 2.003 * x + ERROR * rng.normal(size=25)
    discovery = found(y, exact=True)
    (constant,) = discovery.formula.constants
    slope = float(x @ y / (x @ x))
    assert str(discovery.formula) == "y = 2*x" and constant.snapped == "2" and constant.value == 2.0
    assert constant.fitted == pytest.approx(slope, rel=1e-9)
    assert constant.error == pytest.approx(ERROR / np.sqrt(x @ x), rel=1e-9)
    assert constant.deviation == pytest.approx(abs(slope - 2) / constant.error, rel=1e-6)
    chi2 = [float(np.sum(((y - a * x) / ERROR) ** 2)) for a in (slope, 2.0)]
    (note,) = [note for note in discovery.notes if note.startswith("Exact numbers")]
    assert f"from {chi2[0]:.5g} to {chi2[1]:.5g}" in note
    report = " ".join(text_report(RunSummary.of(discovery)).split())
    assert "taken as exact" in report and "was fitted" in report


def test_a_number_that_disagrees_stays_also_where_exact_ones_are_asked_for(rng):
    discovery = found(2.2 * x + ERROR * rng.normal(size=25), exact=True)
    (constant,) = discovery.formula.constants
    assert constant.snapped is None and not any(note.startswith("Exact numbers") for note in discovery.notes)


def test_without_noise_numbers_are_exact():
    discovery = discover(Dataset(x[:, None], 2 * x**2 / 3, ("x",)), DiscoveryOptions(max_seconds=5))
    assert discovery.formula.constants == () and str(discovery.formula) == "y = 2*x**2/3"


def test_a_fitted_constant_is_told_with_its_distance(rng):
    y = 2.004 * x + ERROR * rng.normal(size=25)
    report = text_report(RunSummary.of(found(y)))
    assert "errors from 2)" in report
