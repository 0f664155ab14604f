"""`discover_groups`: a law of several groups is found, and saved as a folder that shows it again."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import sympy

import kansym
from kansym.cli import main
from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError, DataError
from kansym.groups import engines
from kansym.groups import search as search_module
from kansym.groups.contest import Contest
from kansym.groups.discovery import discover_groups, law_of_groups
from kansym.groups.folder import load_groups, save_groups
from kansym.groups.outcome import leaves_nothing
from kansym.groups.table import grouped_table
from kansym.groups.text import text_report
from kansym.search.agenda import loop
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression
from tests.groups.conftest import TRUE

OPTIONS = DiscoveryOptions(max_seconds=2, deterministic=True)


@pytest.fixture(scope="module")
def found(decays):
    t, y, names = decays
    table = make_dataset(t[:, None], y, names=["t"], target="N", units=["s"])
    return law_of_groups(table, names, group="sample", options=OPTIONS)


def test_the_law_and_its_constants_are_found(found):
    assert len(found.shared) == 1
    assert len(found.per_group) == 2
    t = np.linspace(0.5, 5, 20)
    for name, (size, lifetime) in TRUE.items():
        clean = size * np.exp(-t / lifetime) + 0.5
        assert np.abs(found.predict(t[:, None], name) - clean).max() < 0.1
    assert found.verdict is not None
    assert found.verdict.kind == "law"
    assert found.saved > 100


@pytest.fixture
def counts(rng):
    """Counts of four isotopes with their errors, and nothing beside them."""
    t = np.tile(np.linspace(1.0, 60.0, 31), 4)
    names = np.repeat(["a", "b", "c", "d"], 31)
    size, rate = np.repeat([5100.0, 9000.0, 3100.0, 2500.0], 31), np.repeat([0.05, 0.28, 0.045, 0.02], 31)
    clean = size * np.exp(-rate * t)
    error = np.sqrt(clean + 1.0)
    table = make_dataset(t[:, None], clean + error * rng.normal(size=len(t)), names=["t"], y_error=error)
    return grouped_table(table, list(names), "sample")


def test_one_loop_asks_all_tables_has_the_law_in_seconds_and_ends_where_nothing_betters_it(counts):
    contest = search_module.search_groups(counts, DiscoveryOptions(max_seconds=40, deterministic=True))
    assert contest.best is not None
    assert contest.best.form.expression.has(sympy.exp) and len(contest.best.form.constants) == 2
    # Work, not time on the wall.
    assert contest.changed < 4.0 and contest.idle > 0.0 and contest.changed + contest.idle < 20

    tables = {event.table for event in contest.log}
    assert {"sample a", "all groups", "all groups, each in units of its own"} <= tables
    asked = {event.engine for event in contest.log if event.table == "all groups"}
    assert "compositions of groups" in asked and "exact laws" not in asked


@pytest.mark.parametrize("steps", [1, 10, 40])
def test_a_search_that_is_stopped_after_any_step_returns_its_best(counts, steps, monkeypatch):
    taken, plain = [], loop.Agenda._step

    def stopping(agenda, job):
        plain(agenda, job)
        taken.append(agenda.evidence.bits)
        if len(taken) == steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop.Agenda, "_step", stopping)
    contest = search_module.search_groups(counts, DiscoveryOptions(max_seconds=40, deterministic=True))
    assert contest.interrupted and contest.best is not None
    assert contest.best.bits <= taken[-1]


@pytest.mark.parametrize(
    ("formula", "nothing"),
    [("3030.0*exp(-0.0513*t)", True), ("3030.0 - 17.1*t", False), ("3030.0 + 0.0*t", False)],
)
def test_a_form_leaves_nothing_if_chi_squared_and_residuals_say_so(counts, formula, nothing):
    contest = Contest(counts, math.inf)
    contest.offer(parse_expression(formula, ["t"]).xreplace({plain_symbol("t"): counts.variables[0]}))
    assert contest.best is not None
    assert leaves_nothing(contest.best, contest.judge) is nothing


def test_without_errors_nothing_says_what_noise_is(decays):
    t, y, names = decays
    table = grouped_table(make_dataset(t[:, None], y, names=["t"]), names, "sample")
    contest = Contest(table, math.inf)
    contest.offer(
        parse_expression("3.03*exp(-t/1.71) + 0.513", ["t"]).xreplace({plain_symbol("t"): table.variables[0]})
    )
    assert contest.best is not None and not leaves_nothing(contest.best, contest.judge)


@pytest.mark.faults
def test_a_search_that_fails_keeps_what_it_has(counts, monkeypatch):
    def fail(agenda):
        raise RuntimeError("a bug")

    monkeypatch.setattr(loop.Agenda, "run", fail)
    contest = search_module.search_groups(counts, DiscoveryOptions(max_seconds=4, deterministic=True))
    assert contest.best is not None and contest.faults.note


def test_sums_of_groups_are_tried_where_compositions_are_left_out(decays, monkeypatch):
    t, y, names = decays
    table = grouped_table(make_dataset(t[:, None], y, names=["t"]), names, "sample")
    only = engines.engines_of_groups(table)[1:]
    monkeypatch.setattr(search_module, "engines_of_groups", lambda table: only)
    monkeypatch.setattr(search_module, "engines_of", lambda options: [])
    contest = search_module.search_groups(table, DiscoveryOptions(max_seconds=10, deterministic=True))
    assert contest.best is not None and contest.best.form.expression.has(sympy.exp)


def test_a_saved_folder_shows_it_again(found, tmp_path, capsys):
    path = save_groups(found, tmp_path / "run")
    again = load_groups(path)
    assert text_report(again) == text_report(found)
    assert again.log == found.log and found.log
    assert main(["explain", str(path)]) == 0
    assert "compositions of groups" in capsys.readouterr().out
    np.testing.assert_array_equal(again.predict(np.array([[1.0]]), "Cs"), found.predict(np.array([[1.0]]), "Cs"))
    constants = pd.read_csv(path / "constants.csv")
    assert constants["sample"].tolist() == list(found.groups)
    page = (path / "report.html").read_text()
    assert all(name in page for name in found.groups)
    assert {"groups.png", "collapse.svg", "constants.png", "report.txt"} <= {one.name for one in path.iterdir()}
    with pytest.raises(ArgumentError, match="--overwrite"):
        save_groups(found, path)


def test_latex_and_record(found):
    assert r"\mathrm{sample}" in found.latex(with_target=True)
    record = json.loads(json.dumps(found.to_dict()))
    assert [one["name"] for one in record["groups"]] == list(found.groups)


def test_groups_that_cannot_be(decays):
    t, y, names = decays
    table = make_dataset(np.column_stack([t, np.char.str_len(names)]), y, names=["t", "Z"])
    with pytest.raises(ArgumentError, match="'Xe'"):
        law_of_groups(table, names, leave_out=("Xe",))
    with pytest.raises(DataError, match=r"shape \(85,\)"):
        law_of_groups(table, names[1:])
    only = make_dataset(np.char.str_len(names).astype(float)[:, None], y, names=["Z"])
    with pytest.raises(DataError, match="constant within the groups"):
        law_of_groups(only, names)


@pytest.fixture
def files(decays, tmp_path):
    t, y, names = decays
    table = pd.DataFrame({"sample": names, "Z": np.char.str_len(names), "t [s]": t, "N": y})
    table.to_csv(tmp_path / "all.csv", index=False)
    (tmp_path / "runs").mkdir()
    for name, part in table.groupby("sample"):
        part.drop(columns="sample").to_csv(tmp_path / "runs" / f"{name}.csv", index=False)
    return tmp_path


@pytest.mark.long
def test_the_command_fits_groups_of_a_column_and_of_files(files, capsys):
    arguments = ["fit-constants", "A*exp(-t/tau) + B", "--target", "N", "--json"]
    assert main([*arguments, str(files / "all.csv"), "--group", "sample", "--out", str(files / "out")]) == 0
    shown = capsys.readouterr()
    one = json.loads(shown.out)
    assert "--target tau --error tau_error --columns Z" in shown.err
    assert main([*arguments, "--dataset-per-file", str(files / "runs" / "*.csv")]) == 0
    other = json.loads(capsys.readouterr().out)
    assert [c["values"] for c in one["constants"] if not c["shared"]] == [
        c["values"] for c in other["constants"] if not c["shared"]
    ]
    assert main(["report", str(files / "out")]) == 0
    assert "Constants of each sample" in capsys.readouterr().out
    assert pd.read_csv(files / "out" / "constants.csv")["Z"].tolist() == [2, 2, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--group", "samples"], "no group column 'samples'"),
        (["--group", "sample", "--columns", "t,sample"], "cannot also be an input"),
        (["--group", "N"], "cannot also be the target"),
        (["--group", "sample", "--robust"], "not used with groups"),
        (["--leave-out", "Ba"], "--group"),
    ],
)
def test_mistakes_are_one_line(files, capsys, arguments, words):
    assert main(["discover", str(files / "all.csv"), "--target", "N", *arguments]) == 2
    shown = capsys.readouterr().err.strip()
    assert words in shown
    assert "\n" not in shown


def test_files_need_the_same_columns(files, capsys):
    (files / "runs" / "other.csv").write_text("t,M\n1,2\n2,3\n")
    assert main(["discover", "--dataset-per-file", str(files / "runs" / "*.csv"), "--target", "N"]) == 2
    assert "all files need the same" in capsys.readouterr().err


def test_names_of_the_package():
    assert kansym.discover_groups is discover_groups
