import numpy as np
import pytest

from kansym.symbolic.formula import Formula
from kansym.symbolic.parser import parse_expression
from kansym.validation.constants import check_constants
from kansym.validation.rows import residuals_of


def test_values_and_errors_are_those_of_the_fit(discovered, rng):
    x = np.linspace(0, 1, 50)
    y = 3 * x + 0.5 + 0.1 * rng.normal(size=50)
    discovery = discovered(x, y, "3.1*x + 0.4")
    found = check_constants(discovery.formula, residuals_of(discovery.formula, discovery.dataset))
    fit, covariance = np.polyfit(x, y, 1, cov="unscaled")
    variance = np.sum((y - np.polyval(fit, x)) ** 2) / 48
    assert sorted(c.value for c in found.constants) == pytest.approx(sorted(fit), rel=1e-6)
    assert sorted(c.error for c in found.constants) == pytest.approx(
        sorted(np.sqrt(variance * np.diagonal(covariance))), rel=1e-4
    )
    assert (found.rank, found.undetermined, found.weak) == (2, (), ())


def test_an_error_above_the_value_is_weak(discovered, rng):
    x = np.linspace(0, 1, 30)
    discovery = discovered(x, 5 * x + rng.normal(size=30) * 2, "3.1*x + 0.4")
    found = check_constants(discovery.formula, residuals_of(discovery.formula, discovery.dataset))
    for constant in found.constants:
        assert constant.weak == (constant.error > abs(constant.value))


def test_constants_that_only_count_together_are_named(discovered, rng):
    x = np.linspace(0, 1, 30)
    dataset = discovered(x, 5 * x + rng.normal(size=30), "3.1*x").dataset
    double = Formula(
        parse_expression("1.234567891*x/(2.345678912 + 3.456789123*x)", ["x"]), ("x",), "t", 5, 1.0, 1.0, 1.0
    )
    residuals = residuals_of(double, dataset)
    found = check_constants(double, residuals)
    assert (len(found.constants), found.rank, len(found.undetermined)) == (3, 2, 1)
