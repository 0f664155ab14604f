import pytest

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.form_facts import form_facts


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
    ],
)
def test_facts(text, depends, real, power, nested):
    symbols = plain_symbol("x"), plain_symbol("y")
    facts = form_facts(parametrize(parse_expression(text, ["x", "y"]), symbols))
    assert (facts.depends_on_inputs, facts.real_exponents, facts.power_law, facts.nested) == (
        depends, real, power, nested,
    )  # fmt: skip
