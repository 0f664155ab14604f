"""ODEBench: the systems, their trajectories, and the judge."""

import numpy as np
import sympy

from benchmarks import dynamics_coverage, odebench


def test_all_systems_have_as_many_equations_as_initial_values():
    for number in range(1, 64):
        rates, starts = odebench.truth(number)
        assert len(starts) == 2
        assert {len(start) for start in starts} == {len(rates)}


def test_noise_is_a_share_of_the_states():
    table, clean = odebench.trajectories(27, 0.05, seed=1)
    assert len(table) == 2 * odebench.POINTS
    shares = table[["x0", "x1"]].to_numpy() / np.vstack(clean) - 1
    assert abs(float(shares.std()) - 0.05) < 0.005


def test_forms_are_judged_and_not_constants():
    x, y = sympy.symbols("x0 x1")
    law = odebench.truth(27)[0][0]
    assert odebench.is_form(1.83 * x - 1.44 * x * y, law, 0)
    assert not odebench.is_form(1.83 * x - 1.44 * x * y + 0.001 * y**2, law, 0)
    assert not odebench.is_form(1.83 * x - 1.44 * x * y**2, law, 0)


def test_numbers_of_systems():
    assert odebench.numbers("1,3,5-7") == [1, 3, 5, 6, 7]
    assert len(odebench.numbers("odd")) == 32


def test_misses_of_constants_are_in_standard_errors():
    generator = np.random.default_rng(3)
    for draw in dynamics_coverage.SYSTEMS.values():
        misses = draw(generator)
        assert len(misses) == 2 and all(abs(miss) < 5 for miss in misses.values())
