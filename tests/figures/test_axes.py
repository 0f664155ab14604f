"""Axes: which are logarithmic, and numbers along them in plain text."""

import numpy as np

from kansym.figures.axes import DecadeFormatter, PlainFormatter, finish, is_logarithmic, named, signed_threshold
from kansym.figures.style import blank, styled, theme_of
from kansym.units.words import unit_label


def test_axes_are_chosen_by_what_most_values_do():
    assert is_logarithmic(np.logspace(0, 3, 20))
    assert not is_logarithmic(np.logspace(0, 2, 20))
    assert not is_logarithmic(np.append(np.linspace(1, 2, 99), 1e-6))
    assert not is_logarithmic(np.array([0.0, 1e9])) and not is_logarithmic(np.array([]))
    assert signed_threshold(np.array([-1.0, 0.5, 1.0])) is None
    assert signed_threshold(np.array([-1.0, 0.5, 1.0, 1e6])) == 1.0
    assert signed_threshold(np.zeros(3)) is None


def test_units_are_named_unless_there_are_none():
    assert [named("v", unit) for unit in ("m/s", "1", "", None)] == ["v [m/s]", "v", "v", "v"]


def test_exponents_of_units_are_raised():
    units = ["kg m^2 s^-2", "m**3/s", "1/cm^(2)", "m^0.5", "m^(1/2)", "kg m^12", "degC"]
    assert [unit_label(unit) for unit in units] == [
        "kg m² s⁻²", "m³/s", "1/cm²", "m^0.5", "m¹⁄²", "kg m¹²", "degC",
    ]  # fmt: skip


def test_numbers_on_axes_are_plain_text():
    theme = theme_of(False)
    with styled(theme):
        figure = blank(theme, 3, 2)
        axes = figure.subplots()
        finish(axes)
        axes.plot([0, 1], [0, 3e-15])
        figure.canvas.draw()
    assert isinstance(axes.yaxis.get_major_formatter(), PlainFormatter)
    assert axes.yaxis.get_major_formatter().get_offset() == "×10⁻¹⁵"
    assert [text.get_text() for text in axes.yaxis.get_ticklabels()][1] in ("0", "0.0")
    decades = DecadeFormatter(base=10.0)
    decades.create_dummy_axis()
    decades.axis.set_view_interval(1e-9, 1e9)
    assert [decades(x) for x in (1e-8, 0.1, 1.0, 10.0, 1e5, -1e3)] == ["10⁻⁸", "0.1", "1", "10", "10⁵", "−10³"]
