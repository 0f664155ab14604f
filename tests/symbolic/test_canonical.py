import numpy as np
import pytest
import sympy

from kansym.symbolic import canonicalize, complexity, parametrize

F = sympy.Float
X, Y, Z = sympy.symbols("x y z")
POSITIVE = (X, Y)


def floats(expression):
    return [node for node in sympy.preorder_traversal(expression) if isinstance(node, sympy.Float)]


def test_nested_exponentials_and_logarithms_become_a_product_of_powers():
    x, y = sympy.symbols("x y", positive=True)
    inner = F(0.5) * (F(2.0) * sympy.log(1.3 * x) + 0.4 - F(4.0) * sympy.log(0.9 * y) + 0.1) + 0.2
    raw = sympy.Mul(F(1.7), sympy.exp(inner, evaluate=False), evaluate=False)
    result = canonicalize(raw)
    factor = 1.7 * np.exp(0.45) * 1.3 / 0.9**2
    assert result.subs({x: 1, y: 1}) == pytest.approx(factor, rel=1e-14)
    powers = {power.base: power.exp for power in result.atoms(sympy.Pow)}
    assert powers == {x: F(1.0), y: F(-2.0)}
    assert len(result.args) == 3


@pytest.mark.parametrize(
    ("raw", "constants", "shape"),
    [
        (F(2.3) * (F(1.3) * X + F(0.7) * Y + F(0.2)) ** F(1.7), 4, sympy.Mul),
        (F(2.3) * (F(1.3) * (F(1.1) * X + 0.3) + 0.4), 2, sympy.Add),
        (F(1.2) * sympy.log(F(3.2) * X) + F(0.3), 2, sympy.Add),
        (F(1.2) * sympy.log(F(3.2) * X + F(0.1)) + F(0.3), 3, sympy.Add),
        (F(3.0) * X * (F(2.0) * Y + F(3.0) * Z), 2, sympy.Mul),
        (F(2.1) * sympy.Abs(F(-1.5) * Z + F(0.4)), 2, sympy.Mul),
        (F(1.1) * sympy.exp(F(0.3) * Z + F(0.2)), 2, sympy.Mul),
        (F(1.1) * F(0.3) ** Z * F(0.7) ** (F(0.5) * Z + F(2.0)), 2, sympy.Mul),
        (sympy.exp(F(0.3) * Z + F(0.2)) * sympy.exp(F(0.4) * Y + F(0.2)), 3, sympy.Mul),
        (F(3.0) * sympy.pi * X + sympy.pi + F(1.0), 2, sympy.Add),
        (F(4.9) * X - F(4.9) * Y, 1, sympy.Mul),
        (F(4.9) * X - F(4.9) * Y + F(0.3), 2, sympy.Add),
        (F(0.5) * sympy.pi * (X + Y) + F(0.5), 2, sympy.Add),
        ((F(0.5) * sympy.pi * (X + Y) + Z) * X, 1, sympy.Mul),
        (1 / (sympy.exp(F(0.3) * Z + F(0.2)) - 1), 2, sympy.Pow),
        (F(2.5) * sympy.sqrt(F(1.7) * X * Y), 1, sympy.Mul),
        (F(2.5) / (F(1.7) * X), 1, sympy.Mul),
        (F(1.0) * X + F(0.0), 0, sympy.Symbol),
    ],
    ids=str,
)
def test_superfluous_constants_are_absorbed(raw, constants, shape):
    result = canonicalize(raw, POSITIVE)
    assert len(floats(result)) == constants
    assert isinstance(result, shape)
    rows = np.random.default_rng(0).uniform(0.5, 3, (50, 3))
    expected, actual = (parametrize(e, (X, Y, Z)).evaluate(rows) for e in (raw, result))
    assert actual == pytest.approx(expected, rel=1e-12)
    assert canonicalize(result, POSITIVE) == result


@pytest.mark.parametrize("function", [sympy.sin, sympy.cos, sympy.tan])
@pytest.mark.parametrize("phase", [-40.0, -7.0, -3.0, -1.6, -0.2, 0.3, 1.5, 1.6, 3.1, 3.3, 7.0, 1e5])
def test_phases_are_reduced(function, phase):
    raw = F(1.7) * function(F(2.0) * Z + F(phase))
    result = canonicalize(raw)
    argument = next(iter(result.atoms(function))).args[0]
    assert abs(argument.as_coeff_Add()[0]) <= np.pi / 2 + 1e-12
    rows = np.linspace(-1, 1, 30)[:, None]
    expected, actual = (parametrize(e, (Z,)).evaluate(rows) for e in (raw, result))
    assert actual == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_signs_of_odd_and_even_functions_go_outside():
    assert canonicalize(sympy.tanh(F(-2.0) * Z)) == -sympy.tanh(F(2.0) * Z)
    assert canonicalize(sympy.cosh(F(-2.0) * Z)) == sympy.cosh(F(2.0) * Z)
    assert canonicalize((F(0.5) - F(1.5) * Z) ** 2) == canonicalize((F(1.5) * Z - F(0.5)) ** 2)


@pytest.mark.parametrize("function", [sympy.cos, sympy.cosh])
def test_even_functions_need_no_absolute_size(function):
    for argument in (sympy.Abs(Z - F(0.3)), F(1.7) * sympy.Abs(Z * Y), sympy.Abs(sympy.sin(Z))):
        raw = F(2.0) * function(argument) + F(0.1)
        found = canonicalize(raw)
        assert not found.atoms(sympy.Abs)
        rows = np.random.default_rng(0).uniform(-3, 3, (2, 20))
        values = [sympy.lambdify((Y, Z), one, "numpy")(*rows) for one in (raw, found)]
        np.testing.assert_allclose(*values, rtol=1e-12)
    assert canonicalize(sympy.sin(sympy.Abs(Z))).atoms(sympy.Abs)


def test_equal_coefficients_of_logarithms_join():
    result = canonicalize(F(1.2) * sympy.log(X) + F(1.2) * sympy.log(Y), POSITIVE)
    assert result == F(1.2) * sympy.log(X * Y)
    result = canonicalize(F(1.2) * sympy.log(X) - F(1.2) * sympy.log(Y), POSITIVE)
    assert result in (F(1.2) * sympy.log(X / Y), -F(1.2) * sympy.log(Y / X))


def test_positivity_is_needed_to_split_powers():
    raw = sympy.sqrt(X * Z)
    assert canonicalize(raw, POSITIVE) == sympy.sqrt(X) * sympy.sqrt(Z)
    assert canonicalize(raw) == raw


def test_constants_that_a_double_cannot_hold_are_left_inside():
    raw = sympy.exp(F(-1000.0) + Z, evaluate=False)
    form = parametrize(canonicalize(F(2.0) * raw), (Z,))
    assert form.evaluate(np.array([[1000.0]])) == pytest.approx([2.0], rel=1e-12)
    again = parametrize(canonicalize(form.substituted()), (Z,))
    assert again.evaluate(np.array([[1000.0]])) == pytest.approx([2.0], rel=1e-12)


def test_exponents_stay_as_they_were_fitted():
    assert canonicalize(F(2.0) * X ** F(0.9999999)).has(F(0.9999999))


def test_equal_coefficients_make_a_shorter_formula():
    assert complexity(canonicalize(sympy.sin(F(4.9) * X - F(4.9) * Y))) == 6


def test_exact_coefficients_stay():
    x = sympy.Symbol("x", positive=True)
    for raw in (x * (-2 * x + Y), (-2 * x + 3 * Y) ** 3, sympy.Abs(-3 * Z + 1) * 2, F(1.5) * (-2 * Z + Y) * x):
        rows = np.random.default_rng(0).uniform(0.5, 3, (20, 3))
        expected, actual = (parametrize(e, (x, Y, Z)).evaluate(rows) for e in (raw, canonicalize(raw)))
        assert actual == pytest.approx(expected, rel=1e-12)
