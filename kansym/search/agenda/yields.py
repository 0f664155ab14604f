"""What is expected of each engine: the share of laws that it finds or that are found on its path, by its own work.

Written by `python -m benchmarks.yields write`, from searches of the development half of the paired set in which what is
right is withheld, with prior counts where little was seen. Do not edit it by hand.
"""

Curve = tuple[tuple[float, float], ...]
"""Seconds of work, and the share of laws that are found by then, rising."""

YIELDS: dict[str, tuple[Curve, Curve]] = {
    "exact laws": (((0.1, 0.26),), ((0.1, 0.02),)),
    "interpolant": (((0.2, 0.3), (0.8, 0.5)), ((0.2, 0.3), (0.8, 0.5))),
    "fitting form": (((0.1, 0.088), (0.4, 0.21), (1.6, 0.28)), ((0.1, 0.023), (0.4, 0.051))),
    "simple forms": (((0.1, 0.05), (0.4, 0.12)), ((0.1, 0.017), (0.4, 0.057))),
    "functions": (((0.1, 0.12), (0.4, 0.16)), ((0.1, 0.0017), (0.4, 0.0044), (1.6, 0.0059))),
    "mixed laws": (((0.1, 0.06), (1.6, 0.088)), ((0.1, 0.0011), (0.4, 0.0033), (1.6, 0.0057))),
    "reductions": (((0.1, 0.17), (0.4, 0.28), (1.6, 0.39)), ((0.1, 0.027), (0.4, 0.094), (1.6, 0.15))),
    "sparse sums": (((0.1, 0.0081), (0.4, 0.025), (1.6, 0.043)), ((0.1, 0.016), (0.4, 0.025), (1.6, 0.035))),
    "separations": (((0.1, 0.096), (0.4, 0.15), (1.6, 0.2)), ((0.1, 0.0027), (0.4, 0.0082), (1.6, 0.014))),
    "fast factors": (((0.1, 0.004), (0.4, 0.012), (1.6, 0.021)), ((0.1, 0.0022), (0.4, 0.0066), (1.6, 0.011))),
    "waves": (((0.1, 0.0081), (0.4, 0.025), (1.6, 0.043)), ((0.1, 0.0043), (0.4, 0.013), (1.6, 0.023))),
    "curves": (((0.1, 0.12), (0.4, 0.22)), ((0.1, 0.016), (0.4, 0.049), (1.6, 0.086))),
    "compositions": (
        ((0.1, 0.024), (0.4, 0.092), (1.6, 0.17)),
        ((0.1, 0.016), (0.4, 0.064), (1.6, 0.097), (6.4, 0.13)),
    ),
    "sums": (
        ((0.1, 0.0029), (0.4, 0.011), (1.6, 0.073), (6.4, 0.11)),
        ((0.1, 0.0015), (0.4, 0.0056), (1.6, 0.018), (6.4, 0.039)),
    ),
    "trained networks": (
        ((0.1, 0.00088), (0.4, 0.0034), (1.6, 0.012), (6.4, 0.029)),
        ((0.1, 0.00015), (0.4, 0.00058), (1.6, 0.0021), (6.4, 0.0059)),
    ),
    "edge readings": (
        ((0.1, 0.0044), (0.4, 0.035), (1.6, 0.073), (6.4, 0.17)),
        ((0.1, 0.0012), (0.4, 0.0045), (1.6, 0.015), (6.4, 0.031)),
    ),
    "revise": (((0.1, 0.0042), (0.4, 0.015), (1.6, 0.036)), ((0.1, 0.0019), (0.4, 0.007), (1.6, 0.02), (6.4, 0.029))),
}
"""By engine: without noise, with noise."""

UNKNOWN: tuple[Curve, Curve] = (((0.5, 0.05),), ((0.5, 0.05),))
"""Of an engine that was not measured."""

LATER = 0.1
"""Chance that the law comes in the next doubling of the work beyond the last horizon, in units of that until then. Two
of 67 did in two doublings (`benchmarks/yields.jsonl`), whose searches were too short for the dearest engines."""


def had(engine: str, *, noisy: bool, spent: float) -> float:
    """The chance that an engine has the law by so much work."""
    return max((share for work, share in YIELDS.get(engine, UNKNOWN)[noisy] if work <= spent), default=0.0)


def expected(engine: str, *, noisy: bool, spent: float) -> tuple[float, float]:
    """The chance that an engine has the law, given that it has not had it yet, and the seconds until then.

    That is at the horizon with the greatest chance per second.
    """
    curve = YIELDS.get(engine, UNKNOWN)[noisy]
    past = had(engine, noisy=noisy, spent=spent)
    coming = [((share - past) / (1 - past), work - spent) for work, share in curve if work > spent]
    last_work, last_share = curve[-1]
    coming.append((LATER * last_share, last_work + spent))
    return max(coming, key=lambda one: one[0] / one[1])
