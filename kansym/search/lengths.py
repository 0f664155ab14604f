"""Description lengths of fitted forms on the rows of a search."""

import numpy as np

from kansym.search.rows import FitRows, leave_one_out, losses
from kansym.symbolic.complexity import FEW_ROWS, description_length, early_bits
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.own_functions import folded
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import refit
from kansym.symbolic.rewriting import absorb_minus, join_logarithms, join_roots
from kansym.units.consistency import Consistency

WHOLE_ROWS = 2000
"""Rows up to which the description length has the loss of leave-one-out where there is noise, also where rows are held
out. Between formulas that differ in one constant the luck of those rows comes to several bits, and what is said of a
formula in the end is measured on all rows."""

NOISELESS = 1e-6
"""RMS residual in units of the RMS of y below which the data have no noise to speak of: fitted constants are known to
seven digits and more, and become the exact numbers that they agree with. With more noise they are measurements, and
keep value and error."""

DIMENSIONAL_BITS = 10.0
"""Bits of a constant with a dimension, where the columns alone could give the target its unit: such a constant claims a
quantity of nature beside those that were measured."""


def is_noisy(loss: float, fit_rows: FitRows) -> bool:
    """Whether constants are measurements, or known to the last digits of y; see `NOISELESS`."""
    return max(loss, fit_rows.noise_floor**2) > NOISELESS**2 * float(np.mean(fit_rows.dataset.y**2))


def description_length_of(form: ParametricForm, fit_rows: FitRows, *, final: bool = False) -> float:
    """Description length of the data with the help of a fitted form.

    Parameters
    ----------
    form : ParametricForm
    fit_rows : FitRows
    final : bool, default False
        Whether it decides between formulas: with noise it then has the loss of leave-one-out on all rows, which takes
        another fit.
    """
    n, held_out = len(fit_rows.dataset.y), len(fit_rows.validation)
    train_loss, held_out_loss = losses(form, fit_rows)
    surplus = 0.0
    if n < FEW_ROWS or (final and n <= WHOLE_ROWS and is_noisy(train_loss, fit_rows)):
        # The training loss flatters every extra constant by more than its bits cost, and a handful of held-out rows
        # say little: leave-one-out stands for all rows.
        rows = fit_rows.rows(np.arange(n))
        whole = refit(form, rows[0], rows[1], weights=rows[2], max_steps=30).form if held_out else form
        pooled = leave_one_out(whole, *rows)
        surplus = early_bits(len(form.constants), rows[1], pooled, fit_rows.noise_floor, weights=rows[2])
    else:
        pooled = (train_loss * (n - held_out) + held_out_loss * held_out) / n if held_out else held_out_loss
    length = description_length(
        folded(as_written(form, fit_rows), fit_rows.own),
        n,
        pooled,
        fit_rows.noise_floor,
        len(fit_rows.variables),
        errors_given=fit_rows.errors_given,
    )
    return length + surplus + _unit_bits(fit_rows.consistency(form), fit_rows)


def _unit_bits(found: Consistency | None, fit_rows: FitRows) -> float:
    """Bits of the constants that have a dimension."""
    if found is None or fit_rows.units is None or not fit_rows.units.closed:
        return 0.0
    return DIMENSIONAL_BITS * found.dimensional


def as_written(form: ParametricForm, fit_rows: FitRows) -> ParametricForm:
    """The form as users see it: in plain symbols, with roots and logarithms of products and few minus signs.

    sympy takes those of positive symbols apart, so this is done last; sizes and description lengths are of this form.
    """
    names = fit_rows.dataset.names
    expression = absorb_minus(join_roots(join_logarithms(plain(form.expression, names))))
    return ParametricForm(expression, tuple(map(plain_symbol, names)), form.constants, form.values)
