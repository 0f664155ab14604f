"""Runs to draw: made by hand, so that their points are known."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from kansym.data.dataset import make_dataset
from kansym.data.scaling import Scaling
from kansym.kan.growth import Decision
from kansym.kan.network import Network
from kansym.run.finished import FinishedRun
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery, TrainedNetwork
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.steps import Step, StepKind


def make_formula(dataset, expression, *, loss=0.1, complexity=5, **options):
    return Formula(
        expression, dataset.names, dataset.target, complexity, loss, loss, complexity + np.log(loss or 1e-9),
        **options,
    )  # fmt: skip


def make_discovery(X, y, expression, *, names=None, front=None, network=True, growth=True, **options):
    """What a search hands back, with a made-up network; `expression` is one, or a function of symbols."""
    formula_options = {
        key: options.pop(key) for key in ("constants", "covariance", "steps", "consistent") if key in options
    }
    dataset = make_dataset(X, y, names=names, remove_constant=False, **options)
    symbols = [sympy.Symbol(name) for name in dataset.names]
    expression = expression(*symbols) if callable(expression) else expression
    pick = make_formula(dataset, expression, **formula_options)
    others = [make_formula(dataset, sympy.Float(float(np.mean(y))), loss=10.0, complexity=1)]
    trained = None
    if network:
        generator = torch.Generator().manual_seed(3)
        center, half = dataset.X.mean(0), np.ptp(dataset.X, axis=0) / 2
        half = np.where(half > 0, half, 1.0)
        trained = TrainedNetwork(
            Network.create((dataset.n_columns, (0, 1), 1), grid=5, generator=generator),
            Scaling(center, half, 0.0, float(np.std(y)) or 1.0),
            0.1,
            0.2,
        )
    steps = (
        Decision("start", (dataset.n_columns, 1), 5, 0.5, 0.6, True, "the smallest shape"),
        Decision("extend grid", (dataset.n_columns, 1), 10, 0.4, 0.7, False, "no better"),
        Decision("multiply", (dataset.n_columns, (0, 1), 1), 5, 0.01, np.nan, True, "better"),
    )
    return Discovery(
        front=ParetoFront([*others, pick]) if front is None else ParetoFront(front),
        formula=pick,
        network=trained,
        reading=None,
        decisions=steps if growth else (),
        dataset=dataset,
        noise_floor=0.01 * float(np.std(y)),
        seconds=1.0,
        stopped="time is up",
    )


def make_run(*arguments, **options):
    return FinishedRun.of(make_discovery(*arguments, **options))


STEPS = (Step(StepKind.TERM, expressions=(sympy.Symbol("b") ** 2,)), Step(StepKind.NETWORK, "[2, 1]"))


def two_columns(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 3, (n, 2))
    return X, 2.0 * X[:, 0] + X[:, 1] ** 2 + rng.normal(0, 0.1, n)


@pytest.fixture(scope="session")
def plain_run():
    X, y = two_columns()
    return make_run(
        X, y, lambda a, b: 2.0 * a + 1.0 * b**2, names=["a", "b"], target="E", units=["m", None], y_units="J",
        constants=(Constant("c0", 2.0, 0.02), Constant("c1", 1.0, 0.01)),
        covariance=np.array([[4e-4, -1.6e-4], [-1.6e-4, 1e-4]]), steps=STEPS,
    )  # fmt: skip


"""Runs that figures must survive, by name."""
AWKWARD = {}


def awkward(make):
    AWKWARD[make.__name__] = make
    return make


RNG = np.random.default_rng(1)
X, Y = two_columns()
ONE = np.sort(RNG.uniform(0.1, 1, (40, 1)), axis=0)


@awkward
def odd_names():
    return make_run(X, Y, lambda a, b: 2.0 * a + b**2, names=["$x_1$", "λ % {\\frac"], target="E^{名前\n")


@awkward
def constant_formula():
    return make_run(X, Y, lambda a, b: sympy.Float(6.0))


@awkward
def no_network():
    return make_run(X, Y, lambda a, b: 2.0 * a + b**2, network=False, growth=False)


@awkward
def empty_front():
    return make_run(X, Y, lambda a, b: 2.0 * a + b**2, front=[])


@awkward
def lost_front():
    run = make_run(X, Y, lambda a, b: 2.0 * a + b**2)
    lost = [replace(formula, validation_loss=np.inf) for formula in run.front]
    return replace(run, summary=replace(run.summary, front=ParetoFront(lost)))


@awkward
def undefined_on_rows():
    return make_run(X, Y, lambda a, b: sympy.log(a - 2.0) + b)


@awkward
def undefined_everywhere():
    return make_run(X, Y, lambda a, b: sympy.log(-1 - a**2))


@awkward
def pole():
    return make_run(ONE - 0.5, 1 / (ONE[:, 0] - 0.5), lambda x: 1 / x)


@awkward
def one_input_with_errors():
    return make_run(ONE, ONE[:, 0] ** 2, lambda x: x**2, y_error=0.05, names=["t"], units=["s"], y_units="m")


@awkward
def nine_inputs():
    wide = RNG.uniform(-1, 1, (300, 9))
    return make_run(wide, wide.sum(1) + wide[:, 0] ** 2, lambda *x: sympy.Add(*x) + x[0] ** 2)


@awkward
def three_rows():
    return make_run(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 4.0, 9.0]), lambda x: x**2)


@awkward
def many_rows():
    large = RNG.uniform(0, 1, (50_000, 2))
    return make_run(large, large.sum(1), lambda a, b: a + b, y_error=0.1)


@awkward
def tiny_numbers():
    return make_run(1e-30 * X, 1e-30 * Y, lambda a, b: 2.0 * a + 1e30 * b**2)


@awkward
def extreme_numbers():
    return make_run(1e150 * X, 1e150 * Y, lambda a, b: 2.0 * a + 1e-150 * b**2)


@awkward
def decades():
    x = 10 ** RNG.uniform(-3, 3, (80, 1))
    return make_run(x, 3 * x[:, 0] ** 2, lambda x: 3.1 * x**2)


@awkward
def exact():
    return make_run(ONE, 2 * ONE[:, 0], lambda x: 2 * x)


@awkward
def constant_column():
    return make_run(np.column_stack([ONE[:, 0], np.ones(40)]), ONE[:, 0], lambda a, b: 2 * b)


@awkward
def quantum_numbers():
    n = RNG.integers(1, 5, (45, 1)).astype(float)
    return make_run(n, n[:, 0] ** -2 + RNG.normal(0, 0.01, 45), lambda n: n**-2)


LONG = {"constant_column", "constant_formula", "decades", "exact", "many_rows", "nine_inputs", "pole",
        "quantum_numbers", "three_rows", "tiny_numbers"}  # fmt: skip
"""Runs that `make test` leaves to `make test-long`: what is odd about them, one of the others has as well or nearly."""


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in sorted(AWKWARD)])
def awkward_run(request):
    return AWKWARD[request.param]()


@pytest.fixture
def new_run():
    """The function that makes runs."""
    return make_run


@pytest.fixture
def new_formula():
    return make_formula


@pytest.fixture(scope="session")
def new_discovery():
    """The function that makes discoveries."""
    return make_discovery
