"""Edges that hardly matter removed: what is said about it, and what is taken back."""

import copy
import math
import pickle

import numpy as np
import pytest

from kansym import edit, make_dataset
from kansym.editing.context import Errors
from kansym.editing.network import EditableNetwork
from kansym.editing.pruning import Pruned


def test_pruning_says_what_it_did(idle_column: EditableNetwork):
    net = idle_column.copy()
    nothing = net.prune(0.0)
    assert nothing == 0 and not nothing and "nothing removed" in str(nothing) and len(net.history) == 1
    done = net.prune(0.01)
    assert done == 1 and done.edges == ("0.2.0",) and done.before.held_out > 0 and not done.taken_back
    assert str(done).startswith("1 edge (0.2.0) removed; RMS residual") and net.note == str(done)
    assert done.to_dict()["removed"] == 1
    back = net.prune(0.99)
    assert back == 0 and back.taken_back and back.edges and len(net.history) == 2
    assert back.would_be > 1.1 * back.before.held_out and back.after == back.before
    assert str(back).startswith("taken back: without") and "taken back" in repr(back)


def test_a_pruned_result_is_a_number():
    errors = Errors(1.0, 2.0)
    assert sum([Pruned(("0.0.0", "0.1.0"), 0.01, errors, errors), 1]) == 3
    back = Pruned(("0.0.0",), 0.01, errors, errors, taken_back=True, was=2.0, would_be=math.inf)
    assert back == 0 and "the held-out error rises from 2 to inf" in str(back)
    for again in (copy.deepcopy(back), pickle.loads(pickle.dumps(back))):
        assert again == 0 and str(again) == str(back)


@pytest.mark.parametrize("precise", ["where the edge matters", "elsewhere"])
def test_pruning_goes_by_the_weighted_error(precise):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    matters = X[:, 0] < 0
    error = np.where(matters == (precise == "where the edge matters"), 0.01, 10.0)
    table = make_dataset(X, X[:, 0] + np.where(matters, X[:, 1], 0.0), y_error=error)
    done = edit(table, start=(2, 1), max_seconds=60).prune(0.99)
    assert done.taken_back == (precise == "where the edge matters")
    if done.taken_back:
        assert done.was == pytest.approx(done.before.held_out, rel=1e-6) and done.would_be > 1.1 * done.was


def test_nothing_is_held_out_of_few_rows():
    X = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    back = edit(make_dataset(X, X.sum(1)), start=(2, 1), max_seconds=60).prune(0.99)
    assert back.taken_back and "the error rises from" in str(back) and "held" not in str(back)
