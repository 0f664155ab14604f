"""All pairs of cheap columns: the terms of a sum are found together, alone and beside a plain term."""

from dataclasses import replace

import numpy as np

from kansym import clock
from kansym.clock import Clock
from kansym.terms.beam import Beam
from kansym.terms.effort import EFFORTS
from kansym.terms.pairs import best_pairs
from kansym.terms.refinement import refine


def two(x):
    return np.abs(x - 2.1) - 0.5 * np.exp(-1.7 * x)


def test_a_sum_of_two_terms(setting):
    search, rows = setting(two)
    pairs = best_pairs(search.dictionary, rows.y, 2000, columns=4000)
    assert pairs is not None
    assert float(refine(pairs, rows, 12, until=np.inf).square.min()) < 1e-20


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
