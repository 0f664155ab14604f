"""All pairs of cheap columns: the terms of a sum are found together, alone and beside a plain term."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from kansym import clock
from kansym.clock import Clock
from kansym.terms.beam import Beam
from kansym.terms.effort import EFFORTS
from kansym.terms.factors import NUMBER
from kansym.terms.pairs import NEIGHBOURS, _foretold, _unit_slopes, best_pairs, unit_columns
from kansym.terms.pursuit import Pursuit
from kansym.terms.refinement import refine
from kansym.terms.rows import TermRows


def two(x):
    return np.abs(x - 2.1) - 0.5 * np.exp(-1.7 * x)


@pytest.mark.long
def test_a_sum_of_two_terms(setting):
    search, rows = setting(two)
    pairs = best_pairs(search.dictionary, rows.y, 2000, columns=4000)
    assert pairs is not None
    assert float(refine(pairs, rows, 12, until=np.inf).square.min()) < 1e-20


@pytest.mark.long
def test_a_sum_of_two_terms_beside_a_plain_one(setting, monkeypatch):
    monkeypatch.setattr("kansym.terms.beam.PAIRS_BESIDE", 40)
    search, rows = setting(lambda x, z: two(x) + 1.7 * z, columns=2)
    effort = replace(EFFORTS[2], paired=800, pairs=60)
    with clock.running(Clock()):
        beam = Beam(
            search.dictionary, rows, search.lengths, effort=effort, top=4, until=np.inf, paired=True, beside=True
        )
        states = next(beam.rounds(3, 2))
    assert len(states[0].slots) == 3 and states[0].square < 1e-6


def test_what_is_foretold_is_least_squares_on_columns_and_derivatives(setting):
    search, rows = setting(lambda x, z: z / (x + 0.07) - 0.3 / x**2, columns=2)
    left, right, _ = search.dictionary.cheapest(500)
    terms, y = unit_columns(search.dictionary, left, right, rows.y, None)
    slopes = _unit_slopes(search.dictionary.slopes(left, right), terms, None)
    unit = y / torch.linalg.vector_norm(y)
    one, other = torch.tensor([[3], [60], [200]]), torch.tensor([[400], [77], [450]])
    chosen = (one.expand(-1, NEIGHBOURS), other.expand(-1, NEIGHBOURS))
    gain, first, second = _foretold(terms, slopes, terms @ unit, unit, *chosen)
    assert (first.tolist(), second.tolist()) == (one[:, 0].tolist(), other[:, 0].tolist())
    for k, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        columns = np.stack([terms[a], terms[b], *slopes[a], *slopes[b]], 1)
        left_over = unit.numpy() - columns @ np.linalg.lstsq(columns, unit.numpy(), rcond=1e-6)[0]
        assert float(gain[k]) == pytest.approx(1 - left_over @ left_over, abs=1e-4)


@pytest.mark.long
def test_a_pole_between_the_starts_of_a_grid(table):
    """The nearest start leaves more than thousands of other pairs do; derivatives tell where it leads."""
    X = table((0.2, 2.0), (260, 420), rows=120)
    y = 0.083 * X[:, 1] / (X[:, 0] - 0.0345) - 1.54 / X[:, 0] ** 2
    noise = 0.004 * np.sqrt(np.mean(y**2))
    y = y + noise * np.random.default_rng(1).normal(size=120)
    search = Pursuit(X, y, sympy.symbols("x:2", real=True), noise=noise)
    target = torch.from_numpy(y / np.sqrt(np.mean(y**2)))
    rows = TermRows(search.columns, target, torch.ones_like(target)).take(search.chosen)
    search.dictionary.weighted(rows)
    pairs = best_pairs(search.dictionary, rows.y, search.effort.pairs, columns=search.effort.paired)
    assert pairs is not None
    refined = refine(pairs, rows, 12, until=np.inf)
    best = refined[int(search.lengths.of(refined.slots, refined.square, rows.number).argmin())].slots
    poles = (best.factor == NUMBER["shifted"]) & (best.theta[..., 1] == -1)
    assert best.theta[poles][:, 0].tolist() == pytest.approx([-0.0345], abs=0.01)
