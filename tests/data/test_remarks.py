"""Remarks on columns: copies of the target, twins, gaps; and silence where nothing is odd."""

import numpy as np
import pytest

from kansym.data import make_dataset, read_table


def notes(columns, y=None, rng=None, **more):
    names, values = list(columns), np.column_stack(list(columns.values()))
    if y is None:
        y = values.sum(axis=1) ** 2 + np.arange(len(values)) % 3
    return make_dataset(values, y, names=names, **more).notes


def test_a_copy_of_the_target_among_the_inputs_is_named(rng):
    x, y = rng.uniform(1, 3, 50), rng.normal(size=50)
    (note,) = notes({"x": x, "result": y}, y, target="f")
    assert "'result' holds the same numbers as the target 'f'" in note and "--columns" in note
    assert notes({"x": x, "result": np.round(y, 11)}, y)
    # A law may be proportional to a column, in other units say; that is for the formula to tell.
    assert notes({"x": x, "result": 2 * y}, y) == ()
    assert notes({"x": x, "result": y + 1e-6 * rng.normal(size=50)}, y) == ()


def test_a_copy_of_the_target_of_any_size_is_found(rng):
    y = rng.normal(size=30)
    for scale in (1e-200, 1e120):
        assert notes({"x": rng.uniform(1, 3, 30), "z": scale * y}, scale * y)


def test_the_same_quantity_in_two_units_is_named(rng):
    kelvin = rng.uniform(270, 300, 40)
    (note,) = notes({"T": kelvin, "p": rng.uniform(1, 2, 40), "t": 1.8 * kelvin - 459.67})
    assert "'T' and 't' are the same up to scale and offset" in note
    (note,) = notes({"m": kelvin * 1e-150, "minus": -kelvin * 1e150})
    assert "'m' and 'minus'" in note


def test_three_of_a_kind_are_named_with_the_first(rng):
    x = rng.uniform(1, 2, 40)
    found = notes({"a": x, "b": 2 * x, "c": 3 * x + 1, "d": rng.uniform(1, 2, 40)})
    assert [note[:19] for note in found] == ["Columns 'a' and 'b'", "Columns 'a' and 'c'"]


def test_correlated_columns_are_no_twins(rng):
    x = rng.uniform(1, 3, 200)
    assert notes({"x": x, "square": x**2, "near": x + 0.01 * rng.normal(size=200)}) == ()


def test_a_hole_in_the_middle_is_named(rng):
    x = np.concatenate([rng.uniform(0, 1, 30), rng.uniform(9, 10, 30)])
    (note,) = notes({"x": x})
    low, high = x[x < 2].max(), x[x > 2].min()
    assert f"'x' has no values between {low:g} and {high:g}" in note
    assert f"{(high - low) / (x.max() - x.min()):.0%} of its range" in note


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_values_over_decades_have_no_hole(sign):
    assert notes({"x": sign * np.geomspace(1e-6, 1e6, 40)}) == ()
    decades = np.concatenate([np.geomspace(1e-6, 1e-4, 25), np.geomspace(1e4, 1e6, 25)])
    (note,) = notes({"x": sign * decades})
    between = sorted((sign * 1e-4, sign * 1e4))
    assert f"between {between[0]:g} and {between[1]:g}" in note


def test_levels_and_random_columns_have_no_hole(rng):
    levels = rng.choice([0.0, 1.0, 10.0], 100)
    assert notes({"level": levels, "n": rng.integers(1, 4, 100).astype(float)}) == ()
    for _ in range(50):
        assert notes({"x": rng.uniform(-1, 1, 30), "z": rng.uniform(0, 5, 30)}) == ()


def test_columns_are_kept_and_nothing_is_said_where_asked(rng):
    x = rng.uniform(1, 3, 50)
    dataset = make_dataset(np.column_stack([x, 2 * x]), x, remove_constant=False)
    assert dataset.n_columns == 2 and dataset.notes == ()


def test_the_note_comes_from_files_too(tmp_path, rng):
    x = rng.uniform(1, 3, 30)
    np.savetxt(tmp_path / "t.csv", np.column_stack([x, x**2, x**2]), delimiter=",", header="x,z,y", comments="")
    assert any("'z' holds the same numbers" in note for note in read_table(tmp_path / "t.csv", target="y").notes)
