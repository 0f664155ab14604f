"""Columns of text whose groups explain what a formula leaves."""

import numpy as np
import pandas as pd
import pytest

from kansym import DiscoveryOptions, discover, read_table

t = np.arange(60) / 10
detector = np.where(np.arange(60) % 2, "B", "A")


def notes(rng, offset, **more):
    y = 3 * np.exp(-t / 1.3) + 0.02 * rng.normal(size=60) + np.where(detector == "B", offset, 0)
    table = read_table(pd.DataFrame({"t": t, "U [mV]": y, "detector": detector}), target="U", **more)
    found = discover(table, DiscoveryOptions(max_seconds=2, deterministic=True))
    return [note for note in found.notes if "explain the residuals" in note]


@pytest.mark.parametrize(("more", "unit"), [({}, "mV"), ({"error": 0.02}, "errors")])
def test_groups_that_explain_the_residuals(rng, more, unit):
    (note,) = notes(rng, 0.2, **more)
    assert "The rows of detector = " in note and f" {unit} " in note and "'detector'" in note
    # One curve through both runs between them.
    size = float(note.split(" lie ")[1].split()[0])
    assert size == pytest.approx(0.1 if unit == "mV" else 5.0, rel=0.2)
    assert ("= B" in note) == ("above" in note)


def test_groups_that_are_alike_are_not_mentioned(rng):
    assert notes(rng, 0.0) == []
