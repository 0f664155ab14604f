"""The dictionary: gains are those of explicit least squares, and pairs those of two columns."""

import numpy as np
import pytest
import sympy
import torch

from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import default_library
from kansym.terms.arguments import arguments
from kansym.terms.dictionary import Dictionary
from kansym.terms.factors import FACTORS
from kansym.terms.length import Lengths
from kansym.terms.rows import TermRows, orthonormal
from kansym.terms.slots import values

CPU = torch.device("cpu")


def setup(X, y, allowed=None, root=None):
    variables = sympy.symbols(f"x:{X.shape[1]}", positive=True)
    found = arguments(X, variables, allowed)
    root = np.ones(len(y)) if root is None else root
    y = y * root
    rows = TermRows(
        torch.from_numpy(np.array([argument.column for argument in found])),
        torch.from_numpy(y / np.sqrt(np.mean(y**2))),
        torch.from_numpy(root),
    )
    lengths = Lengths(found, len(y), 0.0, CPU)
    return Dictionary(found, rows, lengths, allowed, X.shape[1]), rows


@pytest.mark.parametrize("weighted", [False, True])
def test_gains_are_those_of_least_squares(table, weighted):
    X = table((0.5, 3.0), rows=40)
    y = np.exp(-0.5 * X[:, 0]) + 0.3 * np.sin(2 * X[:, 0])
    root = np.linspace(0.5, 1.5, 40) if weighted else None
    dictionary, rows = setup(X, y, root=root)
    first = torch.stack([torch.ones(40, dtype=torch.float64), rows.columns[0]]) * rows.root
    basis, _, _ = orthonormal(first)
    residual = rows.y - (basis @ rows.y) @ basis
    scores = dictionary.scores(basis, residual)
    total = float(residual.square().sum())
    rng = np.random.default_rng(0)
    looked = 0
    for left, right in rng.integers((len(dictionary.left), len(dictionary.right)), size=(60, 2)).tolist():
        column = values(dictionary.terms([(left, right)])[0], rows.columns).prod(-2) * rows.root
        A = torch.cat([first, column]).T.numpy()
        _, square, rank, _ = np.linalg.lstsq(A, rows.y.numpy(), rcond=1e-7)
        if rank == 3:
            looked += 1
            assert float(scores.gain[left, right]) == pytest.approx(1 - float(square[0]) / total, abs=1e-6)
    assert looked > 40


def test_the_best_column_is_the_one_the_target_is_made_of(table):
    X = table((0.5, 3.0), (1.0, 4.0), rows=60)
    dictionary, rows = setup(X, X[:, 0] ** 2 * np.log(X[:, 1]))
    empty = rows.y.new_zeros(0, 60)
    (left, right), *_ = dictionary.best(dictionary.scores(empty, rows.y), 8)
    term = dictionary.terms([(left, right)])[0]
    ratio = values(term, rows.columns).prod(-2)[0] / rows.y
    assert float(ratio.std() / ratio.mean().abs()) < 1e-9


def test_only_allowed_functions_are_in_it(table):
    X = table((0.5, 3.0), rows=40)
    dictionary, _ = setup(X, X[:, 0], allowed_functions(default_library().only("x", "exp")))
    names = {FACTORS[n].name for n in dictionary.right_slots.factor.unique().tolist()}
    names |= {FACTORS[n].name for n in dictionary.left_slots.factor.unique().tolist()}
    assert "exp" in names
    assert not names & {"sin", "log", "log1p", "abs", "sign", "circular", "softplus"}


def test_kinks_are_in_it_where_there_are_rows_on_both_sides(table):
    both, one = (
        {FACTORS[n].name for n in setup(X, X[:, 0] + 3)[0].right_slots.factor.unique().tolist()}
        for X in (table((-1.0, 2.0), rows=40), table((0.5, 2.0), rows=40))
    )
    assert {"abs", "sign"} <= both and "sign" not in one
