"""What results say of themselves in a line, and that no line is a screen long."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kansym import default_library, edit, make_dataset
from kansym.data.scaling import Scaling
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.kan.network import Network
from kansym.run.finished import FinishedRun
from kansym.search.guess_outcome import GuessOutcome
from kansym.search.results import Discovery, TrainedNetwork


@pytest.fixture(scope="module")
def found() -> Discovery:
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (50, 2))
    table = make_dataset(X, 2 * X[:, 0] + X[:, 1], names=["length", "<m>"], target="t", units=["m", "1"])
    net = edit(table, start=(2, 1), max_seconds=60)
    net.edge(0, 0, 0).fix("x")
    net.edge(0, 1, 0).fix("x")
    return net.discovery()


def test_a_table():
    X = np.random.default_rng(0).uniform(size=(30, 12))
    table = make_dataset(X, X.sum(1), y_error=0.1, units=["m"] + [None] * 11, y_units="s")
    assert repr(table).startswith("<Dataset of 30 rows: y [s] by x0 [m], x1,") and len(repr(table)) < 200
    assert "and 4 more" in repr(table) and "with y_error" in repr(table) and "x_error" not in repr(table)
    assert repr(make_dataset(X[:, :1], X[:, 1])) == "<Dataset of 30 rows: y by x0>"


def test_a_search_and_its_parts(found: Discovery):
    run = FinishedRun.of(found)
    for one in (found, run):
        assert str(found.formula) in repr(one) and "50 rows" in repr(one) and len(repr(one)) < 300
    assert "ended because: edited by hand" in repr(found)
    nodes, rms = found.formula.complexity, found.formula.loss**0.5
    assert repr(found.formula) == f"<Formula {found.formula}; {nodes} nodes, RMS residual {rms:.3g}>"
    assert repr(found.front).startswith(f"<ParetoFront of {len(found.front)} formula")
    assert repr(found.reading) == "<NetworkReading of [2, 1]>"
    html = run._repr_html_()
    assert "<math" in html and "50 rows" in html and "<m>" not in html
    assert repr(default_library()["sin"]) == "<Primitive sin: sin(z)>"
    guess = GuessOutcome("A*x", "more", "The data want more.", found.formula)
    assert repr(guess) == "<GuessOutcome A*x is more: The data want more.>"
    assert str(guess).splitlines() == ["A*x", f"fitted: {found.formula}", "more: The data want more."]


def test_a_network(found: Discovery):
    assert found.network is not None
    text = repr(found.network)
    assert text.startswith("<TrainedNetwork [2, 1]: RMS residual") and "tensor" not in text
    assert repr(found.network.network).startswith("<Network [2, 1], grid ")
    # The names of the columns, where they are known.
    assert found.network.names == ("length", "<m>") and found.network.target == "t"
    unnamed = replace(found.network, names=(), target="")
    assert found.network._repr_svg_() != unnamed._repr_svg_()


def test_a_network_without_names_is_drawn():
    network = Network.create((2, 1), grid=3, generator=torch.Generator().manual_seed(0))
    trained = TrainedNetwork(network, Scaling(np.zeros(2), np.ones(2), 0.0, 1.0), 0.04, 0.09)
    assert repr(trained).endswith("RMS residual 0.2 in training, 0.3 held out>") and "<svg" in trained._repr_svg_()
    # As of a table with few rows.
    assert repr(replace(trained, validation_loss=0.04)).endswith(": RMS residual 0.2>")


def test_a_fit_of_constants():
    x = np.linspace(1, 3, 20)
    fit = fit_constants("A*x + B", {"x": x}, 3 * x + 1 + 0.01 * np.sin(40 * x))
    assert repr(fit).startswith("<KnownForm y = A*x + B: A = 2.9") and "\n" not in repr(fit)
    html = fit._repr_html_()
    assert "<math" in html and "<pre>" in html and "Agreement with the data" in html


def test_a_refit_is_a_line(found: Discovery):
    net = edit(found)
    result = net.refit(max_seconds=30)
    assert repr(result) == f"<Refit {result}>"


def test_equations_keep_to_one_line(found: Discovery):
    table = found.front.to_frame()
    html = table._repr_html_()
    assert html is not None and "nowrap" in html and html.count("<table") == 1
    # Otherwise a DataFrame as any other.
    assert type(table[table["picked"]]) is pd.DataFrame and type(table.copy()) is pd.DataFrame
    assert pickle.loads(pickle.dumps(table)).equals(table)
