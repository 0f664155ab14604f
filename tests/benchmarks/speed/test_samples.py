import numpy as np
import pytest
import torch

from benchmarks.speed.samples import PLANTS, PROBLEMS, draw, plant
from kansym.primitives.library import default_library


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_rows_are_scaled_and_reproducible(problem):
    sample, again, other = draw(problem, 3), draw(problem, 3), draw(problem, 4)
    assert sample.x.shape == (1000, problem.shape[0])
    assert sample.y_validation.shape == (1000, 1)
    assert np.abs(sample.x).max() <= 1
    assert sample.y.mean() == pytest.approx(0, abs=1e-12)
    assert sample.y.std() == pytest.approx(1)
    assert np.array_equal(sample.x_validation, again.x_validation)
    assert not np.array_equal(sample.x, other.x)


def test_first_example_is_the_stated_function():
    problem = PROBLEMS[0]
    x = np.array([[0.5, 1.0], [0.0, 0.0]])
    assert problem.function(x) == pytest.approx([np.exp(2.0), 1.0])


def test_plants_are_primitives_within_reach_of_both_searches():
    library = default_library()
    for entry in PLANTS:
        low, high = torch.tensor([entry.lower[0], entry.upper[1]], dtype=torch.float64).unbind()
        assert bool(library[entry.name].domain.covers(low, high)), entry.name
        assert max(map(abs, (*entry.lower, *entry.upper))) < 10


def test_curves_are_affine_in_their_primitives_and_splines_are_close():
    curves = plant(0, 400)
    assert np.isfinite(curves.exact).all()
    position = [entry.name for entry in PLANTS].index("x")
    slope, intercept = np.polyfit(curves.x[position], curves.exact[position], 1)
    assert curves.exact[position] == pytest.approx(slope * curves.x[position] + intercept, abs=1e-12)
    error = np.sqrt(((curves.splined - curves.exact) ** 2).mean(1)) / curves.exact.std(1)
    assert error.max() < 0.1
    assert error.max() > 1e-6
    assert np.median(error) < 1e-2
