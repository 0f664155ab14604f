def log_expm1(u):
    """log|exp(u) - 1|, also where exp(u) is too large for a float or close to 1."""
    return np.maximum(u, 0) + np.log(np.abs(np.expm1(-np.abs(u))))
