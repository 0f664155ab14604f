"""Numbers with standard errors as the Particle Data Group writes them, and as correlated numbers to compute with."""

import math
import re
from collections.abc import Mapping

import numpy as np
from uncertainties import correlated_values, ufloat
from uncertainties.core import AffineScalarFunc, LinearCombination

from kansym.errors import ArgumentError

ROUNDING = 1e-14
"""Relative error that the arithmetic of a fit leaves in double precision; one that is no larger is not measured."""


SHORT = 1e4
"""Sizes below which numbers are written without a power of ten."""

LEAST_PROBABILITY = 1e-300
"""Smaller ones are written as a bound: they underflow to zero, which no probability of this kind is."""


def is_rounding(value: float, error: float | None) -> bool:
    """Whether a standard error is no more than that of double precision, as on tables without noise."""
    return error is not None and math.isfinite(error) and error <= ROUNDING * abs(value)


def measured(value: float, error: float | None) -> str:
    """A number with its standard error in parentheses: ``9.812(20)``, ``6.626(21)e-34``.

    The error has one or two digits by the rule of the Particle Data Group (Review of Particle Physics, introduction,
    section 5.3): two if its three leading digits are below 355, one up to 949, and 1000 in two digits from 950.

    Parameters
    ----------
    value : float
    error : float or None
        Six digits of the value stand alone where it is None or not finite; all that count where it is 0, exact, or no
        more than the rounding of double precision.
    """
    return _written(value, error, "S", "e")


def with_error(value: float, error: float | None) -> str:
    """`measured` with the error beside the value: ``9.812 ± 0.020``, ``(6.626 ± 0.021)e-34``."""
    return _written(value, error, "", "e")


def measured_latex(value: float, error: float | None) -> str:
    r"""`measured` in LaTeX: ``9.812(20)``, ``6.626(21) \times 10^{-34}``."""
    return _written(value, error, "SL", r" \times 10^")


def probability(p: float, digits: int = 2) -> str:
    """``p = 0.03``; ``p < 1e-300`` where double precision has nothing smaller."""
    return f"p = {p:.{digits}g}" if not p < LEAST_PROBABILITY else f"p < {LEAST_PROBABILITY:g}"


def short(value: float, digits: int = 2) -> str:
    """A number with few digits, without a power of ten where it is below a million: ``170``, for 1.7e+02."""
    return f"{float(f'{value:.{digits}g}'):g}"


def percent(share: float) -> str:
    """A share in whole percent, ``28 %``; ``< 1 %`` and ``> 99 %`` where rounding would make it none or all."""
    if not math.isfinite(share):
        return "an unknown share"
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def chance(p: float) -> str:
    """A probability to two places, ``0.86``; ``<0.01`` and ``>0.99`` where rounding would make it none or all."""
    if not math.isfinite(p):
        return "unknown"
    if 0 < p < 0.005:
        return "<0.01"
    return ">0.99" if 0.995 <= p < 1 else f"{p:.2f}"


def uncertain_numbers(values: Mapping[str, float], covariance: np.ndarray) -> dict[str, AffineScalarFunc]:
    """Numbers of the package `uncertainties` that know their correlations.

    Parameters
    ----------
    values : mapping of str to float, length k
    covariance : array (k, k)
        In the order of `values`; nan in rows and columns of numbers whose error is unknown.

    Returns
    -------
    dict of str to AffineScalarFunc
        Those with an unknown error have nan as standard deviation, and so has everything computed from them.

    Raises
    ------
    ArgumentError
        If the shape does not fit.

    Examples
    --------
    >>> numbers = uncertain_numbers({"a": 2.0, "b": 4.0}, np.array([[0.01, 0.01], [0.01, 0.04]]))
    >>> f"{numbers['b'] / numbers['a']:S}"
    '2.00(10)'
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    names = list(values)
    if covariance.shape != (len(names), len(names)):
        raise ArgumentError(f"covariance must have shape ({len(names)}, {len(names)}), got {covariance.shape}")
    variances = np.diagonal(covariance)
    known = [j for j in range(len(names)) if np.isfinite(variances[j]) and variances[j] > 0]
    related = correlated_values([values[names[j]] for j in known], covariance[np.ix_(known, known)]) if known else ()
    result = dict(zip((names[j] for j in known), related, strict=True))
    for j, name in enumerate(names):
        if name not in result:
            result[name] = exact_number(values[name]) if variances[j] == 0 else ufloat(values[name], math.nan)
    return {name: result[name] for name in names}


def exact_number(value: float) -> AffineScalarFunc:
    """A number of the package `uncertainties` without an error; `ufloat` warns of a standard deviation of zero."""
    return AffineScalarFunc(float(value), LinearCombination({}))


def _written(value: float, error: float | None, kind: str, power: str) -> str:
    if error is None or not math.isfinite(error) or not math.isfinite(value):
        return _power(f"{value:.6g}", power)
    if error <= 0 or is_rounding(value, error):
        return _power(f"{value:.12g}", power)
    number = ufloat(value, error)
    rounded = re.fullmatch(r"\((\S+)\+/-(\S+)\)e\+(\d+)", f"{number}")
    if rounded and max(abs(value), error) < SHORT:
        # 420(40), and not 4.2(4)e2: few digits before the point need no power of ten.
        whole, last = (f"{float(part) * 10 ** int(rounded[3]):.0f}" for part in rounded.groups()[:2])
        return f"{whole}({last})" if kind else f"{whole} ± {last}"
    text = format(number, kind).replace("+/-", " ± ")
    return text if kind == "SL" else _power(text, power)


def _power(text: str, power: str) -> str:
    """The exponent without plus sign and leading zeros."""
    found = re.search(r"e([+-]\d+)$", text)
    if not found:
        return text
    exponent = int(found[1])
    return text[: found.start()] + (f"{power}{exponent}" if power == "e" else f"{power}{{{exponent}}}")
