import numpy as np
import pytest
import scipy.special
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic import parametrize

X, Z = sympy.Symbol("x", positive=True), sympy.Symbol("z", real=True)
GRID = np.linspace(0.2, 3.0, 50)[:, None]


@pytest.mark.parametrize(
    ("expression", "oracle"),
    [
        (sympy.erf(Z), scipy.special.erf),
        (sympy.besselj(0, Z), scipy.special.j0),
        (sympy.besselj(1, Z), scipy.special.j1),
        (sympy.airyai(Z), lambda x: scipy.special.airy(x)[0]),
        (sympy.sign(Z - 1), lambda x: np.sign(x - 1)),
        (sympy.Abs(Z - 1), lambda x: np.abs(x - 1)),
        (sympy.sinc(Z), lambda x: np.sin(x) / x),
        (sympy.sign(Z - 1) * sympy.Abs(Z - 1) ** sympy.Rational(1, 3), lambda x: np.cbrt(x - 1)),
        (sympy.real_root(Z - 1, 3), lambda x: np.cbrt(x - 1)),
        (sympy.sech(Z), lambda x: 1 / np.cosh(x)),
        (sympy.atanh(Z / 4), lambda x: np.arctanh(x / 4)),
        (sympy.Integer(10) ** 30 * Z, lambda x: 1e30 * x),
    ],
    ids=lambda value: str(value) if isinstance(value, sympy.Expr) else "",
)
def test_functions_of_the_library_agree_with_scipy(expression, oracle):
    form = parametrize(expression, (Z,))
    assert form.evaluate(GRID) == pytest.approx(oracle(GRID[:, 0]), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("function", [sympy.erf, sympy.airyai, lambda u: sympy.besselj(0, u), sympy.Abs, sympy.sinc])
def test_derivatives_of_special_functions(function):
    form = parametrize(sympy.Float(1.3) * function(sympy.Float(0.7123456789) * Z + sympy.Float(0.05)), (Z,))
    step = 1e-6
    for j in range(3):
        up, down = (form.with_values(form.values + s * step * np.eye(3)[j]).evaluate(GRID) for s in (1, -1))
        assert form.jacobian(GRID)[:, j] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)


def test_every_float_is_a_constant_and_exact_numbers_are_structure():
    form = parametrize(2 * X ** sympy.Float(1.5) * sympy.pi + sympy.Rational(1, 3) + sympy.Float(0.25), (X,))
    assert sorted(form.values) == [pytest.approx(0.25 + 1 / 3), 1.5] or sorted(form.values) == [0.25, 1.5]
    assert form.expression.has(sympy.pi)


def test_a_constant_with_many_digits_that_occurs_twice_is_one_constant():
    c = sympy.Float(0.12345678901234567)
    assert len(parametrize(c * X + sympy.sin(c * X), (X,)).constants) == 1
    assert len(parametrize(c - c * sympy.exp(-X), (X,)).constants) == 1
    # Round numbers may be equal by chance.
    assert len(parametrize(2.0 * X + sympy.sin(2.0 * X), (X,)).constants) == 2


def test_undefined_values_are_nan_without_a_warning():
    form = parametrize(sympy.log(1.5 * Z), (Z,))
    values = form.evaluate(np.array([[-1.0], [0.0], [1.0]]))
    assert np.isnan(values[:2]).all() and values[2] == np.log(1.5)
    assert np.isnan(parametrize(sympy.sqrt(Z), (Z,)).evaluate(np.array([[-1.0]]))).all()


def test_a_constant_formula_has_a_value_per_row():
    form = parametrize(sympy.Float(2.5), (X, Z))
    assert form.evaluate(np.zeros((4, 2))).tolist() == [2.5] * 4
    assert form.jacobian(np.zeros((4, 2))).tolist() == [[1.0]] * 4


def test_names_do_not_clash_with_columns():
    column = sympy.Symbol("c0")
    form = parametrize(sympy.Float(2.5) * column, (column,))
    assert form.constants[0] != column and form.constants[0].name != "c0"
    assert form.evaluate(np.array([[2.0]]))[0] == 5.0


def test_column_names_may_be_any_string():
    names = [sympy.Symbol("λ (nm)"), sympy.Symbol("x-1"), sympy.Symbol("lambda")]
    form = parametrize(names[0] * 2.0 + names[1] - names[2], names)
    assert form.evaluate(np.array([[1.0, 5.0, 3.0]]))[0] == 4.0


def test_values_survive_the_round_trip_exactly():
    value = 0.1 + 0.2
    form = parametrize(sympy.Float(value) * X, (X,))
    assert float(form.substituted().coeff(X)) == value


def test_linear_constants_are_found():
    form = parametrize(sympy.Float(2.1) * sympy.exp(-sympy.Float(0.3) * X) + sympy.Float(0.7), (X,))
    linear = {float(form.values[j]) for j in form.linear_constants}
    assert linear == {2.1, 0.7}


def test_wrong_shapes_are_refused():
    form = parametrize(sympy.Float(2.1) * X, (X,))
    with pytest.raises(ArgumentError, match=r"X must have shape \(n, 1\)"):
        form.evaluate(np.zeros((3, 2)))
    with pytest.raises(ArgumentError, match="values must have shape"):
        form.with_values(np.zeros(3))
    with pytest.raises(ArgumentError, match="range of double precision"):
        parametrize(sympy.Float("1e400") * X, (X,))
    with pytest.raises(ArgumentError, match="not among its variables"):
        parametrize(X * Z, (X,)).evaluate(GRID)


@pytest.mark.parametrize(
    ("columns", "first"),
    [(("x", "y"), "c0"), (("c1", "y"), "const0"), (("c_2", "const3"), "consts0"), (("c", "y"), "c0")],
)
def test_names_of_constants_are_not_those_of_columns_on_paper_either(columns, first):
    variables = tuple(sympy.Symbol(name) for name in columns)
    form = parametrize(2.5 * variables[0] + 1.25 * variables[1] ** 2, variables)
    assert form.constants[0].name == first
