"""Estimators without a target keep to scikit-learn's ways."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import kansym
from kansym.errors import ArgumentError


def test_a_relation_finder_has_what_it_found():
    g = np.random.default_rng(0)
    x, y = g.uniform(1, 3, (2, 50))
    finder = clone(kansym.RelationFinder(max_seconds=0.5, deterministic=True))
    assert finder.fit(pd.DataFrame({"x": x, "y": y, "z": 2 * x * y})) is finder
    assert finder.n_features_in_ == 3 and finder.feature_names_in_.tolist() == ["x", "y", "z"]
    assert finder.relations_[0].columns == ("x", "y", "z") and finder.result_.number == 1
    with pytest.raises(ArgumentError, match="one entry per column"):
        finder.fit(np.column_stack([x, y]), names=["x"])


def test_conserved_quantities_have_values_at_states():
    t = np.linspace(0, 6, 60)
    states = np.vstack([np.column_stack([a * np.cos(t), -a * np.sin(t)]) for a in (1.0, 2.0)])
    model = kansym.ConservedQuantities(max_seconds=1, deterministic=True)
    model.fit(states, time=np.tile(t, 2), run=np.repeat([0, 1], 60), names=["q", "p"])
    assert [str(one) for one in model.quantities_] == ["p**2 + q**2"]
    assert model.transform(states)[:, 0] == pytest.approx(np.repeat([1.0, 4.0], 60))
    with pytest.raises(ArgumentError, match="time must have a value"):
        model.fit(states, time=t)
