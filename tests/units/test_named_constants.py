"""Constants of nature beside fitted ones: found where they should be, and hardly ever by chance."""

import numpy as np
import pytest
import scipy.constants

from kansym.units.named_constants import _all, suggestions
from kansym.units.unit import parse_unit


@pytest.mark.parametrize(
    ("value", "error", "unit", "symbol"),
    [
        (9.81, 0.01, "m/s^2", "g"),
        (4.1357e-15, 1e-19, "eV s", "h"),
        (109737.0, 0.6, "1/cm", "R_inf"),
        (8.3144, 0.001, "J/mol/K", "R"),
        (299792.0, 1.0, "km/s", "c"),
        (1.43878, 1e-5, "cm K", "h c/k_B"),
        (8.98755e9, 1e5, "N m^2/C^2", "1/(4 pi) 1/epsilon_0"),
        (-1.602e-19, 1e-22, "C", "e"),
    ],
)
def test_constants_in_any_unit(value, error, unit, symbol):
    first = suggestions(value, error, parse_unit(unit))[0]
    assert first.symbol == symbol and abs(first.sigmas) <= 2
    assert first.value == pytest.approx(value, rel=1e-3)


def test_values_and_dimensions_are_codata():
    for symbol, _, dimension, value, _ in _all():
        assert len(dimension) == 7 and value > 0, symbol
    sizes = {symbol: value for symbol, _, _, value, _ in _all()}
    assert sizes["h c/k_B"] == pytest.approx(scipy.constants.h * scipy.constants.c / scipy.constants.k, rel=1e-15)
    assert sizes["e/m_e"] == pytest.approx(1.75882e11, rel=1e-5)


@pytest.mark.parametrize(
    ("value", "error", "unit"),
    [
        (9.81, 0.2, "m/s^2"),  # a percent and more
        (9.81, None, "m/s^2"),
        (9.5, 0.01, "m/s^2"),
        (9.81, 0.01, "m/s"),
        (3.14159, 1e-6, "1"),
        (109678.87, 0.2, "1/cm"),  # hydrogen's own constant, not that of an infinite mass
    ],
)
def test_nothing_without_grounds(value, error, unit):
    assert suggestions(value, error, parse_unit(unit)) == []
    assert suggestions(value, error, None) == []


@pytest.mark.long
def test_coincidences_are_rare():
    rng = np.random.default_rng(0)
    units = [parse_unit(text) for text in ("m/s^2", "J s", "m", "kg", "J", "C/kg", "m/s", "1/m")]
    trials = hits = 0
    for unit in units:
        for value in 10 ** rng.uniform(-40, 40, 250):
            trials += 1
            hits += bool(suggestions(value, 0.003 * value, unit))
    assert hits / trials < 0.01
