"""All triples of simple columns of one input."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from kansym import clock
from kansym.clock import Clock
from kansym.terms.beam import Beam
from kansym.terms.effort import EFFORTS
from kansym.terms.refinement import refine
from kansym.terms.slots import values
from kansym.terms.triples import best_triples


def three(x):
    return np.abs(x - 2.1) + np.sin(4 * x + 1) - 3 / (x + 0.4)


def residual(terms, y):
    """Sum of squares that terms (K, n) leave."""
    return float(np.sum((y - terms.T @ np.linalg.lstsq(terms.T, y, rcond=None)[0]) ** 2))


def test_a_sum_of_three_functions(setting):
    search, rows = setting(three)
    triples = best_triples(search.dictionary, rows.y, 1500)
    assert triples is not None
    assert float(refine(triples, rows, 18, until=np.inf).square.min()) < 1e-20


def test_the_best_starts_by_least_squares(setting):
    search, rows = setting(lambda x: np.sqrt(x) - 2.0 / x + 0.3 * x**3)
    triples = best_triples(search.dictionary, rows.y, 1)
    assert triples is not None
    found = values(triples, rows.columns).prod(-2).numpy()
    powers = [rows.columns[0].numpy() ** e for e in (-3, -2, -1, -0.5, 0.5, 1, 2, 3)]
    best = min(residual(np.array(some), rows.y.numpy()) for some in itertools.combinations(powers, 3))
    assert min(residual(terms, rows.y.numpy()) for terms in found) <= best + 1e-12


@pytest.mark.long
@pytest.mark.parametrize("rich", [False, True])
def test_products_and_functions_of_functions_among_rich_columns(setting, rich):
    search, rows = setting(lambda x: x * np.exp(-2 * x) + np.sin(9 * np.log(1 + x)) + 1 / x)
    triples = best_triples(search.dictionary, rows.y, 2000, rich=rich)
    assert triples is not None
    assert (float(refine(triples, rows, 18, until=np.inf).square.min()) < 1e-18) is rich


@pytest.mark.long
def test_beside_the_most_common_plain_terms_first(setting):
    search, rows = setting(lambda x: three(x) - 1 + 2.2 * x)
    effort = replace(EFFORTS[1], triples=1000)
    with clock.running(Clock()):
        beam = Beam(
            search.dictionary,
            rows,
            search.lengths,
            effort=effort,
            top=4,
            until=np.inf,
            most_cost=effort.first_cost,
            beside=True,
        )
        sizes = [len(states[0].slots) for states in beam.rounds(5, 0)]
    assert sizes[:3] == [4, 4, 5] and beam.exact


def test_none_where_time_is_up(setting):
    search, rows = setting(three)
    with clock.running(Clock()):
        assert best_triples(search.dictionary, rows.y, 10, until=-1.0) is None
