"""Primitives of the user's own: what is worked out about them, and what is refused."""

import math

import pytest
import sympy
import torch

from kansym.errors import ArgumentError
from kansym.primitives import ARGUMENT, Domain, default_library, primitive_from_expression

t = sympy.Symbol("t")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] * (name == "Ai"))
        for name, primitive in default_library().items()
        if not primitive.has_shape
    ],
)
def test_the_built_in_table_is_rediscovered(name):
    """From the bare expression the analysis must find what the hand-written entry says."""
    known = default_library()[name]
    found = primitive_from_expression(name, known.expression)
    assert (found.parity, found.redundant) == (known.parity, known.redundant)
    assert (found.domain.lower, found.domain.upper) == (known.domain.lower, known.domain.upper)
    # The expression z log z has no value at 0, and z -> 0 is its limit; the table closes that end by hand.
    if name != "xlogx":
        assert (found.domain.lower_closed, found.domain.upper_closed) == (
            known.domain.lower_closed,
            known.domain.upper_closed,
        )
    assert len(found.domain.poles) == len(known.domain.poles)
    for a, b in zip(found.domain.poles, known.domain.poles, strict=True):
        assert abs(a) == pytest.approx(abs(b), abs=1e-12)
    assert (found.domain.pole_period is None) == (known.domain.pole_period is None)
    z = torch.linspace(-6, 6, 241, dtype=torch.float64)
    z = z[known.domain.contains(z) & (z != 0)]
    p = torch.tensor(math.nan)
    torch.testing.assert_close(found.function(z, p), known.function(z, p), rtol=1e-11, atol=1e-14)
    torch.testing.assert_close(found.derivative(z, p), known.derivative(z, p), rtol=1e-9, atol=1e-12)


def test_a_removable_singularity_is_filled():
    langevin = primitive_from_expression("langevin", sympy.coth(t) - 1 / t)
    assert langevin.domain == Domain() and langevin.parity == "odd"
    z = torch.tensor([0.0, 1e-12, 1e-5, 1e-2], dtype=torch.float64)
    # Series z/3 - z^3/45 + 2 z^5/945, whose next term is below 1e-17 here.
    series = z / 3 - z**3 / 45 + 2 * z**5 / 945
    torch.testing.assert_close(langevin.function(z, z), series, rtol=1e-12, atol=1e-17)
    torch.testing.assert_close(langevin.derivative(z, z), 1 / 3 - z**2 / 15 + 2 * z**4 / 189, rtol=1e-12, atol=0)


def test_domain_of_a_shifted_and_scaled_expression():
    assert primitive_from_expression("f", sympy.sqrt(4 - t**2)).domain == Domain(lower=-2.0, upper=2.0)
    assert primitive_from_expression("f", sympy.log(t + 1)).domain == Domain(lower=-1.0, lower_closed=False)
    poles = primitive_from_expression("f", 1 / (t**2 - 2)).domain.poles
    assert poles == pytest.approx((-math.sqrt(2), math.sqrt(2)), abs=1e-12)
    own = Domain(lower=0.5)
    assert primitive_from_expression("f", t**2, domain=own).domain == own


def test_cost_is_one_more_than_the_operations():
    assert primitive_from_expression("f", sympy.sin(t)).complexity == 2
    assert primitive_from_expression("f", sympy.sin(t) ** 2 + t).complexity == 4
    assert primitive_from_expression("f", sympy.sin(t), complexity=9).complexity == 9


def test_the_symbol_is_replaced():
    assert primitive_from_expression("f", sympy.exp(t)).expression == sympy.exp(ARGUMENT)


def test_piecewise_and_special_functions():
    clipped = primitive_from_expression("clip", sympy.Piecewise((0, t < 0), (t**2, True)))
    z = torch.tensor([-1.0, 2.0], dtype=torch.float64)
    assert clipped.function(z, z).tolist() == [0.0, 4.0]
    assert clipped.derivative(z, z).tolist() == [0.0, 4.0]
    gamma = primitive_from_expression("gamma", sympy.gamma(t), domain=Domain(lower=0.0, lower_closed=False))
    z = torch.tensor([0.5, 5.0], dtype=torch.float64)
    torch.testing.assert_close(
        gamma.function(z, z), torch.tensor([math.sqrt(math.pi), 24.0]).double(), rtol=1e-6, atol=0
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("sin(t)", "got str"),
        (3.0, "got float"),
        (sympy.Integer(3), "got none"),
        (t * sympy.Symbol("u"), "t, u"),
        (sympy.sqrt(-1 - t**2), "real"),
        (sympy.I * t, "complex"),
        (sympy.zeta(t), "zeta"),
        (sympy.Function("system")(t), "system"),
    ],
)
def test_refused(expression, message):
    with pytest.raises(ArgumentError, match=message):
        primitive_from_expression("f", expression)


def test_refused_options():
    with pytest.raises(ArgumentError, match="name"):
        primitive_from_expression("", t**2)
    with pytest.raises(ArgumentError, match="complexity"):
        primitive_from_expression("f", t**2, complexity=0)
