"""Formulas and discoveries made by hand: no search is run."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import split
from kansym.search.formulation import judge
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery
from kansym.search.rows import FitRows
from kansym.symbolic.naming import internal_symbols, plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit


@pytest.fixture(scope="session")
def discovered():
    """A discovery of formulas given as text; the first one is fitted, and is the pick."""

    def make(X, y, *formulas, names=None, network=None, **columns):
        X = np.asarray(X, dtype=np.float64)
        X = X[:, None] if X.ndim == 1 else X
        names = names or ["x", "y", "z"][: X.shape[1]]
        dataset = make_dataset(X, y, names=names, target="t", **columns)
        floor = noise_floor(dataset)
        bench = FitRows.of(dataset, *split(dataset, seed=0), floor)
        found = []
        for text in formulas:
            raw = parse_expression(text, names)
            symbols = internal_symbols(dataset.names, dataset.X)
            raw = raw.xreplace({plain_symbol(name): symbol for name, symbol in zip(names, symbols, strict=True)})
            form = parametrize(raw, symbols)
            X_train, y_train, weights = bench.rows(bench.train)
            formula = judge(refit(form, X_train, y_train, weights=weights).form, bench, structure="by hand")
            assert formula is not None
            found.append(formula)
        return Discovery(
            front=ParetoFront(found),
            formula=found[0],
            network=network,
            reading=None,
            decisions=(),
            dataset=dataset,
            noise_floor=floor,
            seconds=1.0,
            stopped="by hand",
            challenged=True,
        )

    return make
