import numpy as np
import pytest
import sympy

from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.domain import check_domain

x, y, z = sympy.symbols("x y z")


@pytest.mark.parametrize(
    ("expression", "box"),
    [
        (1 / (x**2 + 1), [[-3, 3]]),
        (x**3 / (sympy.exp(sympy.Float(0.5) * x) - 1), [[0.1, 20]]),
        (sympy.sqrt(1 - x**2 / y**2), [[1, 2], [3, 10]]),
        (1 / (x**2 + y**2 - 2 * x * y * sympy.cos(z)), [[1, 2], [3, 5], [0, 6]]),
        (sympy.asin(x / y), [[-5, 5], [6, 7]]),
        (sympy.log(1 + x * y), [[0, 5], [0, 7]]),
        (sympy.tan(x), [[-1.5, 1.5]]),
        (x ** sympy.Float(1.5), [[0.0, 40.0]]),
        (sympy.gamma(x), [[0.2, 3]]),
        (sympy.acosh(1.1 + x**2), [[-2, 2]]),
    ],
)
def test_what_is_defined_everywhere_is_proved(expression, box):
    found = check_domain(expression, [s.name for s in sorted(expression.free_symbols, key=str)], np.array(box, float))
    assert (found.status, found.example) == ("defined", ())


@pytest.mark.parametrize(
    ("expression", "box", "reason"),
    [
        (1 / (x - sympy.Float(0.512345)), [[0, 1]], "pole"),
        (1 / (1 / x - 1 / y), [[1, 5], [1.5, 6]], "pole"),
        (sympy.tan(x), [[-1, 2]], "pole"),
        (sympy.log(x - y), [[1, 3], [2.9, 10]], "logarithm"),
        (sympy.sqrt(1 - x**2 / y**2), [[1, 5], [3, 10]], "root"),
        (sympy.atanh(x), [[0, 1.01]], "atanh"),
        (sympy.acos(x), [[0, 1.2]], "acos"),
        (sympy.exp(x**2), [[0, 40]], "overflows"),
        (sympy.cos(x) / x, [[-1, 3]], "pole"),
        (sympy.besselk(0, x), [[-0.1, 3]], "besselk"),
    ],
)
def test_a_point_is_given_where_it_breaks(expression, box, reason):
    names = [s.name for s in sorted(expression.free_symbols, key=str)]
    found = check_domain(expression, names, np.array(box, float))
    assert found.status == "undefined"
    assert found.reason.find(reason) >= 0
    assert all(low <= value <= high for value, (low, high) in zip(found.example, box, strict=True))
    form = parametrize(expression, sympy.symbols(names))
    value = form.evaluate(np.array([found.example]))[0]
    # At a pole: not finite, or enormous next to it.
    assert np.isnan(value) or abs(value) > 1e12 or (reason == "pole" and expression.has(sympy.sin))


def test_a_square_that_touches_zero_stays_open():
    """No sign change shows, and no bound excludes it: neither answer would be a proof."""
    found = check_domain(1 / (x**2 - 2 * x + 1), ["x"], np.array([[0.0, 3.0]]))
    assert found.status == "undecided"
    assert found.example[0] == pytest.approx(1, abs=1e-2)
    assert 0 < found.undecided_share < 1e-2


def test_boxes_are_bounded():
    hard = sum((sympy.sin(3 * k * x) * sympy.cos(5 * k * y) * z for k in range(1, 9)), sympy.Integer(0)) + 9
    found = check_domain(1 / hard, ["x", "y", "z"], np.array([[0.0, 9], [0, 9], [0, 1]]))
    assert (found.status, found.undecided_share) == ("defined", 0.0)


def test_a_jump_of_sign_through_infinity_is_no_zero():
    # 1/x changes sign without a zero; the pole itself is what is found.
    found = check_domain(1 / (1 / x), ["x"], np.array([[1.0, 2.0]]))
    assert found.status == "defined"
    found = check_domain(sympy.cot(x) ** -1, ["x"], np.array([[3.0, 3.3]]))
    assert found.example[0] == pytest.approx(np.pi, abs=1e-6)


def test_where_no_rows_are_it_may_well_be_undefined(rng):
    a, b = rng.uniform(1, 5, (2, 300))
    rows = np.column_stack([np.minimum(a, b), np.maximum(a, b) + 0.2])
    box = np.column_stack([rows.min(axis=0), rows.max(axis=0)])
    beside = check_domain(sympy.sqrt(1 - x**2 / y**2), ["x", "y"], box, rows=rows)
    assert (beside.status, beside.among_rows) == ("undefined", False)
    between = check_domain(1 / (x - sympy.Float(3.0)), ["x", "y"], box, rows=rows)
    assert (between.status, between.among_rows) == ("undefined", True)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("sin(x)/x", "defined"),
        ("(exp(2*x) - 1)/(3*x)", "defined"),
        ("z*sin(x - 0.5)**2/(x - 0.5)**2", "defined"),
        ("x/tanh(x)", "undefined"),
        ("cos(x)/x", "undefined"),
        ("sin(x)/x**2", "undefined"),
        ("(x + z)/x", "undefined"),
        ("tanh(1/x)*x/x**2", "undefined"),
    ],
)
def test_a_singularity_that_a_limit_removes_is_no_pole(text, status):
    expression = parse_expression(text, ["x", "z"])
    found = check_domain(expression, ("x", "z"), np.array([[-2.0, 3.0], [1.0, 2.0]]))
    assert found.status == status
