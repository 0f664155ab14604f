"""One way to hand over a table: a Dataset, a DataFrame, a file, a shipped table's name, or columns by name."""

import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kansym
from kansym.data.given_table import given_table
from kansym.dynamics.trajectories import Trajectories
from kansym.errors import ArgumentError, DataError

TAKE_TABLES = ("discover", "fit_constants", "discover_groups", "discover_dynamics", "sweep", "compare")

QUICK = kansym.DiscoveryOptions(max_seconds=1, deterministic=True, networks=False)


@pytest.fixture
def columns():
    generator = np.random.default_rng(3)
    t = np.linspace(0.2, 4, 40)
    N = 3.0 * np.exp(-t / 1.5)
    return {"t [s]": t, "N": N + 0.01 * generator.normal(size=40), "sN": np.full(40, 0.01)}


@pytest.fixture
def kinds(columns, tmp_path):
    """The same table in every form."""
    frame = pd.DataFrame(columns)
    path = tmp_path / "decay.csv"
    frame.to_csv(path, index=False)
    return {"mapping": columns, "frame": frame, "path": path, "text": str(path)}


def test_every_kind_of_table_is_the_same_dataset(kinds):
    expected = kansym.read_table(kinds["path"], target="N", error="sN")
    for name, table in kinds.items():
        found = given_table(table, target="N", error="sN")
        assert (found.names, found.target, found.units) == (expected.names, "N", ("s",)), name
        assert np.allclose(found.X, expected.X) and np.allclose(found.y_error, 0.01), name
    assert given_table(expected) is expected and given_table(expected, target="N") is expected
    assert given_table("kepler").target == "period"


def test_what_is_missing_or_said_twice_is_named(kinds, columns):
    for table in kinds.values():
        with pytest.raises(ArgumentError, match=r"target must name the column to explain; the columns of .* 't', 'N'"):
            given_table(table)
    dataset = given_table(kinds["frame"], target="N", error="sN")
    with pytest.raises(ArgumentError, match="a Dataset of 'N' already, got 't'"):
        given_table(dataset, target="t")
    with pytest.raises(ArgumentError, match="error: the table is a Dataset"):
        given_table(dataset, error="sN")
    with pytest.raises(ArgumentError, match="got ndarray; for arrays see"):
        given_table(np.ones((3, 2)), target="y")
    with pytest.raises(ArgumentError, match="of one length"):
        given_table({"t": [1.0, 2.0], "y": [1.0]}, target="y")
    with pytest.raises(DataError, match="nowhere"):
        given_table("nowhere.csv", target="y")


def test_all_functions_call_it_the_table_and_its_target():
    for name in TAKE_TABLES:
        parameters = list(inspect.signature(getattr(kansym, name)).parameters)
        assert {"table", "tables"} & set(parameters[:2]), name
        assert "target" in parameters or "states" in parameters, name


def test_discover_takes_columns(kinds):
    found = kansym.discover(kinds["mapping"], QUICK, target="N", error="sN")
    assert found.dataset.target == "N" and found.dataset.y_error is not None
    assert str(found.formula) == str(kansym.discover(kinds["text"], QUICK, target="N", error="sN").formula)
    with pytest.warns(DeprecationWarning, match="the argument dataset is called table now"):
        kansym.discover(dataset=found.dataset, options=QUICK)


def test_fit_constants_takes_every_kind_and_the_old_form(kinds, columns):
    expected = None
    for table in (*kinds.values(), given_table(kinds["frame"], target="N", error="sN")):
        own = {} if isinstance(table, kansym.Dataset) else {"target": "N", "error": "sN"}
        fit = kansym.fit_constants("A*exp(-t/tau)", table, **own)
        expected = expected or fit.values
        assert fit.values == pytest.approx(expected, rel=1e-6) and fit.formula.target == "N"
        assert next(one.unit for one in fit.formula.constants if one.name == "tau") == "s"
    with pytest.warns(DeprecationWarning, match="give the table with its target") as caught:
        old = kansym.fit_constants("A*exp(-t/tau)", {"t": columns["t [s]"]}, columns["N"], y_error=0.01)
    assert len(caught) == 1 and old.values == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ArgumentError, match="there is no column 'y'; columns: t, N, sN"):
        kansym.fit_constants("A*exp(-t/tau)", kinds["frame"])
    with pytest.raises(ArgumentError, match="there is no column 'M'"):
        kansym.fit_constants("A*exp(-t/tau)", kinds["frame"], target="M")


def test_groups_are_a_column_of_the_table(columns):
    t = np.tile(columns["t [s]"][:12], 2)
    name = np.repeat(["a", "b"], 12)
    table = {"t": t, "N": np.where(name == "a", 2.0, 3.0) * np.exp(-t / 1.5), "isotope": name}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = kansym.discover_groups(table, target="N", group="isotope", options=QUICK)
    assert law.groups == ("a", "b") and str(law) == "N = c0*exp(c1*t); of each isotope: c0"
    with pytest.raises(ArgumentError, match="target must name"):
        kansym.discover_groups(table, group="isotope")
    with pytest.raises(DataError, match="no group column 'nobody'"):
        kansym.discover_groups(table, target="N", group="nobody")
    dataset = kansym.make_dataset(t[:, None], table["N"], names=["t"])
    with pytest.raises(ArgumentError, match="a Dataset has no column of groups"):
        kansym.discover_groups(dataset, group="isotope")
    with pytest.warns(DeprecationWarning, match="give the table with its columns"), pytest.raises(DataError):
        kansym.discover_groups(dataset, name[1:])


def test_dynamics_take_columns_by_name(monkeypatch):
    t = np.linspace(0, 6, 60)
    table = {"t": t, "x": np.cos(t), "v": -np.sin(t)}
    seen = []

    class Enough(Exception):
        pass

    def stop(data, *_):
        seen.append(data)
        raise Enough

    monkeypatch.setattr("kansym.dynamics.discovery.Search", stop)
    for given in (table, pd.DataFrame(table), [table, table]):
        with pytest.raises(Enough):
            kansym.discover_dynamics(given, time="t", states=["x", "v"])
    assert all(isinstance(one, Trajectories) for one in seen) and len(seen[2].runs) == 2


def test_a_sweep_takes_a_pattern_or_tables_of_any_kind(kinds, tmp_path, columns):
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in ("one", "two"):
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    found = kansym.sweep(str(folder / "*.csv"), QUICK, target="N", error="sN", out=tmp_path / "out")
    assert [row.name for row in found.rows] == ["one", "two"] and not found.failed
    frame = found.to_frame()
    assert frame["probability"].between(0, 1).all() and frame["forms"].str.startswith("this form ").all()
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Probability" in page and 'data-label="Probability of the form"' in page
    # The same tables, by name and path, are not searched again.
    again = kansym.sweep(
        {"one": folder / "one.csv", "two": columns}, QUICK, target="N", error="sN", out=tmp_path / "out"
    )
    assert [row.summary.created for row in again.rows] == [row.summary.created for row in found.rows]
    with pytest.raises(ArgumentError, match="nothing-"):
        kansym.sweep(str(Path(tmp_path) / "nothing-*.csv"), QUICK, target="N", out=tmp_path / "out")


def test_compare_takes_a_file(kinds):
    result = kansym.compare(kinds["path"], target="N", error="sN", peers=(), options=QUICK)
    assert result.target == "N"
