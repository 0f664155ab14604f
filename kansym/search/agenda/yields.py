"""What is expected of each engine: the share of laws that it finds or that are found on its path, by its own work.

Written by `python -m benchmarks.yields write`, from searches of the development half of the paired set in which what is
right is withheld, with prior counts where little was seen. Do not edit it by hand.
"""

Curve = tuple[tuple[float, float], ...]
"""Seconds of work, and the share of laws that are found by then, rising."""

YIELDS: dict[str, tuple[Curve, Curve]] = {
    "exact laws": (((0.1, 0.29),), ((0.1, 0.025),)),
    "layers": (((0.1, 0.031),), ((0.1, 0.0011), (0.4, 0.0027))),
    "product units of few rows": (
        ((0.1, 0.011), (0.4, 0.038), (1.6, 0.093)),
        ((0.1, 0.0048), (0.4, 0.017), (1.6, 0.049), (6.4, 0.089)),
    ),
    "interpolant": (((0.2, 0.3), (0.8, 0.5)), ((0.2, 0.3), (0.8, 0.5))),
    "fitting form": (((0.1, 0.11), (0.4, 0.3)), ((0.1, 0.029), (0.4, 0.065))),
    "simple forms": (((0.1, 0.042), (0.4, 0.081)), ((0.1, 0.022), (0.4, 0.042))),
    "functions": (((0.1, 0.086),), ((0.1, 0.0021), (0.4, 0.0055))),
    "mixed laws": (((0.1, 0.078),), ((0.1, 0.0014), (0.4, 0.0041), (6.4, 0.0075))),
    "reductions": (((0.1, 0.17), (1.6, 0.42)), ((0.1, 0.034), (0.4, 0.12))),
    "sparse sums": (((0.1, 0.011), (0.4, 0.032), (6.4, 0.058)), ((0.1, 0.02), (1.6, 0.044))),
    "product units": (((0.1, 0.0028), (0.4, 0.011), (1.6, 0.032)), ((0.1, 0.0022), (0.4, 0.0081), (1.6, 0.025))),
    "links": (((0.1, 0.016), (0.4, 0.048), (6.4, 0.087)), ((0.1, 0.0027), (0.4, 0.0082), (6.4, 0.015))),
    "separations": (((0.1, 0.078), (1.6, 0.21)), ((0.1, 0.0034), (0.4, 0.01), (6.4, 0.019))),
    "folds": (((0.1, 0.0053), (0.4, 0.016), (6.4, 0.029)), ((0.1, 0.0054), (0.4, 0.016), (1.6, 0.029))),
    "fast factors": (((0.1, 0.0053), (0.4, 0.016), (6.4, 0.029)), ((0.1, 0.0027), (0.4, 0.0082), (6.4, 0.015))),
    "waves": (((0.1, 0.011), (0.4, 0.032), (6.4, 0.058)), ((0.1, 0.0054), (0.4, 0.016), (1.6, 0.029))),
    "curves": (((0.1, 0.066), (0.4, 0.22)), ((0.1, 0.02), (0.4, 0.077))),
    "functions of single columns": (
        ((0.1, 0.0083), (0.4, 0.029), (1.6, 0.07)),
        ((0.1, 0.0029), (0.4, 0.01), (1.6, 0.029)),
    ),
    "functions of combinations": (
        ((0.1, 0.0023), (0.4, 0.0084), (1.6, 0.026)),
        ((0.1, 0.00091), (0.4, 0.0034), (1.6, 0.01)),
    ),
    "kinks": (((0.1, 0.0055), (0.4, 0.019), (1.6, 0.046)), ((0.1, 0.0014), (0.4, 0.0049), (1.6, 0.012))),
    "compositions": (((0.1, 0.054), (1.6, 0.15)), ((0.1, 0.05), (1.6, 0.11))),
    "sums": (
        ((0.1, 0.0038), (0.4, 0.038), (1.6, 0.071), (6.4, 0.15)),
        ((0.1, 0.0018), (0.4, 0.007), (1.6, 0.023), (6.4, 0.049)),
    ),
    "trained networks": (
        ((0.1, 0.0011), (0.4, 0.0044), (1.6, 0.015), (6.4, 0.037)),
        ((0.1, 0.00019), (0.4, 0.00072), (1.6, 0.0026), (6.4, 0.0073)),
    ),
    "edge readings": (
        ((0.1, 0.0057), (0.4, 0.022), (1.6, 0.095), (6.4, 0.18)),
        ((0.1, 0.0015), (0.4, 0.0056), (1.6, 0.019), (6.4, 0.039)),
    ),
    "revise": (((0.1, 0.0055), (0.4, 0.019), (1.6, 0.046)), ((0.1, 0.0024), (0.4, 0.0087), (1.6, 0.024))),
}
"""By engine: without noise, with noise."""

UNKNOWN: tuple[Curve, Curve] = (((0.5, 0.05),), ((0.5, 0.05),))
"""Of an engine that was not measured."""

LATER = 1.0
"""Chance that the law comes in the next doubling of the work beyond the last horizon, in units of that until then: what
compares many before it proposes one takes as many times longer of as many more columns."""


def expected(engine: str, *, noisy: bool, spent: float) -> tuple[float, float]:
    """The chance that an engine has the law, given that it has not had it yet, and the seconds until then.

    That is at the horizon with the greatest chance per second.
    """
    curve = YIELDS.get(engine, UNKNOWN)[noisy]
    had = max((share for work, share in curve if work <= spent), default=0.0)
    coming = [((share - had) / (1 - had), work - spent) for work, share in curve if work > spent]
    last_work, last_share = curve[-1]
    coming.append((LATER * last_share, last_work + spent))
    return max(coming, key=lambda one: one[0] / one[1])
