import json
import math

import numpy as np
import pytest

import kansym.comparison.process as process_module
import kansym.comparison.run as run_module
from kansym.comparison.files import add_to_run, load_comparison, save_comparison
from kansym.comparison.result import AgreeingRow, Comparison, ToolResult, findings
from kansym.comparison.run import compare
from kansym.comparison.words import sentences
from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError, StorageError
from kansym.run.storage import load_run, save_run
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.same import Sameness, SameVerdict
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
    assert f"{'not run' if other.missing else 'failed'}: {other.failure}" in str(result)
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
    bits, errors = result.figure().axes[:2]
    assert [text.get_text() for text in bits.get_yticklabels()] == ["kansym", "faulty"]
    assert (
        bits.get_title(loc="left") == "Bits more than kansym's"
        and errors.get_title(loc="left") == "Error on the rows, m"
    )
    (legend,) = result.figure().legends
    assert [text.get_text() for text in legend.get_texts()] == ["kansym", "the same function"]


def test_bars_of_the_figure():
    tools = (
        ToolResult("kansym", "1", "x", rms=1e-17, held_out_rms=1e-17, seconds=2.0, start_up=3.0, bits=-10.0),
        ToolResult("far", "1", "y", rms=1.0, held_out_rms=1.0, beyond_rms=math.inf, seconds=4.0, bits=30.0),
        ToolResult("near", "1", "z", rms=1e-3, held_out_rms=1e-3, beyond_rms=2.0, bits=-12.0, peak_memory=5 * 10**6),
        ToolResult("gone", failure="crashed"),
    )
    axes = Comparison(tools, "y", None, 20, 5, 5, 1.0, 3.0, 0).figure().axes
    shown = {one.get_title(loc="left"): one for one in axes}
    assert list(shown) == [
        "Bits more than kansym's", "Error on rows that no tool saw", "Error beyond their range",
        "Seconds from Enter (pale: start-up)", "Peak memory in megabytes",
    ]  # fmt: skip
    assert [bar.get_width() for bar in shown["Bits more than kansym's"].patches] == [0, 40, -2]
    errors = shown["Error on rows that no tool saw"]
    # Three decades are a logarithmic axis, on which what is exact has no bar.
    assert errors.get_xscale() == "log" and errors.patches[0].get_width() == 0
    assert errors.patches[1].get_width() > errors.patches[2].get_width() > 0
    words = [text.get_text() for text in shown["Error beyond their range"].texts]
    assert words == ["not measured", "undefined", "2"]
    assert [bar.get_width() for bar in shown["Seconds from Enter (pale: start-up)"].patches] == [5, 3, 4]
    assert [text.get_text() for text in errors.get_yticklabels()] == [""] * 3
    for one in axes:
        assert not any("crashed" in text.get_text() for text in one.texts)


def test_what_was_measured_is_in_the_table_and_in_the_file(faulty, line, tmp_path):
    faulty("late start")
    result = compare(line, peers=["faulty"], options=OPTIONS)
    own, other = result.tools
    assert other.seconds == 0.01 and other.start_up >= 5 and other.from_enter == other.seconds + other.start_up
    # kansym's own start is measured as the others' are.
    assert own.start_up > 0.1 and own.from_enter > own.seconds
    assert other.bits == own.bits and other.algebra is True and other.agreeing is None
    header, first, second = str(result).splitlines()[:3]
    assert header.split()[7:11] == ["seconds", "start-up", "from", "Enter"]
    assert f"{other.start_up:.1f}  " in second and f"{other.from_enter:.1f}" in second and " 0 " in first
    save_comparison(result, tmp_path)
    loaded = load_comparison(tmp_path)
    assert loaded.tools == result.tools
    frame = result.to_frame().set_index("tool")
    assert frame.loc["faulty", "from_enter"] == other.from_enter and frame.loc["faulty", "algebra"]


def test_a_failure_does_not_count_its_start(faulty, line, found):
    faulty("late start, then killed")
    other = compare(line, peers=["faulty"], options=OPTIONS, found=found)["faulty"]
    assert other.failure == "was killed by SIGKILL" and other.start_up >= 5.0 and other.seconds < 5.0


def test_of_an_equal_longer_pick_the_shorter_row_is_told(line, found, tmp_path):
    path = tmp_path / "hall_of_fame.csv"
    lines = ('1,1.2,"first"', '5,1.6e-31,"(first * 2.0) + 1.0"', '11,0.0,"(first*2.0 + sin(first)^2) + cos(first)^2"')
    path.write_text("\n".join(("Complexity,Loss,Equation", *lines)))
    entry = compare(line, peers=[], options=OPTIONS, found=found, pysr_csv=path)["pysr (file)"]
    # Its rule hands out the exact one, which is the same once simplified; the row that needs no simplification is told.
    assert entry.formula == "2*first + 1" and entry.same.kind is Sameness.SAME
    assert (entry.agreeing.place, entry.agreeing.own_complexity, entry.agreeing.pick_complexity) == (2, 5.0, 11.0)
    assert sentences(entry, compare(line, peers=[], options=OPTIONS, found=found))[-1] == (
        "Row 2 of its own list, of complexity 5 by its own count, is kansym's function: 2*first + 1. It picked one of "
        "complexity 11."
    )


def test_sentences_for_every_outcome():
    verdict = SameVerdict(Sameness.DIFFERENT, 1.0, 1.0, "their values differ on the data")
    same = SameVerdict(Sameness.SAME, 0.0, 0.0, "equal to 30 digits")
    own = ToolResult("kansym", formula="x", rms=1.0, held_out_rms=1.0, beyond_rms=1.0, bits=0.0)
    row = AgreeingRow(2, "x*1.0", 3, 3.0, None, 1.0, same)
    worse = ToolResult(
        "a", formula="y", rms=2.0, held_out_rms=4.0, beyond_rms=math.inf, bits=7.0, same=verdict, agreeing=row
    )
    better = ToolResult("b", formula="z", held_out_rms=0.25, beyond_rms=1e-12, bits=-7.0, same=verdict)
    equal = ToolResult("c", formula="x + 0", held_out_rms=1.0, bits=0.0, same=same, algebra=True)
    net = ToolResult("d", held_out_rms=1.05, parameters=9)
    comparison = Comparison((own, worse, better, equal, net), "y", None, 50, 10, 5, 1.0, 3.0, 0)
    assert sentences(worse, comparison) == [
        "Found another function: their values differ on the data.",
        "On rows that no tool saw its error is 4 times kansym's; beyond the range of the others it has no value.",
        "With it the rows take 7 bits more to write down, formula included.",
        "Row 2 of its own list, of complexity 3 by its own count, is kansym's function: x*1.0. It picked a longer one.",
    ]
    assert sentences(better, comparison)[1:] == [
        "On rows that no tool saw its error is 4 times smaller than kansym's; beyond the range of the others its error "
        "is more than 1e9 times smaller than kansym's.",
        "With it the rows take 7 bits fewer to write down, formula included.",
    ]
    assert sentences(equal, comparison) == ["Found the same function: equal to 30 digits, and by algebra."]
    assert sentences(net, comparison) == [
        "Predicts without a formula. On rows that no tool saw its error is about as large as kansym's."
    ]
