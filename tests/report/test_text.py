"""Summary and plain-text report: the numbers against their definitions, the record against itself."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.cli import main
from kansym.data.dataset import make_dataset
from kansym.errors import StorageError
from kansym.fitting.outliers import Outlier
from kansym.kan.growth import Decision
from kansym.numbers import measured, with_error
from kansym.primitives.library import default_library
from kansym.report.constants import constant_line
from kansym.report.text import text_report
from kansym.report.values import agreement_lines, ended, ended_words, errors_too_small
from kansym.run.agreement import Agreement, Weighting
from kansym.run.finished import FinishedRun
from kansym.run.residuals import judging_rows, r_squared
from kansym.run.summary import RunSummary, fingerprint
from kansym.search.final_fit import refitted
from kansym.search.front import ParetoFront
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery, StopReason
from kansym.symbolic.formula import Constant, Formula
from kansym.validation.certificate import certify
from kansym.validation.grounds import Topic

A, B = sympy.Symbol("a"), sympy.Symbol("λ (nm)")
DATA = make_dataset(
    np.array([[1.0, 5.0], [2.0, 3.0], [3.0, 4.0], [4.0, 1.0], [5.0, 2.0]]),
    np.array([2.1, 3.9, 6.2, 7.8, 10.0]),
    names=["a", "λ (nm)"],
    target="E",
    y_error=np.array([0.1, 0.1, 0.2, 0.2, 0.1]),
    units=["m", None],
    y_units="J",
)


def formula(expression, loss: float, bits: float, **options) -> Formula:
    return Formula(expression, DATA.names, "E", 3, loss, loss, bits, **options)


PICK = formula(
    2.0 * A, 0.01, -5.0, constants=(Constant("c0", 2.0, 0.02), Constant("c1", 0.25, None, "1/4")), structure="[2, 1]"
)
DISCOVERY = Discovery(
    front=ParetoFront([Formula(sympy.Float(6.0), DATA.names, "E", 1, 8.0, 8.0, 3.0), PICK]),
    formula=PICK,
    network=None,
    reading=None,
    decisions=(Decision("start", (2, 1), 3, 0.1, 0.2, True, "the smallest shape"),),
    dataset=DATA,
    noise_floor=0.12,
    seconds=1.25,
    stopped="every shape was tried",
    notes=("Dropped column 'c': it is constant (3).",),
)


def test_agreement_is_by_definition():
    agreement = Agreement.of(PICK, DATA)
    residual = DATA.y - 2 * DATA.X[:, 0]
    error = DATA.y_error
    assert error is not None
    weights = error**-2.0
    mean = np.average(DATA.y, weights=weights)
    square, variance = np.average(residual**2, weights=weights), np.average((DATA.y - mean) ** 2, weights=weights)
    assert agreement.rms == pytest.approx(math.sqrt(square), rel=1e-12)
    assert agreement.one_minus_r2 == pytest.approx(square / variance, rel=1e-12)
    assert agreement.relative == pytest.approx(math.sqrt(square / variance), rel=1e-12)
    assert agreement.reduced_chi2 == pytest.approx(np.sum((residual / error) ** 2) / 4, rel=1e-12)
    assert agreement.held_out_rms == pytest.approx(0.1)
    assert agreement.undefined_rows == 0
    # The scatter that one would publish has no weights.
    assert agreement.plain_rms == pytest.approx(math.sqrt(np.mean(residual**2)), rel=1e-12)
    assert agreement.plain_relative == pytest.approx(agreement.plain_rms / np.std(DATA.y), rel=1e-12)
    assert agreement.weights is Weighting.ERRORS and agreement.weights.by_errors
    plain = Agreement.of(formula(sympy.Float(2.0) * A, 0.0, 0.0), make_dataset(DATA.X, DATA.y, names=DATA.names))
    assert (plain.plain_rms, plain.weights) == (plain.rms, "")


def test_weighted_numbers_say_so_in_the_report():
    summary = RunSummary.of(DISCOVERY)
    lines = agreement_lines(summary)
    assert lines[0].startswith(f"RMS residual {summary.agreement.plain_rms:.3g} J, ")
    assert f"RMS residual weighted by 1/error^2: {summary.agreement.rms:.3g} J" in lines
    assert "loss: mean squared residual of each row left out in turn, in J^2, weighted by 1/error^2" in text_report(
        summary
    )
    unweighted = replace(summary, agreement=replace(summary.agreement, weights=Weighting.NONE, reduced_chi2=None))
    assert not any("weighted" in line for line in agreement_lines(unweighted))
    assert "loss: mean squared residual of each row left out in turn, in J^2\n" in text_report(unweighted)


def test_errors_that_are_all_alike_weigh_nothing():
    alike = replace(DATA, y_error=np.full(5, 0.2))
    lines = agreement_lines(RunSummary.of(replace(DISCOVERY, dataset=alike)))
    assert not any("weighted" in line for line in lines)


def test_agreement_leaves_out_the_outliers_that_the_fit_left_out():
    outliers = (Outlier(3, -0.2, -9.0),)
    summary = RunSummary.of(replace(DISCOVERY, outliers=outliers), options=DiscoveryOptions(loss="tukey"))
    kept = np.array([0, 1, 2, 4])
    residual = (DATA.y - 2 * DATA.X[:, 0])[kept]
    assert summary.agreement.plain_rms == pytest.approx(math.sqrt(np.mean(residual**2)), rel=1e-12)
    assert DATA.y_error is not None
    chi2 = np.sum((residual / DATA.y_error[kept]) ** 2)
    lines = agreement_lines(summary)
    assert lines[0].endswith("4 rows, without 1 outlier")
    assert lines[1] == f"chi-squared {chi2:.4g} / 3 = {chi2 / 3:.3g} per degree of freedom"
    again = RunSummary.from_dict(json.loads(json.dumps(summary.to_dict())))
    assert again.agreement == summary.agreement
    # Outliers that a plain fit only lists are in all numbers.
    assert RunSummary.of(replace(DISCOVERY, outliers=outliers), options=DiscoveryOptions()).agreement.left_out == 0


def test_constants_by_name_where_asked_and_where_the_user_named_them():
    summary = RunSummary.of(DISCOVERY)
    assert "c0*a" not in text_report(summary)
    named = text_report(summary, name_constants=True)
    assert "  E = a*c0\n" in named and r"E = c_{0} a, \quad c_{0} = 2.000(20)" in named
    tau = formula(sympy.exp(sympy.Float(-1 / 2.5) * A), 0.01, -5.0, constants=(Constant("tau", 2.5, 0.02),))
    assert "  E = exp(-a/tau)\n" in text_report(replace(summary, formula=tau))


def test_errors_of_constants_are_not_to_be_trusted_where_chi_squared_is_not():
    data = make_dataset(
        np.arange(40.0)[:, None], 2 * np.arange(40.0) + np.tile([0.3, -0.3], 20), y_error=np.full(40, 0.1)
    )
    pick = Formula(2.0 * sympy.Symbol("x0"), data.names, "y", 3, 0.09, 0.09, -5.0, (Constant("c0", 2.0, 0.001),))
    found = replace(DISCOVERY, dataset=data, formula=pick, front=ParetoFront([pick]))
    for scale, told in ((1.0, True), (3.0, False)):
        scaled = replace(found, dataset=replace(data, y_error=np.full(40, 0.1 * scale)))
        words = errors_too_small(RunSummary.of(scaled, certificate=certify(scaled)))
        # Residuals of 0.3 and errors of 0.1.
        assert ("are 3 times as large" in words) == told


@pytest.mark.parametrize(
    ("stopped", "words"),
    [
        (StopReason.OUT_OF_TIME, "searched for 2.0 s; ended because: time is up"),
        (StopReason.OUT_OF_WALL_TIME, "searched for 2.0 s; ended by the clock; a rerun may differ"),
        (StopReason.INTERRUPTED, "searched for 2.0 s; interrupted"),
    ],
)
def test_why_a_run_ended_is_said_once(stopped, words):
    assert ended_words(2.0, str(stopped)) == words


def test_units_that_cancel_are_said_as_a_number_and_what_it_is_near_to(rng):
    d = np.linspace(10, 200, 60)
    data = make_dataset(
        d[:, None], np.pi / 80 * d + 0.005 * rng.normal(size=60), names=["d"], target="h",
        units=["mm"], y_units="cm", y_error=np.full(60, 0.005),
    )  # fmt: skip
    column = sympy.Symbol("d")
    pick = Formula(0.039 * column, ("d",), "h", 3, 0.09, 0.09, -5.0, (Constant("c0", 0.039, 0.001),))
    (constant,) = refitted(pick, data)[0].constants
    assert constant.unit == "cm/mm" and constant.near == "pi/8"
    assert constant.deviation == pytest.approx(abs(constant.value - np.pi / 80) / constant.error)
    line = constant_line(constant)
    assert f" cm/mm, which is {measured(10 * constant.value, 10 * constant.error)}  (" in line
    assert line.endswith(f"({constant.deviation:.1f} errors from pi/8)")


@pytest.mark.parametrize("stopped", [StopReason.AS_GOOD_AS_DATA, StopReason.AS_GOOD_AS_SPLINE, StopReason.OUT_OF_TIME])
def test_an_ending_does_not_contradict_the_certificate(stopped):
    data = make_dataset(
        np.arange(40.0)[:, None], 2 * np.arange(40.0) + np.tile([0.3, -0.3], 20), y_error=np.full(40, 0.1)
    )
    pick = Formula(2.0 * sympy.Symbol("x0"), data.names, "y", 3, 0.09, 0.09, -5.0, (Constant("c0", 2.0, 0.001),))
    found = replace(DISCOVERY, dataset=data, formula=pick, front=ParetoFront([pick]), stopped=stopped)
    for scale, against in ((1.0, True), (3.0, False)):
        scaled = replace(found, dataset=replace(data, y_error=np.full(40, 0.1 * scale)))
        certificate = certify(scaled)
        assert any(one.topic is Topic.FIT for one in certificate.verdict.grounds if not one.supports) == against
        words = ended(RunSummary.of(scaled, certificate=certificate))
        claims = stopped is not StopReason.OUT_OF_TIME
        assert words.endswith("the tests of the certificate see more") == (against and claims)
        assert stopped in words


def test_rows_are_held_out_only_where_the_share_makes_one():
    summary = replace(RunSummary.of(DISCOVERY), rows=40)
    for share, rows in ((0.2, "held-out rows"), (0.01, "leave-one-out"), (0.0, "leave-one-out")):
        assert judging_rows(replace(summary, options={"validation_fraction": share})) == rows
    assert judging_rows(summary) == "held-out rows"


def test_records_of_older_versions_are_read_and_their_weights_told():
    record = RunSummary.of(DISCOVERY).to_dict()
    for key in ("plain_rms", "plain_relative", "weights"):
        del record["agreement"][key]
    again = RunSummary.from_dict(json.loads(json.dumps(record)))
    assert again.agreement.plain_rms is None
    assert agreement_lines(again)[0].endswith("of the spread of E (weighted by 1/error^2); 5 rows")


def test_agreement_survives_extreme_units_and_undefined_rows():
    for unit in (1e-200, 1e200):
        scaled = make_dataset(DATA.X, DATA.y * unit, names=DATA.names, target="E")
        agreement = Agreement.of(formula(sympy.Float(2.0 * unit) * A, 0.0, 0.0), scaled)
        assert agreement.rms == pytest.approx(unit * np.sqrt(np.mean((DATA.y - 2 * DATA.X[:, 0]) ** 2)), rel=1e-9)
        assert 0 < agreement.one_minus_r2 < 0.01
    agreement = Agreement.of(formula(sympy.log(A - 2.5), 0.0, 0.0), DATA)
    assert agreement.undefined_rows == 2 and math.isfinite(agreement.rms)


def test_report_says_everything():
    options = DiscoveryOptions(max_seconds=7, seed=3, primitives=default_library().only("x", "exp"))
    text = text_report(RunSummary.of(DISCOVERY, command="kansym discover t.csv --target E", options=options))
    assert text.startswith("E = 2*a\n")
    for part in (
        "c0 = 2.000 ± 0.020",
        "c1 = 1/4  (taken as exact)",
        " J, ",
        "RMS residual of each row predicted from the others (weighted by 1/error^2): 0.1 J",
        " per degree of freedom",
        "noise floor of the data: 0.12 J",
        PICK.latex(with_target=True),
        "- Dropped column 'c': it is constant (3).",
        "- Only 5 rows for 2 inputs: formulas are judged by leave-one-out",
        "start [2, 1] grid 3",
        "the formula came from: [2, 1]",
        "searched for 1.2 s; ended because: every shape was tried",
        "5 rows; target E [J]; inputs a [m], λ (nm)",
        "command: kansym discover t.csv --target E",
        "seed: 3",
        "max_seconds: 7",
        "primitives: x, exp",
        "torch ",
        fingerprint(DATA),
    ):
        assert part in text, part
    starred = [line for line in text.splitlines() if line.lstrip().startswith("*")]
    assert len(starred) == 1 and starred[0].endswith("E = 2*a")
    brief = text_report(RunSummary.of(DISCOVERY), full=False)
    assert "sha256" not in brief and "start [2, 1]" not in brief and "ended because" in brief


def test_summary_comes_back_from_json():
    summary = RunSummary.of(DISCOVERY, options=DiscoveryOptions())
    text = json.dumps(summary.to_dict(), allow_nan=False)
    again = RunSummary.from_dict(json.loads(text))
    assert text_report(again) == text_report(summary)
    assert again.formula.predict(DATA.X) == pytest.approx(PICK.predict(DATA.X), rel=0, abs=0)


def test_summary_with_unknown_numbers_comes_back():
    lost = replace(DISCOVERY, noise_floor=math.nan, formula=formula(sympy.log(-1 - A**2), math.inf, math.nan))
    summary = RunSummary.of(lost)
    again = RunSummary.from_dict(json.loads(json.dumps(summary.to_dict(), allow_nan=False)))
    assert text_report(again) == text_report(summary)
    assert "no finite value on 5 rows" in text_report(again)


@pytest.mark.parametrize(
    ("key", "value"),
    [("formula", {}), ("front", {}), ("rows", "many"), ("names", [1]), ("agreement", []), ("versions", []),
     ("seconds", "1"), ("notes", "text"), ("units", None)],
)  # fmt: skip
def test_damaged_records_are_refused(key, value):
    record = RunSummary.of(DISCOVERY).to_dict()
    RunSummary.from_dict(record)
    with pytest.raises(StorageError):
        RunSummary.from_dict({**record, key: value})
    del record[key]
    with pytest.raises(StorageError):
        RunSummary.from_dict(record)


def test_constants_that_are_no_numbers_are_refused():
    record = RunSummary.of(DISCOVERY).to_dict()
    record["formula"]["constants"][0]["value"] = "__import__('os')"
    with pytest.raises(StorageError):
        RunSummary.from_dict(record)


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (9.716e-7, 9.2e-9, "(9.72 ± 0.09)e-7"),
        (9.81234, 0.0153, "9.812 ± 0.015"),
        (-0.0123456, 0.00012, "-0.01235 ± 0.00012"),
        (6.62607e-34, 2.1e-36, "(6.626 ± 0.021)e-34"),
        (1234567890.0, 1.2e4, "(1.234568 ± 0.000012)e9"),
        (123.456, 45.6, "120 ± 50"),
        (0.0, 0.5, "0.0 ± 0.5"),
        (3.0, None, "3"),
        (3.0, math.nan, "3"),
        (1.0, 1e-17, "1"),
        (3e-312, 1e-313, "(3.00 ± 0.10)e-312"),
    ],
)
def test_a_value_is_rounded_by_its_error_as_in_latex(value, error, expected):
    assert with_error(value, error) == expected


def test_r_squared_never_shows_nothing_but_nines():
    assert r_squared(0.25) == "R² = 0.75000"
    assert r_squared(2e-9) == "R² = 1 − 2e-09"
    assert r_squared(math.nan) == "R² is not defined"


def test_fingerprint_knows_the_numbers_and_the_names():
    assert fingerprint(DATA) == fingerprint(DATA.take(np.arange(5)))
    others = [replace(DATA, y=DATA.y + 1e-15), replace(DATA, names=("a", "b")), replace(DATA, y_error=None)]
    assert len({fingerprint(table) for table in (DATA, *others)}) == 4


def test_a_pure_number_has_no_unit_behind_it():
    report = text_report(replace(RunSummary.of(DISCOVERY), y_units="1"))
    line = next(line for line in report.splitlines() if "RMS residual" in line)
    assert "%" in line and " 1," not in line and " J" not in line


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ("1", "c0 = 2.000 ± 0.020"),
        ("1/cm", "c0 = 2.000 ± 0.020 1/cm"),
        ("m", "c0 = 2.000 ± 0.020 m"),
        (None, "c0 = 2.000 ± 0.020"),
    ],
)
def test_a_constant_is_written_once(unit, line):
    assert constant_line(Constant("c0", 2.0, 0.02, unit=unit)) == line


def test_the_command_prints_names_where_asked(monkeypatch, tmp_path, capsys):
    run = FinishedRun.of(DISCOVERY)
    monkeypatch.setattr("kansym.commands.implementation.report.load_run", lambda directory: run)
    for options, printed in (([], False), (["--name-constants"], True)):
        assert main(["report", str(tmp_path), *options]) == 0
        assert ("E = a*c0" in capsys.readouterr().out) == printed
