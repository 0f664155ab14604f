"""Symmetries of formulas: planted ones are named with their combination, and none is where there is none."""

import numpy as np
import pytest

from kansym.symbolic.formula import Formula
from kansym.symbolic.parser import parse_expression
from kansym.validation.formula_symmetries import Group, formula_symmetries

NAMES = ("a", "b", "c")
X = np.random.default_rng(0).uniform(0.5, 2.0, (60, 3))


def symmetries_of(text):
    return formula_symmetries(Formula(parse_expression(text, list(NAMES)), NAMES, "y", 1, 0.0, 0.0, 0.0), X)


@pytest.mark.parametrize(
    ("text", "group", "columns", "through"),
    [
        ("3.2*sin(1.3*(a - b)) + c", Group.TRANSLATION, ("a", "b"), "a - b"),
        ("exp(-(a + b))*c", Group.TRANSLATION, ("a", "b"), "a + b"),
        ("1/sqrt(a**2 + b**2 + 1.7) + c", Group.ROTATION, ("a", "b"), "a**2 + b**2"),
        ("log(3.7 + a**2 - b**2) + c", Group.BOOST, ("a", "b"), "a**2 - b**2"),
        ("sin(a*b) + c", Group.SCALING, ("a", "b"), "a*b"),
        ("exp(-a/b) + c", Group.SCALING, ("a", "b"), "a/b"),
        ("sin(1.1*a**2*b) + c", Group.SCALING, ("a", "b"), "a**2*b"),
        ("2.5*a*b**2/c", Group.SCALING, ("a", "b", "c"), "a*b**2/c"),
        ("sqrt(a**2 + b**2 + c**2)", Group.ROTATION, ("a", "b", "c"), "a**2 + b**2 + c**2"),
    ],
)
def test_a_planted_symmetry_is_named(text, group, columns, through):
    found = {(one.group, one.columns): one.through for one in symmetries_of(text)}
    assert parse_expression(found[group, columns], list(NAMES)) == parse_expression(through, list(NAMES))


@pytest.mark.parametrize(
    ("text", "sign"), [("a*b/(a + b + 1) + c", 1), ("(a - b)*sqrt(a*b + c)", -1), ("exp(a)*exp(2*b) + c", 0)]
)
def test_exchanges(text, sign):
    found = [one for one in symmetries_of(text) if one.group is Group.EXCHANGE]
    assert [(one.columns, one.sign) for one in found] == ([(("a", "b"), sign)] if sign else [])


@pytest.mark.parametrize(
    "text", ["a*exp(-b) + c**2*a", "sin(a)*b + a**2 + c", "2.1*a + 0.3*b + 1.7*c", "a**2 + 3", "1.5"]
)
def test_there_is_none_where_none_was_planted(text):
    assert symmetries_of(text) == ()


def test_where_a_formula_has_no_value_nothing_is_said():
    assert symmetries_of("log(a - b - 5)*c") == ()


def test_words():
    (one,) = symmetries_of("sin(a - b) + c")
    assert str(one) == "a and b stand in it as a - b alone (translation)"
