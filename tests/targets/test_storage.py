"""Several targets as a folder: a run for each, and page, report and record of all."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kansym import ArgumentError, DiscoveryOptions, ParetoFront, certify, discover, load_run, make_dataset
from kansym.errors import StorageError
from kansym.targets.analysis import common_of
from kansym.targets.finished import FinishedTargets, folder_names
from kansym.targets.page import targets_html
from kansym.targets.result import TargetRow, TargetsDiscovery
from kansym.targets.storage import load_targets, save_targets
from kansym.targets.text import targets_text

BRIEF = DiscoveryOptions(max_seconds=0.2, deterministic=True)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, formula_of):
    """Two components with one length, as a search finds them in time, and a target that could not be read."""
    rng = np.random.default_rng(2)
    r, theta = rng.uniform(1, 3, 40), rng.uniform(0, 6, 40)
    components = {"x/m": 2.5 * r * np.cos(theta), "y": 2.5 * r * np.sin(theta)}
    rows = []
    for (name, values), text in zip(components.items(), ("2.5*r*cos(theta)", "2.5*r*sin(theta)"), strict=True):
        table = make_dataset(np.c_[r, theta], values, names=["r", "theta"], target=name)
        formula = formula_of(text, table)
        discovery = replace(discover(table, BRIEF), formula=formula, front=ParetoFront([formula]), notes=())
        rows.append(TargetRow(name, table, discovery, source="" if name == "y" else "y"))
    rows.append(TargetRow("<b>", None, None, "it is <i>constant</i>"))
    common = common_of([(row.formula, row.dataset) for row in rows[:2]])
    found = TargetsDiscovery(tuple(rows), common, 1.5)
    certificates = {"y": certify(found["y"].discovery)}
    path = tmp_path_factory.mktemp("targets") / "out"
    save_targets(found, path, certificates=certificates, options=BRIEF, command="kansym discover a.csv")
    return found, certificates, path


def test_every_target_is_a_run_that_can_be_loaded(saved):
    found, _, path = saved
    assert sorted(entry.name for entry in path.iterdir()) == ["index.html", "report.txt", "targets.json", "x_m", "y"]
    for row, folder in zip(found.found, ("x_m", "y"), strict=True):
        assert load_run(path / folder).formula.to_dict() == row.formula.to_dict()
        assert (path / folder / "report.html").exists() and (path / folder / "thumbnail.png").exists()


def test_the_report_from_the_folder_is_that_of_the_search(saved):
    found, certificates, path = saved
    text = targets_text(FinishedTargets.of(found, certificates=certificates, options=BRIEF))
    assert targets_text(load_targets(path)) == text == (path / "report.txt").read_text()
    assert "= a**2*r**2" in text and "The form was suggested by the formula of y." in text
    assert "Verdict: law" in text and "<b>: no result\n  it is <i>constant</i>" in text
    assert "a = 2.5  (exact to rounding), in x/m and y" in text


def test_the_record_is_plain_json(saved):
    record = json.loads((saved[2] / "targets.json").read_text())
    assert [one["folder"] for one in record["targets"]] == ["x_m", "y", ""]
    assert record["common"]["constants"][0]["name"] == "a" and record["command"] == "kansym discover a.csv"


def test_the_page_shows_all_of_it_and_names_are_text(saved):
    page = (saved[2] / "index.html").read_text()
    assert 'href="x_m/report.html"' in page and 'href="y/report.html"' in page
    assert page.count("data:image/png;base64,") == 2
    assert "&lt;b&gt;" in page and "<i>constant" not in page
    assert "sum of squares" in page and "One joint fit of all targets, with 1 constant fewer" in page


def test_a_page_without_a_folder_has_no_links(saved):
    page = targets_html(load_targets(saved[2]))
    assert "<a href=" not in page and "data:image" not in page


def test_commands_for_one_run_say_which_there_are(saved):
    with pytest.raises(StorageError, match="holds a run for each of several targets; name one of them: x_m, y"):
        load_run(saved[2])


def test_runs_of_another_table_are_not_replaced(saved, tmp_path):
    found, _, path = saved
    rows = tuple(
        row if row.dataset is None else replace(row, dataset=replace(row.dataset, y=row.dataset.y + 1))
        for row in found.rows
    )
    with pytest.raises(ArgumentError, match="holds a run of another table"):
        save_targets(replace(found, rows=rows), path)
    with pytest.raises(ArgumentError, match="holds a run of one target"):
        save_targets(found, path / "y")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record: record.update(schema=9), "not of this version"),
        (lambda record: record["targets"][0].update(folder="../y"), "no folder in it"),
        (lambda record: record.pop("common"), "cannot be read"),
        (lambda record: record["common"].update(constants=3), "cannot be read"),
        (lambda record: record.clear(), "not of this version"),
    ],
)
def test_damaged_records_are_said(saved, tmp_path, change, words):
    record = json.loads((saved[2] / "targets.json").read_text())
    change(record)
    (tmp_path / "targets.json").write_text(json.dumps(record))
    for name in ("x_m", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "formula.json").write_bytes((saved[2] / name / "formula.json").read_bytes())
    with pytest.raises(StorageError, match=words):
        load_targets(tmp_path)


def test_folders_have_names_that_no_other_file_has():
    assert folder_names(["index", "λ (nm)", "U", "u"]) == {
        "index": "index_2",
        "λ (nm)": "lambda_nm",
        "U": "U",
        "u": "u_2",
    }


def test_a_folder_without_a_record_is_none(tmp_path):
    with pytest.raises(StorageError, match="holds no search of several targets"):
        load_targets(tmp_path)
