"""
My data have noise, and some of them are wrong
==============================================

A ball falls, and its height below the start is read at 60 times. The table is synthetic, so the truth is known:
s = g t^2 / 2 with g = 9.81 m/s^2. Readings of s are good to 5 mm, the clock to 4 ms, and three readings are mistakes.

The same table is searched four times, each time with more of what the experimenter knows:

1. As it is: all rows count the same, and the error of g follows from the scatter. It is honest, and four times as large
   as it need be.
2. With the errors of s alone, which are far too small. Errors that are given are believed: three readings that are off
   by a hundred of them cannot be chance, so the curve bends towards them with constants that mean nothing.
3. With the errors of the clock besides: a fast ball falls 25 mm in 4 ms, the larger part of the error. The mistakes
   still bend the curve; but the rows that are far from it are listed, and they are the right ones.
4. With ``loss="tukey"`` (``--robust``) besides: rows that no smooth function comes near are left out of the search,
   and hardly count for the constants. Now g and its error can be believed.

Run it with ``python examples/errors_and_outliers.py``; it takes less than half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, discover, make_dataset

G = 9.81
HEIGHT_ERROR, CLOCK_ERROR = 0.005, 0.004
WRONG = {11: 0.30, 33: -0.45, 52: 0.60}
"""Rows with mistakes, and how large they are in metres."""


def readings():
    """Times and heights as read."""
    rng = np.random.default_rng(0)
    t = np.sort(rng.uniform(0.1, 0.8, 60))
    s = G * t**2 / 2 + HEIGHT_ERROR * rng.normal(size=60)
    for row, mistake in WRONG.items():
        s[row] += mistake
    return t + CLOCK_ERROR * rng.normal(size=60), s


def main(seconds: float = 6.0) -> None:
    t, s = readings()
    knowledge = {
        "as it is": ({}, "linear"),
        "errors of s": ({"y_error": HEIGHT_ERROR}, "linear"),
        "errors of s and t": ({"y_error": HEIGHT_ERROR, "x_error": {"t": CLOCK_ERROR}}, "linear"),
        "errors, robust": ({"y_error": HEIGHT_ERROR, "x_error": {"t": CLOCK_ERROR}}, "tukey"),
    }
    discoveries = []
    for name, (errors, loss) in knowledge.items():
        dataset = make_dataset(t[:, None], s, names=["t"], target="s", units=["s"], y_units="m", **errors)
        discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds, loss=loss))
        discoveries.append(discovery)
        print(f"{name}: {discovery.formula}")
        for constant in discovery.formula.constants:
            if constant.error is not None and len(discovery.formula.constants) == 1:
                off = (constant.value - G / 2) / constant.error
                print(f"  {constant.name} = {constant.value:.4f} ± {constant.error:.4f}, off by {off:+.1f} errors")
        if errors:
            print(f"  rows far from it: {sorted(outlier.row for outlier in discovery.outliers)}")
    print("true: s = 4.905*t**2, wrong rows", sorted(WRONG))
    draw(t, s, discoveries[-1])


def draw(t, s, discovery) -> None:
    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    wrong = [outlier.row for outlier in discovery.outliers]
    line = np.linspace(0.08, 0.82, 200)[:, None]
    axis.errorbar(t, s, HEIGHT_ERROR, CLOCK_ERROR, fmt=".", color="gray", label="readings")
    axis.plot(t[wrong], s[wrong], "o", ms=11, mfc="none", color="tab:red", label="listed as outliers")
    axis.plot(line, discovery.formula.predict(line), label=str(discovery.formula))
    axis.set(xlabel="t (s)", ylabel="s (m)")
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
