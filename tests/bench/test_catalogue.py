"""The catalogues: complete, readable, and laws whose rows can be drawn."""

import math
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import sympy

import kansym.bench.catalogue as module
from kansym.bench.catalogue import catalogue_names, load_catalogue
from kansym.errors import ArgumentError, DataError
from kansym.symbolic.naming import plain_symbol

SIZES = {
    "feynman": 100,
    "feynman_bonus": 20,
    "nguyen": 12,
    "strogatz": 14,
    "empirical": 9,
    "srsd": 100,
    "srsd_bonus": 20,
    "classics": 90,
    "livermore2": 146,
    "odebench": 117,
    "llm_ode": 97,
}


def test_catalogues_have_all_their_laws():
    assert {name: len(load_catalogue(name).laws) for name in catalogue_names()} == SIZES


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in ("strogatz", "livermore2"))) for name in SIZES]
)
def test_rows_can_be_drawn_and_are_reproducible(name):
    for law in load_catalogue(name).laws:
        X, y = law.sample(60, 1)
        again, _ = law.sample(60, 1)
        assert X.shape == (len(y), len(law.variables)), law.name
        assert np.isfinite(X).all() and np.isfinite(y).all() and np.std(y) > 0, law.name
        assert np.array_equal(X, again), law.name
        assert law.source and law.nodes >= 1
        assert np.isfinite(np.std(y)), law.name
        # The starts of lv are listed, so every seed has the same rows.
        if law.data is None and not law.name.startswith("lv"):
            other, _ = law.sample(60, 2)
            assert not np.array_equal(X, other), law.name


def test_laws_for_networks_can_be_drawn():
    laws = load_catalogue(str(Path(__file__).parents[2] / "benchmarks/network_laws.toml")).laws
    assert len(laws) == 12
    for law in laws:
        X, y = law.sample(60, 1)
        assert np.isfinite(X).all() and np.isfinite(y).all() and np.std(y) > 0, law.name


@pytest.mark.parametrize("name", ["feynman", "feynman_bonus", "srsd", "srsd_bonus", "empirical"])
def test_units_are_written_alike(name):
    for law in load_catalogue(name).laws:
        units = [law.target_unit, *(variable.unit for variable in law.variables)]
        assert all(re.fullmatch(r"1|[A-Za-z_]+(\^-?\d+)?( [A-Za-z_]+(\^-?\d+)?)*", unit) for unit in units), law.name


def test_ranges_are_kept():
    for name in ("feynman", "srsd", "nguyen"):
        for law in load_catalogue(name).laws:
            X, _ = law.sample(60, 0)
            for column, variable in zip(X.T, law.variables, strict=True):
                sizes = np.abs(column) if variable.signed else column
                assert (sizes >= variable.low * (1 - 1e-12) - 1e-12 * abs(variable.low)).all(), law.name
                assert (sizes <= variable.high * (1 + 1e-12)).all(), law.name


def test_srsd_and_feynman_are_the_same_laws_where_nothing_became_a_constant():
    ours, ranges = load_catalogue("feynman"), load_catalogue("srsd")
    compared = 0
    for law in ours.laws:
        other = ranges[law.name]
        if set(law.names) != set(other.names) or law.name in ("I.26.2", "I.30.5"):
            continue
        X, _ = law.sample(20, 0)
        order = [law.names.index(name) for name in other.names]
        np.testing.assert_allclose(other.evaluate(X[:, order]), law.evaluate(X), rtol=1e-9, err_msg=law.name)
        compared += 1
    assert compared > 25


def test_strogatz_rows_solve_their_equations():
    law = load_catalogue("strogatz")["lv1"]
    X, y = law.sample(1, 0)
    assert X.shape == (400, 2)
    np.testing.assert_allclose(X[[0, 100, 200, 300]], [[1, 3], [4, 1], [8, 2], [3, 3]], rtol=1e-12)
    # Central differences of a trajectory are its derivative, to the square of the step.
    slopes = (X[12:100, 0] - X[10:98, 0]) / 0.2
    np.testing.assert_allclose(slopes, y[11:99], rtol=0.02)


@pytest.mark.parametrize("name", ["bacres", "barmag", "glider", "lv", "predprey", "shearflow", "vdp"])
def test_strogatz_targets_are_the_right_hand_sides_of_their_systems(name):
    for index, variable in enumerate(("x", "y"), start=1):
        law = load_catalogue("strogatz")[f"{name}{index}"]
        assert law.trajectory.equations[variable] == law.formula


def test_published_row_of_the_van_der_pol_set():
    # First row of d_vdp1.txt of the original data (github.com/lacava/ode-strogatz).
    law = load_catalogue("strogatz")["vdp1"]
    assert law.evaluate(np.array([[0.357300705035804, 0.216697932367009]]))[0] == pytest.approx(3.20593379532575)


def test_planck_is_evaluated_where_doubles_overflow():
    law = load_catalogue("empirical")["planck"]
    value = law.evaluate(np.array([[1e16, 100.0]]))[0]
    ratio = 4.7992447e-11 * 1e16 / 100
    assert value == pytest.approx(math.log(1.4744991e-50) + 3 * math.log(1e16) - ratio)


def test_empirical_tables_and_noise():
    catalogue = load_catalogue("empirical")
    rows = {law.name: len(law.sample(2000, 0)[1]) for law in catalogue.laws}
    assert rows == {
        "hubble": 32, "kepler": 6, "newton": 30, "planck": 100, "leavitt": 26, "schechter": 27, "bode": 8,
        "ideal_gas": 30, "rydberg": 50,
    }  # fmt: skip
    X, _ = catalogue["rydberg"].sample(2000, 5)
    n1, n2 = X.T
    assert (n2 > n1).all() and n1.min() >= 1 and n2.max() <= 7
    assert set(np.unique(X)) <= set(range(1, 8))
    law = catalogue["ideal_gas"]
    _, y = law.sample(2000, 0)
    ratio = np.concatenate([np.exp(law.add_noise(y, 0.0, seed) - y) for seed in range(40)])
    assert np.std(ratio) == pytest.approx(0.1, rel=0.1)
    assert np.mean(ratio) == pytest.approx(1, abs=0.02)


def test_wavelengths_of_hydrogen():
    law = load_catalogue("empirical")["rydberg"]
    # Balmer alpha, 656.3 nm in air.
    assert math.exp(law.evaluate(np.array([[2.0, 3.0]]))[0]) == pytest.approx(656.3e-9, rel=1e-3)


def test_values_known_from_physics():
    feynman, srsd = load_catalogue("feynman"), load_catalogue("srsd")
    # The height of a standard normal density at one sigma.
    assert feynman["I.6.2a"].evaluate(np.array([[1.0]]))[0] == pytest.approx(0.24197072451914337)
    # A right triangle.
    law = feynman["I.8.14"]
    assert law.evaluate(np.array([[1.0, 4.0, 1.0, 5.0]]))[0] == pytest.approx(5)
    # A charge of 1 C at 1 m: 8.99e9 V.
    assert srsd["II.4.23"].evaluate(np.array([[1.0, 1.0]]))[0] == pytest.approx(8.988e9, rel=1e-3)
    # A mass of 1 kg moving at 0.6 c.
    assert srsd["I.10.7"].evaluate(np.array([[1.0, 0.6 * 2.99792458e8]]))[0] == pytest.approx(1.25)


def test_unknown_names_come_with_a_hint():
    with pytest.raises(ArgumentError, match="no catalogue 'feynmann'; known: classics, empirical"):
        load_catalogue("feynmann")
    with pytest.raises(ArgumentError, match=r"no law 'I\.12\.22'; did you mean 'I\.12\.2'"):
        load_catalogue("feynman").only(["I.12.22"])
    with pytest.raises(ArgumentError, match="no law 0"):
        load_catalogue("feynman")[0]  # pyright: ignore[reportArgumentType]
    assert [law.name for law in load_catalogue("feynman").only(["I.12.2", "I.8.14"]).laws] == ["I.8.14", "I.12.2"]


@pytest.mark.parametrize(
    "name", ["feynman", "srsd", "classics", pytest.param("livermore2", marks=pytest.mark.long), "odebench", "llm_ode"]
)
def test_halves_share_nothing_and_hold_everything(name):
    whole, development, report = (load_catalogue(name + part) for part in ("", ":development", ":report"))
    assert sorted([*development.names, *report.names]) == sorted(whole.names)
    assert abs(len(development.names) - len(report.names)) <= 6
    groups = [{law.group or law.name for law in half.laws} for half in (development, report)]
    assert not groups[0] & groups[1]
    # The order of the whole is kept.
    assert [law for law in whole.names if law in report.names] == list(report.names)


def test_halves_stay_what_they_are():
    # What was only reported must not become what is worked on.
    assert load_catalogue("livermore2:report").names[:4] == ("Vars2-1", "Vars2-2", "Vars2-4", "Vars2-7")
    assert load_catalogue("odebench:report").names[:4] == ("ode01_0", "ode08_0", "ode09_0", "ode10_0")


def test_laws_of_a_system_and_laws_that_differ_in_numbers_are_groups():
    ode = load_catalogue("odebench")
    assert all(law.group == law.name.split("_")[0] for law in ode.laws)
    groups = {law.name: law.group for law in load_catalogue("classics").laws}
    assert groups["Keijzer-1"] == groups["Keijzer-3"] and groups["Jin-5"] == groups["Vladislavleva-6"]


def test_equations_of_ode_systems():
    # Lorenz with sigma 10, rho 28, beta 8/3; and van der Pol with mu 0.43.
    ode = load_catalogue("odebench")
    state = np.array([[1.0, 2.0, 3.0]])
    assert [ode[f"ode56_{k}"].evaluate(state)[0] for k in range(3)] == pytest.approx([10.0, 23.0, -6.0])
    assert ode["ode37_1"].evaluate(np.array([[2.0, 1.0]]))[0] == pytest.approx(-2.0 - 0.43 * 3)


def test_physical_ranges_have_halves_with_logarithms_and_two_signs():
    # FastSRB's table of the laws: the strain of a spring has either sign, the other factors one.
    halves = [load_catalogue(f"srsd:{part}") for part in ("development", "report")]
    (law,) = (half["II.38.3"] for half in halves if "II.38.3" in half.names)
    assert all(variable.distribution == "log" for variable in law.variables)
    assert [variable.name for variable in law.variables if variable.signed] == ["x"]


def test_the_first_laws_can_be_asked_for_by_their_number():
    assert load_catalogue("classics").only(["3"]).names == ("Keijzer-1", "Keijzer-2", "Keijzer-3")
    with pytest.raises(ArgumentError, match="classics has 90 laws, not 91"):
        load_catalogue("classics").only(["91"])
    with pytest.raises(ArgumentError, match="one of development, report"):
        load_catalogue("classics:half")


OWN = """
title = "mine"
source = "a book"
[constants]
g = 9.81
[[law]]
name = "fall"
formula = "g*t**2/2"
target = { name = "s", unit = "m" }
variables = [{ name = "t", unit = "s", low = 0, high = 3 }]
"""


def test_own_catalogue(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    catalogue = load_catalogue(path)
    (law,) = catalogue.laws
    assert (catalogue.name, catalogue.title, law.source, law.target_unit) == ("mine", "mine", "a book", "m")
    assert law.expression == sympy.Float(9.81) * plain_symbol("t") ** 2 / 2
    assert law.evaluate(np.array([[2.0]]))[0] == pytest.approx(19.62)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("t**2", "u**2", "'fall'.*unknown name 'u'"),
        ("low = 0, high = 3", "low = 3, high = 0", "'fall'.*ordered"),
        ("low = 0, high = 3", 'low = 0, high = 3, distribution = "log"', "'fall'.*must be positive"),
        ("low = 0, high = 3", 'low = 1, high = 3, distribution = "gamma"', "'fall'.*'uniform', 'log' or 'normal'"),
        ("low = 0, ", "", "'fall'.*'low' is missing"),
        ('name = "fall"', 'name = "fall"\nfoo = 1', "'fall'.*foo"),
        ('name = "fall"', 'name = "fall"\nfree = ["h"]', r"'fall'.*lacks \['h'\]"),
        ('name = "fall"', 'name = "fall"\nlevels = [3, 4]', "'fall'.*levels"),
        ('name = "fall"', 'name = "fall"\njudge = "fit"', "'fall'.*under free"),
        ('name = "fall"', 'name = "fall"\nnoise = { kind = "loud" }', "'fall'.*'counts'"),
        ("title =", "title", "not a TOML file"),
        ("[[law]]", "[law]", "mine"),
    ],
)
def test_wrong_entries_are_named(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(old, new, 1))
    with pytest.raises(DataError, match=message):
        load_catalogue(path)


def test_a_law_without_a_domain_is_an_error(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace("g*t**2/2", "sqrt(-1 - t**2)"))
    with pytest.raises(ArgumentError, match="law fall is defined almost nowhere"):
        load_catalogue(path)["fall"].sample(10, 0)


def test_installed_catalogues_are_preferred(tmp_path, monkeypatch):
    (tmp_path / "_datasets" / "laws").mkdir(parents=True)
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    assert module._folder() == tmp_path / "_datasets" / "laws"
