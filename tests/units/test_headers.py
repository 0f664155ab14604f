"""What of a header is the name, and what is a unit."""

import pytest

from kansym.units.headers import is_plain_unit, names_and_units_of, with_short_names


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("r [mm]", "r", "mm"),
        ("r (mm)", "r", "mm"),
        ("I(A)", "I", "A"),
        ("x / cm", "x", "cm"),
        ("speed / (m/s)", "speed", "m/s"),
        ("g (m s^-2)", "g", "m s^-2"),
        ("c (mol/(L s))", "c", "mol/(L s)"),
        ("1/lambda (1/nm)", "1/lambda", "1/nm"),
        ("mass (g)", "mass", "g"),
        ("T (K)", "T", "K"),
        ("R (kΩ)", "R", "kΩ"),
        ("R (kOhm)", "R", "kOhm"),
        ("angle (°)", "angle", "°"),
        ("time (min)", "time", "min"),
        ("B [furlong?]", "B", "furlong?"),
    ],
)
def test_a_unit_is_taken_off(header, name, unit):
    assert names_and_units_of([header]) == ([name], [unit])


@pytest.mark.parametrize(
    "header",
    [
        "f_Hz", "T (1)", "rate (per day)", "count (n)", "mass (m)", "plate area (A)", "x (t)", "f(x)", "log (T)",
        "log10(K)", "T/K", "a / b", "fit (fit)", "acidity (pH)x", "temp (max)", "c (10^3 m)", "v (m/s, corrected)",
        "N (N)", "s (arb. units)", "(mm)", "y ()", "y (m", "speed (c)", "z (m))",
    ],
)  # fmt: skip
def test_what_is_not_surely_a_unit_stays(header):
    assert names_and_units_of([header]) == ([header], [None])


def test_other_columns_decide():
    # A function of another column, two columns of one name, and a minimum beside a maximum.
    assert names_and_units_of(["V (T)", "T"])[0] == ["V (T)", "T"]
    assert names_and_units_of(["v (m/s)", "v (km/h)"])[0] == ["v (m/s)", "v (km/h)"]
    assert names_and_units_of(["v (m/s)", "v"])[0] == ["v (m/s)", "v"]
    assert names_and_units_of(["T (min)", "T (max)"])[0] == ["T (min)", "T (max)"]


def test_pint_knows_more_than_is_trusted():
    assert is_plain_unit("kg m^2/s^2") and is_plain_unit("degC")
    assert not any(map(is_plain_unit, ["c", "fit", "", "1", "10^3 m", "kg m^99"]))


def test_formulas_may_use_either_spelling():
    spellings = {"v (mm/s)": "v", "a b (s)": "a b", "t": "t"}
    assert with_short_names("k*`v (mm/s)` + `a b (s)`*t", spellings) == "k*v + `a b`*t"
