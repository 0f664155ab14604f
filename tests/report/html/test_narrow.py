"""On narrow pages panels stand below each other."""

from kansym.figures import FIGURES
from kansym.figures.axes import stacked
from kansym.report.html.drawings import drawings
from tests.figures.conftest import plain_run as plain_run


def test_figures_of_several_inputs_have_a_narrow_form(plain_run):
    found = {one.key: one for one in drawings(plain_run)}
    for name in ("slices", "residuals"):
        assert found[name].narrow is not None and f"{name}-narrow-" in str(found[name].narrow)
    assert all(found[name].narrow is None for name in ("front", "parity"))


def test_stacked_panels_are_one_column_and_the_next_figure_is_not(plain_run):
    with stacked():
        narrow = FIGURES["residuals"](plain_run)
    lefts = [axes.get_position().x0 for axes in narrow.axes]
    assert len(set(lefts)) == 1 and narrow.get_size_inches()[1] > narrow.get_size_inches()[0]
    wide = FIGURES["residuals"](plain_run)
    assert len({axes.get_position().x0 for axes in wide.axes}) == 2
