"""The mean over forms with their probabilities: a prediction that shows its own doubt."""

from typing import Any

import numpy as np

from kansym.data.dataset import Dataset
from kansym.forms.predicted import predictions
from kansym.forms.result import FormProbability, Forms
from kansym.symbolic.rows_by_name import rows_by_name

LEAST, MOST = 1e-3, 10
"""Probability of a form that counts, and the number of forms that do: what is less probable moves a mean by less than
its digits."""


def averaged(forms: Forms, dataset: Dataset, X: Any, *, alone: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the law's value over the forms.

    The deviation is that of a mixture: the mean variance that the constants of each form leave, and the variance of the
    forms' values about their mean (Hoeting et al., Statistical Science 14 (1999) 382, doi:10.1214/ss/1009212519). A
    form without a value at a row does not count there. That none of the forms is the law's, `Forms.not_tried`, is not
    in it: nothing is known of the values of that law.

    Parameters
    ----------
    forms : Forms
    dataset : Dataset
        That the constants were fitted to.
    X : array (n, d), DataFrame, or mapping of name to values
    alone : bool, default False
        The pick by itself, with the errors of its constants.

    Returns
    -------
    tuple of array (n,)
        nan where the pick has no value.
    """
    rows = rows_by_name(X, forms.pick.formula.variables)
    chosen = (forms.pick,) if alone else counted(forms)
    found = predictions(chosen, dataset, rows)
    weights = np.array([max(one.probability, LEAST) for one in chosen])[:, None] * np.isfinite(found.values)
    values = np.where(np.isfinite(found.values), found.values, 0.0)
    with np.errstate(all="ignore"):
        weights = weights / weights.sum(axis=0)
        mean = (weights * values).sum(axis=0)
        variance = (weights * (found.errors**2 + (values - mean) ** 2)).sum(axis=0)
    defined = np.isfinite(found.values[0])
    return np.where(defined, mean, np.nan), np.where(defined, np.sqrt(variance), np.nan)


def counted(forms: Forms) -> tuple[FormProbability, ...]:
    """The pick, and the other forms that a mean is taken over."""
    others = [one for one in forms.probable if one is not forms.pick and one.probability >= LEAST]
    return (forms.pick, *others[: MOST - 1])
