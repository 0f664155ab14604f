import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym.kan.gradient import Gradient
from kansym.kan.lbfgs import Lbfgs
from kansym.kan.line_search import CURVATURE, DECREASE, search


class Functions:
    """Rosenbrock's function with a valley of its own for each member of a population, and how often it was asked."""

    def __init__(self, *steepness):
        self.steepness, self.looks = torch.tensor(steepness, dtype=torch.float64), 0

    def value(self, point, place):
        x, y = point[..., 0], point[..., 1]
        return self.steepness[place] * (y - x**2) ** 2 + (1 - x) ** 2

    def __call__(self, values, where):
        self.looks += 1
        values = values.detach().requires_grad_()
        found = self.value(values, where)
        (gradient,) = torch.autograd.grad(found.sum(), values)
        return Gradient(found.detach(), found.detach(), gradient)

    def start(self):
        count = len(self.steepness)
        values = torch.tensor([[-1.2, 1.0]], dtype=torch.float64).expand(count, 2).clone()
        return values, self(values, torch.arange(count))


def by_torch(functions, place, iterations):
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [point], max_iter=iterations, max_eval=1000, history_size=20, tolerance_grad=0, tolerance_change=0,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure():
        optimizer.zero_grad()
        value = functions.value(point, place)
        value.backward()
        return value

    optimizer.step(closure)
    return point.detach()


def stepped(functions, steps):
    """Where the population is after some steps, and the objectives that it reported."""
    values, state = functions.start()
    mover, reported = Lbfgs(None, values), []
    for _ in range(steps):
        report = lambda values, where, state: reported.append((values, state))  # noqa: E731
        values = mover.step(values, state, functions, report, 1.0)
        state = functions(values, torch.arange(len(values)))
    return values, reported


def test_ten_iterations_lead_where_those_of_torch_do():
    functions = Functions(1.0, 10.0, 100.0)
    values, reported = stepped(functions, 1)
    assert len(reported) == 10
    for place, row in enumerate(values):
        assert_allclose(row, by_torch(functions, place, 10), rtol=1e-7)


def test_it_arrives_and_then_stays():
    functions = Functions(1.0, 100.0, 3000.0)
    values, reported = stepped(functions, 12)
    assert_allclose(values, np.ones((3, 2)), atol=1e-8)
    objectives = torch.stack([state.objective for _, state in reported])
    assert (objectives.diff(dim=0) <= 0).all()
    state = functions(values, torch.arange(3))
    again = Lbfgs(None, values).step(values, state, functions, lambda *_: None, 1.0)
    assert_allclose(again, values, atol=1e-8)


def test_many_are_asked_together():
    one, many = Functions(100.0), Functions(*[100.0] * 40)
    alone, _ = stepped(one, 2)
    together, _ = stepped(many, 2)
    assert one.looks == many.looks
    assert_allclose(together, alone.expand(40, 2), rtol=1e-9)


def test_some_go_on_and_some_begin_again():
    functions = Functions(10.0, 100.0)
    values, state = functions.start()
    mover = Lbfgs(None, values)
    values = mover.step(values, state, functions, lambda *_: None, 1.0)
    mover.restart([0], values)
    fresh = Lbfgs(None, values)
    state = functions(values, torch.arange(2))
    after = mover.step(values, state, functions, lambda *_: None, 1.0)
    anew = fresh.step(values, state, functions, lambda *_: None, 1.0)
    assert_allclose(after[0], anew[0], rtol=1e-9)
    assert (after[1] - anew[1]).abs().max() > 1e-6
    mover.select(torch.tensor([1]))
    mover.restart([], values)
    assert len(mover.scale) == len(mover.steps) == 1


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.05, 20), st.floats(-2, 2), st.floats(0.1, 3)), min_size=1, max_size=4),
    st.floats(1e-3, 1e3),
)
def test_lengths_meet_the_conditions_of_wolfe(kinds, first):
    scale, place, waves = (torch.tensor(column, dtype=torch.float64) for column in zip(*kinds, strict=True))

    def look(values, where):
        u = values[:, 0].detach().requires_grad_()
        found = scale[where] * (u - place[where]) ** 4 + torch.sin(waves[where] * u)
        (slope,) = torch.autograd.grad(found.sum(), u)
        return Gradient(found.detach(), found.detach(), slope[:, None])

    values, everything = torch.full((len(kinds), 1), 3.0, dtype=torch.float64), torch.arange(len(kinds))
    state = look(values, everything)
    direction, begin = -state.gradient, state.objective.clone()
    slope = -state.gradient.square().sum(1)
    length, after = search(values, direction, torch.full_like(begin, first), state, look)
    assert torch.equal(state.objective, begin)
    there = look(values + length[:, None] * direction, everything)
    assert_allclose(after.objective, there.objective, rtol=1e-12)
    assert (length > 0).all()
    assert (there.objective <= begin + DECREASE * length * slope + 1e-12 * begin.abs()).all()
    assert ((there.gradient * direction).sum(1).abs() <= -CURVATURE * slope * (1 + 1e-9)).all()


@pytest.mark.parametrize("first", [0.5, 5.0, 1e4])
def test_a_search_turns_back_at_the_edge_of_a_domain(first):
    def look(values, where):
        u = values[:, 0].detach().requires_grad_()
        found = -torch.sqrt(1 - u) - u  # grows without bounds in slope towards 1, and is nan beyond
        (slope,) = torch.autograd.grad(found.sum(), u)
        return Gradient(found.detach(), found.detach(), torch.nan_to_num(slope)[:, None])

    values = torch.zeros(1, 1, dtype=torch.float64)
    state = look(values, torch.arange(1))
    length, after = search(values, -state.gradient, torch.tensor([first], dtype=torch.float64), state, look)
    # The minimum of -sqrt(1 - u) - u is at 3/4.
    assert 0 < length * 0.5 < 1 and torch.isfinite(after.objective).all()
    assert after.objective < state.objective


def test_uphill_nothing_moves():
    functions = Functions(100.0, 100.0)
    values, state = functions.start()
    direction = state.gradient * torch.tensor([[1.0], [-1.0]])
    length, after = search(values, direction, torch.full((2,), 1e-3, dtype=torch.float64), state, functions)
    assert length[0] == 0 and length[1] > 0
    assert after.objective[0] == state.objective[0] and after.objective[1] < state.objective[1]
