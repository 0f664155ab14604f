"""Formulas of models that pykan trained: laws, and who is nearer, shorter and faster."""

import math

import pytest

from benchmarks import pykan_formulas
from benchmarks.judged import NONE, Judgement, relative_error
from benchmarks.pykan_formulas import LAWS, Reading
from kansym.comparison.peer_formulas import read_formula


@pytest.mark.parametrize(("law", "case"), LAWS, ids=[case.name for _, case in LAWS])
def test_a_target_is_what_its_text_says(law, case):
    x, y = pykan_formulas._rows(case, 1)
    names = "xyz"[: case.width[0]]
    assert relative_error(read_formula(law, names, names), names, (x.numpy(), y[:, 0].numpy())) < 1e-12


def test_headlines():
    def reading(error, nodes, seconds):
        return Reading(Judgement("x", error, error, nodes), seconds)

    readings = [
        {"kansym": reading(1e-16, 5, 1.0), "pykan": reading(1e-9, 9, 20.0)},
        {"kansym": reading(1e-3, 9, 30.0), "pykan": reading(1e-8, 5, 20.0)},
        {"kansym": reading(1e-3, 9, 3.0), "pykan": reading(2e-3, 9, 20.0)},
        {"kansym": reading(1e-16, 9, 3.0), "pykan": Reading(NONE, 20.0)},
    ]
    assert pykan_formulas.headlines(readings) == {
        "the law, to 1e-06": "kansym 2, pykan 2 of 4",
        "nearer": "kansym 1, pykan 1 of 4",
        "shorter": "kansym 2, pykan 1 of 4",
        "faster": "kansym 3, pykan 1 of 4",
        "seconds in all": "kansym 37, pykan 80",
    }
    assert math.isinf(NONE.least)
