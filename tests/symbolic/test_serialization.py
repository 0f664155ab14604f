import pytest
import sympy

from kansym.errors import StorageError
from kansym.symbolic import from_tree, to_tree

X = sympy.Symbol("x")


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Float(0.1) * X,
        sympy.Float(5e-324) * X,
        sympy.Mul(sympy.Float(4.9), X - 1, evaluate=False),
        sympy.pi * sympy.E * X / 3,
        sympy.besselj(0, sympy.Symbol("λ (nm)", positive=True)),
        sympy.atan2(X, 2) + sympy.Symbol("k", real=True),
        sympy.exp(sympy.Integer(10) ** 50 + X),
        sympy.sinc(X) * sympy.Abs(X) ** sympy.Rational(-1, 3),
    ],
    ids=str,
)
def test_round_trip(expression):
    assert from_tree(to_tree(expression)) == expression


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        {},
        {"type": "Lambda", "args": []},
        {"type": "__import__", "args": [{"type": "Integer", "value": "1"}]},
        {"type": "Add", "args": []},
        {"type": "Add", "args": "x"},
        {"type": "Add"},
        {"type": "Symbol"},
        {"type": "Symbol", "name": 3},
        {"type": "Integer", "value": "1+1"},
        {"type": "Integer", "value": "9" * 1000},
        {"type": "Float", "value": "nan"},
        {"type": "Float", "value": "__import__('os')"},
        {"type": "Float", "value": 1.0},
        {"type": "Rational", "numerator": "1", "denominator": "0"},
        {"type": "NumberSymbol", "name": "Catalan"},
        {"type": "sin", "args": [{"type": "Integer", "value": "1"}] * 3},
    ],
    ids=str,
)
def test_damaged_trees_are_refused(tree):
    with pytest.raises(StorageError):
        from_tree(tree)


def test_deep_and_large_trees_are_refused():
    tree = {"type": "Symbol", "name": "x"}
    for _ in range(500):
        tree = {"type": "sin", "args": [tree]}
    with pytest.raises(StorageError, match="deeper"):
        from_tree(tree)
    with pytest.raises(StorageError, match="more than"):
        from_tree({"type": "Add", "args": [{"type": "Symbol", "name": "x"}] * 30_000})


def test_loading_computes_nothing():
    ten = {"type": "Integer", "value": "10"}
    power = {"type": "Pow", "args": [ten, {"type": "Pow", "args": [ten, {"type": "Integer", "value": "9"}]}]}
    assert from_tree(power).is_Pow


def test_what_is_not_a_formula_cannot_be_stored():
    with pytest.raises(StorageError, match="Integral cannot be stored"):
        to_tree(sympy.Integral(X, X))
    with pytest.raises(StorageError, match="assumptions"):
        to_tree(sympy.Symbol("n", integer=True))
    with pytest.raises(StorageError, match="not a finite double"):
        to_tree(sympy.Float("1e400") * X)


def test_a_column_without_a_name_is_stored():
    expression = 2 * sympy.Symbol("") + 1
    assert from_tree(to_tree(expression)) == expression
