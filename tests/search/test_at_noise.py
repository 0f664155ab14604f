"""When a formula is as good as the data: chi-squared where the table has errors."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.search.formulation import FitRows, judge
from kansym.symbolic.parametric import parametrize


def bench_of(error=None):
    x = np.linspace(1, 2, 30)[:, None]
    table = make_dataset(x, x[:, 0], names=["x"], y_error=None if error is None else np.full(30, error))
    rows = np.arange(30)
    return FitRows.of(table, rows[rows % 5 > 0], rows[rows % 5 == 0], 0.1)


@pytest.mark.parametrize(
    ("train", "held_out", "errors", "good"),
    [
        (1.0, 1.0, True, True),
        (1.7, 1.7, True, True),
        (2.1, 1.5, True, False),
        (2.1, 1.5, False, True),
        (0.3, 2.5, True, False),
        (0.3, 2.5, False, False),
    ],
)
def test_chi_squared_decides_where_errors_are_known(train, held_out, errors, good):
    fit_rows = bench_of(0.1 if errors else None)
    formula = judge(parametrize(sympy.Float(1.0) * fit_rows.variables[0], fit_rows.variables), fit_rows, structure="")
    losses = {"train_loss": train * 0.01, "validation_loss": held_out * 0.01}
    assert fit_rows.at_noise(replace(formula, **losses)) == good
