"""Units beside numbers."""

import pytest

from kansym.units.words import after_number, unit_label


@pytest.mark.parametrize(
    ("unit", "text"),
    [(None, ""), ("1", ""), ("m/s", " m/s"), ("1/cm", " 1/cm"), ("10^3 m s^-2", " (10^3 m s^-2)"), ("60 m", " (60 m)")],
)
def test_a_factor_is_kept_apart_from_the_number_in_front(unit, text):
    assert after_number(unit) == text


def test_powers_are_raised_fractions_too():
    assert unit_label("kg m^2 s^-2") == "kg m² s⁻²"
    assert unit_label("yr/au^(3/2)") == "yr/au³⁄²"
    assert unit_label("K^1.056") == "K^1.056"
