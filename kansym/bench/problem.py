# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""A law as a table with nameless columns, and the points where what is found there will be judged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy

from kansym.bench import sampling
from kansym.bench.evaluation import values
from kansym.bench.law import Law
from kansym.symbolic.naming import plain_symbol, rename

POINTS = 1000
"""Points inside of the box, and as many beyond it."""

JUDGE_SEED = 2**31
"""Seed of the points, far from those of any run."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a tool gets, and what only the judge sees.

    Attributes
    ----------
    law : Law
    seed : int
    noise : float
        Added noise, relative to the RMS of the clean target.
    names : tuple of str
        ``x0``, ``x1``, ...: the columns, in an order drawn from the seed.
    places : mapping of str to str
        The column of each of the law's variables.
    X : array (n, d)
    y : array (n,)
        With noise.
    errors : array (n,) or None
        Standard errors of y, where the table has a column of them.
    truth : sympy.Expr
        The law in the names of the columns.
    form : sympy.Expr
        The same with its constants as symbols.
    inside, beyond : array (m, d)
        Points for the judge: within the ranges, and in a box 30 % larger on every side but outside of the ranges.
    """

    law: Law
    seed: int
    noise: float
    names: tuple[str, ...]
    places: Mapping[str, str]
    X: np.ndarray
    y: np.ndarray
    errors: np.ndarray | None
    truth: sympy.Expr
    form: sympy.Expr
    inside: np.ndarray
    beyond: np.ndarray

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The columns as symbols."""
        return tuple(plain_symbol(name) for name in self.names)

    def units(self) -> dict[str, Any]:
        """Units of columns and target, as arguments of `kansym.data.dataset.make_dataset`.

        Columns that do not matter are pure numbers. A logarithm is one too.
        """
        own = {self.places[variable.name]: variable.unit for variable in self.law.variables}
        target = "1" if self.law.log_target else self.law.target_unit
        return {"units": [own.get(name, "1") for name in self.names], "y_units": target}

    @property
    def weights(self) -> np.ndarray | None:
        """Weights of the rows (n,), of mean 1; None without errors."""
        if self.errors is None:
            return None
        weights = (self.errors / self.errors.max()) ** -2.0
        return weights / weights.mean()

    def law_at(self, X: np.ndarray) -> np.ndarray:
        """The law at rows of columns, shape (n,)."""
        return values(self.truth, self.symbols, X, precise=self.law.precise)


def make_problem(law: Law, *, rows: int, seed: int, noise: float = 0.0, dummies: int = 0) -> Problem:
    """Draw a table of a law.

    Parameters
    ----------
    law : Law
    rows : int
        Unless the law brings its own.
    seed : int
        Of the rows, the noise, and the order of the columns.
    noise : float, default 0
        Standard deviation of the noise on the target in units of the RMS of the clean target.
    dummies : int, default 0
        Columns that do not matter, each drawn from the range of one of the law's own variables.
    """
    X, clean = law.sample(rows, seed)
    y = law.add_noise(clean, noise, seed)
    generator = sampling.generator(f"{law.name} columns", seed)
    box = law.box(X)
    chosen = [box[index] for index in generator.integers(len(box), size=dummies)]
    extra = tuple(
        replace(variable, name=f"dummy {index}", above="", low=1.0 if variable.above else variable.low)
        for index, variable in enumerate(chosen)
    )
    order = generator.permutation(len(box) + dummies)
    names = tuple(f"x{column}" for column in range(len(order)))
    places = {law.names[index]: names[column] for column, index in enumerate(order) if index < len(law.names)}
    symbols = {plain_symbol(name): plain_symbol(column) for name, column in places.items()}

    def columns(own: np.ndarray, ranges: tuple[sampling.Variable, ...]) -> np.ndarray:
        added = sampling.draw(ranges, len(own), generator) if ranges else np.empty((len(own), 0))
        return np.hstack([own, added])[:, order]

    inside, beyond = _points(law, box)
    return Problem(
        law=law,
        seed=seed,
        noise=noise,
        names=names,
        places=places,
        X=columns(X, extra),
        y=y,
        errors=law.errors(clean, y, noise),
        truth=rename(law.expression, symbols),
        form=rename(law.form, symbols),
        inside=columns(inside, extra),
        beyond=columns(beyond, tuple(variable.extended() for variable in extra)),
    )


def _points(law: Law, box: tuple[sampling.Variable, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Points inside and beyond, in the law's own columns; the law is defined at all of them."""
    generator = sampling.generator(law.name, JUDGE_SEED)
    inside, _ = sampling.within_domain(
        lambda count: sampling.draw(box, count, generator), law.evaluate, POINTS, f"the law {law.name}"
    )
    wide = tuple(variable.extended() for variable in box)

    def outside(X: np.ndarray) -> np.ndarray:
        sizes = np.where([variable.signed for variable in box], np.abs(X), X)
        low, high = (np.array([getattr(variable, end) for variable in box]) for end in ("low", "high"))
        within = ((sizes >= low) & (sizes <= high)).all(axis=1)
        return np.where(within, np.nan, law.evaluate(X))

    beyond, _ = sampling.within_domain(
        lambda count: sampling.draw(wide, count, generator), outside, POINTS, f"the law {law.name}, beyond its ranges,"
    )
    return inside, beyond
