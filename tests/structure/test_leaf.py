"""Variables of smaller problems, and values of formulas of one of them."""

import numpy as np
import sympy

from kansym.structure.leaf import evaluate, symbols

Z = sympy.Symbol("z")


def test_evaluate():
    x = np.array([0.5, 1.0, 4.0])
    for formula, expected in (
        (sympy.Float(2.5) * sympy.sqrt(Z), 2.5 * np.sqrt(x)),
        (sympy.Float(2.5), np.full(3, 2.5)),
    ):
        found = evaluate(formula, Z, x)
        assert found is not None
        np.testing.assert_allclose(found, expected)
    assert evaluate(sympy.log(Z), Z, np.array([1.0, -1.0])) is None
    assert evaluate(1 / Z, Z, np.array([1.0, 0.0])) is None
    assert evaluate(sympy.Float("3e-3764") * Z, Z, x) is None


def test_symbols_differ():
    assert symbols(0) == () and len(set(symbols(5))) == 5 and symbols(3) == symbols(5)[:3]
