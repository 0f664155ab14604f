"""The notebooks in both tools: laws, steps, and what is said about their formulas."""

import numpy as np
import pytest

from benchmarks import judged
from benchmarks.tutorials import __main__ as command
from benchmarks.tutorials import kansym_side
from benchmarks.tutorials.laws import TUTORIALS, tutorial_named
from kansym.comparison.peer_formulas import read_formula


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda one: one.name)
def test_a_law_is_what_its_text_says(tutorial):
    X, y = tutorial.sample(3)
    assert X.shape == (1000, len(tutorial.names)) and not np.array_equal(X, tutorial.sample(3, 1)[0])
    law = read_formula(tutorial.text, tutorial.names, tutorial.names)
    assert judged.relative_error(law, tutorial.names, (X, y)) < 1e-12
    assert tutorial.name in kansym_side.STEPS


def test_pykan_has_the_same_notebooks():
    pytest.importorskip("kan")
    from benchmarks.tutorials import pykan_side

    assert pykan_side.STEPS.keys() == kansym_side.STEPS.keys()


@pytest.mark.parametrize("seed", [pytest.param(4, marks=pytest.mark.long), pytest.param(0, marks=pytest.mark.pages)])
def test_columns_that_depend_on_each_other_end_in_the_law(seed):
    # gamma is a function of beta: in seed 4 training leaves a factor of each.
    tutorial = tutorial_named("auxiliary_variables")
    answer = kansym_side.notebook({"tutorial": tutorial.name, "seed": seed})
    found = judged.judge(answer["formula"], tutorial.names, tutorial.sample(seed), tutorial.sample(seed, 2))
    assert answer["failure"] is None and answer["seconds"] > 0
    assert found.error < 1e-6 and found.text == "gamma*m0" and found.nodes == 3


def test_a_formula_is_judged_as_it_is_and_with_other_constants():
    X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    rows = X, np.exp(2 * X[:, 0]) + X[:, 1]
    found = judged.judge("exp(1.9*a) + b", ["a", "b"], rows, rows)
    assert found.error > 1e-2 and found.least == found.refitted < 1e-12
    wrong = judged.judge("1.9*a + b", ["a", "b"], rows, rows)
    assert wrong.least > 1e-2 and wrong.nodes == 5
    assert judged.judge("log(a)", ["a", "b"], rows, rows).least == np.inf
    assert judged.judge(None, ["a", "b"], rows, rows) == judged.judge("no formula(", ["a", "b"], rows, rows)


def test_what_is_printed_and_kept(monkeypatch, capsys):
    def run(request):
        (job,) = request["jobs"]
        assert request["dtype"] == "float64" and request["threads"] == 1
        own = request["tool"] == "kansym"
        formula = "x*y" if own else "x*y*(1 + x/2000)" if job["seed"] else None
        yield {"formula": formula, "failure": None if formula else "ValueError: nan", "seconds": 2.0 if own else 30.0}

    kept = {}
    monkeypatch.setattr(command.worker, "run", run)
    monkeypatch.setattr(command, "keep_figures", lambda name, title, figures: kept.update(figures))
    command.main(seeds="0,1", tutorials="products", keep=True)
    words = "kansym 2 of 2 (2 to 1e-3) in 2.0 s; pykan 0 of 2 (1 to 1e-3) in 30.0 s; ratio 15.0"
    assert kept == {"Interp_1_Hello, MultKAN": words}
    printed = capsys.readouterr().out
    assert "no formula: ValueError: nan" in printed and "right to 1e-3" in printed
    with pytest.raises(SystemExit, match="there is no nothing"):
        command.main(tutorials="nothing")
