"""The parts of the search over curves: sketches, screening, fractions, noise."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from kansym.extraction.curve_atoms import as_sketches, chained_atoms, plain_atoms, raw_values
from kansym.extraction.curve_noise import bins, fastest_frequency, noise_variance, thinned
from kansym.extraction.curve_rationals import fit_rational, rationals
from kansym.extraction.curve_readings import sketch_reading
from kansym.extraction.curve_screening import (
    best_pairs,
    best_singles,
    best_within,
    freed,
    modulated_oscillations,
    pair_losses,
    with_terms,
)
from kansym.extraction.curve_sketches import TERMS, Points, atom_values, evaluate, minimise
from kansym.primitives import default_library

LIBRARY = default_library()
PRIMITIVES = [LIBRARY.get(name) for name in ("x", "x^2", "x^-1", "exp", "log", "sin", "tanh", "x^p", "bose")]
U = torch.linspace(-1, 1, 50, dtype=torch.float64)


def points_of(y):
    return Points.of(U, y, torch.ones_like(y))


@pytest.fixture
def points():
    return points_of(torch.sin(3 * U) / (U + 1.5) + U**2)


@pytest.fixture
def atoms(points):
    return plain_atoms(points, PRIMITIVES, -1.4, 6.0)


def test_atoms_are_normalised_and_no_straight_lines(points, atoms):
    root = points.root_weight
    torch.testing.assert_close(atoms.values.square().sum(-1), torch.ones(len(atoms), dtype=torch.float64))
    torch.testing.assert_close(atoms.values @ root, torch.zeros(len(atoms), dtype=torch.float64), rtol=0, atol=1e-7)
    names = [PRIMITIVES[k].name for k in atoms.inner.tolist()]
    assert names.count("x") == 1 and set(names) == {primitive.name for primitive in PRIMITIVES}


def test_slopes_are_those_of_finite_differences(points, atoms):
    chained = chained_atoms(points, PRIMITIVES, atoms.select(torch.arange(0, len(atoms), 15)), outer=[2, 3, 5, 7])
    first, second = chained.select(torch.arange(0, len(chained), 97)), atoms.select(torch.arange(len(atoms)))
    count = min(len(first), len(second))
    sketches = freed(as_sketches(first.select(torch.arange(count)), second.select(torch.arange(count))), PRIMITIVES)
    _, inside, slopes, frame = atom_values(sketches, U, PRIMITIVES, slopes=True)
    assert frame is not None and bool(inside.all())
    for k in range(6):
        # A small scale, around a large inner function, moves by a share of itself.
        unit = torch.ones_like(sketches.theta[..., 0])
        if k == 3:
            unit = torch.where(
                frame.anchored.reshape(-1, 2, 2)[..., 1], 1.0, sketches.theta[..., 3].abs().clamp_max(1.0)
            )
        step = torch.zeros_like(sketches.theta)
        step[..., k] = 1e-6 * unit * sketches.free[..., k]
        up, down = (
            atom_values(dataclasses.replace(sketches, theta=frame.move(sketches.theta, s)), U, PRIMITIVES)[0]
            for s in (step, -step)
        )
        expected = (up - down) / (2e-6 * unit[..., None])
        scale = 1 + up.abs().amax(-1, keepdim=True) + expected.abs().amax(-1, keepdim=True)
        free = sketches.free[..., k]
        torch.testing.assert_close((slopes[:, :, k] / scale)[free], (expected / scale)[free], rtol=0, atol=1e-5)


def test_pair_losses_are_those_of_least_squares(points, atoms):
    some = atoms.select(torch.arange(0, len(atoms), 11))
    values = raw_values(some, U, PRIMITIVES)
    losses = pair_losses(some, some, points)
    sketches = as_sketches(some)
    assert len(sketches) == len(some)
    y = points.y
    one = torch.ones_like(U)
    for i, j in ((0, 3), (2, 5), (4, 9), (7, 1)):
        for form, columns in (
            ("sum", (one, values[i], values[j])),
            ("product", (one, values[i] * values[j])),
            ("both", (one, values[i], values[j], values[i] * values[j])),
        ):
            matrix = torch.stack(columns, 1) * points.root_weight[:, None]
            matrix = matrix / matrix.norm(dim=0)
            left = y - matrix @ torch.linalg.lstsq(matrix, y[:, None], driver="gelsd").solution[:, 0]
            if torch.isfinite(losses[form][i, j]):
                assert float(losses[form][i, j]) == pytest.approx(float(left @ left), rel=1e-4, abs=1e-7)


def test_the_race_finds_a_product_between_the_grid_points(atoms):
    planted = points_of(torch.exp(-1.17 * U) * torch.sin(2.9 * U + 0.4) + 0.3)
    starts = best_pairs(atoms, atoms, planted, PRIMITIVES, forms=("product", "both"))
    before = evaluate(starts, planted, PRIMITIVES).loss.min()
    _, fit = minimise(starts, planted, PRIMITIVES, iterations=30)
    assert float(before) > 1e-6 and float(fit.loss.min()) < 1e-24


def test_without_atoms_there_is_nothing_to_fit(points, atoms):
    none = atoms.select(torch.arange(0))
    forms = ("sum", "product", "both")
    for first, second in ((none, none), (atoms, none), (none, atoms)):
        assert len(best_pairs(first, second, points, PRIMITIVES, forms=forms)) == 0
    assert len(best_singles(none, points, PRIMITIVES, each=3)) == 0
    assert len(best_within(none, ("A", "A2"), points, PRIMITIVES)) == 0
    assert len(modulated_oscillations(none, points, PRIMITIVES)) == 0
    assert len(chained_atoms(points, PRIMITIVES, none, outer=[3])) == 0


def test_screening_keeps_to_the_deadline(points, atoms, monkeypatch):
    evaluated = []
    counted = lambda sketches, *rest: evaluated.append(len(sketches)) or evaluate(sketches, *rest)  # noqa: E731
    monkeypatch.setattr("kansym.extraction.curve_screening.evaluate", counted)
    for screen in (
        lambda deadline: best_within(atoms, ("A", "A2"), points, PRIMITIVES, deadline),
        lambda deadline: modulated_oscillations(atoms, points, PRIMITIVES, deadline),
    ):
        assert len(screen(0.0)) > 0 and not evaluated
        in_parts, whole = screen(None), len(evaluated)
        assert whole and max(evaluated) <= 1000
        assert torch.equal(screen(math.inf).theta, in_parts.theta)
        evaluated.clear()


@pytest.mark.parametrize("coefficients", [(2.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (1.0, 2.0, 0.0, 0.0)])
def test_a_modulated_product_whose_polynomial_is_shorter(coefficients):
    exp, sin = (next(k for k, primitive in enumerate(PRIMITIVES) if primitive.name == name) for name in ("exp", "sin"))
    c, c_1, c_2, c_3 = coefficients
    theta = [[0.4, 0.0, 1.0, 1.0, 0.0, 1.0], [3.0, 0.2, 1.0, 1.0, 0.0, 1.0]]
    terms = [name in ("AB", "uAB", "u2AB", "u3AB") for name in TERMS]
    reading = sketch_reading(
        (exp, sin), (-1, -1), theta, terms, (0.5, 0.0, 0.0, c, 0.0, 0.0, c_1, c_2, c_3), PRIMITIVES,
        centre=-1.2, loss=0.0, cost=0.0,
    )  # fmt: skip
    expected = 0.5 + (c + c_1 * U) * torch.exp(0.4 * U) * torch.sin(3 * U + 0.2)
    torch.testing.assert_close(reading.network(U[:, None])[0, :, 0], expected)


def test_minimise_never_makes_a_sketch_worse(points, atoms):
    starts = freed(with_terms(as_sketches(atoms), ("A",)), PRIMITIVES)
    before = evaluate(starts, points, PRIMITIVES).loss
    after = minimise(starts, points, PRIMITIVES, iterations=8)[1].loss
    assert bool((after <= before * (1 + 1e-9)).all())


def test_minimise_after_the_deadline_moves_nothing(points, atoms):
    starts = freed(with_terms(as_sketches(atoms), ("A",)), PRIMITIVES)
    moved, _ = minimise(starts, points, PRIMITIVES, iterations=8, deadline=0.0)
    assert torch.equal(moved.theta, starts.theta)


def test_a_fraction_is_found_with_the_fewest_constants():
    u = np.linspace(-1, 1, 80)
    y = (1 + 2 * u) / (3 + u + u**2)
    found = rationals(u, y, np.ones(80), enough=1e-22)
    assert found[-1].loss < 1e-22 and (len(found[-1].numerator), len(found[-1].denominator)) == (2, 3)
    numerator, denominator = found[-1].powers(0.0, negligible=1e-9)
    np.testing.assert_allclose(np.array(numerator) / denominator[0] * 3, [1, 2], rtol=1e-9)
    np.testing.assert_allclose(np.array(denominator) / denominator[0] * 3, [3, 1, 1], rtol=1e-9)


def test_a_fraction_with_a_pole_among_the_data_is_refused():
    u = np.linspace(-1, 1, 80)
    assert fit_rational(u, 1 / (u - 0.0123), np.ones(80) / 80, 0, 1) is None


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_noise_is_measured(rng, sigma):
    u = torch.from_numpy(rng.uniform(-1, 1, 2000))
    y = torch.sin(8 * u) + sigma * torch.from_numpy(rng.normal(size=2000))
    measured = noise_variance(u, y, torch.ones_like(u))
    assert measured is not None and measured == pytest.approx(sigma**2, rel=0.2)


def test_weights_scale_the_noise(rng):
    u = torch.from_numpy(rng.uniform(-1, 1, 2000))
    error = torch.from_numpy(rng.uniform(0.05, 0.5, 2000))
    weights = error**-2
    y = torch.sin(8 * u) + error * torch.from_numpy(rng.normal(size=2000))
    measured = noise_variance(u, y, weights)
    # The weighted mean square of the noise: one over the mean weight.
    assert measured is not None and measured == pytest.approx(float(1 / weights.mean()), rel=0.2)


def test_a_smooth_curve_has_no_noise(rng):
    u = torch.from_numpy(rng.uniform(-1, 1, 2000))
    assert noise_variance(u, torch.sin(40 * u), torch.ones_like(u)) is None
    assert noise_variance(u[:20], torch.sin(u[:20]), torch.ones(20, dtype=torch.float64)) is None


def test_frequencies_are_bounded_from_above():
    for frequency in (1.0, 10.0, 40.0):
        bound = fastest_frequency(torch.sin(frequency * torch.linspace(-1, 1, 400, dtype=torch.float64)), 0.0)
        assert frequency < bound < 2 * frequency + 10


def test_bins_and_thinned_points(rng):
    u, y = (torch.from_numpy(rng.uniform(-1, 1, 100)) for _ in range(2))
    weights = torch.ones_like(u)
    mean_u, mean_y, total = bins(u, y, weights, 7)
    assert len(mean_u) == 7 and float(total.sum()) == 100
    assert float((mean_y * total).sum()) == pytest.approx(float(y.sum()))
    few = thinned(u, y, weights, 9)
    assert len(few[0]) == 9 and few[0][0] == u.min() and few[0][-1] == u.max()
