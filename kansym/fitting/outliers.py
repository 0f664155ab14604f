"""Rows that lie farther from the formula than chance allows."""

from dataclasses import dataclass

import numpy as np
import scipy.special

LEVEL = 0.01
"""Chance that a table without outliers has a row that is called one."""

MANY = 0.1
"""Share of the rows beyond which it is the errors or the formula that are wrong, and not the rows."""


@dataclass(frozen=True)
class Outlier:
    """A row that lies farther from the formula than chance allows.

    Attributes
    ----------
    row : int
        Index, from 0.
    residual : float
        y less the formula, in units of y.
    sigmas : float
        Its distance from the formula in standard errors of that distance, with the sign of the residual. Where the
        table has no errors, the standard error comes from the other rows.
    """

    row: int
    residual: float
    sigmas: float


def studentized(
    distances: np.ndarray, weight: np.ndarray, leverage: np.ndarray, ndf: int, known: bool
) -> tuple[np.ndarray, float]:
    """Distances (n,) in standard errors of themselves after a least-squares fit, and the limit that chance sets.

    The limit is Bonferroni's for the largest of n. Without known errors each row is judged by the scatter of the others
    (deleted residuals; Cook and Weisberg, Residuals and Influence in Regression (1982), section 2.2.2), which for a
    mean is Grubbs's test.

    Parameters
    ----------
    distances : array (n,)
        In units of the errors; of any one unit if `known` is False.
    weight : array (n,)
        Weights of rows.
    leverage : array (n,)
        Diagonal of the hat matrix.
    ndf : int
        Degrees of freedom.
    known : bool
        Whether the errors are known, so that the distances have variance 1.
    """
    n = int((weight > 0).sum())
    scaled = distances * np.sqrt(weight)
    with np.errstate(all="ignore"):
        internal = scaled / np.sqrt(1 - leverage)
        if known:
            sigmas, limit = internal, float(-scipy.special.ndtri(LEVEL / (2 * n)))
        elif ndf < 2:
            return np.zeros(len(scaled)), np.inf
        else:
            total = float(np.sum(scaled**2))
            others = (total - internal**2) / (ndf - 1)
            sigmas = internal / np.sqrt(np.where(others > 0, others, np.nan))
            # All others fitted exactly: what is left is the outlier's alone.
            sigmas = np.where((others <= 0) & (np.abs(internal) > 0), np.copysign(np.inf, internal), sigmas)
            limit = float(-scipy.special.stdtrit(ndf - 1, LEVEL / (2 * n)))
    # A row that the formula passes through whatever its value is cannot be judged.
    return np.where((1 - leverage > 1e-8) & ~np.isnan(sigmas), sigmas, 0.0), limit


def robust_limit(n: int, ndf: int, known: bool) -> float:
    """What the distance of a row, in units of a robust scale, may be by chance."""
    if known:
        return float(-scipy.special.ndtri(LEVEL / (2 * n)))
    return float(-scipy.special.stdtrit(ndf, LEVEL / (2 * n))) if ndf > 0 else np.inf


def outliers_of(sigmas: np.ndarray, limit: float, residuals: np.ndarray) -> tuple[Outlier, ...]:
    """The rows beyond the limit, the farthest first."""
    found = np.flatnonzero(np.abs(sigmas) > limit)
    order = found[np.argsort(-np.abs(sigmas[found]), kind="stable")]
    return tuple(Outlier(int(row), float(residuals[row]), float(sigmas[row])) for row in order)


def outlier_note(outliers: tuple[Outlier, ...], n: int, kept: bool) -> str:
    """A sentence about them; empty if there are none.

    Parameters
    ----------
    outliers : tuple of Outlier
    n : int
        Rows of the table.
    kept : bool
        Whether they counted like all others.
    """
    if not outliers:
        return ""
    if len(outliers) > max(2, MANY * n):
        return (
            f"{len(outliers)} of {n} rows lie farther from the formula than chance allows: the errors of the table are "
            "too small, or the formula is not that of the data."
        )
    shown = ", ".join(f"{outlier.row} ({outlier.sigmas:+.3g} standard errors)" for outlier in outliers[:5])
    more = f" and {len(outliers) - 5} more" if len(outliers) > 5 else ""
    one = len(outliers) == 1
    who, verb, whom = ("Row", "lies", "it") if one else ("Rows", "lie", "them")
    what = (
        f"{'It counts' if one else 'They count'} like all others; a robust loss gives {whom} less weight"
        if kept
        else f"The robust loss gave {whom} little weight or none"
    )
    return (
        f"{who} {shown}{more} {verb} farther from the formula than chance allows in 99 of 100 tables (rows counted "
        f"from 0). {what}."
    )
