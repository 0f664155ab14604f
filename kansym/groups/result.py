# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""What is known of one law for several groups."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy
import sympy

from kansym.codec import finite_json
from kansym.data.columns import listing, quoted
from kansym.errors import Argument, ArgumentError, DataError
from kansym.groups.table import GroupedTable, text_of
from kansym.numbers import measured
from kansym.search.events import Event
from kansym.surfaces import surface
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.serialization import to_tree
from kansym.symbolic.text import to_text
from kansym.validation.verdict import Verdict


@dataclass(frozen=True, eq=False)
class GroupedConstant:
    """A constant of a law for several groups.

    Attributes
    ----------
    name : str
    shared : bool
        Whether all groups have the same.
    values, errors : array (G,)
        Of each group, with standard errors, nan where the data do not determine it. All the same for a shared one.
    unit : str or None
        As the columns of the table have it; None where that is not known.
    chi2, p_value : float
        Of "all groups have the same", against each group its own: small where it is not so. nan where unknown.
    """

    name: str
    shared: bool
    values: np.ndarray
    errors: np.ndarray
    unit: str | None
    chi2: float
    p_value: float

    @property
    def ndf(self) -> int:
        """Degrees of freedom of `chi2`."""
        return len(self.values) - 1

    @property
    def common(self) -> tuple[float, float]:
        """The value of all groups with its error: the shared one, or the mean weighted by 1/error^2."""
        if self.shared:
            return float(self.values[0]), float(self.errors[0])
        known = np.isfinite(self.errors) & (self.errors > 0)
        if not known.any():
            return float(np.mean(self.values)), math.nan
        weight = 1.0 / self.errors[known] ** 2
        return float(np.average(self.values[known], weights=weight)), float(1 / math.sqrt(weight.sum()))

    @property
    def scatter(self) -> float:
        """Standard deviation of the groups' values; 0 for a shared one."""
        return 0.0 if self.shared else float(np.std(self.values, ddof=1))

    def written(self, g: int = 0) -> str:
        """Value and error of one group as text."""
        error = float(self.errors[g])
        return measured(float(self.values[g]), error if math.isfinite(error) else None)


@dataclass(frozen=True, eq=False)
class GroupFit:
    """How one group follows the law.

    Attributes
    ----------
    name : str
    rows : int
    rms : float
        Root mean square residual, in units of the target.
    chi2 : float or None
        Of its residuals; None where the table has no errors.
    p_shared : float
        Probability that the shared constants are as far from what this group alone would have; 1 where it has too few
        rows to have any. Multiplied by the number of groups.
    follows : bool
        Whether that, and its own scatter, is no objection.
    used : bool
        Whether its rows count for the shared constants.
    words : str
        What is odd about it; empty where nothing is.
    """

    name: str
    rows: int
    rms: float
    chi2: float | None
    p_shared: float
    follows: bool
    used: bool = True
    words: str = ""


@dataclass(frozen=True, eq=False)
class GroupedFormula:
    """One formula for several groups, with constants that are shared and constants of each group.

    Attributes
    ----------
    form : ParametricForm
        In symbols of columns and constants; its values are those of the first group.
    constants : tuple of GroupedConstant
        In the order of `form.constants`.
    table : GroupedTable
    fits : tuple of GroupFit
        One per group.
    covariance : array (G, k, k)
        Of the constants that each group sees.
    levels : array (G,) or None
        Noise of each group in units of the target, where it was estimated for each.
    noise : float or None
        Noise of all, in units of the target, where one was estimated; None where the table has errors, and with
        `levels`.
    chi2, p_value : float or None
        Of all rows; None without errors.
    ndf : int
        Rows less fitted constants.
    bits : float
        Length of the description, up to a constant of the data.
    saved : float
        Bits less than with a mean for each group.
    alternatives : tuple of (str, float)
        Other forms with the bits by which they are longer.
    notes : tuple of str
    verdict : Verdict or None
        None for a form that was given.
    seconds : float
    interrupted : bool
    log : tuple of Event
        Who had which slice of work of the search, and what came.
    """

    form: ParametricForm
    constants: tuple[GroupedConstant, ...]
    table: GroupedTable
    fits: tuple[GroupFit, ...]
    covariance: np.ndarray
    levels: np.ndarray | None
    noise: float | None
    chi2: float | None
    p_value: float | None
    ndf: int
    bits: float
    saved: float
    alternatives: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    seconds: float = field(default=0.0)
    interrupted: bool = False
    log: tuple[Event, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups."""
        return self.table.names

    @property
    def target(self) -> str:
        return self.table.dataset.target

    @property
    def shared(self) -> tuple[str, ...]:
        """Names of the shared constants."""
        return tuple(one.name for one in self.constants if one.shared)

    @property
    def per_group(self) -> tuple[str, ...]:
        """Names of the constants that each group has its own of."""
        return tuple(one.name for one in self.constants if not one.shared)

    @property
    def strangers(self) -> tuple[str, ...]:
        """Groups that do not follow the law."""
        return tuple(one.name for one in self.fits if not one.follows)

    @cached_property
    def expression(self) -> sympy.Expr:
        """In plain symbols of columns and constants."""
        return plain(self.form.expression)

    @property
    def values(self) -> np.ndarray:
        """Constants (G, k)."""
        return np.column_stack([one.values for one in self.constants])

    def of(self, group: Any) -> dict[str, float]:
        """Constants of one group, by name.

        Raises
        ------
        ArgumentError
            If there is no such group.
        """
        g = self._place(group)
        return {one.name: float(one.values[g]) for one in self.constants}

    def predict(self, X: np.ndarray | pd.DataFrame, groups: Any) -> np.ndarray:
        """Values of the formula.

        Parameters
        ----------
        X : array (n, d) or DataFrame
            Columns in the order of the table; a DataFrame is read by column name and may have others.
        groups : array (n,), or one group for all rows

        Returns
        -------
        array (n,)
            nan where the formula is not defined.

        Raises
        ------
        ArgumentError
            If a group is not among those of the table.
        DataError
            If columns are missing or lengths differ.
        """
        names = self.table.dataset.names
        if isinstance(X, pd.DataFrame):
            missing = [name for name in names if name not in X.columns]
            if missing:
                raise DataError(f"X lacks the columns {listing(missing)}")
            X = X[list(names)].to_numpy(dtype=np.float64)
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(names):
            raise DataError(f"X must have shape (n, {len(names)}), one column for each of {names}, got {X.shape}")
        labels = [groups] * len(X) if np.ndim(groups) == 0 else list(groups)
        if len(labels) != len(X):
            raise DataError(f"groups has {len(labels)} labels for {len(X)} rows of X")
        places = {one: self._place(one) for one in dict.fromkeys(labels)}
        codes = np.array([places[one] for one in labels], dtype=int)
        columns = tuple(np.ascontiguousarray(X[:, j]) for j in range(X.shape[1]))
        return self.form.value_at(columns, self.values[codes].T)

    @property
    def indexed(self) -> sympy.Expr:
        """The formula with the name of the groups as index of the constants of each group."""
        own = [one.name for one in self.constants if not one.shared]
        return self.expression.xreplace(
            {sympy.Symbol(name): sympy.Symbol(f"{name}_{self.table.group}") for name in own}
        )

    def latex(self, *, with_target: bool = False) -> str:
        """The formula in LaTeX, constants of each group with the name of the groups as index."""
        text = to_latex(self.indexed, constants=())
        return f"{name_to_latex(self.target)} = {text}" if with_target else text

    def to_frame(self) -> pd.DataFrame:
        """A row per group: its name, rows, each constant of its own with its error, and columns that are constant
        within groups."""
        table: dict[str, Any] = {self.table.group: list(self.groups), "rows": self.table.counts}
        for one in self.constants:
            if not one.shared:
                unit = "" if one.unit in (None, "1") else f" [{one.unit}]"
                table[f"{one.name}{unit}"] = one.values
                table[f"{one.name}_error{unit}"] = one.errors
        for name, column in self.table.level_columns.items():
            table[name] = column
        return pd.DataFrame(table)

    def to_dict(self) -> dict[str, Any]:
        """Everything in JSON types."""
        return finite_json(
            {
                "text": str(self),
                "latex": self.latex(with_target=True),
                "expression": to_tree(self.expression),
                "target": self.target,
                "variables": list(self.table.dataset.names),
                "group": self.table.group,
                "groups": [
                    {
                        "name": one.name, "rows": one.rows, "rms": one.rms, "chi2": one.chi2, "p_shared": one.p_shared,
                        "follows": one.follows, "used": one.used, "words": one.words,
                    }
                    for one in self.fits
                ],
                "constants": [_constant_record(one) for one in self.constants],
                "noise": self.noise,
                "levels": None if self.levels is None else self.levels.tolist(),
                "chi2": self.chi2,
                "ndf": self.ndf,
                "p_value": self.p_value,
                "description_length": self.bits,
                "saved_bits": self.saved,
                "alternatives": [{"text": text, "longer_by": longer} for text, longer in self.alternatives],
                "verdict": None
                if self.verdict is None
                else {
                    "kind": self.verdict.kind,
                    "reason": self.verdict.reason,
                    "for": list(self.verdict.supporting),
                    "against": list(self.verdict.against),
                },
                "notes": list(self.notes),
                "seconds": self.seconds,
                "interrupted": self.interrupted,
            }
        )  # fmt: skip

    def figure(self, *, dark: bool = False) -> Any:
        """All groups with their curves; see `kansym.groups.figure.groups_figure`."""
        return surface("groups_figure")(self, dark=dark)

    def collapse(self, *, dark: bool = False) -> Any:
        """All groups on one curve, or None where the law has none; see `kansym.groups.figure.collapse_figure`."""
        return surface("collapse_figure")(self, dark=dark)

    @property
    def equation(self) -> str:
        """``N = A*exp(-t/tau)``."""
        return f"{self.target} = {to_text(self.expression)}"

    @property
    def structure(self) -> str:
        """Which constants each group has its own of, in words."""
        return f"of each {self.table.group}: {', '.join(self.per_group)}" if self.per_group else "all constants shared"

    def __str__(self) -> str:
        return f"{self.equation}; {self.structure}"

    def __repr__(self) -> str:
        verdict = "" if self.verdict is None else f"; {self.verdict.kind}"
        return f"<GroupedFormula {self}; {len(self.groups)} groups{verdict}>"

    def _place(self, group: Any) -> int:
        name = text_of(group)
        if name not in self.groups:
            raise ArgumentError(
                Argument("groups"), f" has {quoted(name)}, which is none of {listing(list(self.groups), 8)}"
            )
        return self.groups.index(name)


def _constant_record(one: GroupedConstant) -> Mapping[str, Any]:
    value, error = one.common
    record: dict[str, Any] = {
        "name": one.name, "shared": one.shared, "value": value, "error": error, "unit": one.unit,
        "chi2_equal": one.chi2, "ndf_equal": one.ndf, "p_equal": one.p_value,
    }  # fmt: skip
    if not one.shared:
        record |= {"values": one.values.tolist(), "errors": one.errors.tolist(), "scatter": one.scatter}
    return record


def equal_test(values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Chi-squared of "all values are the same", and its p-value; nan where errors are missing."""
    if not (np.isfinite(errors) & (errors > 0)).all():
        return math.nan, math.nan
    weight = 1.0 / errors**2
    mean = np.average(values, weights=weight)
    chi2 = float(weight @ (values - mean) ** 2)
    return chi2, float(scipy.stats.chi2.sf(chi2, len(values) - 1))
