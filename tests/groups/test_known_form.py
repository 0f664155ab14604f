"""`fit_constants_by_group`: which constants are shared, errors, groups that do not follow, and what is refused."""

import numpy as np
import pytest

from kansym.data import load_dataset
from kansym.errors import ArgumentError, DataError
from kansym.groups.known_form import fit_constants_by_group
from tests.groups.conftest import BACKGROUND, NOISE, TRUE

DECAY = "A*exp(-t/tau) + B"


@pytest.fixture(scope="module")
def fitted(decays):
    t, y, names = decays
    return fit_constants_by_group(DECAY, {"t": t, "Z": np.char.str_len(names)}, y, names, target="N", group="sample")


def test_the_background_is_shared_and_the_rest_is_not(fitted):
    assert fitted.shared == ("B",)
    assert fitted.per_group == ("A", "tau")
    for j, one in enumerate(fitted.constants[:2]):
        true = np.array([TRUE[name][j] for name in fitted.groups])
        assert (np.abs(one.values - true) < 4 * one.errors).all()
        assert one.p_value < 1e-6
    common, error = fitted.constants[2].common
    assert abs(common - BACKGROUND) < 3 * error
    assert fitted.constants[2].p_value > 0.01
    assert fitted.noise == pytest.approx(NOISE, rel=0.25)
    assert not fitted.strangers


def test_the_constant_of_a_planetary_system_is_the_mass_of_its_star():
    table = load_dataset("exoplanets")
    axis, mass = table.X.T
    stars = [f"star of {one} solar masses" for one in mass]
    found = fit_constants_by_group(
        "A*axis**n", {"axis": axis}, table.y, stars, target="period", group="star", y_error=0.05 * table.y
    )
    assert found.shared == ("n",)
    assert found.constants[1].common[0] == pytest.approx(1.5, abs=0.01)
    masses = np.array([float(name.split()[2]) for name in found.groups])
    off = (found.constants[0].values - 365.25 / np.sqrt(masses)) / found.constants[0].errors
    assert np.abs(off).max() < 3


def test_predicts_by_the_name_of_the_group(fitted, decays):
    t, y, names = decays
    assert np.std(fitted.predict(t[:, None], names) - y) == pytest.approx(NOISE, rel=0.2)
    values = fitted.of("Cs")
    expected = values["A"] * np.exp(-0.5 / values["tau"]) + values["B"]
    assert fitted.predict(np.array([[0.5]]), "Cs")[0] == pytest.approx(expected)
    with pytest.raises(ArgumentError, match="'Xe'"):
        fitted.predict(np.array([[0.5]]), "Xe")


def test_the_order_of_rows_and_groups_does_not_matter(fitted, decays):
    t, y, names = decays
    order = np.random.default_rng(2).permutation(len(t))
    again = fit_constants_by_group(DECAY, {"t": t[order]}, y[order], names[order], target="N", group="sample")
    np.testing.assert_array_equal(again.values, fitted.values)


def test_constants_beside_what_groups_differ_in(fitted):
    frame = fitted.to_frame()
    assert list(frame.columns) == ["sample", "rows", "A", "A_error", "tau", "tau_error", "Z"]
    assert frame["Z"].tolist() == [2, 2, 1, 2]


def test_a_group_that_does_not_follow_is_named(decays):
    t, y, names = decays
    wrong = names == "I"
    y = np.where(wrong, 2.0 * np.exp(-t / 1.5) + 1.2 + (y - y.mean()) * 0, y)
    y = y + np.where(wrong, NOISE * np.random.default_rng(5).standard_normal(len(t)), 0.0)
    found = fit_constants_by_group(DECAY, {"t": t}, y, names, per_group=["A", "tau"])
    assert "I" in found.strangers
    without = fit_constants_by_group(DECAY, {"t": t}, y, names, per_group=["A", "tau"], leave_out=["I"])
    assert without.groups == ("Ba", "Cs", "Na")
    assert not without.strangers


def test_given_errors_count_as_a_likelihood(decays):
    t, y, names = decays
    found = fit_constants_by_group(DECAY, {"t": t}, y, names, y_error=NOISE)
    assert found.noise is None
    assert found.chi2 == pytest.approx(found.ndf, abs=4 * np.sqrt(2 * found.ndf))
    twice = fit_constants_by_group(DECAY, {"t": t}, y, names, y_error=2 * NOISE)
    np.testing.assert_allclose(twice.constants[0].errors, 2 * found.constants[0].errors, rtol=1e-5)


def test_noise_of_each_group_where_it_differs(decays):
    t, _, names = decays
    clean = np.array(
        [TRUE[name][0] * np.exp(-one / TRUE[name][1]) + BACKGROUND for one, name in zip(t, names, strict=True)]
    )
    level = np.where(names == "Ba", 0.3, 0.01)
    found = fit_constants_by_group(
        DECAY, {"t": t}, clean + level * np.random.default_rng(3).standard_normal(len(t)), names
    )
    assert found.levels is not None
    assert found.levels[0] == pytest.approx(0.3, rel=0.4)
    assert found.levels[2] == pytest.approx(0.01, rel=0.5)


def test_what_is_refused(decays):
    t, y, names = decays
    with pytest.raises(DataError, match="one value only"):
        fit_constants_by_group(DECAY, {"t": t}, y, np.full(len(t), "Ba"))
    with pytest.raises(DataError, match=r"group Xe .* has a single row"):
        fit_constants_by_group(DECAY, {"t": t}, y, np.where(np.arange(len(t)) == 3, "Xe", names))
    with pytest.raises(ArgumentError, match="'C'"):
        fit_constants_by_group(DECAY, {"t": t}, y, names, per_group=["C"])
    with pytest.raises(DataError, match="no value in row 4"):
        fit_constants_by_group(DECAY, {"t": t}, y, np.where(np.arange(len(t)) == 4, None, names.astype(object)))
