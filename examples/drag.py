"""
How strong is the drag on a sphere?
===================================

Five columns: density and viscosity of the liquid, diameter and speed of the sphere, and the force, each with its unit.
The table is synthetic; no measured one was at hand that may be passed on. Its 200 rows follow the correlation of
Schiller and Naumann, drag coefficient = 24/Re (1 + 0.15 Re^0.687), which describes measured drag to some 5 % up to Re =
800, with 2 % noise on the force. Re = density * speed * diameter / viscosity goes from 0.1 to 800.

Nobody tells the search about Re. Units do: a force can be made of these four columns in one way only, up to a function
of one pure number, so dimensional analysis leaves a curve. In the figure the 200 forces, which spread over many orders
of magnitude, fall onto it.

What is found is Stokes' law, 3 pi * viscosity * diameter * speed, and a second term with a fitted power. The factor 3
pi is physics (G. G. Stokes, 1851), and it comes out to half a percent. The second term is a correlation that engineers
fitted to data; the certificate knows nothing of its history and will not call it a law: fitted real exponents imitate
many a function. For the forces of cars and footballs the table says nothing: its Re ends at 800.

Run it with ``python examples/drag.py``; it takes less than half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, certify, discover, make_dataset

NAMES = ["density", "viscosity", "diameter", "speed"]
UNITS = ["kg/m^3", "Pa s", "m", "m/s"]


def coefficient(reynolds):
    """Drag coefficient of L. Schiller and A. Naumann, Z. Ver. Dtsch. Ing. 77, 318 (1935)."""
    return 24 / reynolds * (1 + 0.15 * reynolds**0.687)


def spheres(rows: int = 200):
    """Columns of `NAMES`, and the exact force in newtons."""
    rng = np.random.default_rng(0)
    density = 10 ** rng.uniform(0, 3.1, rows)
    viscosity = 10 ** rng.uniform(-3.3, 0.2, rows)
    diameter = 10 ** rng.uniform(-4, -1.5, rows)
    reynolds = 10 ** rng.uniform(-1, 2.9, rows)
    speed = reynolds * viscosity / (density * diameter)
    force = np.pi / 8 * density * speed**2 * diameter**2 * coefficient(reynolds)
    return np.column_stack([density, viscosity, diameter, speed]), force, rng


def main(seconds: float = 20.0) -> None:
    X, exact, rng = spheres()
    error = 0.02 * exact
    force = exact + error * rng.normal(size=len(exact))
    dataset = make_dataset(X, force, names=NAMES, target="force", units=UNITS, y_units="N", y_error=error)

    discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds))
    formula = discovery.formula
    print(formula)
    print(f"how: {formula.structure}")
    for constant in formula.constants:
        print(f"  {constant.name} = {constant.value:.4g} ± {constant.error or 0:.1g}")
    print(f"verdict: {certify(discovery).verdict.kind}")

    # Slow spheres in thick liquid: Re = 0.001, far below the rows. Stokes' factor is what is left.
    slow = np.array([[1.0, 1.0, 0.001, 1.0]])
    print(f"factor of Stokes' law: {formula.predict(slow)[0] / 0.001:.3f}, 3 pi = {3 * np.pi:.3f}")

    density, viscosity, diameter, speed = X.T
    reynolds = density * speed * diameter / viscosity
    draw(reynolds, force / (np.pi / 8 * density * speed**2 * diameter**2), error / exact, formula)


def draw(reynolds, drag, relative_error, formula) -> None:
    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    axis.errorbar(reynolds, drag, drag * relative_error, fmt=".", color="gray", label="200 spheres")
    line = np.geomspace(0.1, 800, 200)
    # Any liquid and sphere will do: the formula depends on Re alone.
    force = formula.predict(np.column_stack([np.ones(200), 0.01 * np.ones(200), np.full(200, 0.1), 0.1 * line]))
    axis.plot(line, force / (np.pi / 8 * (0.1 * line) ** 2 * 0.1**2), label="formula found")
    axis.plot(line, 24 / line, ls=":", color="black", label="Stokes alone")
    axis.set(xscale="log", yscale="log", xlabel="Reynolds number", ylabel="drag coefficient")
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
