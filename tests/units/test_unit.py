"""Units from text: against SI definitions, and texts that are none."""

import math

import pytest

from kansym.errors import DataError
from kansym.units.naming import name_unit
from kansym.units.unit import PURE, describe, parse_unit

SI = {
    "m/s": ("m s^-1", 1.0),
    "kg m^2 s^-2 V^-1": ("s A", 1.0),
    "m s-1": ("m s^-1", 1.0),
    "1/cm": ("m^-1", 100.0),
    "10^-27 kg": ("kg", 1e-27),
    "1e3 kg/m^3": ("kg m^-3", 1e3),
    "degC": ("K", 1.0),
    "degF": ("K", 5 / 9),
    "mmHg": ("kg m^-1 s^-2", 133.322387415),
    "au": ("m", 149597870700.0),
    "MJy/sr": ("kg s^-2", 1e-20),
    "km/s/Mpc": ("s^-1", 1e3 / (1e6 * 648000 / math.pi * 149597870700.0)),
    "L_sun": ("kg m^2 s^-3", 3.828e26),
    "m^(1/2)": ("m^(1/2)", 1.0),
    "m**2 / s": ("m^2 s^-1", 1.0),
    "kg.m^2.s^-2": ("kg m^2 s^-2", 1.0),
    "m^+2": ("m^2", 1.0),
    "m^.5": ("m^(1/2)", 1.0),
    "%/m": ("m^-1", 0.01),
    "eV": ("kg m^2 s^-2", 1.602176634e-19),
}


@pytest.mark.parametrize("text", SI)
def test_units_in_si(text):
    unit = parse_unit(text)
    assert describe(unit.dimension) == SI[text][0]
    assert unit.scale == pytest.approx(SI[text][1], rel=1e-8)


@pytest.mark.parametrize("text", ["1", "-", "", "rad", "counts", "ppm", "%", "mag"])
def test_pure_numbers(text):
    assert parse_unit(text).dimension == PURE


@pytest.mark.parametrize("text", ["a.u.", "arb. units", "arbitrary"])
def test_arbitrary_units_are_unknown(text):
    assert parse_unit(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "foo",
        "m/q",
        "9**9**9**9",
        "m**1e9",
        "(" * 50,
        "(" * 10**6,
        "m^99",
        "$",
        "__import__('os')",
        "\x00",
        "m**m**m",
        "1e999 m",
    ],
)
def test_what_is_no_unit_is_refused_at_once(text):
    with pytest.raises(DataError, match="column 'v'") as caught:
        parse_unit(text, "column 'v'")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("m//s", "//"),
        ("m / /s", "/ /"),
        ("m^^2", "^^"),
        ("m****2", "****"),
        ("m..s", ".."),
        ("m*.s", "*."),
        ("m%s", "m%"),
        ("m%%", "m%"),
        ("+m", "+"),
    ],
)
def test_slips_that_pint_reads_are_refused(text, slip):
    with pytest.raises(DataError, match="is not a unit") as caught:
        parse_unit(text)
    assert f"{slip!r} in it makes no sense; write it like m/s" in str(caught.value)


@pytest.mark.parametrize("text", ["m'", 'm"', "m**", "m^", "m/", "/s"])
def test_other_slips_are_refused(text):
    with pytest.raises(DataError, match="is not a unit"):
        parse_unit(text)


def test_the_message_proposes_a_unit():
    with pytest.raises(DataError, match="did you mean metre or meter"):
        parse_unit("metr/s", "column 'v'")


@pytest.mark.parametrize(
    ("unit", "own", "name"),
    [
        ("km/s/Mpc", ["km/s", "Mpc"], "km/s/Mpc"),
        ("yr^2/au^3", ["yr", "au"], "yr^2/au^3"),
        ("yr/au^1.5", ["yr", "au"], "yr/au^(3/2)"),
        ("1/s", ["V", "s"], "1/s"),
        ("rad", ["V"], "1"),
        ("cm", ["1/cm"], "cm"),
        ("MJy/sr*cm^3", ["MJy/sr", "1/cm"], "cm^3 MJy/sr"),
        ("ppm", ["V", "ppm"], "ppm"),
        ("kg", ["m", "s"], "kg"),
        ("1/cm", ["m"], "10^2 m^-1"),
    ],
)
def test_names_of_units(unit, own, name):
    assert name_unit(parse_unit(unit), [parse_unit(text) for text in own]) == name


@pytest.mark.parametrize(("text", "scale"), [("Ohm", 1.0), ("kOhm", 1e3), ("MOhm", 1e6), ("kΩ", 1e3), ("Ω", 1.0)])
def test_the_ohm_is_read_as_it_is_written(text, scale):
    unit, ohm = parse_unit(text), parse_unit("ohm")
    assert unit is not None and ohm is not None and unit.dimension == ohm.dimension
    assert unit.scale == pytest.approx(scale)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Herz", "hertz"),
        ("KHz", "kHz"),
        ("khz", "kHz"),
        ("Kelvin", "kelvin"),
        ("kOhmm", "ohm"),
        ("m/ss", "s"),
        ("kgg", "kg"),
    ],
)
def test_the_nearest_unit_is_proposed(text, meant):
    with pytest.raises(DataError, match=f"did you mean {meant}[ ?]"):
        parse_unit(text)


@pytest.mark.parametrize(
    ("unit", "own", "name"),
    [
        ("mm/s^2", ["mm/s", "mm"], "mm/s^2"),
        ("W/m^2/K^4", ["W/m^2", "K"], "W/m^2/K^4"),
        ("N/g", ["N", "g"], "N/g"),
        ("kg/m/s", ["Pa s", "m", "kg/m^3"], "Pa s"),
        # Neither 1000, which is read as a part of the number in front, nor Pa/mm/(kg/m^3).
        ("1000 m/s^2", ["mm/s", "kg/m^3", "mm", "Pa*s"], "10^3 m s^-2"),
        ("ohm/kohm", ["ohm", "kohm"], "ohm/kohm"),
        ("60 m", ["s"], "60 m"),
    ],
)
def test_names_are_products_of_what_the_units_of_the_table_consist_of(unit, own, name):
    assert name_unit(parse_unit(unit), [parse_unit(text) for text in own]) == name


@pytest.mark.parametrize("text", ["10^400 m", "10^-400 m", "1e400 m"])
def test_a_factor_beyond_double_precision_is_none(text):
    with pytest.raises(DataError, match="is not a unit that is known"):
        parse_unit(text)


@pytest.mark.parametrize(
    ("unit", "own", "name"),
    [
        ("1/deg", ["deg", "m"], "1/deg"),
        ("s^2/rad^2", ["rad/s", "cm"], "s^2"),
        ("1/s", ["rad/s^2", "m"], "1/s"),
        ("rad/s", ["rad/s", "s"], "rad/s"),
        ("m^2/s^2", ["m/s", "kg"], "m^2/s^2"),
        ("bar L/mol/K", ["bar", "L/mol", "K"], "bar L/mol/K"),
    ],
)
def test_units_stay_as_the_user_wrote_them(unit, own, name):
    assert name_unit(parse_unit(unit), [parse_unit(text) for text in own]) == name
