"""LabVIEW's measurement files, written as its manual shows them."""

import pytest

from kansym.data import read_table
from kansym.errors import DataError

GENERAL = """LabVIEW Measurement\t
Writer_Version\t2
Separator\t{separator}
Decimal_Separator\t{decimal}
X_Columns\t{columns}
Time_Pref\tRelative
***End_of_Header***\t
\t
"""
SEGMENT = """Channels\t2\t\t
Samples\t3\t3\t
Y_Unit_Label\tVolts\tfurlongs\t
X_Dimension\tTime\tTime\t
X0\t2.0\t2.0\t
Delta_X\t0.5\t0.5\t
***End_of_Header***\t\t\t
"""


def write(tmp_path, body, columns="One", separator="Tab", decimal="."):
    text = GENERAL.format(separator=separator, decimal=decimal, columns=columns) + body
    path = tmp_path / "run.lvm"
    path.write_text(text.replace("\n", "\r\n"))
    return path


def test_one_segment(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tGain\tComment\n2.0\t1.0\t7\tstart\n2.5\t3.0\t8\n3.0\t4.0\t9\n"
    table = read_table(write(tmp_path, body), target="Gain")
    assert table.X.tolist() == [[2, 1], [2.5, 3], [3, 4]] and table.y.tolist() == [7, 8, 9]
    assert table.names == ("X_Value", "Voltage") and table.units == ("s", "volts")
    assert "LabVIEW" in table.notes[0]


def test_segments_stand_below_each_other(tmp_path):
    part = SEGMENT + "X_Value\tVoltage\tGain\tComment\n{}\t1.0\t7\n{}\t3.0\t8\n\t\n"
    table = read_table(write(tmp_path, part.format(1, 2) + part.format(3, 4)), target="Gain")
    assert table.X[:, 0].tolist() == [1, 2, 3, 4] and "2 segments" in table.notes[0]


def test_every_channel_has_its_own_x(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tX_Value\tGain\tComment\n0\t1\t0.1\t7\n1\t2\t1.2\t8\n2\t5\t2.1\t9\n"
    table = read_table(write(tmp_path, body, "Multi"), target="Gain")
    assert table.names == ("X_Value", "Voltage", "X_Value 2") and table.units[2] == "s"


def test_x_that_was_not_saved(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tGain\tComment\n\t1.0\t7\n\t3.0\t8\n\t4.0\t9\n"
    assert read_table(write(tmp_path, body, "No"), target="Gain").X[:, 0].tolist() == [2, 2.5, 3]


def test_decimal_commas(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tGain\tComment\n2,0\t1,5\t7\n2,5\t3,0\t8\n3,0\t4,0\t9\n"
    assert read_table(write(tmp_path, body, decimal=","), target="Gain").X[0].tolist() == [2, 1.5]


def test_files_without_rows_and_with_other_columns(tmp_path):
    with pytest.raises(DataError, match="without rows"):
        read_table(write(tmp_path, ""), target="Gain")
    part = SEGMENT + "X_Value\tVoltage\t{}\tComment\n1\t1.0\t7\n2\t3.0\t8\n"
    with pytest.raises(DataError, match="line 26: a segment with other columns"):
        read_table(write(tmp_path, part.format("Gain") + part.format("Loss")), target="Gain")


def test_commas_between_the_fields(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tGain\tComment\n2.0\t1.0\t7\tstart\n2.5\t3.0\t8\n3.0\t4.0\t9\n"
    path = write(tmp_path, body, separator="Comma")
    path.write_text(path.read_text().replace("\t", ","))
    table = read_table(path, target="Gain")
    assert table.names == ("X_Value", "Voltage") and table.units == ("s", "volts")
    assert table.X.tolist() == [[2, 1], [2.5, 3], [3, 4]] and table.y.tolist() == [7, 8, 9]


def test_keys_without_a_value(tmp_path):
    body = SEGMENT + "X_Value\tVoltage\tGain\tComment\n2.0\t1.0\t7\n2.5\t3.0\t8\n3.0\t4.0\t9\n"
    path = write(tmp_path, body)
    text = path.read_text()
    for line in ("Separator\tTab", "Decimal_Separator\t.", "X_Columns\tOne", "X_Dimension\tTime\tTime\t"):
        text = text.replace(f"\n{line}\n", f"\n{line.split()[0]}\n")
    path.write_text(text)
    table = read_table(path, target="Gain")
    assert table.X[:, 0].tolist() == [2, 2.5, 3] and table.units == (None, "volts")


@pytest.mark.parametrize(("line", "key"), [("X0\t2.0", "X0"), ("Delta_X\t0.5", "Delta_X")])
def test_a_start_or_step_of_x_that_is_no_number(tmp_path, line, key):
    body = SEGMENT.replace(line, f"{key}\tabc") + "X_Value\tVoltage\tGain\tComment\n\t1.0\t7\n\t3.0\t8\n"
    with pytest.raises(DataError, match=f"run.lvm: {key} = 'abc' is not a number"):
        read_table(write(tmp_path, body, "No"), target="Gain")
