"""Estimators without a target: relations among columns, and what stays constant along runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from kansym.conserved.finding import find_conserved
from kansym.conserved.quantity import ConservedFound, Quantity
from kansym.errors import ArgumentError
from kansym.implicit.finding import DEFAULT_SECONDS, find_relations
from kansym.implicit.relation import Relation, Relations


class RelationFinder(BaseEstimator):
    """Looks for relations F(columns) = 0 among all columns of a table; none is the target.

    Parameters
    ----------
    errors : mapping of str to (float or str), optional
        Standard errors by column, as of `kansym.find_relations`; the default estimates one size for all.
    max_seconds : float, default 30
    random_state : int, default 0
    deterministic : bool, default False
        Leave the wall out: slow and fast machines find the same.

    Attributes
    ----------
    result_ : Relations
        Everything that was found.
    relations_ : tuple of Relation
        Independent of each other.
    feature_names_in_ : ndarray of str
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> g = np.random.default_rng(0)
    >>> V, T = g.uniform(1, 3, (2, 60))
    >>> finder = RelationFinder(deterministic=True).fit(np.column_stack([8.314 * T / V, V, T]), names=["p", "V", "T"])
    >>> print(finder.relations_[0])
    V*p = 8.314*T
    """

    def __init__(
        self,
        *,
        errors: dict[str, float | str] | None = None,
        max_seconds: float = DEFAULT_SECONDS,
        random_state: int = 0,
        deterministic: bool = False,
    ) -> None:
        self.errors = errors
        self.max_seconds = max_seconds
        self.random_state = random_state
        self.deterministic = deterministic

    def fit(self, X: Any, y: Any = None, *, names: Sequence[str] | None = None) -> "RelationFinder":
        """Look for relations.

        Parameters
        ----------
        X : array-like, shape (n, d), or DataFrame
        y : ignored
        names : sequence of str, optional
            Of the columns; ``x0, x1, ...`` by default, or those of the DataFrame.

        Raises
        ------
        DataError
            If the table cannot be used.
        """
        del y
        frame = _frame(X, names)
        self.result_: Relations = find_relations(
            frame,
            errors=self.errors,
            max_seconds=self.max_seconds,
            seed=self.random_state,
            deterministic=self.deterministic,
        )
        self.relations_: tuple[Relation, ...] = self.result_.relations
        self.feature_names_in_ = np.array([str(name) for name in frame.columns], dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self


class ConservedQuantities(BaseEstimator):
    """Looks for functions of the state that stay constant along each run of a system.

    Parameters
    ----------
    error : float, str or mapping, optional
        Of the states, as of `kansym.find_conserved`; estimated by default.
    max_seconds : float, default 30
    random_state : int, default 0
    deterministic : bool, default False

    Attributes
    ----------
    result_ : ConservedFound
        Everything that was found.
    quantities_ : tuple of Quantity
        Independent of each other, the shortest first.
    """

    def __init__(
        self,
        *,
        error: float | str | dict[str, float | str] | None = None,
        max_seconds: float = DEFAULT_SECONDS,
        random_state: int = 0,
        deterministic: bool = False,
    ) -> None:
        self.error = error
        self.max_seconds = max_seconds
        self.random_state = random_state
        self.deterministic = deterministic

    def fit(
        self, X: Any, y: Any = None, *, time: Any, run: Any = None, names: Sequence[str] | None = None
    ) -> "ConservedQuantities":
        """Look for conserved quantities.

        Parameters
        ----------
        X : array-like, shape (n, m), or DataFrame
            States; the rows of a run in the order of time.
        y : ignored
        time : array-like, shape (n,)
        run : array-like, shape (n,), optional
            Which run a row belongs to.
        names : sequence of str, optional
            Of the states.

        Raises
        ------
        DataError
            If the runs cannot be used.
        """
        del y
        frame = _frame(X, names)
        states = [str(name) for name in frame.columns]
        extra = {_unused("time", states): np.asarray(time), _unused("run", states): np.zeros(len(frame))}
        time_name, run_name = extra
        if run is not None:
            extra[run_name] = np.asarray(run)
        for what, values in zip(("time", "run"), extra.values(), strict=True):
            if values.shape != (len(frame),):
                raise ArgumentError(f"{what} must have a value for each of the {len(frame)} rows, got {values.shape}")
        self.result_: ConservedFound = find_conserved(
            frame.assign(**extra),
            time=time_name,
            states=states,
            run=run_name,
            error=self.error,
            max_seconds=self.max_seconds,
            seed=self.random_state,
            deterministic=self.deterministic,
        )
        self.quantities_: tuple[Quantity, ...] = self.result_.quantities
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Values (n, k) of the quantities at states (n, m)."""
        values = np.asarray(X, dtype=np.float64)
        return np.column_stack([np.empty((len(values), 0)), *(one.evaluate(values) for one in self.quantities_)])


def _frame(X: Any, names: Sequence[str] | None) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        return X if names is None else X.set_axis(list(names), axis=1)
    values = np.asarray(X)
    if values.ndim != 2:
        raise ArgumentError(f"X must have shape (n, d), got {values.shape}")
    columns = [f"x{j}" for j in range(values.shape[1])] if names is None else list(names)
    if len(columns) != values.shape[1]:
        raise ArgumentError(f"names must have one entry per column of X ({values.shape[1]}), got {len(columns)}")
    return pd.DataFrame(values, columns=pd.Index(columns))


def _unused(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
