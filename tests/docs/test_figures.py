"""Figures of benchmarks on the pages are those of `benchmarks/results`, and of nothing else."""

import re
from pathlib import Path

import pytest

from benchmarks import table

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [path for path in (ROOT / "docs").rglob("*.md") if path != table.PAGE and "_build" not in path.parts]
RUNS = [run for path in table.RESULTS.glob("*.json") for run in table.load(path)[1]]
COMMAND_ROW = re.compile(r"^\| `((?:kansym bench|python -m benchmarks)[^`]*)` \|.*\| ([^|]+) \|$", re.MULTILINE)
COUNT = re.compile(r"\b\d+ of \d+\b")


def figures_of(command: str) -> str:
    """What the runs of a command found: of exactly that one, or of that one with options."""
    exact = [run for run in RUNS if run.command == command]
    chosen = exact or [run for run in RUNS if run.command.startswith(f"{command} ")]
    return "; ".join(figure for run in chosen for figure in run.figures.values())


def test_the_rows_of_the_readme_quote_what_their_commands_found():
    rows = COMMAND_ROW.findall(README.read_text(encoding="utf-8"))
    assert len(rows) >= 6
    for command, cell in rows:
        quoted = COUNT.findall(cell)
        assert quoted, cell
        assert set(quoted) <= set(COUNT.findall(figures_of(command))), (command, cell)


def test_the_readme_quotes_the_measured_tables_as_they_are_kept():
    measured = dict(item for run in RUNS if "benchmarks.measured" in run.command for item in run.figures.items())
    section = README.read_text(encoding="utf-8").split("## Units and errors", 1)[1].split("## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)`, (\w+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert len(rows) == 2
    for name, what, given, left_out in rows:
        whole = next(figure for case, figure in measured.items() if case.startswith(f"{name} ("))
        for cell, figure in ((given, whole), (left_out, measured[f"{name} without {what}"])):
            quoted = re.findall(r"`[^`]+`|[\d.]+ ± [\d.]+|\*\*[a-z ]+\*\*", cell)
            assert len(quoted) >= 2 and all(text.strip("`") in figure for text in quoted), (cell, figure)


@pytest.mark.parametrize("path", [README, *PAGES], ids=lambda path: path.name)
def test_counts_on_pages_are_counts_of_benchmarks(path):
    known = {count for run in RUNS for figure in run.figures.values() for count in COUNT.findall(figure)}
    assert set(COUNT.findall(path.read_text(encoding="utf-8"))) <= known


def test_a_command_means_its_own_run_before_those_with_options():
    assert figures_of("kansym bench feynman").startswith("100 of 100")
    assert "85 of 100" not in figures_of("kansym bench feynman --seconds 60")
    assert "85 of 100" in figures_of("kansym bench feynman --seconds 60 --noise 0.1")
