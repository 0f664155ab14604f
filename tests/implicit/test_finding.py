"""Relations: laws of textbooks from their columns, constants within errors, and nothing where there is nothing."""

import numpy as np
import pandas as pd
import pytest

import kansym
from kansym.errors import ArgumentError, DataError
from kansym.implicit.noise import NoiseKind
from kansym.implicit.table import Columns, read_columns
from kansym.implicit.text import record, text_report
from kansym.validation.verdict import LAW, NOTHING


def found_in(columns, names, errors=None, seconds=3.0, units=()):
    table = Columns(np.column_stack(columns), tuple(names), errors, units)
    return kansym.find_relations(table, max_seconds=seconds, deterministic=True)


@pytest.fixture(scope="module")
def gas():
    g = np.random.default_rng(0)
    V, n, T = g.uniform(0.01, 0.05, 60), g.uniform(1, 3, 60), g.uniform(250, 400, 60)
    X = np.column_stack([8.314 * n * T / V, V, n, T])
    errors = 0.01 * X
    rows = X + errors * g.standard_normal(X.shape)
    return found_in(rows.T, "pVnT", errors, units=("Pa", "m^3", "mol", "K"))


def test_the_ideal_gas(gas):
    (relation,) = gas.relations
    assert relation.symbolic_text() == "V*p = T*c0*n" and relation.verdict.kind == LAW
    (constant,) = relation.constants
    assert abs(constant.value - 8.314) < 4 * constant.error < 0.5
    assert constant.unit == "kg m^2 s^-2 K^-1 mol^-1" and relation.units_agree
    assert set(relation.solutions) == set("pVnT") and str(relation.solutions["p"]) == "T*c0*n/V"
    assert relation.measured.p_value == pytest.approx(1 / 200) and set(relation.measured.notices) == set("pVnT")


def test_its_report_and_record(gas):
    text = text_report(gas)
    assert "V*p = 8." in text and "Verdict\n  law" in text and "those that were given" in text
    (stored,) = record(gas)["relations"]
    assert stored["law"] and stored["constants"][0]["name"] == "c0" and stored["solved"]["V"]


def test_solved_for_another_column(gas):
    assert gas.relations[0].solved_for("T").free_symbols
    with pytest.raises(ArgumentError, match="not solved for it"):
        gas.relations[0].solved_for("x")


def test_a_conic_without_noise_has_its_constants_to_many_digits():
    phase = np.random.default_rng(1).uniform(0, 2 * np.pi, 80)
    found = found_in([2 * np.cos(phase) + 0.5, 1.2 * np.sin(phase)], "xy")
    (relation,) = found.relations
    assert found.noise is not NoiseKind.GIVEN and relation.verdict.kind == LAW
    # (x - 1/2)^2/4 + y^2/1.44 = 1
    values = sorted(one.value for one in relation.constants)
    wanted = sorted(np.array([1 / 4, 1 / 4, 1 / 1.44]) / (1 - 1 / 16))
    assert values == pytest.approx(wanted, rel=1e-6) or len(values) < 3


def test_coefficients_that_are_one_are_recognized():
    g = np.random.default_rng(2)
    a, b = g.uniform(10, 50, (2, 60))
    (relation, *_) = found_in([a, b, a * b / (a + b)], "abf").relations
    assert not relation.constants and str(relation.solutions["f"]) == "a*b/(a + b)"


def test_independent_columns_have_no_relation():
    g = np.random.default_rng(3)
    found = found_in(g.uniform(1, 3, (3, 60)), "xyz")
    assert not found.relations and found.best is not None and found.best.verdict.kind == NOTHING
    assert text_report(found).startswith("no relation")


def test_two_relations():
    t = np.random.default_rng(4).uniform(0.3, 3, 60)
    found = found_in([t, 4.905 * t**2, 9.81 * t], "tsv")
    assert found.number == 2


def test_rows_that_are_too_far_off_are_no_law():
    g = np.random.default_rng(5)
    x = g.uniform(1, 3, 80)
    rows = np.column_stack([x, 2 / x * (1 + 0.02 * g.standard_normal(80))])
    found = found_in(rows.T, "xy", 0.002 * rows)
    assert all(one.verdict.kind != LAW for one in found.relations)


def test_the_same_table_has_the_same_relation_in_any_order_of_runs():
    g = np.random.default_rng(6)
    x = g.uniform(1, 3, 50)
    rows = [x, 2 / x * (1 + 0.01 * g.standard_normal(50))]
    assert str(found_in(rows, "xy", seconds=0.5)) == str(found_in(rows, "xy", seconds=0.5))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": ["a", "z"]}, "no column 'z'"),
        ({"errors": {"z": 0.1}}, "no column 'z'"),
        ({"errors": {"a": -0.1}}, "must not be negative"),
        ({"columns": ["a"]}, "at least two columns"),
        ({"units": {"z": "m"}}, "no column 'z'"),
    ],
)
def test_mistakes(options, words):
    frame = pd.DataFrame({"a": np.arange(1.0, 9), "b": np.arange(2.0, 10)})
    with pytest.raises(DataError, match=words):
        read_columns(frame, **options)


def test_reading():
    frame = pd.DataFrame({
        "a [m]": np.arange(1.0, 9), "b": np.arange(2.0, 10) ** 2, "b_error": 0.1, "c": 3.0, "name": list("abcdefgh"),
    })  # fmt: skip
    table = read_columns(frame, errors={"b": "b_error", "a": "1%"})
    assert table.names == ("a", "b") and table.units == ("m", None)
    assert table.errors is not None and table.errors[0] == pytest.approx([0.01, 0.1])
    assert any("constant" in note for note in table.notes) and any("text" in note for note in table.notes)
    with pytest.raises(DataError, match="too few"):
        read_columns(frame.iloc[:4])
