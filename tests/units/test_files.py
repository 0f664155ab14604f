"""Units from files, and the units of a table."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.errors import DataError
from kansym.units.files import read_units
from kansym.units.system import UnitSystem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("u.txt", "# units\nv = m/s\n`odd`: kg # mass\n".replace("`odd`", "odd name")),
        ("u.csv", "v,m/s\nodd name,kg\n"),
        ("u.toml", 'v = "m/s"\n"odd name" = "kg"\n'),
        ("u.json", '{"v": "m/s", "odd name": "kg"}'),
    ],
)
def test_formats(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_units(tmp_path / name, ["v", "odd name", "y"]) == {"v": "m/s", "odd name": "kg"}


def test_a_line_may_name_a_column_with_the_unit_of_its_header(tmp_path):
    (tmp_path / "u.txt").write_text("v (mm/s) = m/s\nw (t) = kg\n")
    assert read_units(tmp_path / "u.txt", ["v", "w (t)"]) == {"v": "m/s", "w (t)": "kg"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w = m/s", "names 'w', which is not a column"),
        ("v = m/q", "unit of 'v': 'm/q' is not a unit"),
        ("nonsense", "line 1: expected"),
        (b"\xff\xfe\xff", "not UTF-8"),
    ],
)
def test_mistakes(tmp_path, text, message):
    path = tmp_path / "u.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_units(path, ["v"])
    with pytest.raises(DataError, match="cannot be read"):
        read_units(tmp_path / "missing.txt", ["v"])


def test_units_of_a_table():
    X = np.arange(1.0, 7.0).reshape(3, 2)
    table = make_dataset(X, X[:, 0], names=["m", "v"], units=["kg", "m/s"], y_units="J")
    assert UnitSystem.of(table).closed
    assert not UnitSystem.of(make_dataset(X, X[:, 0], units=["kg", "m/s"], y_units="K")).closed
    assert not UnitSystem.of(make_dataset(X, X[:, 0], units=["kg", None], y_units="kg")).complete
    assert UnitSystem.of(make_dataset(X, X[:, 0])) is None
    with pytest.raises(DataError, match="unit of 'v'"):
        make_dataset(X, X[:, 0], names=["m", "v"], units=["kg", "metr"])


def test_a_unit_of_a_header_that_is_not_known_is_noted(tmp_path):
    from kansym.data.readers import read_table

    (tmp_path / "t.csv").write_text("v [furlog],y [J]\n1,2\n2,3\n3,5\n")
    system = UnitSystem.of(read_table(tmp_path / "t.csv", target="y"))
    assert system.columns["v"] is None and "furlong" in system.notes[0]


def test_units_in_the_option_itself():
    assert read_units("v=m/s, t = s", ["v", "t"]) == {"v": "m/s", "t": "s"}
    with pytest.raises(DataError, match=r"units: unit of 'v': .*'sekond'.*did you mean second"):
        read_units("v=metre per sekond", ["v"])
    with pytest.raises(DataError, match="units names 'w', which is not a column"):
        read_units("w=m", ["v"])


def test_the_option_may_be_longer_than_the_name_of_a_file():
    names = [f"column_{k}" for k in range(1000)]
    assert read_units(",".join(f"{name}=m/s" for name in names), names) == dict.fromkeys(names, "m/s")
