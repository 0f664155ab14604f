"""Tables for term pursuit."""

import numpy as np
import pytest
import sympy
import torch

from kansym.terms.pursuit import Pursuit
from kansym.terms.rows import TermRows


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def table():
    """Rows drawn evenly over a box, by its ends and a seed."""

    def make(*ends, rows=300, seed=0):
        low, high = zip(*ends, strict=True)
        return np.random.default_rng(seed).uniform(low, high, (rows, len(ends)))

    return make


@pytest.fixture
def setting(table):
    """A pursuit for a law of some columns, and the rows that it looks for terms on."""

    def of(law, columns=1):
        X = table(*columns * [(0.5, 4.0)])
        y = law(*X.T)
        search = Pursuit(X, y, sympy.symbols(f"x:{columns}", real=True))
        target = torch.from_numpy(y / np.sqrt(np.mean(y**2)))
        rows = TermRows(search.columns, target, torch.ones_like(target)).take(search.chosen)
        search.dictionary.weighted(rows)
        return search, rows

    return of
