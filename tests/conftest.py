"""Fixtures for all tests."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from kansym import clock

# The same examples on every CI run, so that a red build is the change's own doing; new ones on every local run.
# No example has a deadline: that would be a test of how busy the machine is.
settings.register_profile("kansym", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kansym")


clock.SLOWNESS = 2.0
"""Budgets of tests are in seconds of a core half as fast as one of 2025, whatever users' are in."""

BUDGET = float(os.environ.get("KANSYM_TEST_BUDGET", "1"))
"""Every search gets so many times its time budget, see CONTRIBUTING.md."""

WITH_WALL = clock.budget

LONGEST = (
    "search/test_discovery_guess.py",
    "symbolic/test_same.py",
    "devices/test_paths.py",
    "estimator/test_regressor.py",
    "search/test_discovery.py",
    "terms/test_pursuit.py",
    "kan/test_training.py",
    "search/agenda/test_engines.py",
    "fitting/test_nist.py",
    "figures/test_figures.py",
    "search/test_terms.py",
    "structure/test_product_units.py",
    "search/test_challenge.py",
)
"""Files that take a quarter of a minute or more, the longest first: begun first, so that no process of `pytest -n 2
--dist loadfile` ends with one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(f"{item.path.parent.name}/{item.path.name}", len(places)))
    for item in items:
        if BUDGET != 1 and item.get_closest_marker("budget"):
            item.add_marker(pytest.mark.skip(reason="it is about the budget, and KANSYM_TEST_BUDGET changes that"))


@pytest.fixture(autouse=True)
def _faults_are_errors(request, monkeypatch):
    """A search survives errors of its steps; a test shall not, unless it is about that."""
    if request.node.get_closest_marker("faults"):
        return

    def raised(faults, what, error):
        raise error

    monkeypatch.setattr("kansym.search.faults.Faults.add", raised)


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tests are many small operations; threads only add waiting on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def _no_wall():
    """Every search does all the work of its budget, so that it finds the same on a slow or busy machine."""
    from kansym.search import discovery

    search = discovery._discover

    def with_budget(dataset, options, *rest):
        return search(dataset, replace(options, max_seconds=BUDGET * options.max_seconds), *rest)

    with pytest.MonkeyPatch.context() as patch:
        # Rivals are looked for briefly, and a network is trained briefly beside a formula that was found without one;
        # what finds them has tests of its own.
        patch.setattr("kansym.search.found.CHALLENGE_SECONDS", 1.5)
        patch.setattr("kansym.search.networks.NETWORK_SECONDS", 0.3)
        # Nor is a single step given up on a slow machine.
        patch.setattr(clock, "SAFETY_SECONDS", 300.0)
        patch.setattr(clock, "budget", lambda seconds, **_: WITH_WALL(seconds, deterministic=True))
        if BUDGET != 1:
            patch.setattr(discovery, "_discover", with_budget)
        yield


@pytest.fixture
def with_wall(monkeypatch):
    """Searches have their limit on the wall, as for a user."""
    monkeypatch.setattr(clock, "budget", WITH_WALL)


@pytest.fixture
def work_clock():
    """Time is work, for deadlines of `clock.now` that let through as much on every machine."""
    with clock.running(clock.Clock()) as running:
        yield running


@pytest.fixture
def rng():
    return np.random.default_rng(20240519)


@pytest.fixture
def run_page(tmp_path, monkeypatch, capsys) -> Callable[..., list[str]]:
    """A function that runs the blocks of Python of a page one after another, in an empty folder.

    A line ``print(...)  # text`` says how a line starts that it prints; ``...`` in the text stands for anything. Blocks
    that hold one of the texts in `skip` are not run. Those that were are handed back.
    """

    def run(page: Path, skip: tuple[str, ...] = ()) -> list[str]:
        monkeypatch.chdir(tmp_path)
        names: dict = {}
        blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        ran = [block for block in blocks if not any(text in block for text in skip)]
        for block in ran:
            exec(compile(block, page.name, "exec"), names)
            printed = capsys.readouterr().out.splitlines()
            for match in re.finditer(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE):
                pattern = ".*".join(re.escape(part.strip()) for part in match[1].split("..."))
                assert any(re.match(pattern, line.strip()) for line in printed), (match[1], printed)
        return ran

    return run
