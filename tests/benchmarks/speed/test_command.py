import io
import json

import pytest
from cyclopts import ValidationError
from rich.console import Console

from benchmarks.speed import __main__ as command
from benchmarks.speed import worker
from benchmarks.speed.protocol import Settings
from kansym.errors import MissingDependencyError


def screen():
    return Console(file=io.StringIO(), width=170)


def test_report_and_tables(tmp_path, fake_run):
    console, out = screen(), tmp_path / "benchmark.json"
    assert command.benchmark(Settings(seeds=2, threads=2), out, console, fake_run) == 0
    text = console.file.getvalue()
    assert "[2, 5, 1], grid 3" in text
    assert "30x (30..30)" in text
    assert "2 of 2" in text
    # 80 fits in 0.1 s against 40 fits in 10 s, or in 5 s of CPU time.
    assert "makes 200 times as many" in text
    assert "100 times in CPU time" in text
    report = json.loads(out.read_text(), parse_constant=pytest.fail)
    assert report["failure"] is None
    assert report["settings"]["threads"] == 2
    assert report["machine"]["cpu"]
    assert report["machine"]["versions"]["torch"]
    # Three problems, two seeds, three settings of the peer, two populations.
    assert len(report["comparisons"]) == 36
    assert report["comparisons"][0]["speedup"] == pytest.approx(30)
    assert all(len(run["trace"]) for run in report["results"] if run["kind"] == "training")


def test_without_the_peer_own_figures_remain(tmp_path, fake_run):
    calls = []

    def run(request):
        calls.append(request["tool"])
        if request["tool"] == "pykan":
            raise MissingDependencyError("The comparison needs pykan: pip install 'kansym[bench]'")
        yield from fake_run(request)

    console, out = screen(), tmp_path / "benchmark.json"
    assert command.benchmark(Settings(seeds=1), out, console, run) == 3
    text = console.file.getvalue()
    assert text.strip().splitlines()[-1] == "The comparison needs pykan: pip install 'kansym[bench]'"
    assert "kansym alone" in text
    assert calls.count("pykan") == 1
    report = json.loads(out.read_text())
    assert report["comparisons"] == []
    assert {run["problem"] for run in report["results"] if run["kind"] == "training"} == {
        "first example",
        "Coulomb's law",
        "mechanical energy",
    }


def test_a_missing_folder_is_said_before_any_work(tmp_path, fake_run):
    console = screen()
    assert command.benchmark(Settings(), tmp_path / "none" / "b.json", console, fake_run) == 2
    assert "--out: the folder" in console.file.getvalue()


def test_arguments(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(command, "benchmark", lambda settings, out, console, run: seen.append((settings, out)) or 0)
    for arguments in ([], ["--only", "matching", "--seeds", "5", "--threads", "2", "--out", "x.json"], ["--quick"]):
        with pytest.raises(SystemExit) as stop:
            command.app(arguments)
        assert stop.value.code == 0
    (default, _), (chosen, out), (quick, _) = seen
    assert (default.seeds, default.threads, default.kinds) == (3, 1, ("training", "matching"))
    assert (chosen.seeds, chosen.threads, chosen.kinds, str(out)) == (5, 2, ("matching",), "x.json")
    assert quick.seeds == 1
    assert quick.steps < default.steps
    assert quick.edges is not None


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--threads", "-1"]])
def test_counts_must_be_positive(arguments):
    with pytest.raises(ValidationError):
        command.app(arguments, exit_on_error=False, print_error=False)


REQUEST = {"tool": "kansym", "dtype": "float64", "threads": 1}
TRAINING = {"kind": "training", "problem": "Coulomb's law", "seed": 0, "steps": 12, "population": 2}


@pytest.mark.long
def test_worker_trains_and_matches_in_its_own_process_and_says_why_it_fails():
    matching = {"kind": "matching", "seed": 0, "points": 60, "splined": False, "batched": True}
    results = worker.run({**REQUEST, "jobs": [TRAINING, matching, {**TRAINING, "problem": "nothing"}]})
    training, matched = next(results), next(results)
    with pytest.raises(worker.BenchmarkError, match=r"2 of 3 jobs: KeyError: 'nothing'"):
        next(results)
    seconds, _, errors = zip(*training["trace"], strict=True)
    assert list(seconds) == sorted(seconds)
    assert errors[-1] < 0.1 < errors[0]
    assert sum(matched["right"]) >= 18
    assert matched["edges"] == len(matched["right"]) == 21


@pytest.mark.long
def test_worker_that_cannot_import_its_tool_names_the_extra(monkeypatch, tmp_path):
    # An empty package of the peer's name, where the worker looks first, has none of its contents.
    (tmp_path / "kan.py").touch()
    clean = worker.environment(1)
    monkeypatch.setattr(
        worker, "environment", lambda threads: {**clean, "PYTHONPATH": f"{tmp_path}:{clean['PYTHONPATH']}"}
    )
    request = {**REQUEST, "tool": "pykan", "jobs": [TRAINING]}
    with pytest.raises(MissingDependencyError, match=r"pip install 'kansym\[bench\]'"):
        list(worker.run(request))


def test_workers_see_a_clean_environment(monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    found = worker.environment(2)
    assert found["OMP_NUM_THREADS"] == "2"
    assert "PYTHONSTARTUP" not in found
