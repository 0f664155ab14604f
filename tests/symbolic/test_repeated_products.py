"""Products that come more than once are found, and written once in the price of a formula."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import COSTS, formula_bits
from kansym.symbolic.repeated_products import PRODUCT, with_product

x, y, z, a, b = sympy.symbols("x y z a b", positive=True)


@pytest.mark.parametrize(
    "expression",
    [
        a * sympy.tanh(b * x * y) / (x * y),
        x * sympy.exp(-sympy.sqrt(x / (y * z))) + y * z / x,
        (x**2 * y / z) ** 2 / (sympy.exp(a * x**2 * y / z) - 1),
        sympy.sin(sympy.sqrt(x * y**3)) * x**2 * y**6 + z,
    ],
    ids=str,
)
def test_the_product_put_in_gives_the_expression(expression):
    found = list(with_product(expression, (a, b)))
    assert found
    values = {x: 1.3, y: 0.7, z: 2.1, a: 0.4, b: 1.9}
    for shorter, product in found:
        assert shorter.count(PRODUCT) > 1 and not product.free_symbols & {a, b}
        back = shorter.xreplace({PRODUCT: product})
        assert float(back.xreplace(values)) == pytest.approx(float(expression.xreplace(values)))


@pytest.mark.parametrize("expression", [x * y, x * y + x / y, sympy.exp(x) / x, x * sympy.sin(x * y), a * x + a * y])
def test_there_is_none(expression):
    assert list(with_product(expression, (a,))) == []


@given(st.sampled_from([x * y, x**2 / z, sympy.sqrt(x / (y * z)), x * y * z]), st.sampled_from([1, 2, -1]))
def test_a_product_that_repeats_costs_a_variable_where_it_comes_again(product, power):
    once = formula_bits(sympy.Float(1.4) * sympy.tanh(sympy.Float(0.7) * product), 60, 3)
    twice = formula_bits(sympy.Float(1.4) * sympy.tanh(sympy.Float(0.7) * product) * product**power, 60, 3)
    curve = [formula_bits(sympy.Float(1.4) * sympy.tanh(sympy.Float(0.7) * x) * one, 60, 3) for one in (1, x**power)]
    # A root may stand in both places rather than in the product.
    assert twice - once <= curve[1] - curve[0] + 2 * COSTS["sqrt"]
