"""Parts of a law as tables of their own: what a search of a leaf starts from, and what comes back from it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.data.dataset import Dataset
from kansym.search.options import DiscoveryOptions
from kansym.structure.leaf import Leaf
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol


def leaf_table(leaf: Leaf, options: DiscoveryOptions, columns: int) -> tuple[Dataset, DiscoveryOptions]:
    """The table of a leaf and the options of its search, `columns` being those of the user's table."""
    growth = options.growth
    if growth.shapes and leaf.X.shape[1] != columns:
        # The user's shapes are for the user's columns.
        growth = replace(growth, shapes=())
    seconds = max(0.5, clock.left(leaf.until))
    names = tuple(variable.name for variable in leaf.variables)
    error = None if leaf.error is None else np.full(len(leaf.t), leaf.error)
    table = Dataset(leaf.X, leaf.t, names, target="_t", y_error=error, sample_weight=leaf.weights)
    return table, replace(options, structure=False, growth=growth, max_seconds=seconds)


def leaf_formulas(leaf: Leaf, formulas: Sequence[Formula]) -> Iterator[sympy.Expr]:
    """The two formulas of least description length and the one of least loss, in the leaf's variables."""
    shortest = sorted(formulas, key=lambda formula: formula.description_length)[:2]
    closest = sorted(formulas, key=lambda formula: formula.validation_loss)[:1]
    names = {plain_symbol(variable.name): variable for variable in leaf.variables}
    for formula in dict.fromkeys(shortest + closest):
        provenance.credit(formula.origin)
        yield cast(sympy.Expr, formula.expression.xreplace(names))
