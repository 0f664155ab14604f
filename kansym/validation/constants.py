"""Constants with their errors: which ones do the data determine?"""

from dataclasses import dataclass

import numpy as np

from kansym.symbolic.constant_symbols import PREFIX
from kansym.symbolic.formula import Formula
from kansym.symbolic.refit import jacobian_rank, redundant_constants
from kansym.validation.rows import Residuals


@dataclass(frozen=True)
class CheckedConstant:
    """A fitted constant.

    Attributes
    ----------
    name : str
    value : float
    error : float or None
        Standard error; None where it is not known.
    determined : bool
        Whether the data tell it from the others.
    weak : bool
        Whether the error is larger than the value.
    """

    name: str
    value: float
    error: float | None
    determined: bool
    weak: bool


@dataclass(frozen=True)
class CheckedConstants:
    """All fitted constants.

    Attributes
    ----------
    constants : tuple of CheckedConstant
    rank : int
        Constants, or combinations of them, that the rows determine.
    """

    constants: tuple[CheckedConstant, ...]
    rank: int

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Names of constants that could be anything, with the others to match."""
        return tuple(constant.name for constant in self.constants if not constant.determined)

    @property
    def weak(self) -> tuple[str, ...]:
        """Names of constants whose errors are larger than their values."""
        return tuple(constant.name for constant in self.constants if constant.weak)


def check_constants(formula: Formula, residuals: Residuals) -> CheckedConstants:
    """Look at the constants of a formula, and at the rank of its derivatives by them (see `jacobian_rank`)."""
    form = residuals.form
    if not len(form.constants) or residuals.n == 0:
        return CheckedConstants((), 0)
    redundant = redundant_constants(form, residuals.X)
    records = {PREFIX + constant.name: constant for constant in formula.constants}
    checked = []
    for symbol, value in zip(form.constants, form.values, strict=True):
        own = records.get(symbol.name)
        error = None if own is None else own.error
        checked.append(
            CheckedConstant(
                name=symbol.name if own is None else own.name,
                value=float(value),
                error=error,
                determined=symbol not in redundant,
                weak=error is not None and error > abs(value),
            )
        )
    return CheckedConstants(tuple(checked), int(np.int64(jacobian_rank(form, residuals.X))))
