"""Reading trajectories: what is taken, and what is refused in one clear line."""

import numpy as np
import pandas as pd
import pytest

from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import DataError

T = np.linspace(0, 1, 8)


def frame(**columns):
    return pd.DataFrame({"t [s]": T, "x [m]": np.sin(T), **columns})


def test_units_come_from_headers_and_rows_with_missing_states_are_gaps():
    table = frame()
    table.loc[3, "x [m]"] = np.nan
    data = read_trajectories(table, time="t", states=["x"])
    assert data.units == {"t": "s", "x": "m"}
    assert data.points == 7
    assert any("gaps" in note for note in data.notes)


def test_a_column_numbers_the_trajectories(tmp_path):
    both = pd.concat([frame(run="a"), frame(run="b")])
    assert [run.name for run in read_trajectories(both, time="t", states=["x"], trajectory="run").runs] == ["a", "b"]


def test_files_are_trajectories_of_their_own(tmp_path):
    for name in ("one", "two"):
        frame().to_csv(tmp_path / f"{name}.csv", index=False)
    data = read_trajectories([tmp_path / "one.csv", tmp_path / "two.csv"], time="t", states=["x"])
    assert [run.name for run in data.runs] == ["one.csv", "two.csv"]


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (pd.concat([frame(), frame()]), {}, "does not increase"),
        (frame().iloc[:2], {}, "2 points"),
        (frame(), {"states": ["v"]}, "no state column 'v'"),
        (frame(), {"time": "s"}, "no time column 's'"),
        (frame(), {"inputs": ["u"]}, "no input column 'u'"),
        (frame(), {"trajectory": "n"}, "no trajectory column 'n'"),
        (frame(), {"states": ["x", "x"]}, "named twice"),
        (frame(), {"states": []}, "names no column"),
        (frame(x2="text"), {"states": ["x2"]}, "'text' is not a number"),
        (frame(), {"error": -1.0}, "must be positive"),
        (frame(), {"error": {"y": 1.0}}, "must name every state"),
        (frame(), {"units": {"q": "m"}}, "no column 'q'"),
    ],
)
def test_what_cannot_be_used_is_named(table, options, words):
    with pytest.raises(DataError, match=words) as caught:
        read_trajectories(table, **{"time": "t", "states": ["x"], **options})
    assert "\n" not in str(caught.value)


def test_errors_are_numbers_columns_or_shares():
    table = frame(e=0.2)
    for error, expected in ((0.1, 0.1), ("e", 0.2), ({"x": 0.3}, 0.3)):
        run = read_trajectories(table, time="t", states=["x"], error=error).runs[0]
        assert run.error is not None and np.allclose(run.error, expected)
    share = read_trajectories(table, time="t", states=["x"], error="10%").runs[0]
    assert share.error is not None and np.allclose(share.error[-1], 0.1 * share.x[-1])
