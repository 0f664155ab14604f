"""What may become the pick, on small tables."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.data import make_dataset, split
from kansym.search.formulation import from_expression
from kansym.search.prospects import BEHIND, FAR_BEHIND, LARGE, could_win, gets_algebra, is_hopeless, may_better
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import FEW_ROWS

F = sympy.Float


@pytest.fixture
def bench(rng):
    def of(rows):
        x = rng.uniform(0.5, 3.0, rows)
        dataset = make_dataset(x[:, None], 2.0 * x + 0.1 * rng.normal(size=rows), names=["x"])
        fit_rows = FitRows.of(dataset, *split(dataset, validation_fraction=0.2, seed=0), noise_floor=1e-9)
        (pick, *_) = from_expression(F(1.9) * fit_rows.variables[0], fit_rows, structure="planted")
        return fit_rows, pick

    return of


def test_a_network_wins_where_its_error_pays_for_its_edges(bench):
    fit_rows, pick = bench(80)
    assert could_win(5, 1.0, None, fit_rows)
    assert could_win(1, 1e-3 * pick.train_loss, pick, fit_rows)
    assert not could_win(1, 10 * pick.train_loss, pick, fit_rows)


def test_algebra_is_for_what_is_near_the_pick(bench):
    _, pick = bench(80)
    length, nodes = pick.description_length + BEHIND, pick.complexity
    for few in (True, False):
        assert gets_algebra(1e9, 99, None, few=few)
        assert gets_algebra(length - 1, nodes, pick, few=few) and not gets_algebra(length, nodes, pick, few=few)
    # On the front of few rows, and of what is large that which is better as it is.
    assert gets_algebra(length, nodes - 1, pick, few=True) and not gets_algebra(length, nodes - 1, pick, few=False)
    own = pick.description_length
    assert gets_algebra(own + 1, LARGE, pick, few=False) and not gets_algebra(own + 1, LARGE + 1, pick, few=False)
    assert gets_algebra(own - 1, LARGE + 1, pick, few=False)


def test_what_is_larger_than_the_pick_and_far_behind_is_hopeless(bench):
    _, pick = bench(80)
    length, nodes = pick.description_length + FAR_BEHIND, pick.complexity
    assert not is_hopeless(1e9, 99, None)
    assert is_hopeless(length, nodes, pick) and not is_hopeless(length - 1, nodes, pick)
    assert not is_hopeless(length, nodes - 1, pick)


@pytest.mark.parametrize("rows", [40, 80])
def test_what_is_far_behind_the_pick_stays_as_fitted_and_of_few_rows_is_left_out(bench, rows):
    fit_rows, pick = bench(rows)
    raw = F(3.1) + F(0.4) * sympy.exp(F(0.3) * fit_rows.variables[0])
    found = from_expression(raw, fresh(fit_rows), structure="planted")
    assert found
    longest = found[0].description_length
    again, far = fresh(fit_rows), replace(pick, description_length=longest - FAR_BEHIND - 50)
    found = from_expression(raw, again, structure="planted", pick=far)
    assert len(found) == int(rows >= FEW_ROWS) and set(found) == set(again.rough)
    again, behind = fresh(fit_rows), replace(pick, description_length=longest - (BEHIND + FAR_BEHIND) / 2)
    found = from_expression(raw, again, structure="planted", pick=behind)
    assert found and set(found) == set(again.rough)


def fresh(fit_rows):
    """The same rows, on which nothing was finished yet."""
    return replace(fit_rows, finished={}, eliminated={}, rough={})


def test_of_few_rows_a_network_is_read_where_it_sees_more_than_chance_allows(bench):
    fit_rows, pick = bench(150)
    chance = 2 * np.sqrt(2 / len(fit_rows.validation))
    assert may_better(0.9 * (1 - chance) * pick.validation_loss, pick, fit_rows)
    assert not may_better(1.1 * (1 - chance) * pick.validation_loss, pick, fit_rows)
    assert may_better(2 * pick.validation_loss, None, fit_rows)


def test_of_few_held_out_rows_none_sees_more_and_of_many_rows_any_may(bench):
    few, pick = bench(20)
    assert not may_better(0.0, pick, few)
    many, pick = bench(400)
    assert may_better(2 * pick.validation_loss, pick, many)
