"""The page for users of PySR: its blocks of Python run, and its comments say what comes out."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-pysr.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_blocks_run_one_after_another(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    ran = 0
    for block in BLOCKS:
        if "from pysr import" in block:
            continue
        exec(compile(block, "page", "exec"), names)
        ran += 1
        printed = capsys.readouterr().out.splitlines()
        expected = [match[1].strip() for match in re.finditer(r"^print\(.*\)  # (.*)$", block, re.MULTILINE)]
        for line in expected:
            start = line.removesuffix("...").strip()
            assert any(one.startswith(start) for one in printed), (line, printed)
    assert ran == len(BLOCKS) - 1 >= 5
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
