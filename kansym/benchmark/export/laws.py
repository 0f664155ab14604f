"""Known laws as formulas, with rows and values of 50 digits."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kansym.bench.catalogue import load_catalogue
from kansym.bench.evaluation import precise_values
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol


@dataclass(frozen=True, eq=False)
class KnownLaw:
    """A law as if it had been found.

    Attributes
    ----------
    name, title : str
    formula : Formula
    X : array (n, d)
        All columns.
    exact : array (n,)
        Values computed with 50 digits.
    """

    name: str
    title: str
    formula: Formula
    X: np.ndarray
    exact: np.ndarray

    @property
    def arguments(self) -> np.ndarray:
        """The columns that occur, which are the arguments of exported code."""
        used = {str(symbol) for symbol in self.formula.expression.free_symbols}
        return self.X[:, [k for k, name in enumerate(self.formula.variables) if name in used]]


def known_laws(catalogues: Iterable[str], rows: int, seed: int = 0) -> list[KnownLaw]:
    """All laws of some catalogues.

    Parameters
    ----------
    catalogues : iterable of str
    rows : int
        Rows within the ranges of each law.
    seed : int, default 0
    """
    laws = []
    for catalogue in catalogues:
        for law in load_catalogue(catalogue).laws:
            X, _ = law.sample(rows, seed)
            formula = Formula(law.expression, law.names, law.target, complexity(law.expression), 0.0, 0.0, 0.0)
            exact = precise_values(law.expression, [plain_symbol(name) for name in law.names], X)
            laws.append(KnownLaw(law.name, law.title, formula, X, exact))
    return laws
