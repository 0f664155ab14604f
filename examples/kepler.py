"""
How long is a planet's year?
============================

How the period of a planet depends on the size of its orbit. Nine orbits as published by NASA/JPL, Mercury to Pluto.
Kepler's third law of 1619 says period^2 = axis^3.

Run it with ``python examples/kepler.py``; it takes about ten seconds.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, discover, load_dataset


def main(seconds: float = 30.0) -> None:
    orbits = load_dataset("kepler")
    discovery = discover(orbits, DiscoveryOptions(max_seconds=seconds))

    print(discovery.formula)
    for constant in discovery.formula.constants:
        print(f"  {constant.name} = {constant.value:.7f} ± {constant.error:.7f}")
    print(f"RMS residual, leave-one-out: {discovery.formula.loss**0.5:.2g} {orbits.y_units}")
    print(discovery.front)
    draw(orbits, discovery.formula)


def draw(orbits, formula) -> None:
    _, (above, below) = plt.subplots(2, 1, figsize=(6, 5), sharex=True, height_ratios=[3, 1], layout="constrained")
    line = np.geomspace(0.3, 50, 100)
    above.loglog(orbits.X, orbits.y, "o", label="nine orbits")
    above.loglog(line, formula.predict(line[:, None]), lw=1, label=str(formula))
    above.set(ylabel="period (yr)")
    above.legend()
    below.semilogx(orbits.X, 100 * (orbits.y / formula.predict(orbits.X) - 1), "o")
    below.axhline(0, color="gray", lw=0.8)
    below.set(xlabel="semi-major axis (au)", ylabel="left (%)")


if __name__ == "__main__":
    main()
    plt.show()
