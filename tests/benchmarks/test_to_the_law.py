"""Seconds until the law: the same table for the command and the session, and what counts as the law."""

import math

import numpy as np
import pytest

from benchmarks import to_the_law
from benchmarks.waiting import PROMPT, RESULT
from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import make_problem
from kansym.data import read_table


@pytest.fixture(scope="module")
def product():
    law = next(law for law in load_catalogue(to_the_law.CATALOGUE).laws if law.name == "I.12.5")
    return make_problem(law, rows=60, seed=0, noise=0.0)


def test_the_file_has_every_digit(product, tmp_path):
    to_the_law.write(product, tmp_path / "t.csv")
    data = read_table(tmp_path / "t.csv", target="y")
    np.testing.assert_array_equal(data.X, product.X)
    np.testing.assert_array_equal(data.y, product.y)


def test_a_session_says_when_the_law_was_there(product, tmp_path):
    to_the_law.write(product, tmp_path / "t.csv")
    session = to_the_law.searched(tmp_path / "t.csv", product, 5.0)
    assert session.right and 0 < session.seen <= session.returned


def test_a_law_that_was_not_found_has_no_seconds(product, tmp_path, monkeypatch):
    to_the_law.write(product, tmp_path / "t.csv")
    monkeypatch.setattr(to_the_law, "strict", lambda *_: type("Judged", (), {"right": False}))
    session = to_the_law.searched(tmp_path / "t.csv", product, 5.0)
    assert not session.right and math.isnan(session.seen)


def test_the_command_is_watched_until_the_prompt(product, tmp_path):
    to_the_law.write(product, tmp_path / "t.csv")
    seen = to_the_law.commanded(tmp_path / "t.csv", 5.0, tmp_path)
    assert 0 < seen.wall[RESULT] <= seen.wall[PROMPT]


def test_tables_are_those_of_the_catalogue():
    laws = load_catalogue(to_the_law.CATALOGUE).laws
    assert [one.law.name for one in to_the_law.drawn(30, 0.0)] == [law.name for law in laws[::30]]
