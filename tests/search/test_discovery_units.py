"""Units through the whole search."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions

RNG = np.random.default_rng(5)


def test_an_argument_with_a_unit_keeps_its_constant():
    x = RNG.uniform(0.1, 6, 300)
    table = make_dataset(x[:, None], np.sin(x), names=["x"], units=["m"], y_units="V")
    found = discover(table, DiscoveryOptions(max_seconds=20))
    assert found.formula.consistent
    # sin(x) itself is no formula of metres: the wave number is a constant, and so is the amplitude.
    assert {constant.unit for constant in found.formula.constants} == {"V", "1/m"}
    np.testing.assert_allclose([abs(constant.value) for constant in found.formula.constants], 1.0, rtol=1e-6)


@pytest.mark.long
def test_a_dimensionally_wrong_formula_is_never_first():
    x = RNG.uniform(0.5, 6, 300)
    table = make_dataset(x[:, None], x + np.log(x), names=["x"], units=["m"], y_units="m")
    found = discover(table, DiscoveryOptions(max_seconds=1))
    assert found.formula.consistent
    wrong = [formula for formula in found.front if formula.consistent is False]
    assert all("units do not go together" in formula.notes[0] for formula in wrong)
    frame = found.front.to_frame()
    assert not frame.loc[frame["consistent"].eq(False), "picked"].any()
    if min((formula.loss for formula in wrong), default=np.inf) < 1e-12 < found.formula.loss:
        assert any("fits much better" in note for note in found.notes)
    # What a note says is on the front is there.
    assert wrong or not any("it is on the front, marked" in note for note in found.notes)


@pytest.mark.long
def test_noise_does_not_hide_the_units():
    m, v, c = RNG.uniform(1, 3, (3, 300))
    y = m * v**2 / (1 + v / c)
    y = y + RNG.normal(0, 0.05 * y.std(), 300)
    table = make_dataset(np.column_stack([m, v, c]), y, names=["m", "v", "c"], units=["kg", "m/s", "km/h"], y_units="J")
    found = discover(table, DiscoveryOptions(max_seconds=3))
    assert found.formula.consistent
    place = np.array([[4.0, 2.5, 2.0]])
    assert found.formula.predict(place)[0] == pytest.approx(4 * 6.25 / 2.25, rel=0.03)
