import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import kansym
from kansym.errors import ArgumentError
from kansym.extraction.compiling import inner_variable, kan_from_expression
from kansym.extraction.composition import AffineMap, compose
from kansym.kan.jacobian import edge_sensitivity
from kansym.kan.layer import EdgeMode
from kansym.kan.spline import fit_coefficients
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

NAMES = ("x", "y", "z")
SYMBOLS = tuple(sympy.Symbol(name) for name in NAMES)
ROWS = np.random.default_rng(3).uniform(0.2, 1.4, (40, 3))
PRIMITIVES = [one for one in default_library().values() if one.name != "x"]


def values(network, X):
    return network(torch.from_numpy(np.ascontiguousarray(X)))[0, :, 0].numpy()


def rounding(network, X):
    """What rounding of every edge can do to the output."""
    x = torch.from_numpy(np.ascontiguousarray(X))
    total = torch.zeros(len(X), dtype=torch.float64)
    for (_, edges), sensitivity in zip(network.trace(x)[1:], edge_sensitivity(network, x), strict=True):
        inside = (edges.slope * edges.inputs.unsqueeze(-1)).abs() + edges.value.abs()
        total += (sensitivity.abs() * inside).sum((0, 2, 3))
    return 1e-14 * total.numpy()


numbers = st.floats(0.3, 2.0).map(lambda value: sympy.Float(round(value, 3)))


@st.composite
def expressions(draw, depth=3):
    kind = draw(st.sampled_from(["symbol", "function", "sum", "product"] if depth else ["symbol"]))
    if kind == "symbol":
        return draw(st.sampled_from(SYMBOLS))
    first = draw(expressions(depth=depth - 1))
    if kind == "function":
        primitive = draw(st.sampled_from(PRIMITIVES))
        return primitive.sympy(draw(numbers) * first + draw(numbers), draw(numbers))
    second = draw(expressions(depth=depth - 1))
    return draw(numbers) * first + second - draw(numbers) if kind == "sum" else draw(numbers) * first * second


@pytest.mark.long
@settings(max_examples=60)
@given(expressions())
def test_a_network_computes_what_its_formula_does(expression):
    truth = parametrize(expression, SYMBOLS).evaluate(ROWS)
    network = kan_from_expression(expression, NAMES, X=ROWS)
    found = values(network, ROWS)
    allowed = rounding(network, ROWS)
    usable = np.isfinite(truth) & np.isfinite(allowed) & (np.abs(truth) < 1e6)
    assume(usable.any())
    assert network.population == 1 and network.is_symbolic
    assert (np.abs(found - truth) <= 1e-12 * np.abs(truth) + allowed)[usable].all()


@pytest.mark.parametrize("name", [one.name for one in PRIMITIVES])
def test_every_primitive_compiles(name):
    primitive = default_library()[name]
    offset = sympy.Float(1.7 if primitive.domain.lower == 1 else 0.4)
    expression = 1.7 * primitive.sympy(0.3 * SYMBOLS[0] + offset, sympy.Float(1.3)) - sympy.Float(0.2)
    truth = parametrize(expression, SYMBOLS[:1]).evaluate(ROWS[:, :1])
    network = kan_from_expression(expression, ["x"], X=ROWS[:, :1])
    assert np.isfinite(truth).all()
    assert values(network, ROWS[:, :1]) == pytest.approx(truth, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("2.5*exp(-x/3)*sin(y)", (2, (0, 1))),
        ("1.5*x + 2*y - 3", (2, 1)),
        ("sqrt(x**2 + y**2)", (2, 1, 1)),
        ("x + x**2", (1, 2, 1)),
        ("y*exp(-x) + sin(exp(-x))", (2, 2, (1, 1), 1)),
        ("x**y", (2, (0, 1), 1)),
        ("x", (1, 1)),
        ("3.5", (1, 1)),
    ],
)
def test_shapes_are_the_least(text, shape):
    names = [name for name in "xy" if name in text.replace("exp", "")] or ["x"]
    network = kan_from_expression(text, names)
    assert network.shape == shape
    X = ROWS[:, : len(names)]
    truth = parametrize(parse_expression(text, names), [sympy.Symbol(name) for name in names]).evaluate(X)
    assert values(network, X) == pytest.approx(truth, rel=1e-12)


def test_numbers_are_folded_into_the_edges_and_those_of_a_fit_can_be_trained():
    network = kan_from_expression("2.5*sin(1.5 - 0.5*x) - 3", ["x"])
    # sympy writes -2.5*sin(0.5*x - 1.5) - 3.
    assert network.layers[0].affine[0, 0, 0].tolist() == [0.5, -1.5, -2.5, -3.0, 1.0]
    assert network.layers[0].frozen[0, 0, 0].tolist() == [False, False, False, True, True]


def test_training_starts_from_the_formula_and_finds_its_constants():
    x = np.linspace(0, 4, 60)[:, None]
    y = 3.1 * np.exp(-0.8 * x) + 0.4
    network = kan_from_expression("3.0*exp(-0.7*x) + 0.5", ["x"], X=x)
    trained = train(network, torch.from_numpy(x), torch.from_numpy(y), TrainingOptions(steps=50)).network
    a, _, c, d, _ = trained.layers[0].affine[0, 0, 0].tolist()
    assert (a, c, d) == pytest.approx((-0.8, 3.1, 0.4), rel=1e-6)


def test_any_edge_can_be_made_a_spline_on_its_grid():
    X = np.column_stack([np.linspace(100, 300, 80), np.linspace(2, 5, 80)])
    network = kan_from_expression("log(x*y**2) + 1", ["x", "y"], X=X)
    states = network.trace(torch.from_numpy(X))
    for layer, (nodes, _) in zip(network.layers, states, strict=False):
        u = (nodes[0] - layer.center[0]) / layer.half_width[0]
        assert float(u.min()) == pytest.approx(-1.0) and float(u.max()) == pytest.approx(1.0)
    layer, edges = network.layers[-1], states[-1][1]
    u = (states[-2][0][0, :, 0] - layer.center[0, 0]) / layer.half_width[0, 0]
    layer.coefficients[0, 0, 0] = fit_coefficients(u, edges.value[0, :, 0, 0, None], layer.grid)[:, 0]
    layer.mode[0, 0, 0] = int(EdgeMode.SPLINE)
    assert np.max(np.abs(values(network, X) - states[-1][0][0, :, 0].numpy())) < 0.02 * np.ptp(values(network, X))


def test_ranges_set_the_grids_and_change_no_value():
    plain = kan_from_expression("sin(x) + y**2", ["x", "y"])
    wide = kan_from_expression("sin(x) + y**2", ["x", "y"], ranges={"y": (0, 10), "x": (2, 4)}, grid=8)
    assert plain.layers[0].center.tolist() == [[0.0, 0.0]] and plain.layers[0].half_width.tolist() == [[1.0, 1.0]]
    assert wide.layers[0].center.tolist() == [[3.0, 5.0]] and wide.layers[0].half_width.tolist() == [[1.0, 5.0]]
    assert wide.layers[0].grid == 8
    assert (values(plain, ROWS[:, :2]) == values(wide, ROWS[:, :2])).all()


def test_a_network_goes_back_to_its_formula():
    expression = parse_expression("1.5*exp(-0.5*x)*y**2 + log(x + 2)", ["x", "y"])
    network = kan_from_expression(expression, ["x", "y"])
    unscaled = AffineMap((0.0, 0.0), (1.0, 1.0), 0.0, 1.0)
    back = parametrize(compose(network, SYMBOLS[:2], unscaled), SYMBOLS[:2]).evaluate(ROWS[:, :2])
    assert back == pytest.approx(parametrize(expression, SYMBOLS[:2]).evaluate(ROWS[:, :2]), rel=1e-13)


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        ("1 + atan2(x, y)", ["x", "y"], r"atan2\(x, y\) is a function of several arguments"),
        ("x + k", ["x"], "names lack k"),
        ("y + (-2)**x", ["x", "y"], r"\(-2\)\*\*x is no real function"),
    ],
)
def test_what_has_no_network_is_named(text, names, words):
    with pytest.raises(ArgumentError, match=words):
        kan_from_expression(parse_expression(text, [*names, "k"]), names)


def test_numbers_are_real():
    with pytest.raises(ArgumentError, match=r"the number .*I is not finite and real"):
        kan_from_expression(SYMBOLS[0] + sympy.sqrt(-2), ["x"])


@pytest.mark.parametrize(
    "options",
    [{"ranges": [(0, 1)]}, {"ranges": {"x": (0, 1)}}, {"ranges": [(1, 0), (0, 1)]}, {"X": np.zeros((3, 1))}],
)
def test_ranges_and_rows_must_fit_the_names(options):
    with pytest.raises(ArgumentError, match=r"ranges|X must have shape"):
        kan_from_expression("x + y", ["x", "y"], **options)


def test_a_formula_brings_its_names():
    formula = kansym.Formula(2.5 * sympy.exp(SYMBOLS[0]), NAMES, "f", 4, 0.0, 0.0, 0.0)
    assert kansym.kan_from_expression(formula).n_inputs == 3


def test_numbers_around_a_variable_belong_to_its_edge():
    x, y = SYMBOLS[:2]
    assert inner_variable(3 - 0.2 * x) == x
    assert inner_variable(sympy.Mul(2, x + y, evaluate=False)) == x + y
