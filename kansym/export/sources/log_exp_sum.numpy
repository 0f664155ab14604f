def log_exp_sum(u, c):
    """log|exp(u) + c|, also where exp(u) is too large for a float."""
    small = np.exp(-np.abs(u))
    return np.where(u > 0, u + np.log(np.abs(1 + c * small)), np.log(np.abs(small + c)))
