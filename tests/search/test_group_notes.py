"""Columns of text whose groups explain what a formula leaves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy

from kansym import DiscoveryOptions, discover, read_table
from kansym.data.dataset import make_dataset
from kansym.search.final_fit import hinted
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery, StopReason
from kansym.symbolic.formula import Formula

t = np.arange(60) / 10
detector = np.where(np.arange(60) % 2, "B", "A")


def notes(rng, offset, **more):
    y = 3 * np.exp(-t / 1.3) + 0.02 * rng.normal(size=60) + np.where(detector == "B", offset, 0)
    table = read_table(pd.DataFrame({"t": t, "U [mV]": y, "detector": detector}), target="U", **more)
    found = discover(table, DiscoveryOptions(max_seconds=1, deterministic=True))
    return [note for note in found.notes if "explain the residuals" in note]


@pytest.mark.parametrize(
    ("more", "unit"), [pytest.param({}, "mV", marks=pytest.mark.long), ({"error": 0.02}, "errors")]
)
def test_groups_that_explain_the_residuals(rng, more, unit):
    (note,) = notes(rng, 0.2, **more)
    assert "The rows of detector = " in note and f" {unit} " in note and "'detector'" in note
    # One curve through both runs between them.
    size = float(note.split(" lie ")[1].split()[0])
    assert size == pytest.approx(0.1 if unit == "mV" else 5.0, rel=0.2)
    assert ("= B" in note) == ("above" in note)


@pytest.mark.long
def test_groups_that_are_alike_are_not_mentioned(rng):
    assert notes(rng, 0.0) == []


def hints(table):
    formula = Formula(sympy.Symbol("t"), ("t",), "y", 1, 0.0, 0.0, 0.0)
    found = Discovery(ParetoFront([formula]), formula, None, None, (), table, 0.0, 0.0, StopReason.AS_GOOD_AS_DATA)
    return [note for note in hinted(found).notes if "explain the residuals" in note]


def test_columns_that_lost_their_groups_are_skipped(rng):
    y = t + 0.01 * rng.normal(size=60) + np.where(detector == "B", 1, 0)
    table = make_dataset(t[:, None], y, names=["t"])
    table = replace(table, labels={"detector": detector, "run": np.repeat(["one", "two"], 30)})
    (note,) = hints(table)
    assert "detector" in note
    first = table.take(np.arange(60) < 30)
    assert set(first.labels["run"]) == {"one"}
    (note,) = hints(first)
    assert "detector" in note
    assert hints(table.take(detector == "A")) == []


def test_residuals_that_are_all_the_same_have_no_groups():
    # Halves: their differences are exact.
    x = np.arange(60) / 2
    table = make_dataset(x[:, None], x + 1, names=["t"])
    assert hints(replace(table, labels={"detector": detector})) == []
