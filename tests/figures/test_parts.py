"""What figures are made of: steps in words, running means, labels that make room for each other, numbers on axes."""

import itertools
import math
import struct

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from kansym.data.dataset import make_dataset
from kansym.figures.axes import DecadeFormatter, PlainFormatter, finish, is_logarithmic, named, signed_threshold
from kansym.figures.front import _above_floor
from kansym.figures.labels import expression_label, formula_block, formula_lines, math_size, stacked, text_width
from kansym.figures.points import floor_shows, running_mean
from kansym.figures.structure import is_piece, steps_in_words, steps_shown, title
from kansym.figures.style import blank, styled, theme_of
from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.symbolic.steps import Step, StepKind
from kansym.units.words import unit_label

A, B = sympy.symbols("a b")


DATASET = make_dataset(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([1.0, 2.0]), names=["a", "b"])


def test_steps_have_titles(new_formula):
    steps = (
        Step(StepKind.SCALING, expressions=(A / B, sympy.atan2(A, B)), fewer=2),
        Step(StepKind.LINK, "log"),
        Step(StepKind.FACTOR, expressions=(2.0 * sympy.exp(A),)),
        Step(StepKind.TERM, expressions=(B**2,)),
        Step(StepKind.INNER, expressions=(A - B,)),
        Step(StepKind.COORDINATE, expressions=(sympy.sqrt(A),)),
        Step(StepKind.NETWORK, "[2, 2x, 1]"),
        Step(StepKind.LINE, "log(y) against 1/x"),
    )
    formula = new_formula(DATASET, A + B, steps=steps)
    assert [title(step) for step in steps_shown(formula)] == [
        "scaling symmetry: 2 columns fewer", "log of the target", "a factor comes off", "a term comes off",
        "inner function", "coordinate", "network [2, 2x, 1]", "a straight line of log(y) against 1/x",
    ]  # fmt: skip
    assert [is_piece(step) for step in steps_shown(formula)] == [False, False, True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step(StepKind.WHOLE), "read as it is: no structure was needed, all in one step"),
        (Step(StepKind.LINK, "sin"), "sin of the target: simpler than the target itself"),
        (Step(StepKind.FACTOR, expressions=(2.0 * sympy.exp(A),)), "factor 2.0*exp(a)"),
        (Step(StepKind.INNER, expressions=(A - B,)), "two columns enter only as a - b"),
        (
            Step(StepKind.SCALING, expressions=(A / B,), fewer=1),
            "scaling symmetry: 1 column fewer; the target scales as powers of columns do: a/b",
        ),
        (Step(StepKind.NAMED, "chain"), "a function of a function: all in one step"),
        (None, None),
    ],
)
def test_steps_are_lines_of_text(new_formula, step, line):
    formula = new_formula(DATASET, A + B, steps=() if step is None else (step,))
    assert steps_in_words(formula) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("words", "shown"),
    [("", "read as it is"), ("linear", "a linear formula"), ("the guess A*exp(-a)", "the guess A*exp(-a)"),
     ("link log; [2, 1]", "link log; [2, 1]")],
)  # fmt: skip
def test_words_alone_are_one_step(new_formula, words, shown):
    (step,) = steps_shown(new_formula(DATASET, A + B, structure=words))
    assert title(step) == shown and not is_piece(step)


def test_dimensional_analysis_may_leave_nothing():
    step = Step(StepKind.UNITS, fewer=1)
    assert title(step) == "dimensional analysis: 1 column fewer" and step.expressions == ()


def test_what_cannot_be_stored_is_shown_as_text(new_formula):
    huge = sympy.Float("1e999") * A
    formula = new_formula(DATASET, A + B, steps=(Step(StepKind.INNER, expressions=(huge,)),))
    assert formula.steps[0].expressions == (str(huge),)
    assert steps_in_words(formula) == [f"two columns enter only as {huge}"]


def test_reductions_of_the_search_name_what_they_leave(new_formula):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (300, 2))
    y = np.exp(-X[:, 0] / X[:, 1])
    problem = Problem.of(X, y, (sympy.Symbol("a", positive=True), sympy.Symbol("b", positive=True)))
    reducer = Reducer(y, seed=0, deadline=math.inf)
    found = {smaller.steps[-1] for smaller in itertools.islice(reducer.reduced(problem), 5) if smaller.steps}
    made = next(step for step in found if step.kind is StepKind.SCALING)
    (step,) = new_formula(DATASET, A + B, steps=(made,)).steps
    assert step.expressions in ((A / B,), (B / A,))


def test_running_means_are_means():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, 200), rng.normal(size=200)
    mean = running_mean(x, y)
    assert mean is not None and not mean.discrete
    order = np.argsort(x)
    size = round(200 / 8)
    assert mean.mean[0] == pytest.approx(y[order][:size].mean()) and mean.mean[-1] == pytest.approx(
        y[order][-size:].mean()
    )
    assert mean.error[0] == pytest.approx(y[order][:size].std(ddof=1) / math.sqrt(size))
    assert running_mean(x[:7], y[:7]) is None


def test_few_different_inputs_are_averaged_each():
    x = np.repeat([1.0, 2.0, 5.0], 10)
    y = x + np.tile([-1e200, 1e200], 15)
    mean = running_mean(x, y)
    assert mean is not None and mean.discrete
    assert mean.x.tolist() == [1, 2, 5] and np.abs(mean.mean).max() < 1e185
    assert mean.error == pytest.approx([1e200 / 3] * 3)
    weighted = running_mean(x, x * 0 + np.tile([0.0, 1.0], 15), np.tile([1.0, 3.0], 15))
    assert weighted is not None and weighted.mean == pytest.approx([0.75] * 3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 1)), min_size=1, max_size=8))
def test_property_stacked_labels_never_overlap_and_stay_inside_if_they_can(pairs):
    wanted = sorted((place for place, _ in pairs), reverse=True)
    heights = [height for _, height in pairs]
    middles = stacked(wanted, heights, 0.0, 10.0)
    for k, (upper, lower) in enumerate(itertools.pairwise(middles)):
        assert upper - lower >= 0.5 * (heights[k] + heights[k + 1]) - 1e-9
    assert middles[0] + heights[0] / 2 <= 10 + 1e-9 and middles[-1] - heights[-1] / 2 >= -1e-9


def test_formulas_are_set_as_mathematics_where_they_fit():
    label = expression_label(A**2 / (1 + B), 9, 3.0)
    assert label.math and "dfrac" in label.text and label.width == pytest.approx(math_size(label.text[1:-1], 9)[0])
    narrow = expression_label(sum(sympy.Symbol(f"variable_{k}") for k in range(30)), 9, 2.0)
    assert not narrow.math and "…" in narrow.text and text_width(narrow.text, 9) <= 2.0
    odd = expression_label(sympy.Symbol("名"), 9, 2.0)
    assert not odd.math and odd.text == "□"


def test_long_sums_are_broken_before_signs(new_formula):
    names = [f"x{k}" for k in range(12)]
    dataset = make_dataset(np.eye(12) + 1, np.arange(12.0), names=names)
    x = sympy.symbols(names)
    formula = new_formula(dataset, sympy.Add(*(k * sympy.sin(x[k] + x[0]) for k in range(1, 12))))
    lines = formula_lines(formula, 10, 3.0)
    assert len(lines) > 1 and all(line.math and line.width <= 3.0 for line in lines)
    assert all(line.text[1] in "+-" for line in lines[1:])
    assert sum(line.text.count("sin") for line in lines) == 11


def test_a_long_label_is_broken_and_stays_mathematics(new_formula):
    dataset = make_dataset(np.ones((5, 2)), np.arange(5.0), remove_constant=False)
    a, b = sympy.symbols("x0 x1")
    expression = 1.5 * sympy.log(sympy.sinh(a / b)) - 0.126 * sympy.log(b) - 0.261 * sympy.log(a) + 1.7
    block = formula_block(new_formula(dataset, expression), 8.5, 2.0)
    assert block.math and "\n" in block.text and block.width <= 2.0 and "..." not in block.text
    # Products are broken between factors, and what fits stays whole.
    product = sympy.Mul(*(sympy.sin(k * a + b) for k in range(1, 5)))
    assert formula_block(new_formula(dataset, product), 8.5, 2.0).text.count("\n") >= 1
    assert "\n" not in formula_block(new_formula(dataset, a + b), 8.5, 2.0).text


def test_the_legend_stands_above_the_words_on_the_noise_floor():
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 1.0)
    assert _above_floor(axes, 1e-3) == pytest.approx(0.31)
    assert _above_floor(axes, 0.5) == 0.0 and _above_floor(axes, 1e-9) == 0.0


def test_a_floor_too_thin_to_see_is_not_drawn():
    residual = np.array([0.1, -1.0])
    assert floor_shows(0.5, residual) and not floor_shows(1e-9, residual) and not floor_shows(10.0, residual)


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


def test_a_notebook_shows_a_figure_once_and_sharp():
    theme = theme_of(True)
    with styled(theme):
        figure = blank(theme, 3, 2)
    data, page = figure._repr_png_()
    assert struct.unpack(">II", data[16:24]) == (576, 384) and page == {"width": 288, "height": 192}
    assert not hasattr(figure, "_repr_svg_")


def test_the_printer_of_a_notebook_for_figures_goes_first():
    formatters = pytest.importorskip("IPython.core.formatters")
    theme = theme_of(False)
    with styled(theme):
        figure = blank(theme, 3, 2)
    formatter = formatters.DisplayFormatter()
    shown, page = formatter.format(figure)
    assert set(shown) == {"text/plain", "image/png"} and page["image/png"] == {"width": 288, "height": 192}
    # What %matplotlib inline does.
    formatter.formatters["image/png"].for_type(Figure, lambda figure: b"inline")
    assert formatter.format(figure)[0]["image/png"] == b"inline"
