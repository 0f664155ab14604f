"""A few random files and command lines through the whole command; `python -m tests.fuzz` has thousands."""

import pytest

from kansym.cli import main
from tests.fuzz.__main__ import describe
from tests.fuzz.worker import run_case


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A saved run for `kansym report`."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    assert main(["discover", "kepler", "--target", "period", "--seconds", "1", "--quiet", "--out", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("number", [*range(12), *(pytest.param(k, marks=pytest.mark.long) for k in range(12, 24))])
def test_a_valid_result_or_one_clear_line(number, tmp_path, run):
    outcome = run_case(2, number, tmp_path, run)
    assert not outcome.failure, describe(outcome)
