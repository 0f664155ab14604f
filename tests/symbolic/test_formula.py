import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest
import sympy

from kansym.errors import ArgumentError, DataError, StorageError
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.text import to_text

X, Y = sympy.symbols("x y")
F = sympy.Float


def formula(expression, complexity=5, loss=1e-3, bits=10.0, **changes):
    return Formula(
        expression=expression,
        variables=("x", "y"),
        target="force",
        complexity=complexity,
        train_loss=loss,
        validation_loss=loss,
        description_length=bits,
        structure="[2,1,1]",
        **changes,
    )


def newton():
    return formula(F(9.81234567) * X / Y**2, constants=(Constant("c0", 9.81234567, 0.019),), notes=("a note",))


def test_predicts_arrays_and_tables():
    rows = np.array([[1.0, 2.0], [3.0, 0.5]])
    expected = 9.81234567 * rows[:, 0] / rows[:, 1] ** 2
    assert newton().predict(rows) == pytest.approx(expected, rel=1e-15)
    table = pd.DataFrame({"y": rows[:, 1], "other": [0, 0], "x": rows[:, 0]})
    assert newton().predict(table) == pytest.approx(expected, rel=1e-15)
    assert np.isnan(newton().predict(np.array([[1.0, 0.0]]))).all()


def test_wrong_columns_are_named():
    with pytest.raises(DataError, match=r"X must have shape \(n, 2\) with the columns \['x', 'y'\], got \(3, 1\)"):
        newton().predict(np.zeros((3, 1)))
    with pytest.raises(DataError, match=r"lacks the columns \['y'\]"):
        newton().predict(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(ArgumentError, match=r"\['z'\]"):
        formula(sympy.Symbol("z"))


def test_prints_itself():
    assert str(newton()) == "force = 9.81235*x/y**2"
    assert newton().latex(digits=3) == r"\frac{9.81 x}{y^{2}}"
    assert newton().latex(digits=None) == r"\frac{9.812 x}{y^{2}}"
    assert newton()._repr_latex_() == r"$\mathrm{force} = \frac{9.812 x}{y^{2}}$"
    assert newton().sympy() == F(9.81234567) * X / Y**2


def test_storage_keeps_everything():
    original = dataclasses.replace(newton(), validation_loss=math.nan)
    loaded = Formula.from_dict(json.loads(json.dumps(original.to_dict(), allow_nan=False)))
    for field in dataclasses.fields(Formula):
        before, after = getattr(original, field.name), getattr(loaded, field.name)
        assert after == before or (math.isnan(after) and math.isnan(before))


@pytest.mark.parametrize(
    "change", [{"expression": {"type": "Nothing"}}, {"constants": [{"wrong": 1}]}, {"complexity": "many"}]
)
def test_damaged_storage_is_refused(change):
    with pytest.raises(StorageError):
        Formula.from_dict(newton().to_dict() | change)
    data = newton().to_dict()
    del data["target"]
    with pytest.raises(StorageError, match="target"):
        Formula.from_dict(data)


def test_is_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        newton().target = "x"  # pyright: ignore[reportAttributeAccessIssue]


def test_without_held_out_rows_the_training_loss_counts():
    assert dataclasses.replace(newton(), validation_loss=math.nan).loss == newton().train_loss


def test_a_guess_for_pysr():
    assert newton().to_pysr_guess() == "((9.81234567 * x) / (y ^ 2.0))"
    assert newton().to_pysr_guess(["m", "r"]) == "((9.81234567 * m) / (r ^ 2.0))"
    assert newton().to_pysr_guess({"y": "r"}) == "((9.81234567 * x) / (r ^ 2.0))"
    with pytest.raises(ArgumentError, match="PySR has no function like besselj"):
        formula(sympy.besselj(0, X)).to_pysr_guess()


def test_correlated_constants_keep_the_digits_that_the_formula_needs():
    """Rounded to what LaTeX shows, a formula of strongly correlated constants still describes its data."""
    rng = np.random.default_rng(0)
    t, sigma = np.linspace(30.0, 31.0, 200), 1e-3
    design = np.column_stack([np.ones(200), t, t**2])
    y = design @ [3.0, -2.0, 0.5] + sigma * rng.normal(size=200)
    covariance = sigma**2 * np.linalg.inv(design.T @ design)
    best = covariance @ (design.T @ y) / sigma**2
    symbol = plain_symbol("t")
    expression = sum((sympy.Float(c) * symbol**k for k, c in enumerate(best)), sympy.S.Zero)
    constants = tuple(
        Constant(f"c{k}", float(c), float(e))
        for k, (c, e) in enumerate(zip(best, np.sqrt(np.diag(covariance)), strict=True))
    )
    formula = Formula(expression, ("t",), "y", 9, 1e-6, 1e-6, 0.0, constants, covariance=covariance)
    shown = parse_expression(to_text(expression, digits=formula.digits()), ["t"])
    moved = np.abs(sympy.lambdify(symbol, shown)(t) - formula.predict(t[:, None])).max()
    assert moved < 3 * sigma
    # The standard errors alone would not do: this is what makes the test one.
    plain = {c.value: c.error for c in constants} | {-c.value: c.error for c in constants}
    worse = parse_expression(to_text(expression, digits=plain), ["t"])
    assert np.abs(sympy.lambdify(symbol, worse)(t) - formula.predict(t[:, None])).max() > 10 * sigma


def test_a_constant_that_is_hardly_known_keeps_three_figures():
    x = plain_symbol("x")
    formula = Formula(1.49297e-8 * x, ("x",), "y", 3, 1.0, 1.0, 0.0, (Constant("c0", 1.49297e-8, 2e-8),))
    assert formula.latex() == r"1.49 \times 10^{-8} x"
