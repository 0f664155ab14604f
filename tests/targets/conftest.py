"""Formulas and tables of targets that belong together."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from kansym import Dataset, Formula, make_dataset
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parser import parse_expression


@pytest.fixture(scope="session")
def formula_of() -> Callable[[str, Dataset], Formula]:
    """A formula for a table, as a search would hand it out."""

    def made(text: str, table: Dataset) -> Formula:
        expression = parse_expression(text, table.names)
        made = Formula(expression, table.names, table.target, complexity(expression), 0.0, 0.0, 0.0)
        loss = float(np.mean((made.predict(table.X) - table.y) ** 2))
        return Formula(expression, table.names, table.target, complexity(expression), loss, loss, 0.0)

    return made


@pytest.fixture(scope="session")
def tables_of() -> Callable[..., dict[str, Dataset]]:
    """A table for each target, with noise of one size for all where that is asked for."""

    def made(
        X: np.ndarray, targets: Mapping[str, np.ndarray], names: list[str], noise: float = 0.0, errors: bool = False
    ) -> dict[str, Dataset]:
        rng = np.random.default_rng(5)
        given = noise if errors else None
        return {
            name: make_dataset(X, y + noise * rng.normal(size=len(y)), names=names, target=name, y_error=given)
            for name, y in targets.items()
        }

    return made
