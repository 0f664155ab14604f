"""Growth: the ladder of shapes, the grid, and the record of decisions."""

import math

import numpy as np
import pytest
import torch

from kansym.errors import ArgumentError
from kansym.kan.growth import Grower, GrowthOptions, growth_ladder, parameter_count
from kansym.kan.network import format_shape
from kansym.kan.training_options import TrainingOptions


def table(function, rows, inputs, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, inputs))
    y = function(*x.T)
    y = y / y.std() + noise * rng.standard_normal(rows)
    return torch.from_numpy(x), torch.from_numpy(y)


def grow(x, y, held_out=0.2, **options):
    cut = int(len(y) * (1 - held_out))
    grower = Grower(
        x[:cut],
        y[:cut],
        validation=(x[cut:], y[cut:]),
        options=GrowthOptions(**options),
        generator=torch.Generator().manual_seed(0),
    )
    return grower, list(grower)


def test_the_ladder_starts_small_and_never_shrinks():
    for inputs in (1, 2, 5, 9):
        ladder = growth_ladder(inputs)
        assert ladder[0] == (inputs, 1)
        sizes = [parameter_count(shape, 5) for shape in ladder]
        assert sizes[0] == min(sizes)
        assert len(set(ladder)) == len(ladder)


def test_shapes_are_written_with_their_products():
    assert format_shape((3, (0, 2), 1)) == "[3, 2x, 1]"
    assert format_shape((3, (1, 2), 1)) == "[3, 1+2x, 1]"
    assert format_shape((3, 2, 1)) == "[3, 2, 1]"


@pytest.mark.long
def test_an_additive_function_needs_no_more_than_the_first_shape():
    x, y = table(lambda a, b: np.sin(2 * a) + b**2, 600, 2)
    grower, candidates = grow(x, y, shapes=((2, 1), (2, 1, 1)))
    assert math.sqrt(candidates[0].validation_loss) < 1e-3
    assert grower.decisions[0].action == "start" and grower.decisions[0].accepted
    assert any(decision.action == "extend grid" and decision.accepted for decision in grower.decisions)


@pytest.mark.long
def test_a_sum_of_products_shows_its_rank():
    x, y = table(lambda a, b, c: (a + 1.5) * np.exp(b) + np.cos(c) * b, 1000, 3)
    _, candidates = grow(x, y, shapes=((3, 1), (3, (0, 1), 1), (3, (0, 2), 1)))
    errors = [math.sqrt(candidate.validation_loss) for candidate in candidates]
    assert errors[0] > 0.03 and errors[1] > 0.03
    assert errors[2] < 2e-3


@pytest.mark.parametrize("seed", range(5))
def test_an_outer_function_starts_from_what_it_is_a_function_of(seed):
    x, y = table(lambda a, b: np.exp(a * b), 100, 2, seed=seed)
    still = TrainingOptions(steps=0)
    _, candidates = grow(x, y, shapes=((2, 2, 1), (2, 2, 1, 1)), population=1, last_grid=5, training=still)
    inner, outer = (candidate.validation_loss for candidate in candidates)
    # Held-out rows may lie a little beyond the curve that starts as the identity.
    assert outer <= 1.05 * inner


def test_few_starts_go_on():
    x, y = table(lambda a, b: np.exp(a * b), 100, 2)
    _, candidates = grow(x, y, shapes=((2, 1), (2, 1, 1)), population=6, finalists=2, last_grid=5)
    assert [candidate.population.population for candidate in candidates] == [1, 2]


@pytest.mark.parametrize(
    ("function", "converges"), [(lambda a, b: np.exp(np.sin(3 * a)) + b**2, True), (lambda a, b: a * b, False)]
)
def test_finer_grids_help_a_network_of_the_right_shape(function, converges):
    x, y = table(function, 1000, 2)
    _, candidates = grow(x, y, shapes=((2, 1),), first_grid=3)
    assert candidates[0].converges is converges


def test_overfitting_shrinks_the_grid_first():
    # Sixty training rows of noise on a straight line, 27 coefficients: the spline follows the noise.
    x, y = table(lambda a: a, 120, 1, noise=0.3)
    grower, candidates = grow(x, y, held_out=0.5, shapes=((1, 1),), first_grid=24)
    assert "shrink grid" in [decision.action for decision in grower.decisions]
    assert candidates[0].network.layers[0].grid < 24


def test_a_shape_with_more_parameters_than_rows_is_refused_and_said():
    x, y = table(lambda a, b, c: a * b + c, 12, 3)
    grower, candidates = grow(x, y, held_out=0.0, shapes=((3, 1), (3, 5, 5, 1)))
    assert len(candidates) == 1
    refused = [decision for decision in grower.decisions if not decision.accepted]
    assert "more parameters than the 12 rows" in refused[-1].reason


def test_the_same_seed_grows_the_same_networks():
    x, y = table(lambda a, b: np.exp(a * b), 300, 2)
    first = [candidate.validation_loss for candidate in grow(x, y, shapes=((2, 1, 1),))[1]]
    second = [candidate.validation_loss for candidate in grow(x, y, shapes=((2, 1, 1),))[1]]
    assert first == second


def test_the_callback_sees_every_decision():
    x, y = table(lambda a, b: a + b, 200, 2)
    seen = []
    grower = Grower(
        x,
        y,
        validation=None,
        options=GrowthOptions(shapes=((2, 1),)),
        generator=torch.Generator().manual_seed(0),
        on_decision=seen.append,
    )
    list(grower)
    assert seen == grower.decisions and seen
    assert "kept" in str(seen[0])


@pytest.mark.parametrize("name", ["population", "finalists", "race", "race_rows", "first_grid"])
def test_options_out_of_range_are_refused(name):
    x, y = table(lambda a: a, 30, 1)
    options, generator = GrowthOptions(**{name: 0}), torch.Generator().manual_seed(0)
    with pytest.raises(ArgumentError, match=f"{name} must be at least 1, got 0"):
        Grower(x, y, validation=None, options=options, generator=generator)
