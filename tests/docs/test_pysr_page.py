"""The page for users of PySR: its blocks of Python run, and its comments say what comes out."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-pysr.md"


@pytest.mark.pages
def test_the_blocks_run_one_after_another(run_page, tmp_path):
    assert len(run_page(PAGE, skip=("from pysr import",))) >= 5
    assert (tmp_path / "force.csv").read_text(encoding="utf-8").startswith("q1,q2,r,force\n")


def test_every_method_on_the_page_exists():
    from kansym import SymbolicRegressor

    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"(?:model|orbits|SymbolicRegressor)\.([a-z]\w*)\(", text):
        assert hasattr(SymbolicRegressor, name), name


def test_every_option_on_the_page_exists(capsys):
    from kansym.cli import main

    known = ""
    for command in ("discover", "compare"):
        main([command, "--help"])
        known += capsys.readouterr().out
    options = set(re.findall(r"(?<!-)--[a-z][a-z-]*", PAGE.read_text(encoding="utf-8")))
    assert options >= {"--guess", "--pysr-csv"} and all(option in known for option in options)
