"""The table of headline figures: what is committed is what the files give, and every benchmark can add to it."""

import json

import numpy as np
import pytest

from benchmarks import comparison, coverage, figures, latex, nist, no_law, table
from benchmarks.speed import tables as speed
from kansym.bench import records
from kansym.bench.records import WITH_UNITS, Job, Settings


def test_the_committed_table_is_made_from_the_committed_figures():
    assert table.PAGE.read_text(encoding="utf-8") == table.render(), "run `python -m benchmarks.table`"


def test_every_run_says_where_it_comes_from():
    for path in table.RESULTS.glob("*.json"):
        title, runs = table.load(path)
        assert title and runs
        assert len({run.command for run in runs}) == len(runs)
        for run in runs:
            assert run.command.startswith(f"python -m benchmarks.{path.stem}") or path.stem == "bench"
            assert run.commit and run.figures and np.datetime64(run.date)


def test_a_run_takes_the_place_of_one_of_the_same_command(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["nist.py", "Thurber", "--keep"])
    table.keep("nist", "NIST", {"sets": "1 of 2"}, folder=tmp_path)
    table.keep("nist", "NIST", {"sets": "0 of 1"}, command="python -m benchmarks.nist", folder=tmp_path)
    path = table.keep("nist", "NIST", {"sets": "2 of 2"}, folder=tmp_path)
    title, (first, second) = table.load(path)
    assert (title, first.command, second.command) == (
        "NIST",
        "python -m benchmarks.nist Thurber",
        "python -m benchmarks.nist",
    )
    assert first.figures == {"sets": "2 of 2"} and not first.quoted
    assert first.machine is not None and first.machine.endswith("cores")
    lines = table.render(tmp_path).splitlines()
    assert lines[2] == "<!-- NIST -->" and lines[-1] == "<!-- end: NIST -->"
    assert lines[4] == "| command | sets | source |"
    assert lines[6].startswith("| `python -m benchmarks.nist Thurber` | 2 of 2 | ")
    assert lines[7].startswith("| `python -m benchmarks.nist` | 0 of 1 | ")


def test_a_run_of_its_own_has_a_row_for_each_figure(tmp_path):
    table.keep("nist", "NIST", {"sets": "1 of 2", "digits": "6"}, command="python -m benchmarks.nist", folder=tmp_path)
    lines = table.render(tmp_path).splitlines()
    assert lines[4:8] == ["| `python -m benchmarks.nist` | |", "|---|---|", "| sets | 1 of 2 |", "| digits | 6 |"]
    assert lines[9].startswith("Source: ")


def test_figures_of_kansym_bench(tmp_path):
    settings = Settings("nguyen", seconds=5.0, noise=0.01)
    for tool, recovered in (("kansym", True), (WITH_UNITS, True), ("operon", False)):
        for law in ("Nguyen-1", "Nguyen-2"):
            job = Job(settings, law, 3, tool)
            found = {"recovered": recovered and law == "Nguyen-1", "srbench": recovered, "front_recovered": recovered}
            records.append(
                tmp_path,
                settings.to_dict()
                | {"law": law, "seed": job.seed, "tool": tool, "elapsed": 2.0, "failure": None}
                | found,
            )
    table.keep_bench(tmp_path, folder=tmp_path)
    _, (run,) = table.load(tmp_path / "bench.json")
    expected = "kansym bench nguyen --seconds 5 --noise 0.01 --laws Nguyen-1,Nguyen-2 --seeds 3 --peers operon --units"
    assert run.command == expected
    assert run.figures["kansym, strict"] == "1 of 2" and run.figures["kansym, SRBench"] == "2 of 2"
    assert run.figures["operon, anywhere on the front"] == "0 of 2" and run.figures["operon, median seconds"] == "2.0"


def test_the_form_is_a_figure_where_all_runs_have_it():
    settings = Settings("random:7", seconds=5.0)
    flags = {"recovered": True, "srbench": False, "front_recovered": True, "form": True}
    kept = [
        settings.to_dict() | {"law": f"7-{k:03d}", "seed": 0, "tool": "kansym", "elapsed": 2.0, "failure": None} | flags
        for k in range(1, 8)
    ]
    assert table.bench_figures(kept, "kansym")["form"] == "7 of 7"
    del kept[3]["form"]
    assert "form" not in table.bench_figures(kept, "kansym")
    # Seven laws from the first on are told by their number.
    assert table._bench_command(settings, kept) == "kansym bench random:7 --seconds 5 --laws 7"


def test_headlines_of_nist():
    sets = [
        nist.Agreement("a", [(11.0, 10.5), (10.2, 10.1), (10.0, 10.0), (6.5, 4.5), (7.0, 5.0)], 0.1),
        nist.Agreement("b", [(11.0, 10.5), (10.2, 3.0), (9.9, 10.0), (6.5, 4.5), (0.0, 0.0)], 0.1),
    ]
    assert list(nist.headlines(sets).values()) == ["1 of 2", "1 of 2", "1 of 2"]


def test_headlines_of_coverage():
    found = coverage.headlines(
        {("errors", "covariance"): np.array([[0.5, -1.84]]), ("errors", "scaled"): np.array([[3.5, 0.0]])}
    )
    assert list(found.values()) == ["0 of 2", "1.8", "1 of 2", "3.5"]


def test_headlines_of_tables_without_a_law():
    rows = [("noise", None, "no closed form found"), ("walk", None, "law"), ("law, noise 0", True, "law")]
    rows += [("law, noise 0", False, "good description"), ("law, measured", None, "law")]
    found = no_law.headlines([{"kind": kind, "right": right, "verdict": verdict} for kind, right, verdict in rows])
    assert found["without a law, certified a law"] == "1 of 2"
    assert found["without a law, no closed form found"] == "1 of 2"
    assert found["laws found, certified a law"] == "1 of 1" and found["laws not found, certified a law"] == "0 of 1"
    assert found["measured tables, certified a law"] == "1 of 1"


def test_headlines_of_latex():
    found = latex.headlines(3, True, {"c": np.array([0.0, 1e-15, 1e-3]), "python": np.array([1e-3, 0.0, 0.0])})
    assert list(found.values()) == ["3 of 3", "1 of 3", "1e-03"]
    assert latex.headlines(3, None, {}) == {}


def test_headlines_of_the_comparison():
    def row(tool, kind, recovered, error):
        return {
            "tool": tool,
            "kind": kind,
            "recovered": recovered,
            "seconds": 2.0,
            "held_out_rms": error,
            "spread": 2.0,
        }

    rows = [row("kansym", "table", True, 0.2), row("kansym", "law", False, 0.4), row("mlp", "law", None, 1.0)]
    found = comparison.headlines(rows, ["kansym", "mlp"])
    assert found["kansym, measured tables"] == "1 of 1" and found["kansym, laws"] == "0 of 1"
    assert found["kansym, seconds in all"] == "4" and found["kansym, median error held out"] == "1.5e-01"
    assert "mlp, laws" not in found


def test_headlines_of_pictures():
    found = [figures.Drawn("[2, 1]", 2, 0.03, 1000, 0.21, 4), figures.Drawn("[9, 5, 1]", 50, 0.17, 1000, 4.42, 60)]
    assert list(figures.headlines(found).values()) == ["0.03 (2 edges) to 0.17 (50 edges)", "7 to 26"]


def test_headlines_of_speed():
    common = {"problem": "Coulomb's law", "population": 1, "update_grid": False}
    runs = [
        common | {"dtype": dtype, "speedup": value}
        for dtype, value in (("float64", 60.0), ("float32", None), ("float64", 80.0))
    ]
    ratio = {"points": 200, "splined": False, "batched": True, "pykan_dtype": "float32", "ratio": 65.2}
    found = speed.headlines({"comparisons": runs, "matching_ratios": [ratio, ratio | {"splined": True}]})
    assert found == {"training [4, 1, 1], one start": "0x to 70x", "matching, 200 points, pykan in float32": "65x"}


def test_a_page_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(table, "PAGE", tmp_path / "page.md")
    table.main()
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == table.render()


@pytest.mark.parametrize("path", sorted(table.RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_files_are_as_keep_writes_them(path):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_no_path_of_a_machine_is_kept():
    assert table._told(["--noise", "0", "--out", "/somewhere/x.jsonl", "--keep", "--python", "/p"]) == ["--noise", "0"]
