"""A run written to a folder and read back, and folders that are damaged, foreign or hostile."""

import errno
import json
import os
import xml.etree.ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from kansym.data.dataset import make_dataset
from kansym.data.scaling import Scaling
from kansym.errors import ArgumentError, KansymError, StorageError
from kansym.estimator.regressor import SymbolicRegressor
from kansym.kan.growth import GrowthOptions
from kansym.kan.network import Network
from kansym.primitives import default_library, primitive_from_expression
from kansym.report.text import text_report
from kansym.run import files, storage
from kansym.run.storage import load_run, save_run
from kansym.run.summary import RunSummary
from kansym.run.writing import prepare_directory
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery, NetworkReading, TrainedNetwork

FILES = {
    "formula.json",
    "equations.csv",
    "model.safetensors",
    "network.svg",
    "network.png",
    "data.safetensors",
    "report.txt",
    "run.log",
}


READINGS = {"symbolic.safetensors", "read.safetensors"}
"""Where the pick came from a network."""


@pytest.fixture(scope="module")
def discovery() -> Discovery:
    a = np.linspace(1.0, 3.0, 12)
    data = make_dataset(np.column_stack([a, a[::-1] ** 2]), 3.0 * a**2, names=["λ (nm)", "x-1"], target="E")
    options = DiscoveryOptions(max_seconds=5, growth=GrowthOptions(shapes=((2, 1),), population=1))
    found = discover(data, options)
    assert found.network is not None or found.stopped == "the formula is as good as the data"
    return found if found.network is not None else replace(found, network=_network(data))


def _network(data):
    network = Network.create((2, 1), generator=torch.Generator().manual_seed(0))
    return TrainedNetwork(network, Scaling.fit(data.X, data.y), 0.5, 0.25)


@pytest.fixture
def saved(discovery, tmp_path):
    options = DiscoveryOptions(max_seconds=5, seed=4)
    return save_run(discovery, tmp_path / "new" / "run", command="kansym discover t.csv", options=options,
                    log_lines=["first", "second λ"])  # fmt: skip


def test_all_files_are_written_and_open_elsewhere(saved, discovery):
    assert {path.name for path in saved.iterdir()} - READINGS == FILES
    record = json.loads((saved / "formula.json").read_text(encoding="utf-8"))
    assert record["names"] == ["λ (nm)", "x-1"] and record["seed"] == 4 and len(record["data_sha256"]) == 64
    table = pd.read_csv(saved / "equations.csv")
    assert table["complexity"].tolist() == [formula.complexity for formula in discovery.front]
    assert table["picked"].sum() == 1
    root = xml.etree.ElementTree.parse(saved / "network.svg").getroot()
    assert root.tag.endswith("svg") and not root.findall(".//{*}image")
    assert (saved / "network.png").read_bytes().startswith(b"\x89PNG")
    assert (saved / "run.log").read_text(encoding="utf-8") == "first\nsecond λ\n"
    assert (saved / "report.txt").read_text(encoding="utf-8").startswith(str(discovery.formula))


def test_a_run_comes_back_exactly(saved, discovery):
    run = load_run(saved)
    X = discovery.dataset.X
    assert len(run.front) == len(discovery.front)
    for mine, theirs in zip(run.front, discovery.front, strict=True):
        assert mine.expression == theirs.expression
        assert np.array_equal(mine.predict(X), theirs.predict(X))
    assert run.formula.to_dict() == discovery.formula.to_dict()
    assert run.network is not None and discovery.network is not None
    assert np.array_equal(run.network.predict(X), discovery.network.predict(X))
    assert run.network.validation_loss == discovery.network.validation_loss
    assert run.metadata["names"] == ["λ (nm)", "x-1"]
    assert text_report(run.summary) == (saved / "report.txt").read_text(encoding="utf-8")


def test_the_networks_behind_the_pick_come_back_exactly(discovery, tmp_path):
    z = torch.linspace(-1, 1, 7, dtype=torch.float64)[:, None].expand(-1, 2)
    primitive = primitive_from_expression("own", sympy.tanh(sympy.Symbol("z")) ** 3)
    symbolic, trained = Network.create((2, 1), generator=torch.Generator().manual_seed(1)), _network(discovery.dataset)
    symbolic.primitives = (primitive,)
    found = replace(discovery, reading=NetworkReading(symbolic, trained.network))
    folder = save_run(found, tmp_path)
    library = default_library().with_primitive(primitive)
    again = load_run(folder, library=library).reading
    assert again is not None and again.trained is not None
    assert torch.equal(again.symbolic(z), symbolic(z)) and torch.equal(again.trained(z), trained.network(z))
    # Without the library that has the primitive the run can still be read, but for this.
    bare = load_run(folder)
    assert bare.reading is None and bare.formula.to_dict() == found.formula.to_dict()


def test_a_folder_without_the_table_can_be_read(saved):
    (saved / "data.safetensors").unlink()
    assert load_run(saved).dataset is None


def test_growth_comes_back_in_numbers(saved, discovery):
    assert load_run(saved).summary.growth == discovery.decisions


def test_an_older_run_is_replaced_and_leaves_nothing_behind(saved, discovery):
    (saved / "mine.txt").write_text("kept")
    other = replace(discovery, network=None, reading=None, stopped="interrupted")
    save_run(other, saved)
    # The formula is a network of its own.
    assert {path.name for path in saved.iterdir()} == {
        "formula.json", "equations.csv", "data.safetensors", "report.txt", "run.log", "mine.txt", "network.svg",
        "network.png",
    }  # fmt: skip
    constant = replace(discovery.formula, expression=sympy.Float(1.5), constants=(), covariance=None)
    save_run(replace(other, formula=constant), saved)
    assert not list(saved.glob("network.*"))
    run = load_run(saved)
    assert run.network is None and run.summary.stopped == "interrupted"


def test_what_tells_of_an_older_run_goes_and_what_is_yours_stays(saved, discovery):
    (saved / "figures").mkdir()
    (saved / "drawings").mkdir()
    old = ("report.html", "comparison.json", "comparison.svg", "figures/parity.svg", "figures/front-dark.pdf")
    yours = ("mine.html", "comparison.ods", "figures/mine.svg", "figures/parity.txt", "drawings/parity.svg")
    for name in (*old, *yours):
        (saved / name).write_text("of the older run")
    save_run(discovery, saved)
    assert not [name for name in old if (saved / name).exists()]
    assert all((saved / name).exists() for name in yours)


def test_empty_folders_of_figures_go(saved, discovery):
    (saved / "figures").mkdir()
    (saved / "figures" / "network.png").write_bytes(b"old")
    save_run(discovery, saved)
    assert not (saved / "figures").exists()


def test_a_folder_without_a_run_keeps_its_files(discovery, tmp_path):
    (tmp_path / "report.html").write_text("mine")
    save_run(discovery, tmp_path)
    assert (tmp_path / "report.html").read_text() == "mine"


def other_table(discovery):
    return replace(discovery, dataset=replace(discovery.dataset, y=discovery.dataset.y + 1.0))


def test_a_run_of_another_table_is_not_replaced_by_mistake(saved, discovery):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    words = r"holds a run of another table \(E by λ \(nm\), x-1; 12 rows, 2\d\d\d-.*overwrite=True \(--overwrite\)"
    with pytest.raises(ArgumentError, match=words):
        save_run(other_table(discovery), saved)
    renamed = replace(discovery, dataset=replace(discovery.dataset, target="F"))
    with pytest.raises(ArgumentError, match="another table"):
        save_run(renamed, saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    save_run(other_table(discovery), saved, overwrite=True)
    loaded = load_run(saved).dataset
    assert loaded is not None and np.array_equal(loaded.y, other_table(discovery).dataset.y)


def test_a_record_that_cannot_be_read_is_not_replaced_by_mistake(discovery, tmp_path):
    (tmp_path / "formula.json").write_text('{"mine": 1}')
    with pytest.raises(ArgumentError, match=r"is taken: .*not the record of a kansym run; name another folder"):
        save_run(discovery, tmp_path)
    assert (tmp_path / "formula.json").read_text() == '{"mine": 1}'
    assert load_run(save_run(discovery, tmp_path, overwrite=True)).formula is not None


def test_an_estimator_is_saved_with_its_certificate_once_it_has_one(tmp_path):
    x = np.linspace(1, 3, 30)
    model = SymbolicRegressor(max_seconds=2, random_state=5).fit(x[:, None], 2 * x + 1, variable_names=["t"])
    first = load_run(save_run(model, tmp_path)).summary
    assert first.certificate is None and first.seed == 5 and "variable_names=['t']" in first.command
    certificate = model.certificate_
    kept = load_run(save_run(model, tmp_path)).summary
    assert kept.certificate is not None and kept.certificate.verdict == certificate.verdict
    assert (tmp_path / "certificate.json").exists()


@pytest.mark.parametrize(("what", "words"), [(SymbolicRegressor(), "is not fitted; call fit first"), ("a", "got str")])
def test_what_is_no_run_is_not_saved(what, words, tmp_path):
    with pytest.raises(ArgumentError, match=f"must be a Discovery or a fitted SymbolicRegressor, .*{words}"):
        save_run(what, tmp_path)


def test_a_failure_while_writing_leaves_the_old_file(saved, monkeypatch):
    before = (saved / "report.txt").read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        storage.replace_file(saved / "report.txt", b"new")
    assert (saved / "report.txt").read_bytes() == before
    assert {path.name for path in saved.iterdir()} - READINGS == FILES


def test_the_same_run_gives_the_same_figure(discovery, tmp_path):
    first, second = (save_run(discovery, tmp_path / name) for name in ("a", "b"))
    assert (first / "network.svg").read_bytes() == (second / "network.svg").read_bytes()


def test_a_folder_that_cannot_be_used_is_refused_at_once(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    for bad in (file, file / "below", tmp_path / ("x" * 300), "a\0b"):
        with pytest.raises(ArgumentError, match="output directory") as caught:
            prepare_directory(bad)
        assert "\n" not in str(caught.value)
    assert file.read_text() == "mine"
    assert prepare_directory(tmp_path / "a" / "b").is_dir()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ArgumentError, match="cannot be written to"):
            prepare_directory(tmp_path / "run")
    finally:
        tmp_path.chmod(0o700)


def refused(folder, match: str) -> None:
    with pytest.raises(StorageError, match=match) as caught:
        load_run(folder)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_missing_and_foreign_files_are_refused(saved, tmp_path):
    refused(tmp_path / "nothing", "is not a folder")
    refused(saved / "report.txt", "is not a folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no finished run: formula.json is missing")
    (saved / "model.safetensors").unlink()
    refused(saved, "model.safetensors is missing")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not the record"),
        ("{}", "not the record"),
        ('{"kansym": "run"}', "schema None"),
        ('{"kansym": "run", "schema": 99}', "schema 99, this version of kansym reads 1"),
        ('{"kansym": "run", "schema": 1}', "cannot be read"),
        ('{"kansym": "run", "schema": true}', "schema True"),
    ],
)
def test_damaged_records_are_refused(saved, text, match):
    (saved / "formula.json").write_bytes(text.encode("latin-1"))
    refused(saved, match)


def test_a_huge_record_is_not_read(saved):
    with (saved / "formula.json").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    refused(saved, "too large")


def test_code_in_a_record_is_never_run(saved, tmp_path):
    record = json.loads((saved / "formula.json").read_text(encoding="utf-8"))
    victim = tmp_path / "victim"
    attack = f"__import__('pathlib').Path({str(victim)!r}).touch()"

    def poisoned(value):
        """Every record with one text replaced by code."""
        if isinstance(value, dict):
            for key, entry in value.items():
                yield from ({**value, key: bad} for bad in poisoned(entry))
        elif isinstance(value, list):
            for k, entry in enumerate(value[:2]):
                yield from ([*value[:k], bad, *value[k + 1 :]] for bad in poisoned(entry))
        elif isinstance(value, str):
            yield attack

    tried = 0
    for bad in poisoned(record):
        tried += 1
        try:
            text_report(RunSummary.from_dict(bad))
        except KansymError:
            continue
    assert tried > 30 and not victim.exists()


def test_files_of_two_runs_do_not_mix(saved, discovery):
    record = json.loads((saved / "formula.json").read_text(encoding="utf-8"))
    record["names"] = ["one"]
    (saved / "formula.json").write_text(json.dumps(record))
    refused(saved, "do not belong together")


def test_a_network_without_scaling_is_refused(saved, discovery):
    from kansym.kan.persistence import save_network

    save_network(discovery.network.network, saved / "model.safetensors")
    refused(saved, "does not say how its inputs are scaled")
    (saved / "model.safetensors").write_bytes(b"no network")
    refused(saved, "model.safetensors")


@pytest.mark.parametrize("last", [1, 5])
def test_a_full_disk_is_named_with_what_was_kept(discovery, tmp_path, monkeypatch, last):
    (tmp_path / "notes.txt").write_text("mine")
    done, replace = [], os.replace

    def full(source, target):
        if len(done) == last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError) as caught:
        save_run(discovery, tmp_path)
    words = str(caught.value)
    assert "No space left on device" in words and "\n" not in words
    assert all(name in words for name in done) and str(discovery.formula) in words
    assert "beside older files (notes.txt)" in words
    # Nothing half written stays, and no record tells of a complete run.
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([*done, "notes.txt"])
    with pytest.raises(StorageError):
        load_run(tmp_path)
