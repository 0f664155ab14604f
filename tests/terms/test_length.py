"""Lengths by which sums are compared while they grow, and at the end."""

import math

import pytest
import sympy
import torch

from kansym.symbolic.complexity import description_length
from kansym.terms.length import ROUNDING, Lengths

U = sympy.Symbol("u", real=True)


@pytest.fixture
def lengths():
    return Lengths((), 400, 0.0, torch.device("cpu"))


def test_formulas_compare_as_their_descriptions_do(lengths):
    size = 3.0
    pairs = [
        (sympy.Float(2.5) * U, 0.02),
        (sympy.Float(0.7) * sympy.exp(sympy.Float(-1.3) * U) + sympy.Float(0.2), 0.01),
    ]
    own = [lengths.of_formula(formula, size, error, 1) for formula, error in pairs]
    bits = [description_length(formula, 400, (size * error) ** 2, 0.0, 1) for formula, error in pairs]
    assert own[1] - own[0] == pytest.approx(math.log(2) * (bits[1] - bits[0]), rel=1e-9)


def test_what_leaves_less_than_rounding_is_no_shorter(lengths):
    one, other = (lengths.of_formula(U, 1.0, error, 1) for error in (ROUNDING / 100, 0.0))
    assert one == pytest.approx(other, abs=1e-1)


def test_numbers_beyond_double_precision_are_infinitely_long(lengths):
    # As sympy joins exp(a u + b) for a large b.
    assert lengths.of_formula(sympy.Float("1e-1279") * U, 1.0, 0.1, 1) == math.inf
