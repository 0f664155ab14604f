"""ODEBench: the systems, their trajectories, and the judge."""

import json
import shutil
import sys

import numpy as np
import pytest
import sympy

from benchmarks import dynamics_coverage, odebench


@pytest.mark.parametrize(
    ("catalogue", "systems", "equations"),
    [pytest.param("odebench", 63, 117, marks=pytest.mark.long), ("llm_ode", 27, 97)],
)
def test_all_systems_have_as_many_equations_as_initial_values(catalogue, systems, equations):
    known = odebench.numbers("all", catalogue)
    assert len(known) == systems
    count = 0
    for number in known:
        rates, starts = odebench.truth(number, catalogue)
        assert len(starts) == 2
        assert {len(start) for start in starts} == {len(rates)}
        count += len(rates)
    assert count == equations


@pytest.mark.long
def test_trajectories_of_the_further_systems_stay_finite():
    for number in odebench.numbers("all", "llm_ode"):
        table, clean = odebench.trajectories(number, 0.0, 0, "llm_ode")
        assert len(table) == 200
        assert all(np.isfinite(states).all() for states in clean)


KEY = {
    "catalogue": "odebench",
    "tool": "pysindy",
    "system": 27,
    "noise": 0.0,
    "train": "both",
    "seconds": 5.0,
    "seed": 0,
}


@pytest.fixture
def answering(tmp_path):
    """An interpreter that answers whatever it is asked."""

    def make(answer):
        # It sees the request, and would fail without it.
        lines = [
            f"#!{sys.executable}",
            "import json, sys",
            "assert len(json.load(sys.stdin)['runs']) == 2",
            f"print({json.dumps(answer)!r})",
        ]
        path = tmp_path / "python"
        path.write_text("\n".join(lines))
        path.chmod(0o755)
        return str(path)

    return make


@pytest.mark.skipif(shutil.which("sh") is None, reason="a script stands for the interpreter")
def test_the_other_tool_is_judged_like_kansym(answering):
    laws = ["(1.84)*x0 + (-1.45)*x0*x1", "(-3.0)*x1 + (1.62)*x0*x1"]
    found = odebench.solve(KEY, python=answering({"equations": laws, "settings": ["", ""]}))
    assert found["exact"] and min(found["r2"]) > 0.999
    wrong = odebench.solve(KEY, python=answering({"equations": [laws[0], "(-3.0)*x1"], "settings": ["", ""]}))
    assert wrong["right"] == [True, False] and max(wrong["r2"]) < odebench.GOOD


def test_a_tool_that_fails_finds_nothing():
    # This interpreter has no PySINDy.
    found = odebench.solve(KEY, python=sys.executable)
    assert not found["exact"] and "PySINDy failed" in found["found"]


def test_lines_without_a_tool_are_kansyms(tmp_path):
    file = tmp_path / "old.jsonl"
    file.write_text('{"system": 1}\n')
    assert odebench._done(file) == [{"catalogue": "odebench", "tool": "kansym", "system": 1}]


def test_noise_is_a_share_of_the_states():
    table, clean = odebench.trajectories(27, 0.05, seed=1)
    assert len(table) == 2 * odebench.GRIDS["odebench"][0]
    shares = table[["x0", "x1"]].to_numpy() / np.vstack(clean) - 1
    assert abs(float(shares.std()) - 0.05) < 0.005


def test_forms_are_judged_and_not_constants():
    x, y = sympy.symbols("x0 x1")
    law = odebench.truth(27)[0][0]
    assert odebench.is_form(1.83 * x - 1.44 * x * y, law, 0)
    assert not odebench.is_form(1.83 * x - 1.44 * x * y + 0.001 * y**2, law, 0)
    assert not odebench.is_form(1.83 * x - 1.44 * x * y**2, law, 0)


def test_numbers_of_systems():
    assert odebench.numbers("1,3,5-7") == [1, 3, 5, 6, 7]
    assert len(odebench.numbers("odd")) == 32
    assert odebench.numbers("6-9", "llm_ode") == [6, 8, 9]


def test_misses_of_constants_are_in_standard_errors():
    generator = np.random.default_rng(3)
    for draw in dynamics_coverage.SYSTEMS.values():
        misses = draw(generator)
        assert len(misses) == 2 and all(abs(miss) < 5 for miss in misses.values())
