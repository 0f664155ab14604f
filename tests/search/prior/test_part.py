"""The given part of a law: reading it, and solving it for the rest."""

import numpy as np
import pytest
import sympy

from kansym.errors import ArgumentError
from kansym.search.prior.part import REST, GivenPart

X = np.random.default_rng(0).uniform(0.5, 2.0, (40, 2))
NAMES = ("x", "t")


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        ("g*x/2 + ...", ("g",)),
        ("exp(-t/tau)*(...)", ("tau",)),
        ("x/(...)", ()),
        ("x - 2.5*t*...", ()),
        ("sqrt(x**2 + ...)", ()),
        ("log(...) - t", ()),
        ("x*exp(...)", ()),
        ("(... + x)**3", ()),
        ("2**(...)", ()),
        ("A*tanh(... / t) + x", ("A",)),
    ],
)
def test_the_rest_undoes_the_whole(text, constants):
    part = GivenPart.read(text, NAMES)
    assert part.constants == constants
    values = np.linspace(1.5, 2.0, len(constants))
    rest = 0.2 + 0.1 * np.sin(X[:, 0])
    whole = part.values(X, rest, values)
    back, slope = part.values_of_rest(X, whole, values)
    np.testing.assert_allclose(back, rest, rtol=1e-9)
    step = 1e-6 * np.abs(whole).max()
    moved = part.values_of_rest(X, whole + step, values)[0] - part.values_of_rest(X, whole - step, values)[0]
    np.testing.assert_allclose(slope, np.abs(moved) / (2 * step), rtol=1e-4)


def test_numbers_are_kept_exactly():
    part = GivenPart.read("9.81*x/2 + ...", NAMES)
    assert part.composed(sympy.S.Zero) == sympy.Rational(981, 200) * sympy.Symbol("x")
    assert not part.expression.atoms(sympy.Float) and part.expression.has(REST)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g*x/2", r"has no '\.\.\.'; write '\.\.\.' where .* 'g\*x/2 \+ \.\.\.' .* '\(g\*x/2\)\*\(\.\.\.\)'"),
        ("", r"given '' has no '\.\.\.'; .* 'g\*x/2 \+ \.\.\.'"),
        ("... + ...", "several"),
        ("x*... - t*...", "several"),
        ("...", "gives nothing"),
        ("0*...", "cancels"),
        ("Abs(...)", "no inverse"),
        ("besselj(0, ...)", "no inverse"),
        ("x + (...", "formula"),
        ("__import__('os') + ...", "formula"),
        ("9**9**9 + ...", "too large"),
        ("(" * 1000 + "...", "nested"),
    ],
)
def test_what_cannot_be_given(text, message):
    with pytest.raises(ArgumentError, match=message):
        GivenPart.read(text, NAMES)
