"""What one formula suggests for another."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.symbolic.parser import parse_expression
from kansym.targets.seeds import LONGEST, magnitudes, parts, phases, squares, suggestions, turned

W = np.linspace(0.3, 5, 40)
w, x, z = sympy.symbols("w x z")


def values(expression, at=W):
    return np.broadcast_to(sympy.lambdify(w, expression)(at), at.shape)


def test_sines_and_cosines_are_exchanged_together_and_one_by_one():
    form = sympy.sin(x) * sympy.cos(z)
    assert set(turned(form)) == {
        form,
        sympy.cos(x) * sympy.sin(z),
        sympy.cos(x) * sympy.cos(z),
        sympy.sin(x) * sympy.sin(z),
    }
    assert turned(sympy.exp(x)) == [sympy.exp(x)]


@pytest.mark.parametrize(
    "text",
    ["1.7/sqrt(w^4 - 10.42*w^2 + 27.9841)", "1.7/sqrt((w^2 - 5.21)^2 + 0.84)", "sqrt((5.29 - w^2)^2 + 0.16*w^2)"],
)
def test_the_phase_of_a_resonance_follows_from_its_magnitude(text):
    expression = parse_expression(text, ["w"])
    truth = np.tan(np.arctan2(0.4 * W, 5.29 - W**2))
    found = [np.tan(values(phase)) for phase in phases(expression)]
    assert any(np.allclose(one, truth, rtol=0.02) or np.allclose(-one, truth, rtol=0.02) for one in found)


@settings(max_examples=30)
@given(st.floats(0.2, 4), st.floats(0.1, 3), st.floats(0.2, 5))
def test_the_response_has_the_magnitude_it_was_read_from(origin, damping, scale):
    total = sympy.expand(sympy.Float(scale) * ((origin**2 - w**2) ** 2 + damping**2 * w**2))
    ((real, imaginary),) = squares(1 / sympy.sqrt(total))
    assert np.allclose(values(real) ** 2 + values(imaginary) ** 2, values(total), rtol=1e-6)


def test_the_magnitude_of_a_phase_has_both_parts():
    (root, inverse) = magnitudes(sympy.atan(0.4 * w / (5.29 - w**2)))
    ratio = values(root) / np.hypot(0.4 * W, 5.29 - W**2)
    assert np.allclose(ratio, ratio[0]) and np.allclose(values(root) * values(inverse), 1)


def test_a_sum_that_is_negative_somewhere_is_no_magnitude():
    assert squares(sympy.sqrt(w**4 - 5.0 * w**2 + 1.0)) == []
    assert squares(sympy.sqrt(w**3 + 1.0)) == []


def test_parts_are_functions_and_powers_of_sums():
    found = parts(3.6 * x * z / (x**2 + z**2) ** sympy.Rational(5, 2) + sympy.exp(-x))
    assert sympy.exp(-x) in found and (x**2 + z**2) ** sympy.Rational(-5, 2) in found
    assert not any(part in found for part in (x, z, x**2, x * z))


def test_suggestions_hold_the_form_and_no_number_that_is_not_free():
    forms = suggestions(parse_expression("5*cos(13*t/10)/2", ["t"]), ["t"])
    t = sympy.Symbol("t")
    shapes = {form.replace(lambda node: node.is_Float, lambda _: sympy.Integer(1)) for form in forms}
    assert {sympy.cos(t), sympy.sin(t), sympy.sin(t) + 1} <= shapes
    assert not any(number.q > 1 for form in forms for number in form.atoms(sympy.Rational))


def test_a_long_description_and_a_constant_suggest_nothing():
    long = parse_expression(" + ".join(f"sin({k}.5*x)" for k in range(1, LONGEST)), ["x"])
    assert suggestions(long, ["x"]) == []
    assert suggestions(sympy.Float(2.5), ["x"]) == []
