"""`SymbolicRegressor`: the pipeline as a scikit-learn estimator, with PySR's names where PySR has them."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kansym import clock
from kansym.errors import ArgumentError, DataError
from kansym.estimator.input import arguments_in_words, checked_names, faults_named, options_of
from kansym.estimator.pysr_parameters import in_words, translate
from kansym.estimator.several import datasets_of, index_of_each, target_names_of
from kansym.export.latex_table import HEADS, latex_table
from kansym.primitives.library import PrimitiveLibrary
from kansym.run.budget import search_wall
from kansym.run.finished import FinishedRun
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.targets.result import TargetsDiscovery
from kansym.targets.search import discover_targets
from kansym.validation.certificate import Certificate, certify

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kansym.comparison.result import Comparison
    from kansym.editing.network import EditableNetwork

# Figures, editing and pages are imported by the methods that show them: they bring matplotlib and templates, which a
# fit does without.
logger = logging.getLogger(__name__)


class SymbolicRegressor(RegressorMixin, BaseEstimator):
    """Find a closed-form formula for y in terms of the columns of X.

    Parameters
    ----------
    max_seconds : float, optional
        Time budget of `fit` and `certificate_` together, by default that of `options`, which is 120. A law that is
        found exactly ends the run much earlier; raise the budget for many columns or large tables.
    random_state : int, default 0
        Seed of every random choice: the same seed, data and device give the same formula, as long as the wall clock
        does not end the run.
    device : str, default "auto"
        "cpu", "cuda" or "auto".
    primitives : PrimitiveLibrary or sequence of str, optional
        What edges may be; a sequence names members of the default library. Restrict it where physics forbids a
        function, or add your own with `PrimitiveLibrary.with_primitive`.
    given : str, optional
        A part of the law that is known, with ``...`` for what is looked for, as in ``"g*x/2 + ..."``. Names that are
        not columns are constants, and are fitted.
    guesses : sequence of str, optional
        Formulas to start from, such as ``["A*exp(-t/tau) + 0.1"]``; see `DiscoveryOptions`. What became of them is in
        `discovery_.guesses`.
    bounds, fixed : mapping, optional
        What constants of `given` or of the guesses may be, and those that are not fitted, such as
        ``{"tau": (0, 10)}`` and ``{"g": 9.81}``; see `DiscoveryOptions`.
    loss : str, default "linear"
        "tukey" for tables with outliers, see `DiscoveryOptions`; "linear" is least squares.
    validation_fraction : float, default 0.2
        Share of the rows held out; tables below 20 rows use leave-one-out.
    options : DiscoveryOptions, optional
        Options of all stages, for experts. The parameters above override it.
    progress : callable or "auto", optional
        Called with a `kansym.search.progress.Progress` after every step. "auto": one output that is kept up to date in
        a notebook (`kansym.report.notebook.live_progress`), a line that changes in a terminal, nothing elsewhere.
    timeout_in_seconds : float, optional
        PySR's name for `max_seconds`; give one of them.
    deterministic : bool, default False
        Leave the wall clock out: the same answer always, however long a slow or busy machine takes for it.
    exact : bool, default False
        Exact numbers where fitted constants agree with them, as 2 for 2.003(4); see `DiscoveryOptions`.

    Attributes
    ----------
    formula_ : Formula
        The pick of the front, by description length.
    equations_ : DataFrame
        The Pareto front: complexity, loss, score, equation, sympy_format, latex, description_length, picked.
    front_ : ParetoFront
    network_ : TrainedNetwork or None
        The best trained network; predicts on its own. None where the run ended before one was trained, and where a
        formula that is as good as the data was found without.
    certificate_ : Certificate
        "law", "good description" or "no closed form found", with the grounds.
    discovery_ : Discovery
        Everything about the run, the growth of the network included.
    variable_names_ : tuple of str
        What the columns are called in formulas.
    nout_ : int
        Number of targets. Of several, all of the above are lists.
    estimators_ : list of SymbolicRegressor
        Of several targets: one for each, with figures, reports and edges.
    targets_ : TargetsDiscovery
        Of several targets: what was found for each, and in `common` the constants and expressions that they share.
    n_features_in_, feature_names_in_
        As in scikit-learn; the second for a DataFrame only.
    nout_ : int
        1: there is one target.

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
        max_seconds: float | None = None,
        random_state: int = 0,
        device: str = "auto",
        primitives: PrimitiveLibrary | Sequence[str] | None = None,
        given: str | None = None,
        guesses: Sequence[str] | None = None,
        bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
        fixed: Mapping[str, float] | None = None,
        loss: str = "linear",
        validation_fraction: float = 0.2,
        options: DiscoveryOptions | None = None,
        progress: ProgressCallback | str | None = None,
        timeout_in_seconds: float | None = None,
        deterministic: bool = False,
        exact: bool = False,
    ) -> None:
        self.max_seconds = max_seconds
        self.random_state = random_state
        self.device = device
        self.primitives = primitives
        self.given = given
        self.guesses = guesses
        self.bounds = bounds
        self.fixed = fixed
        self.loss = loss
        self.validation_fraction = validation_fraction
        self.options = options
        self.progress = progress
        self.timeout_in_seconds = timeout_in_seconds
        self.deterministic = deterministic
        self.exact = exact

    @classmethod
    def from_pysr_parameters(cls, **parameters: Any) -> "SymbolicRegressor":
        """An estimator from the parameters of a ``PySRRegressor``, as far as they have a meaning here.

        The time, the seed, determinism, the guesses, the operators and a Huber loss are taken over. What is left out is
        logged as one warning; `kansym.estimator.pysr_parameters.translate` gives it as a dictionary.

        Raises
        ------
        ArgumentError
            If PySR has no such parameter either.
        """
        own, left = translate(parameters)
        if left:
            logger.warning("left out of PySR's parameters: %s", in_words(left))
        return cls(**own)

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        variable_names: Sequence[str] | None = None,
        X_units: Sequence[str | None] | None = None,
        y_units: Any = None,
        y_error: Any = None,
        x_error: Any = None,
        sample_weight: Any = None,
        weights: Any = None,
        target_names: Sequence[str] | None = None,
    ) -> "SymbolicRegressor":
        """Search for the formula, or for that of each target.

        Parameters
        ----------
        X : array or DataFrame, shape (n, d)
        y : array or Series, shape (n,), or array or DataFrame, shape (n, k)
            Of several targets each has a search, the time is for all together, and what is found for one is tried on
            the others; see `kansym.targets.search.discover_targets`.
        variable_names : sequence of str, optional
            Any strings. Default: a DataFrame's column names, else x0, x1, ...
        X_units, y_units : optional
            Units as strings, such as ``"m/s"``, ``"1"`` for pure numbers, None where one is not known. Formulas are
            checked for them, constants get units, and the search begins with dimensional analysis. `y_units` of several
            targets is a sequence, or a mapping by name.
        y_error : float, array, shape (n,), tuple of two of them, or str, optional
            Standard errors of y, or a tuple of those below and above it, or ``"1%"``, or ``"sqrt(N)"`` of a column:
            rows are weighted by 1 / y_error^2, residuals below them count as noise, and the errors of the constants
            follow from them. With ``"poisson"`` y is a number of counts, and constants are fitted by Poisson's
            likelihood. Of several targets shape (n, k), or a mapping by name; anything else is for all of them.
        x_error : mapping of name to (float or array), or array of shape (n, d) or (d,), optional
            Standard errors of the inputs, 0 where exact: the last fit minimises orthogonal distances. Needs `y_error`.
        sample_weight : array, shape (n,), optional
            Weights of the rows; a weight of 2 means the same as the row twice, a weight of 0 as no row.
        weights : array, shape (n,), optional
            PySR's name for `sample_weight`. Where they are 1 / sigma^2, `y_error` = sigma says more.
        target_names : sequence of str, optional
            Default: the name of a Series, the columns of a DataFrame, else y, or y0, y1, ...

        Returns
        -------
        self

        Raises
        ------
        DataError, ArgumentError
            If the data or a parameter cannot be used; both are ValueErrors.
        """
        if weights is not None and sample_weight is not None:
            raise ArgumentError("weights and sample_weight are two names of one thing; give one of them")
        names = variable_names
        if names is None and hasattr(X, "columns"):
            names = [str(column) for column in X.columns]
        given, began = y, time.monotonic()
        options = self._options()
        with faults_named(X, y, names, str(getattr(y, "name", None) or "y")):
            X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, ensure_min_samples=2)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        names = [f"x{column}" for column in range(X.shape[1])] if names is None else checked_names(names, X.shape[1])
        targets = target_names_of(target_names, given, 1 if y.ndim == 1 else y.shape[1], names)
        datasets = datasets_of(
            X, y, targets, names=names, X_units=X_units, y_units=y_units, y_error=y_error, x_error=x_error,
            sample_weight=weights if sample_weight is None else sample_weight,
        )  # fmt: skip
        self.variable_names_ = tuple(names)
        self.nout_ = len(targets)
        self._fitted_with = arguments_in_words(
            variable_names=variable_names, X_units=X_units, y_units=y_units, y_error=y_error, x_error=x_error,
            sample_weight=sample_weight, weights=weights, target_names=target_names,
        )  # fmt: skip
        for left in ("targets_", "estimators_"):
            self.__dict__.pop(left, None)
        # The seconds are for the certificate too, which is measured when it is asked for.
        wall = search_wall(options.max_seconds, spent=time.monotonic() - began)
        with clock.budget(options.max_seconds, deterministic=options.deterministic, wall=wall):
            if self.nout_ == 1:
                found = discover(datasets[targets[0]], options, progress=self.progress)
            else:
                found = discover_targets(datasets, options, progress=lambda _: self.progress)
        if isinstance(found, Discovery):
            self._keep(found)
        else:
            self._keep_each(found)
        return self

    def _keep(self, discovery: Discovery) -> None:
        """What a fit of one target leaves."""
        self.discovery_: Any = discovery
        self.front_: Any = discovery.front
        self.formula_: Any = discovery.formula
        self.network_: Any = discovery.network
        self.equations_: Any = self.front_.to_frame()
        self._certificate: Certificate | None = None

    def _keep_each(self, found: TargetsDiscovery) -> None:
        """What a fit of several leaves: an estimator for each, and lists of what these have."""
        if found.failed:
            first = found.failed[0]
            raise DataError(f"the target {first.name!r} has no formula: {first.failure}")
        self.targets_ = found
        self.estimators_ = []
        for row in found.rows:
            one: Any = clone(self)
            one.variable_names_, one.nout_, one._fitted_with = self.variable_names_, 1, self._fitted_with
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(self, name):
                    setattr(one, name, getattr(self, name))
            assert row.discovery is not None
            one._keep(row.discovery)
            self.estimators_.append(one)
        for name in ("discovery_", "front_", "formula_", "network_", "equations_"):
            setattr(self, name, [getattr(one, name) for one in self.estimators_])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @property
    def _several(self) -> bool:
        return hasattr(self, "estimators_")

    def _each(self, method: str, index: Any = None, *arguments: Any) -> list[Any]:
        """What a method gives for every target."""
        indices = index_of_each(index, len(self.estimators_))
        return [getattr(one, method)(at, *arguments) for one, at in zip(self.estimators_, indices, strict=True)]

    def _require_one(self, what: str) -> None:
        check_is_fitted(self)
        if self._several:
            raise ArgumentError(
                f"{what} is of one target, and this estimator has {self.nout_}; ask estimators_[0], ..."
            )

    @property
    def certificate_(self) -> Any:
        """What speaks for and against the picked formula; measured when it is first asked for, which takes seconds.

        For more, with searches from other seeds: `certify(model.discovery_, seeds=7)`.
        """
        check_is_fitted(self)
        if self._several:
            return [one.certificate_ for one in self.estimators_]
        if self._certificate is None:
            # Other seeds must find it on their own.
            self._certificate = certify(self.discovery_, options=self._options().unguessed)
            self.discovery_ = replace(self.discovery_, certificate=self._certificate)
        return self._certificate

    def figure(self, name: str, *, dark: bool = False) -> "Figure":
        """One figure of the run, such as "parity", "residuals", "slices", "front" or "network".

        See `kansym.figure` for all names and for what is raised.
        """
        from kansym.figures.catalogue import figure

        self._require_one("a figure")
        return figure(self, name, dark=dark)

    def predict(self, X: Any, index: Any = None, *, average: bool = False, return_std: bool = False) -> Any:
        """Values of the picked formula, or of formula number `index` of the front; shape (n,), or (n, k).

        Parameters
        ----------
        X : array or DataFrame, shape (n, d)
        index : int, optional
            Of the front; default the pick. Of several targets it may be a sequence of one for each, as in all methods
            that take one.
        average : bool, default False
            The mean over all forms that the search has met, with their probabilities, in place of one formula.
        return_std : bool, default False
            Also the standard deviation of the law's value; see `kansym.Discovery.predict`.

        Returns
        -------
        array (n,) or (n, k), or tuple of two of them

        Raises
        ------
        ArgumentError
            If `index` is given together with `average` or `return_std`.
        """
        check_is_fitted(self)
        if index is not None and (average or return_std):
            raise ArgumentError(f"index: averages and deviations are of the pick and its rivals, got {index!r}")
        if self._several:
            indices = index_of_each(index, len(self.estimators_))
            found = [
                one.predict(X, at, average=average, return_std=return_std)
                for one, at in zip(self.estimators_, indices, strict=True)
            ]
            return tuple(map(np.column_stack, zip(*found, strict=True))) if return_std else np.column_stack(found)
        with faults_named(X, names=self.variable_names_):
            X = validate_data(self, X, reset=False, dtype=np.float64)
        formula = self._formula(index)
        rows = X[:, [self.variable_names_.index(name) for name in formula.variables]]
        if average or return_std:
            return self.discovery_.predict(rows, average=average, return_std=return_std)
        return formula.predict(rows)

    def sympy(self, index: Any = None) -> Any:
        """The formula as a sympy expression with plain symbols named like the columns; of several targets a list."""
        if self._several:
            return self._each("sympy", index)
        return self._formula(index).sympy()

    def latex(self, index: Any = None, precision: int | None = None) -> Any:
        """The formula as LaTeX, of several targets a list.

        `Formula.latex` can put the target and the units of the constants beside it.

        Parameters
        ----------
        index : int, optional
            Of the front; default the pick.
        precision : int, optional
            Significant digits of constants. By default each has the digits that its standard error allows.
        """
        if self._several:
            return self._each("latex", index, precision)
        return self._formula(index).latex(digits=precision)

    def get_best(self, index: Any = None) -> Any:
        """The picked row of `equations_`, or row number `index`; of several targets a list."""
        check_is_fitted(self)
        if self._several:
            return self._each("get_best", index)
        if index is None:
            return self.equations_[self.equations_["picked"]].iloc[0]
        self._formula(index)
        return self.equations_.iloc[index]

    def get_hof(self) -> Any:
        """PySR's name for `equations_`: the front is kansym's hall of fame."""
        check_is_fitted(self)
        return self.equations_

    def latex_table(
        self, indices: Sequence[int] | None = None, precision: int = 3, columns: Sequence[str] = tuple(HEADS)
    ) -> str:
        """A LaTeX table of the front for the package booktabs; see `kansym.export.latex_table.latex_table`."""
        self._require_one("a table of a front")
        return latex_table(self.front_, indices, precision, columns)

    def to_pysr_guess(self, index: Any = None, names: Sequence[str] | Mapping[str, str] | None = None) -> Any:
        """The formula in Julia, for ``PySRRegressor(guesses=[...])``.

        Parameters
        ----------
        index : int, optional
            Of the front; default the pick.
        names : sequence of str, or mapping of column to str, optional
            What PySR calls the columns, all of them in order; see `kansym.export.pysr_guess.pysr_guess`.

        Raises
        ------
        ArgumentError
            If PySR would refuse a name, or lacks a function.
        """
        if self._several:
            return self._each("to_pysr_guess", index, names)
        formula = self._formula(index)
        if names is not None and not isinstance(names, str | Mapping) and len(names) == len(self.variable_names_):
            # Columns that are constant are none of the formula's.
            names = dict(zip(self.variable_names_, names, strict=True))
        return formula.to_pysr_guess(names)

    def edit(self, *, start: Any = None) -> "EditableNetwork":
        """Edit the network by hand: fix, free, remove and add edges; see `kansym.edit`.

        Parameters
        ----------
        start : str or shape, optional
            "reading", "splines", "network", or a shape such as ``(2, 1, 1)`` to train a network of your own.
        """
        from kansym.editing.opening import edit

        self._require_one("a network to edit")
        return edit(self, start=start)

    @property
    def _command(self) -> str:
        """How the run was started, for its record."""
        return " ".join(f"{self!r}.fit({self._fitted_with})".split())

    @property
    def _repr_html_(self) -> Any:
        """The result once there is one; before, the diagram of scikit-learn."""
        if not hasattr(self, "discovery_"):
            return super()._repr_html_
        if self._several:
            return lambda: "".join(one._repr_html_() for one in self.estimators_)
        hint = "Whether it can be believed has not been measured yet: ask for certificate_."
        return lambda: surface("discovery_html")(self.discovery_, self._certificate, hint)

    def _repr_latex_(self) -> str | None:
        alone = hasattr(self, "discovery_") and not self._several
        return self.formula_._repr_latex_() if alone else None

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        if not hasattr(self, "discovery_"):
            return super()._repr_mimebundle_(**kwargs)
        formulas = self.formula_ if self._several else [self.formula_]
        return {"text/plain": "\n".join([repr(self), *map(str, formulas)]), "text/html": self._repr_html_()}

    def finished(self) -> FinishedRun:
        """The run as reports and figures take it, with its certificate, which takes seconds when first asked for."""
        self._require_one("a finished run")
        certificate = self.certificate_
        return FinishedRun.of(self.discovery_, command=self._command, options=self._options(), certificate=certificate)

    def report(self, path: str | os.PathLike[str], *, comparison: "Comparison | None" = None) -> Path:
        """Write what was found as a page to look at, print and copy from: one HTML file that needs nothing else.

        Parameters
        ----------
        path : path-like
            Such as ``"report.html"``; replaced where it exists.
        comparison : Comparison, optional
            With other tools, from `kansym.compare`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ArgumentError
            If it cannot be written.
        """
        from kansym.report.html.page import write_html, write_report
        from kansym.targets.finished import FinishedTargets
        from kansym.targets.page import targets_html

        if hasattr(self, "discovery_") and self._several:
            certificates = dict(zip((row.name for row in self.targets_.rows), self.certificate_, strict=True))
            said = {"certificates": certificates, "options": self._options(), "command": self._command}
            return write_html(targets_html(FinishedTargets.of(self.targets_, **said)), path)
        return write_report(self.finished(), path, comparison=comparison)

    def _formula(self, index: int | None) -> Formula:
        self._require_one("a formula of the front")
        if index is None:
            return self.formula_
        if not -len(self.front_) <= index < len(self.front_):
            raise ArgumentError(f"index must name one of the {len(self.front_)} formulas of the front, got {index!r}")
        return self.front_[index]

    def _options(self) -> DiscoveryOptions:
        return options_of(self)
