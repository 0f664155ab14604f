"""Remarks on columns: copies of the target, twins, gaps; and silence where nothing is odd."""

import subprocess

import numpy as np
import pytest

from kansym.data import make_dataset, read_table
from kansym.data.remarks import error_hints, name_hints, shown


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


# ---- columns that are called like errors


@pytest.mark.parametrize(
    "name", ["u_y", "y_err", "y_error", "sigma_y", "dy", "err_y", "y_unc", "y ±", "σ_y", "yerr", "u(y)", "Y_Err", "Δy"]
)
def test_errors_of_the_target_are_recognised(name):
    (hint,) = error_hints(["t", name], "y")
    assert repr(name) in hint and "standard errors of 'y'" in hint and "--error" in hint


def test_errors_of_an_input_have_their_option():
    (hint,) = error_hints(["t", "t_err"], "y")
    assert "--x-error t=t_err" in hint


@pytest.mark.parametrize(
    "names",
    [["u", "t"], ["u_1", "u_2"], ["t", "delta_t", "e_t", "dt"], ["sigma", "error"], ["y_max"], ["uy", "energy"]],
)
def test_other_names_are_left_alone(names):
    assert error_hints(names, "y") == []


def test_the_table_carries_the_hint_also_for_errors_that_are_the_same_everywhere():
    x = np.linspace(1, 2, 10)
    table = make_dataset(np.column_stack([x, 0.1 + 0 * x]), x**2, names=["x", "u_y"])
    assert table.names == ("x",) and any("say --error u_y" in note for note in table.notes)
    known = make_dataset(x[:, None], x**2, names=["x"], y_error=0.1)
    assert known.notes == ()


def test_columns_that_differ_in_capitals_are_two():
    (hint,) = error_hints(["T", "t", "u_T"], "y")
    assert "standard errors of 'T'" in hint and "--x-error T=u_T" in hint
    assert error_hints(["Mass", "mass", "u_MASS"], "y") == []
    # dT would be an error of T, if it is one, and not of the target t.
    assert error_hints(["T", "dT"], "t") == []


@pytest.mark.parametrize("name", ["u_y", "y err", "$v$ err", 'a"b_err', "`a` ±", "E!_err"])
def test_a_shell_reads_the_option_back(name):
    words = subprocess.run(["sh", "-c", f"printf %s {shown(name)}"], capture_output=True, text=True, check=True)
    assert words.stdout == name


def test_repeated_rows_that_scatter_more_than_their_errors_are_named(tmp_path, rng):
    t = np.tile(np.arange(10.0), 2)
    isotope = np.repeat(["Ag-108", "Ag-110"], 10)
    y = np.where(isotope == "Ag-108", 50, 90) * np.exp(-t / 5) + 0.1 * rng.normal(size=20)
    path = tmp_path / "two.csv"
    rows = "\n".join(f"{a},{b},{c},0.1" for a, b, c in zip(isotope, t, y, strict=True))
    path.write_text(f"isotope,t,counts,error\n{rows}\n", encoding="utf-8")
    (note,) = [note for note in read_table(path, target="counts", error="error").notes if "scatter" in note]
    means = y.reshape(2, 10).mean(axis=0)
    times = np.sqrt(np.sum(((y - np.tile(means, 2)) / 0.1) ** 2) / 10)
    assert f"{times:.3g} times more than their errors" in note and "perhaps 'isotope'" in note
    # Without errors it is the groups that say so.
    assert any("less within groups" in note for note in read_table(path, target="counts", columns=None).notes)


def test_repeated_rows_within_their_errors_are_not_named(tmp_path, rng):
    t = np.tile(np.arange(10.0), 3)
    y = np.exp(-t / 5) + 0.1 * rng.normal(size=30)
    path = tmp_path / "one.csv"
    label = rng.permutation(np.repeat(["a", "b"], 15))
    rows = "\n".join(f"{a},{b},{c},0.1" for a, b, c in zip(label, t, y, strict=True))
    path.write_text(f"label,t,y,error\n{rows}\n", encoding="utf-8")
    assert not any("scatter" in note for note in read_table(path, target="y", error="error").notes)


@pytest.mark.parametrize(
    ("constants", "columns", "used", "meant"),
    [
        (["T"], ["t", "x"], ["x"], "t"),
        (["sped"], ["speed", "x"], ["x"], "speed"),
        (["lenght"], ["length"], ["length"], "length"),
        (["T"], ["t"], ["t"], None),  # sin(t/T)
        (["x0", "tau"], ["x1", "t"], ["x1", "t"], None),
        (["speed1"], ["speed2"], [], None),
    ],
)
def test_constants_called_nearly_like_columns(constants, columns, used, meant):
    found = name_hints(constants, columns, used)
    assert [f"is {meant!r} meant?" in one for one in found] == ([True] if meant else [])


def by_value(y, **columns):
    found = make_dataset(np.column_stack(list(columns.values())), y, names=list(columns), target="n")
    return [note for note in found.notes if "as its errors would be" in note]


def test_columns_that_follow_from_the_target_as_errors_do_are_named_with_the_option(rng):
    t = np.linspace(0, 6, 40)
    counts = rng.poisson(400 * np.exp(-t / 2)) + 1.0
    (note,) = by_value(counts, t=t, w=np.round(np.sqrt(counts), 2))
    assert note.startswith("Column 'w' is the root of the counts 'n'") and "--error w" in note and "y_error" in note
    amount = 3.7 * np.exp(-t / 2) + 0.1
    (note,) = by_value(amount, t=t, sigma=np.round(0.03 * amount, 5))
    assert "Column 'sigma' is a share of the target" in note


def test_laws_with_roots_and_shares_are_no_errors(rng):
    t = np.linspace(0.5, 6, 40)
    assert by_value(10 * t, t=t) == [] and by_value(t**2, t=t) == []
    whole = np.arange(1.0, 41)
    assert by_value(whole**2, k=whole) == [] and by_value(0.5 * whole**2 + 0.5 * whole, k=whole) == []
    # Names of errors that do not follow from the target.
    assert by_value(10 * t, sigma=rng.uniform(1, 2, 40), t=t) == []
