"""Moves of a beam: powers on other offsets."""

import numpy as np
import pytest
import torch

from kansym.terms.beam import _offset
from kansym.terms.factors import FACTORS
from kansym.terms.refinement import refine
from kansym.terms.slots import Slots, joined


def sum_of(*products):
    """A sum (K, F) of products of atoms of the first column."""
    return Slots.of([[(atom, 0) for atom in product] for product in products], torch.device("cpu"), torch.float64)


def named(sums):
    return [
        [[(FACTORS[f].name, *c) for f, c in zip(*one, strict=True) if f] for one in zip(*both, strict=True)]
        for both in ((s.factor[0].tolist(), s.theta[0].tolist()) for s in sums)
    ]


def test_each_power_is_one_on_an_offset():
    found = named(_offset(sum_of([("power", -1.0, 0.0), ("exp", 0.3, 0.0)], [("power", 2.0, 0.0)])))
    assert found == [
        [[("shifted", 0.0, -1.0), ("exp", 0.3, 0.0)], [("power", 2.0, 0.0)]],
        [[("power", -1.0, 0.0), ("exp", 0.3, 0.0)], [("shifted", 0.0, 2.0)]],
    ]


def test_two_powers_of_one_argument_are_one():
    (_, joint) = named(_offset(sum_of([("power", -0.5, 0.0), ("shifted", -0.06, -0.5)])))
    assert joint == [[("shifted", pytest.approx(-0.03), -1.0)]]


def test_powers_that_cancel_are_left():
    assert len(_offset(sum_of([("power", 1.0, 0.0), ("shifted", 0.2, -1.0)]))) == 1


def test_an_offset_is_found_from_a_power(setting):
    _, rows = setting(lambda x: 1.3 / (x - 0.21) + 0.4 * x**2)
    start = sum_of([("power", -1.0, 0.0)], [("power", 2.0, 0.0)])
    refined = refine(joined(_offset(start)), rows, 18, until=np.inf)
    best = int(refined.square.argmin())
    assert float(refined.square[best]) < 1e-20
    assert float(refined.slots.theta[best, 0, 0, 0]) == pytest.approx(-0.21)
