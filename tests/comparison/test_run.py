import json
import math

import numpy as np
import pytest

import kansym.comparison.process as process_module
import kansym.comparison.run as run_module
from kansym.comparison.files import add_to_run, load_comparison, save_comparison
from kansym.comparison.result import Comparison, findings
from kansym.comparison.run import compare
from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError, StorageError
from kansym.run.storage import load_run, save_run
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.same import Sameness
from kansym.validation.certificate import certify

OPTIONS = DiscoveryOptions(max_seconds=5)
FAULTS = ("crash", "exit", "segfault", "killed", "nothing", "nan", "nan values", "nan predictions", "few predictions",
          "garbage", "missing")  # fmt: skip


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(process_module, "GRACE", 1.0)
    monkeypatch.setattr(process_module, "OVERRUN", 1.0)


@pytest.fixture(scope="module")
def line():
    """y = 2 x + 1, which the faulty peer finds when it works; 60 rows."""
    X = np.linspace(1, 3, 60)[:, None]
    return make_dataset(X, 2 * X[:, 0] + 1, names=["first"], target="second", units=["m"], y_units="m")


@pytest.fixture(scope="module")
def found(line):
    return discover(line, OPTIONS)


def test_the_same_formula(faulty, line):
    faulty("")
    said = []
    result = compare(line, peers=["faulty"], options=OPTIONS, progress=lambda tool, text: said.append(tool))
    assert [tool.tool for tool in result.tools] == ["kansym", "faulty"]
    assert (result.rows, result.held_out_rows, result.beyond_rows) == (43, 11, 6)
    for tool in result.tools:
        assert tool.formula == "2*first + 1" and tool.complexity == 5
        assert max(tool.rms, tool.held_out_rms, tool.beyond_rms) < 1e-12
        assert float(tool.expression.subs("first", 3)) == pytest.approx(7)
    assert result["faulty"].same.kind is Sameness.SAME and result["faulty"].version == "1.2"
    assert [point.complexity for point in result["faulty"].front] == [1, 5]
    assert {"kansym", "faulty"} <= set(said)
    with pytest.raises(KeyError):
        result["eureqa"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_row(faulty, line, found, fault):
    faulty(fault)
    result = compare(line, peers=["faulty"], options=OPTIONS, found=found)
    own, other = result.tools
    assert own.formula == "2*first + 1" and not own.failure
    assert other.failure and "\n" not in other.failure and other.formula == ""
    assert other.missing == (fault == "missing")
    assert f"failed: {other.failure}" in str(result)
    assert findings(result)[0].failure == other.failure


@pytest.mark.long
def test_the_others_still_run(faulty, line, found, monkeypatch):
    faulty("crash")
    result = compare(line, peers=["faulty", "mlp"], options=DiscoveryOptions(max_seconds=4), found=found)
    assert result["faulty"].failure and result["mlp"].rms < 0.1 and result["mlp"].parameters > 10
    assert result["mlp"].complexity is None and result["mlp"].same is None
    assert "parameters, no formula" in str(result)


def test_a_peer_that_is_not_installed(faulty, line, found, monkeypatch):
    faulty("")
    monkeypatch.setattr(run_module, "is_installed", lambda peer: False)
    entry = compare(line, peers=["faulty"], options=OPTIONS, found=found)["faulty"]
    assert entry.missing and entry.failure == "not installed: pip install faulty"


def test_interrupts_keep_what_is_there(faulty, line, found, monkeypatch):
    faulty("")

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "_run", interrupted)
    result = compare(line, peers=["faulty", "mlp"], options=OPTIONS, found=found)
    assert result.interrupted and [tool.failure for tool in result.peers] == ["interrupted", "not run: interrupted"]
    assert result.kansym.formula == "2*first + 1"


def test_another_formula_with_smaller_errors_speaks_against_a_law(faulty, line, found):
    faulty("")
    result = compare(line, peers=["faulty"], options=OPTIONS, found=found)
    certificate = certify(found, options=OPTIONS)
    assert certificate.verdict.kind == "law"
    agreed = certificate.with_peers(findings(result))
    assert "faulty found the same" in agreed.verdict.supporting and agreed.verdict.kind == "law"
    from dataclasses import replace

    better = replace(
        findings(result)[0], same="different", error=0.01, own_error=0.05, unseen=True, formula="exp(first)"
    )
    doubted = certificate.with_peers([better])
    assert doubted.verdict.kind == "good description" and "5 times smaller" in doubted.verdict.against[0]
    # The last comparison counts, and no other.
    assert doubted.with_peers([]).verdict.kind == "law"
    assert doubted.with_peers(findings(result)).verdict.grounds == agreed.verdict.grounds
    assert type(certificate).from_dict(doubted.to_dict()) == doubted
    record = certificate.to_dict()
    del record["peers"]
    assert type(certificate).from_dict(record) == certificate


def test_stored_and_loaded(faulty, line, found, tmp_path):
    faulty("")
    result = compare(line, peers=["faulty"], options=OPTIONS, found=found)
    save_comparison(result, tmp_path)
    again = load_comparison(tmp_path)
    assert again.to_dict() == result.to_dict() and isinstance(again, Comparison)
    assert again["faulty"].same.kind is Sameness.SAME
    assert (tmp_path / "comparison.txt").read_text() == f"{result}\n"
    assert (tmp_path / "comparison.png").read_bytes()[:4] == b"\x89PNG"
    assert len((tmp_path / "comparison.csv").read_text().splitlines()) == 3
    first = (tmp_path / "comparison.svg").read_bytes()
    save_comparison(result, tmp_path)
    assert (tmp_path / "comparison.svg").read_bytes() == first
    for damage in (b"", b"[]", b'{"kansym": "run"}', b'{"kansym": "comparison", "format": 99}'):
        (tmp_path / "comparison.json").write_bytes(damage)
        with pytest.raises(StorageError):
            load_comparison(tmp_path)
    with pytest.raises(StorageError, match="cannot be read"):
        load_comparison(tmp_path / "nowhere")


def test_a_finished_run_learns_what_peers_found(faulty, line, found, tmp_path):
    faulty("")
    save_run(found, tmp_path, options=OPTIONS, certificate=certify(found, options=OPTIONS))
    result = compare(line, peers=["faulty"], options=OPTIONS, found=found)
    add_to_run(tmp_path, load_run(tmp_path), findings(result))
    assert "faulty found the same" in load_run(tmp_path).summary.certificate.verdict.supporting
    assert "faulty found the same" in (tmp_path / "report.txt").read_text()
    assert json.loads((tmp_path / "certificate.json").read_text())["peers"][0]["tool"] == "faulty"


def test_a_hall_of_fame_from_elsewhere(line, found, tmp_path):
    path = tmp_path / "hall_of_fame.csv"
    path.write_text('Complexity,Loss,Equation\n1,1.2,"first"\n5,0.0,"(first * 2.0) + 1.0"\n')
    entry = compare(line, peers=[], options=OPTIONS, found=found, pysr_csv=path)["pysr (file)"]
    assert entry.same.kind is Sameness.SAME and entry.seconds is None and len(entry.front) == 2


def test_errors_of_the_table_weigh(faulty):
    faulty("")
    X = np.linspace(0, 1, 30)[:, None]
    y = 2 * X[:, 0] + 1
    y[0] += 1.0
    error = np.where(np.arange(30) == 0, 1e3, 1.0)
    result = compare(
        make_dataset(X, y, names=["a"], target="b", y_error=error),
        peers=["faulty"],
        options=DiscoveryOptions(max_seconds=3),
    )
    assert result["faulty"].rms < 1e-3 or math.isclose(result["faulty"].held_out_rms, 0.0, abs_tol=1e-3)


def test_wrong_arguments(line):
    with pytest.raises(ArgumentError, match="no peer 'eureqa'; known: pysr, operon, gplearn, pykan, mlp"):
        compare(line, peers=["eureqa"])


def test_the_figure_has_every_tool_that_answered(faulty, line, found):
    faulty("")
    result = compare(line, peers=["faulty"], options=OPTIONS, found=found)
    (axes,) = result.figure().axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["kansym", "faulty"]
    assert axes.get_yscale() == "log"
