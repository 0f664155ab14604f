"""Equations between targets and expressions in several of them, by algebra."""

import pytest
import sympy

from kansym.symbolic.parser import parse_expression
from kansym.targets.relations import common_parts, sums_of_squares, with_parts

NAMES = ["a", "b", "m", "r", "t", "x", "z"]


def read(*texts):
    return [parse_expression(text, NAMES) for text in texts]


@pytest.mark.parametrize(
    ("texts", "signs", "total"),
    [
        (("a*cos(b*t)", "a*sin(b*t)"), (1, 1), "a^2"),
        (("r*cos(t)", "r*sin(t)"), (1, 1), "r^2"),
        (("a*cosh(t)", "a*sinh(t)"), (1, -1), "a^2"),
        (("a*sinh(t)", "a*cosh(t)"), (-1, 1), "a^2"),
        (("r*sin(t)*cos(x)", "r*sin(t)*sin(x)", "r*cos(t)"), (1, 1, 1), "r^2"),
    ],
)
def test_squares_that_add_up_to_something_simple(texts, signs, total):
    ((places, found, expression),) = sums_of_squares(read(*texts))
    assert places == tuple(range(len(texts))) and found == signs
    assert sympy.simplify(expression - parse_expression(total, NAMES)) == 0


def test_components_of_a_dipole_have_a_simple_magnitude():
    field = read("3*m*x*z/(x^2 + z^2)^(5/2)", "m*(2*z^2 - x^2)/(x^2 + z^2)^(5/2)")
    ((_, _, total),) = sums_of_squares(field)
    assert sympy.simplify(total - parse_expression("m^2*(x^2 + 4*z^2)/(x^2 + z^2)^4", NAMES)) == 0


@pytest.mark.parametrize("texts", [("a*cos(b*t)", "m*sin(b*t)"), ("x", "z"), ("a*x", "a*x"), ("exp(x)", "x^2 + 1")])
def test_others_are_not_simple(texts):
    assert sums_of_squares(read(*texts)) == []


def columns():
    return {sympy.Symbol(name) for name in ("r", "t", "x", "z")}


def test_common_parts_are_found_up_to_sign_and_power():
    forms = read("a/sqrt((b - x^2)^2 + m^2*x^2)", "atan((x^2 - b)/(m*x))")
    ((part, places),) = common_parts(forms, columns())
    assert places == (0, 1) and part in (parse_expression("b - x^2", NAMES), parse_expression("x^2 - b", NAMES))


def test_the_argument_of_a_wave_is_one_part():
    forms = read("a*cos(b*t)", "a*sin(b*t)")
    ((part, _),) = common_parts(forms, columns())
    assert part == parse_expression("b*t", NAMES)
    name = sympy.Symbol("P")
    assert with_parts(forms[0], [(part, name)]) == sympy.Symbol("a") * sympy.cos(name)


@pytest.mark.parametrize(
    "texts", [("2*x", "sin(2*x)"), ("x^2", "x^2 + z"), ("r*cos(t)", "r*sin(t)"), ("a*b", "a*b + x")]
)
def test_trivial_parts_have_no_name(texts):
    assert common_parts(read(*texts), columns()) == []


def test_a_part_of_a_part_has_a_name_only_where_it_stands_elsewhere():
    inside = read("exp(sqrt(x^2 + z^2))", "r*exp(sqrt(x^2 + z^2))")
    assert [part for part, _ in common_parts(inside, columns())] == read("exp(sqrt(x^2 + z^2))")
    elsewhere = read("exp(sqrt(x^2 + z^2))", "r*exp(sqrt(x^2 + z^2)) + x^2 + z^2 + t*(x^2 + z^2)")
    assert [part for part, _ in common_parts(elsewhere, columns())] == read("x^2 + z^2", "exp(sqrt(x^2 + z^2))")
