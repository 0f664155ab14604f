"""The command from arguments to tables, with tools that are made up."""

import io
import json
import math

import pytest
from rich.console import Console

from kansym import cli
from kansym.bench import display, outcome, records, runner
from kansym.bench.catalogue import load_catalogue
from kansym.bench.records import Job, Settings
from kansym.commands.implementation import bench as command
from kansym.commands.implementation.bench import run_benchmark
from kansym.errors import ArgumentError, MissingDependencyError, StorageError


def made_up(job, **changes):
    record = dict(
        law=job.law, seed=job.seed, tool=job.tool, stage=outcome.RECOVERED, recovered=True, srbench=True,
        front_recovered=True, elapsed=2.0, inside=1e-16, beyond=2e-16, nodes=3, law_nodes=3, formula="x0*x1",
        stopped="done", network_error=math.nan, failure=None,
    )  # fmt: skip
    return {**job.settings.to_dict(), **record, **changes}


def lost(job):
    return made_up(job, recovered=False, srbench=False, front_recovered=True, stage=outcome.NOT_PICKED, elapsed=5.0)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=300)


SETTINGS = Settings("nguyen", seconds=5.0)


def fake(jobs, workers):
    for job in jobs:
        yield lost(job) if job.law == "Nguyen-3" else made_up(job)


def test_lines_tables_files_and_plot(console, tmp_path):
    found = run_benchmark(SETTINGS, console, seeds=(0, 1), out=tmp_path / "new", run=fake)
    text = console.file.getvalue()
    assert len(found) == 24
    assert "Nguyen-1           seed 0  recovered yes SRBench yes    2.0 s  NRMSE 1.0e-16  x0*x1" in text
    assert "x0*x1 (on the front)" in text
    assert "22 of 24 (91.7 %)" in text and "24 of 24 (100.0 %)" in text and "11 of 12" in text
    assert "median time of a run" in text and "Nguyen-3" in text.rpartition("by stage")[2]
    lines = (tmp_path / "new" / records.FILE).read_text().splitlines()
    assert len(lines) == 24
    assert json.loads(lines[0], parse_constant=pytest.fail)["network_error"] == "nan"
    assert (tmp_path / "new" / "recovered.svg").read_text().startswith("<?xml")


def test_a_killed_run_goes_on_where_it_ended(console, tmp_path):
    asked = []

    def interrupted(jobs, workers):
        asked.append(len(jobs))
        yield from fake(jobs[:5], workers)
        raise KeyboardInterrupt

    assert len(run_benchmark(SETTINGS, console, out=tmp_path, run=interrupted)) == 5
    assert "interrupted: 5 of 12 results" in console.file.getvalue()
    with (tmp_path / records.FILE).open("a") as file:
        file.write('{"catalogue": "ngu')
    assert len(run_benchmark(SETTINGS, console, out=tmp_path, run=interrupted)) == 10
    assert len(run_benchmark(SETTINGS, console, out=tmp_path, run=interrupted)) == 12
    assert asked == [12, 7, 2]
    # Other settings in the same folder are other runs.
    assert len(run_benchmark(Settings("nguyen", seconds=5.0, noise=0.1), console, out=tmp_path, run=interrupted)) == 5
    assert len(records.read(tmp_path)) == 17


def test_failures_are_rows_and_are_tried_again(console, tmp_path):
    def failing(jobs, workers):
        for job in jobs:
            yield made_up(
                job, failure="ValueError: no", stage=outcome.FAILED, recovered=False, inside=None, elapsed=None
            )

    run_benchmark(SETTINGS, console, laws=["Nguyen-1"], out=tmp_path, run=failing)
    assert "failed: ValueError: no" in console.file.getvalue()
    (record,) = run_benchmark(SETTINGS, console, laws=["Nguyen-1"], out=tmp_path, run=fake)
    assert record["recovered"]


def test_a_file_that_holds_something_else_is_an_error(console, tmp_path):
    (tmp_path / records.FILE).write_text('{"a": 1}\n')
    with pytest.raises(StorageError, match="line 1: not a result"):
        run_benchmark(SETTINGS, console, out=tmp_path, run=fake)


def test_peers_have_a_column_of_their_own(console, monkeypatch):
    monkeypatch.setattr(command, "check_peer", lambda name: None)

    def two(jobs, workers):
        for job in jobs:
            yield made_up(job) if job.tool == "kansym" else lost(job)

    run_benchmark(SETTINGS, console, laws=["Nguyen-1", "Nguyen-2"], peers=["operon"], run=two)
    text = console.file.getvalue()
    assert "operon Nguyen-1" in text
    strict = next(line for line in text.splitlines() if line.startswith("strict"))
    assert "2 of 2 (100.0 %)" in strict and "0 of 2 (0.0 %)" in strict


def test_the_form_is_counted_where_it_was_judged(console, tmp_path):
    def half(jobs, workers):
        for job in jobs:
            yield made_up(job, form=job.law != "Nguyen-3", recovered=job.law == "Nguyen-1")

    run_benchmark(SETTINGS, console, laws=["3"], out=tmp_path, run=half)
    text = console.file.getvalue()
    assert "recovered yes form yes SRBench yes" in text and "recovered no  form no  SRBench yes" in text
    assert next(line for line in text.splitlines() if line.startswith("form")).split()[1:4] == ["2", "of", "3"]
    # Results from before are read, go on, and are no misses.
    lines = [json.loads(line) for line in (tmp_path / records.FILE).read_text().splitlines()]
    del lines[0]["form"]
    (tmp_path / records.FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(run_benchmark(SETTINGS, console, laws=["3"], out=tmp_path, run=half)) == 3
    last = [line for line in console.file.getvalue().splitlines() if line.startswith("form")][-1]
    assert last.split()[1:4] == ["1", "of", "2"]


def test_halves_and_drawn_laws_are_catalogues(console):
    for name, first in (("livermore2:report", "Vars2-1"), ("random:7", "7-001"), ("lab:7", "7-001")):
        found = run_benchmark(Settings(name, seconds=5.0), console, laws=["2"], run=fake)
        assert [record["catalogue"] for record in found] == [name, name] and found[0]["law"] == first


def test_progress_on_a_terminal():
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    run_benchmark(SETTINGS, console, run=fake)
    assert "recovered" in console.file.getvalue()


def test_wrong_arguments(console, monkeypatch):
    with pytest.raises(ArgumentError, match="no peer 'eureqa'; known: pysr, operon"):
        run_benchmark(SETTINGS, console, peers=["eureqa"], run=fake)
    with pytest.raises(ArgumentError, match="jobs must be at least 1"):
        run_benchmark(SETTINGS, console, jobs=0, run=fake)
    with pytest.raises(ArgumentError, match="seeds must be"):
        run_benchmark(SETTINGS, console, seeds=(-1,), run=fake)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'kansym\[operon\]'"):
        run_benchmark(SETTINGS, console, peers=["operon"], run=fake)
    for wrong in ({"rows": 1}, {"seconds": 0}, {"noise": -1}, {"dummies": -1}, {"without": ("luck",)}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            Settings("nguyen", **wrong)


def test_command_line(monkeypatch, capsys):
    seen = {}
    monkeypatch.setattr(
        command, "run_benchmark", lambda settings, console, **options: seen.update(s=settings, **options)
    )
    arguments = "bench srsd --laws I.12.1,I.8.14 --noise 0.01 --rows 500 --seconds 9 --seeds 0,2 --dummies 3 --jobs 2"
    assert cli.main([*arguments.split(), "--primitives", "x,sin", "--without", "terms"]) == 0
    settings = Settings("srsd", 500, 9.0, 0.01, dummies=3, primitives=("sin", "x"), without=("terms",))
    assert seen["s"] == settings
    assert (seen["laws"], seen["seeds"], seen["jobs"], seen["out"]) == (["I.12.1", "I.8.14"], [0, 2], 2, None)
    assert cli.main(["bench", "srsd", "--seeds", "a"]) == cli.USAGE
    assert "--seeds" in capsys.readouterr().err


def test_unknown_primitive_on_the_command_line(capsys):
    assert cli.main(["bench", "nguyen", "--primitives", "x,sinn"]) == cli.USAGE
    message = capsys.readouterr().err
    assert "primitives" in message and "'sinn'" in message


def test_results_with_other_primitives_are_other_results(console, tmp_path):
    restricted = Settings("nguyen", seconds=5.0, primitives=("sin", "x"))
    for settings in (SETTINGS, restricted):
        assert len(run_benchmark(settings, console, out=tmp_path, run=fake)) == 12
    assert len(records.read(tmp_path)) == 24
    # A run goes on with the same names in another order.
    same = Settings("nguyen", seconds=5.0, primitives=("x", "sin"))
    asked = []
    assert len(run_benchmark(same, console, out=tmp_path, run=lambda jobs, workers: asked.extend(jobs) or ())) == 12
    assert not asked


def test_results_from_before_primitives_could_be_chosen_count(console, tmp_path):
    (record,) = run_benchmark(SETTINGS, console, laws=["Nguyen-1"], out=tmp_path, run=fake)
    del record["primitives"]
    (tmp_path / records.FILE).write_text(json.dumps(record) + "\n")
    assert records.key_of(records.read(tmp_path)[0]) == Job(SETTINGS, "Nguyen-1", 0).key


def test_unknown_catalogue_on_the_command_line(capsys):
    assert cli.main(["bench", "nothing"]) == cli.USAGE
    assert "there is no catalogue 'nothing'; known: classics, empirical" in capsys.readouterr().err


def test_order_of_jobs():
    catalogue = load_catalogue("nguyen").only(["Nguyen-1", "Nguyen-8"])
    jobs = runner.plan(catalogue, SETTINGS, (0, 1), ("kansym", "operon"))
    assert [(job.seed, job.law, job.tool) for job in jobs[:3]] == [
        (0, "Nguyen-1", "kansym"),
        (0, "Nguyen-1", "operon"),
        (0, "Nguyen-8", "kansym"),
    ]
    assert len({job.key for job in jobs}) == 8


def test_line_of_a_formula_without_values():
    record = made_up(Job(SETTINGS, "Nguyen-1", 0), inside="inf", recovered=False, front_recovered=False)
    assert "NRMSE inf" in display.line(record)
