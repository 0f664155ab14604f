"""`compare` beside PySR as it was seen to behave: a late start, warnings, a kill, a longer equal pick. A stand-in."""

import json
from pathlib import Path

import numpy as np
import pytest

import kansym.comparison.process as process_module
from kansym.comparison.run import compare
from kansym.comparison.words import sentences
from kansym.data.dataset import make_dataset
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.same import Sameness

STAND_IN = Path(__file__).parent / "stand_in_pysr"
OPTIONS = DiscoveryOptions(max_seconds=2, primitives=DiscoveryOptions().primitives.without("J0", "J1", "Ai"))


@pytest.fixture(scope="module")
def product():
    X = np.random.default_rng(0).uniform(1, 3, (40, 2))
    return make_dataset(X, 3 * X[:, 0] * X[:, 1], names=["q1", "N"], target="force")


@pytest.fixture(scope="module")
def found(product):
    return discover(product, OPTIONS)


@pytest.fixture
def beside(product, found, tmp_path, monkeypatch):
    """A comparison with the stand-in that follows a plan, and what was said meanwhile."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("STAND_IN_PYSR", str(tmp_path / "plan.json"))
    monkeypatch.setattr(process_module, "TELL_EVERY", 0.3)
    said = []

    def run(**plan):
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        result = compare(
            product, peers=["pysr"], options=OPTIONS, found=found, progress=lambda tool, text: said.append(text)
        )
        return result, result["pysr"], said

    return run


@pytest.mark.parametrize(
    ("version", "remark"),
    [("1.5.10", "PySR 1 takes no guesses, which kansym can write for version 2"), ("2.0.0a2", "")],
)
def test_a_late_start_is_told_in_both_versions_and_what_each_lacks(beside, version, remark):
    result, entry, said = beside(version=version, late=1.5)
    # Once for Julia, and once for the operators.
    assert entry.start_up >= 3.0 and 2.0 <= entry.seconds <= entry.from_enter - 3.0
    assert (entry.version, entry.remark, entry.failure) == (version, remark, "")
    assert entry.formula == "3*N*q1" and entry.same.kind is Sameness.SAME and entry.algebra is True
    waits = [line for line in said if "so far, which do not count as its time" in line]
    assert any(line.startswith("compiling PySR: ") for line in waits)
    assert f"{entry.start_up:.1f}" in str(result)


def test_killed_it_is_told_by_what_and_no_warning_is_the_reason(beside):
    _, entry, _ = beside(fit="killed")
    assert entry.remark == "was killed by SIGKILL; this is what it had"
    assert entry.formula == "3*N*q1" and entry.start_up > 0 and not entry.failure


def test_crashed_before_it_had_anything(beside):
    result, entry, _ = beside(**{"import": "crash"})
    assert entry.failure == "was killed by SIGSEGV" and "DynamicExpressions" not in str(result)


def test_of_a_longer_equal_pick_the_row_that_is_the_law_stands_beside_it(beside):
    result, entry, _ = beside(fit="longer pick")
    assert entry.same.kind is Sameness.SAME
    assert (entry.agreeing.own_complexity, entry.agreeing.pick_complexity) == (5.0, 14.0)
    assert sentences(entry, result)[-1].endswith("is kansym's function: 3*N*q1. It picked one of complexity 14.")
