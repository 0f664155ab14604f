"""Captions hold for the run at hand: of what is not drawn they do not speak."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.fitting.outliers import Outlier
from kansym.report.html.captions import caption_of, front_words
from kansym.run.finished import FinishedRun
from kansym.search.front import ParetoFront
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.symbolic.formula import Constant, Formula
from kansym.validation.certificate import certify


def made(rows=40, columns=1, *, error=None, expression=None, outliers=(), options=None):
    rng = np.random.default_rng(4)
    X = np.sort(rng.uniform(1, 3, (rows, columns)), axis=0)
    y = 2 * X[:, 0] + 0.1 + rng.normal(0, 0.1, rows)
    names = ["t", "u", "v"][:columns]
    data = make_dataset(X, y, names=names, y_error=None if error is None else np.full(rows, error))
    t = sympy.Symbol("t")
    constants = (Constant("c0", 2.0, 0.01), Constant("c1", 0.1, 0.02))
    pick = Formula(
        sympy.Float(2.0) * t + sympy.Float(0.1) if expression is None else expression, tuple(names), "y", 5, 0.01, 0.01,
        -20.0, constants, covariance=np.array([[1e-4, -1.6e-4], [-1.6e-4, 4e-4]]),
    )  # fmt: skip
    mean = Formula(sympy.Float(4.0), tuple(names), "y", 1, 1.0, 1.0, 30.0)
    discovery = Discovery(
        front=ParetoFront([mean, pick]), formula=pick, network=None, reading=None, decisions=(), dataset=data,
        noise_floor=0.0, seconds=1.0, stopped="every shape was tried", notes=(), outliers=outliers,
    )  # fmt: skip
    return FinishedRun.of(discovery, options=options)


def test_error_bars_are_named_only_where_rows_have_errors():
    for name in ("slices", "parity"):
        assert "errors of y" not in caption_of(name, made())
        assert "standard errors of y" in caption_of(name, made(error=0.1))
    assert "errors" not in caption_of("residuals", made()).replace("standard errors either side", "")
    many = made(rows=200, error=0.1)
    assert "in units of their errors" in caption_of("residuals", many)
    assert "one error on either side" in caption_of("residuals", many)
    assert "Bars" not in caption_of("residuals", many) and "Bars" not in caption_of("slices", many)


def test_one_input_has_no_others_at_their_medians():
    assert "median" not in caption_of("slices", made())
    assert "other inputs are at their medians" in caption_of("slices", made(columns=2))


def test_inputs_that_the_formula_does_not_use_are_named_only_where_there_are_some():
    assert "does not use" not in caption_of("residuals", made())
    assert "does not use" in caption_of("residuals", made(columns=2))


def test_a_run_without_a_network_has_captions_without_one():
    run = made(columns=2)
    assert run.network is None
    assert not any("network" in caption_of(name, run) for name in ("slices", "residuals", "parity", "front"))


def test_means_are_named_only_where_they_are_drawn():
    assert "Means" in caption_of("residuals", made())
    assert "Means" not in caption_of("residuals", made(rows=6))


def test_the_strongest_correlation_is_the_one_of_the_matrix():
    assert "The strongest here is −0.80, of c0 and c1." in caption_of("correlation", made())


def test_outliers_are_named_where_a_robust_fit_left_them_out():
    outliers = (Outlier(3, 1.0, 10.0),)
    robust = made(outliers=outliers, options=DiscoveryOptions(loss="tukey"))
    plain = made(outliers=outliers, options=DiscoveryOptions())
    assert "left out" in caption_of("residuals", robust) and "left out" in caption_of("slices", robust)
    assert "left out" not in caption_of("residuals", plain) + caption_of("slices", plain)


def test_the_front_is_said_to_fall_only_where_it_does():
    run = made()
    assert front_words(run) == "Each formula has a smaller error than all simpler ones, on held-out rows."
    longer = replace(run.formula, complexity=9, validation_loss=0.02)
    summary = replace(run.summary, front=ParetoFront([*run.front, longer]))
    assert "but for the pick" in front_words(replace(run, summary=summary))


@pytest.mark.parametrize(("slope", "words"), [(2.0, "find no structure"), (0.5, "find structure")])
def test_what_the_tests_find_is_what_the_certificate_says(slope, words):
    run = made(rows=120, expression=sympy.Float(slope) * sympy.Symbol("t") + sympy.Float(0.1 + 2 * (2.0 - slope)))
    discovery = Discovery(
        front=run.front, formula=run.formula, network=None, reading=None, decisions=(), dataset=run.dataset,
        noise_floor=0.0, seconds=1.0, stopped="every shape was tried", notes=(),
    )  # fmt: skip
    told = replace(run, summary=replace(run.summary, certificate=certify(discovery, options=DiscoveryOptions())))
    assert words in caption_of("residuals", told)


def test_a_network_that_has_learned_nothing_is_not_to_be_read():
    class Flat:
        def __init__(self, slope):
            self.slope = slope

        def predict(self, X):
            return self.slope * X[:, 0]

    run = made()
    assert "network" not in caption_of("slices", replace(run, network=Flat(-2.0)))
    learned = caption_of("slices", replace(run, network=Flat(2.0)))
    assert "the network (dashed)" in learned
