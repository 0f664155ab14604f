"""Inputs that are called like errors of another column."""

import subprocess

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.data.error_names import error_hints, shown


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
