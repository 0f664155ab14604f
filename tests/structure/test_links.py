"""Links: the way back, the slope, and targets that they must refuse."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kansym.structure.links import LINKS, usable_links
from kansym.structure.problem import TARGET, Problem
from kansym.symbolic.steps import Step, StepKind

few = settings(max_examples=30)
by_name = pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)

RANGES = {
    "exp": (-3.5, 3.5),
    "sin": (-1.5, 1.5),
    "cos": (0.05, 3.0),
    "tan": (-1.5, 1.5),
    "identity": (-1e3, 1e3),
}
"""Targets a link allows; the others ask for one sign only."""


def targets(link):
    if link.name in RANGES:
        return [np.linspace(*RANGES[link.name], 60)]
    positive = np.geomspace(1e-2, 1e2, 60)
    return [positive, -positive]


def with_target(t):
    """A problem of this target, in the units given."""
    return Problem(np.ones((len(t), 1)), t, sympy.symbols("a,"), TARGET, np.ones(len(t)))


def back_to_target(problem, values):
    return values(problem.outer, (TARGET,), problem.t[:, None])


@by_name
@few
@given(data=st.data())
def test_there_and_back(link, values, data):
    low, high = RANGES.get(link.name, (1e-3, 1e3))
    t = data.draw(arrays(float, 8, elements=st.floats(low, high)))
    assume(np.std(t) > 0.02)
    if link.name not in RANGES and data.draw(st.booleans()):
        t = -t
    assert link.usable(t)
    problem = link.apply(with_target(t))
    np.testing.assert_allclose(back_to_target(problem, values), t, rtol=1e-6, atol=1e-6)


@by_name
def test_the_slope_is_the_derivative(link):
    for t in targets(link):
        step = 1e-4 * np.maximum(np.abs(t), 1e-2)
        near, far = (link.forward(t + m * step) - link.forward(t - m * step) for m in (1, 2))
        np.testing.assert_allclose(link.slope(t), (8 * near - far) / (12 * step), rtol=1e-6, atol=1e-9)


@by_name
def test_the_inverse_is_the_inverse(link):
    again = link.forward(np.array([float(link.back.xreplace({TARGET: sympy.Float(0.5)}))]))
    assert again[0] == pytest.approx(0.5, rel=1e-12)
    assert link.back.free_symbols == {TARGET}


@by_name
def test_the_problem_knows_what_an_error_of_the_new_target_does(link, values):
    for t in targets(link):
        problem = with_target(t)
        linked = link.apply(problem)
        np.testing.assert_allclose(linked.slope * np.abs(link.slope(t)), 1.0, rtol=1e-12)
        assert linked.X is problem.X and linked.columns == problem.columns
        if link.name == "identity":
            assert linked is problem
        else:
            assert linked.steps == (Step(StepKind.LINK, link.name),)


REFUSED = {
    "log": [[1.0, 0.0], [-1.0, 1.0]],
    "square": [[1.0, 0.0], [-1.0, 1.0]],
    "reciprocal": [[1.0, 0.0]],
    "reciprocal square": [[1.0, 0.0], [-1.0, 1.0]],
    "root": [[1.0, 0.0], [-1.0, 1.0]],
    "exp": [[0.0, 31.0], [-1e3, 0.0], [1.0, 1.0 + 1e-6]],
    "sin": [[0.0, 1.6], [-1.6, 0.0]],
    "cos": [[0.5, 3.2], [-0.1, 0.5], [0.0, 1.0]],
    "tan": [[0.0, 1.6], [-1.6, 0.0]],
}


@pytest.mark.parametrize("name", REFUSED)
def test_targets_that_have_no_way_back_are_refused(name):
    (link,) = (link for link in LINKS if link.name == name)
    for t in REFUSED[name]:
        assert not link.usable(np.array(t))
        assert link not in usable_links(np.array(t))


def test_what_is_not_a_number_has_no_links():
    assert usable_links(np.array([1.0, np.nan])) == []


@few
@given(arrays(float, 6, elements=st.floats(-1e80, 1e80)))
@example(np.linspace(-802, -798, 6))
@example(np.linspace(798, 802, 6))
def test_usable_links_are_finite_and_forget_nothing(t):
    for link in usable_links(t):
        with np.errstate(under="ignore"):
            forward, slope = link.forward(t), link.slope(t)
        assert np.isfinite(forward).all() and np.isfinite(slope).all() and (slope != 0).all()
        assert link.usable(t)


def test_the_identity_is_always_usable_and_comes_first():
    assert LINKS[0].name == "identity" and len({link.name for link in LINKS}) == len(LINKS)
    for t in ([0.0, 1.0], [-1e8, 3.0], [2.0, 3.0]):
        assert usable_links(np.array(t))[0] is LINKS[0]
    assert {link.name for link in usable_links(np.array([0.2, 1.3]))} == {link.name for link in LINKS}
