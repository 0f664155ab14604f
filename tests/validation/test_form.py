import numpy as np
import pytest

from kansym.fitting.residuals import residuals_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.form import check_constants, form_facts


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


@pytest.mark.parametrize(
    ("text", "depends", "real", "power", "nested"),
    [
        ("2.1", False, 0, True, False),
        ("2.1*x", True, 0, True, False),
        ("2.1*x**1.3/sqrt(y)", True, 1, True, False),
        ("2.1*(x - 1.2)**1.3", True, 1, False, False),
        ("2.1*exp(-x**2/y)", True, 0, False, False),
        ("asin(tan(x/y))", True, 0, False, True),
        ("2.1*exp(1.3*sin(x)) + y", True, 0, False, True),
        ("Abs(sin(x))", True, 0, False, False),
        ("1/(x**2*cos(0.0002*y**7))", True, 0, False, True),
        ("exp(-x**4)/(x**12 - y**6)", True, 0, False, False),
        ("exp(1.2)*x", True, 0, True, False),
        ("2.0*(0.1*x + 1.0)**(y - 3.0)", True, 0, False, True),
        ("2.0*(0.1*x + 1.0)**y", True, 0, False, False),
        ("2.0*(1.5*x)**(1/sqrt(y))", True, 0, False, True),
        ("2.0*x**(1.5*y)", True, 0, False, False),
        ("2.0*log(1.3*exp(0.4*(x - y)) + 1.0) + y", True, 0, False, True),
    ],
)
def test_facts(text, depends, real, power, nested):
    symbols = plain_symbol("x"), plain_symbol("y")
    facts = form_facts(parametrize(parse_expression(text, ["x", "y"]), symbols))
    assert (facts.depends_on_inputs, facts.real_exponents, facts.power_law, facts.nested) == (
        depends, real, power, nested,
    )  # fmt: skip
    assert facts.columns == len(parse_expression(text, ["x", "y"]).free_symbols)
