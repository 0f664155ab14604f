"""
What does it say where there is no law?
=======================================

A tool that finds a formula in every table finds nothing. Four tables without one:

- noise that has nothing to do with its two columns,
- a lookup table: the numbers 0 to 59 in any order,
- a random walk of 200 steps,
- the planetary periods of Kepler's law, dealt to the wrong planets;

and, to see that the answer is not "no" to everything, the periods of the right planets.

The front always holds formulas: a constant and a straight line are where every search begins. What counts is the
verdict of the certificate.

Run it with ``python examples/no_law.py``; it takes half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, certify, discover, load_dataset, make_dataset


def tables():
    """Datasets by name."""
    rng = np.random.default_rng(0)
    orbits = load_dataset("kepler")
    walk = np.cumsum(rng.normal(size=200))
    return {
        "noise": make_dataset(rng.uniform(0, 1, (80, 2)), rng.normal(size=80)),
        "lookup table": make_dataset(np.arange(60.0)[:, None], rng.permutation(60)),
        "random walk": make_dataset(np.arange(200.0)[:, None], walk),
        "wrong planets": make_dataset(orbits.X, rng.permutation(orbits.y), names=["axis"], target="period"),
        "right planets": orbits,
    }


def main(seconds: float = 6.0) -> None:
    _, axes = plt.subplots(1, 5, figsize=(12, 2.8), layout="constrained")
    for axis, (name, dataset) in zip(axes, tables().items(), strict=True):
        discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds))
        verdict = certify(discovery).verdict
        print(f"{name}: {verdict.kind}")
        print(f"  {verdict.reason}")
        print(f"  the pick of the front: {discovery.formula}")

        x = dataset.X[:, 0]
        order = np.argsort(x)
        axis.plot(x, dataset.y, ".", color="gray", ms=4)
        if dataset.n_columns == 1:
            axis.plot(x[order], discovery.formula.predict(dataset.X[order]), color="tab:blue", lw=1)
        axis.set_title(f"{name}:\n{verdict.kind}", fontsize="medium")


if __name__ == "__main__":
    main()
    plt.show()
