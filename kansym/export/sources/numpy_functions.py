"""Functions that numpy and scipy lack; exported files hold copies of those that they call."""

import numpy as np


def log_exp_sum(u, c):
    """log|exp(u) + c|, also where exp(u) is too large for a float."""
    small = np.exp(-np.abs(u))
    return np.where(u > 0, u + np.log(np.abs(1 + c * small)), np.log(np.abs(small + c)))


def log_expm1(u):
    """log|exp(u) - 1|, also where exp(u) is too large for a float or close to 1."""
    return np.maximum(u, 0) + np.log(np.abs(np.expm1(-np.abs(u))))
