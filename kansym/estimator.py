"""`SymbolicRegressor`: the pipeline as a scikit-learn estimator, with PySR's names where PySR has them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import sympy
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from kansym.config import DiscoveryOptions
from kansym.data.dataset import make_dataset
from kansym.discovery import discover
from kansym.errors import ArgumentError
from kansym.formula import Formula
from kansym.primitives.library import PrimitiveLibrary
from kansym.progress import ProgressCallback
from kansym.results import Discovery
from kansym.validation.certificate import Certificate, certify


class SymbolicRegressor(RegressorMixin, BaseEstimator):
    """Find a closed-form formula for y in terms of the columns of X.

    Parameters
    ----------
    max_seconds : float, default 60
        Wall-time budget. A law that is found exactly ends the run much earlier; raise the budget for many columns or
        large tables.
    random_state : int, default 0
        Seed of every random choice: the same seed, data and device give the same formula, as long as the budget does
        not end the run.
    device : str, default "auto"
        "cpu", "cuda" or "auto".
    primitives : PrimitiveLibrary or sequence of str, optional
        What edges may be; a sequence names members of the default library. Restrict it where physics forbids a
        function, or add your own with `PrimitiveLibrary.with_primitive`.
    given : str, optional
        A part of the law that is known, with ``...`` for what is looked for, as in ``"g*x/2 + ..."``. Names that are
        not columns are constants, and are fitted.
    loss : str, default "linear"
        "tukey" for tables with outliers, see `DiscoveryOptions`; "linear" is least squares.
    validation_fraction : float, default 0.2
        Share of the rows held out; tables below 20 rows use leave-one-out.
    options : DiscoveryOptions, optional
        Options of all stages, for experts. The parameters above override it.
    progress : callable, optional
        Called with a `kansym.progress.Progress` after every step.

    Attributes
    ----------
    formula_ : Formula
        The pick of the front, by description length.
    equations_ : DataFrame
        The Pareto front: complexity, loss, score, equation, sympy_format, latex, description_length, picked.
    front_ : ParetoFront
    network_ : TrainedNetwork or None
        The best trained network; predicts on its own. None where the run ended before one was trained, as for an
        exactly linear table.
    certificate_ : Certificate
        "law", "good description" or "no closed form found", with the grounds.
    discovery_ : Discovery
        Everything about the run, the growth of the network included.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from kansym import SymbolicRegressor
    >>> a = np.array([0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07])
    >>> model = SymbolicRegressor(max_seconds=20).fit(a[:, None], a**1.5, variable_names=["a"])
    >>> model.sympy()
    a**(3/2)
    """

    def __init__(
        self,
        *,
        max_seconds: float = 60.0,
        random_state: int = 0,
        device: str = "auto",
        primitives: PrimitiveLibrary | Sequence[str] | None = None,
        given: str | None = None,
        loss: str = "linear",
        validation_fraction: float = 0.2,
        options: DiscoveryOptions | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.max_seconds = max_seconds
        self.random_state = random_state
        self.device = device
        self.primitives = primitives
        self.given = given
        self.loss = loss
        self.validation_fraction = validation_fraction
        self.options = options
        self.progress = progress

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        variable_names: Sequence[str] | None = None,
        X_units: Sequence[str | None] | None = None,
        y_units: str | None = None,
        y_error: Any = None,
        x_error: Any = None,
        sample_weight: Any = None,
    ) -> "SymbolicRegressor":
        """Search for the formula.

        Parameters
        ----------
        X : array or DataFrame, shape (n, d)
        y : array or Series, shape (n,)
        variable_names : sequence of str, optional
            Any strings. Default: a DataFrame's column names, else x0, x1, ...
        X_units, y_units : optional
            Units as strings, such as ``"m/s"``, ``"1"`` for pure numbers, None where one is not known. Formulas are
            checked for them, constants get units, and the search begins with dimensional analysis.
        y_error : float or array, shape (n,), optional
            Standard errors of y: rows are weighted by 1 / y_error^2, residuals below them count as noise, and the
            errors of the constants follow from them.
        x_error : mapping of name to (float or array), or array of shape (n, d) or (d,), optional
            Standard errors of the inputs, 0 where exact: the last fit minimises orthogonal distances. Needs `y_error`.
        sample_weight : array, shape (n,), optional
            Weights of the rows; a weight of 2 means the same as the row twice, a weight of 0 as no row.

        Returns
        -------
        self

        Raises
        ------
        DataError, ArgumentError
            If the data or a parameter cannot be used; both are ValueErrors.
        """
        names = variable_names
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        target = str(getattr(y, "name", None) or "y")
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        names = list(names) if names is not None else [f"x{column}" for column in range(X.shape[1])]
        dataset = make_dataset(
            X,
            np.asarray(y, dtype=np.float64),
            names=names,
            target=_free_name(target, names),
            y_error=y_error,
            x_error=x_error,
            sample_weight=sample_weight,
            units=X_units,
            y_units=y_units,
        )
        self.discovery_: Discovery = discover(dataset, self._options(), progress=self.progress)
        self.variable_names_ = tuple(names)
        self.front_ = self.discovery_.front
        self.formula_: Formula = self.discovery_.formula
        self.network_ = self.discovery_.network
        self.equations_: pd.DataFrame = self.front_.to_frame()
        self._certificate: Certificate | None = None
        return self

    @property
    def certificate_(self) -> Certificate:
        """What speaks for and against the picked formula; measured when it is first asked for, which takes seconds.

        For more, with searches from other seeds: `certify(model.discovery_, seeds=7)`.
        """
        check_is_fitted(self)
        if self._certificate is None:
            self._certificate = certify(self.discovery_, options=self._options())
        return self._certificate

    def predict(self, X: Any, index: int | None = None) -> np.ndarray:
        """Values of the picked formula, or of formula number `index` of the front; shape (n,)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        formula = self._formula(index)
        kept = [self.variable_names_.index(name) for name in formula.variables]
        return formula.predict(X[:, kept])

    def sympy(self, index: int | None = None) -> sympy.Expr:
        """The formula as a sympy expression with plain symbols named like the columns."""
        return self._formula(index).sympy()

    def latex(self, index: int | None = None, precision: int = 4) -> str:
        """The formula as LaTeX, constants with `precision` significant digits."""
        return self._formula(index).latex(digits=precision)

    def get_best(self) -> pd.Series:
        """The picked row of `equations_`."""
        check_is_fitted(self)
        return self.equations_[self.equations_["picked"]].iloc[0]

    def _formula(self, index: int | None) -> Formula:
        check_is_fitted(self)
        if index is None:
            return self.formula_
        if not -len(self.front_) <= index < len(self.front_):
            raise ArgumentError(f"index must name one of the {len(self.front_)} formulas of the front, got {index!r}")
        return self.front_[index]

    def _options(self) -> DiscoveryOptions:
        options = self.options or DiscoveryOptions()
        if not isinstance(self.random_state, (int, np.integer)):
            raise ArgumentError(f"random_state must be an integer, got {self.random_state!r}")
        library = options.primitives
        if isinstance(self.primitives, PrimitiveLibrary):
            library = self.primitives
        elif self.primitives is not None:
            library = library.only(*self.primitives)
        return replace(
            options,
            max_seconds=self.max_seconds,
            seed=int(self.random_state),
            device=self.device,
            validation_fraction=self.validation_fraction,
            primitives=library,
            given=self.given if self.given is not None else options.given,
            loss=self.loss if self.loss != "linear" else options.loss,
        )


def _free_name(target: str, names: Sequence[str]) -> str:
    """The target's name, primed where a column has it already."""
    while target in names:
        target += "'"
    return target
