"""
How far does a beam bend, and what does it depend on?
=====================================================

The table is synthetic, so the law is known: 2000 beams, clamped at one end, carry a force F at the free end and a load
q on every metre. The deflection w at the distance x from the clamp follows from length L, Young's modulus E and the
cross section b times h. Temperature and the density of the wood are in the table as well, and do not matter.

Nine inputs are too many for one network. The structure search makes the table smaller first: two columns move nothing,
the others have scaling symmetries, and what is left is a rational function, found by linear algebra. All of it is read
from the numbers; units and names are never looked at.

Run it with ``python examples/beam.py``; it takes some seconds.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, discover, make_dataset

RANGES = {
    "F": (100, 1000),  # N
    "q": (100, 1000),  # N/m
    "x": (0.2, 1.0),  # m
    "L": (1.2, 3.0),  # m
    "E": (5e9, 15e9),  # N/m^2
    "b": (0.04, 0.2),  # m
    "h": (0.08, 0.3),  # m
    "temperature": (5, 30),  # degC
    "density": (400, 800),  # kg/m^3
}


def deflection(F, q, x, L, E, b, h):
    """Metres at the distance x from the clamp, by the theory of Euler and Bernoulli."""
    stiffness = E * b * h**3 / 12
    return (F * x**2 * (3 * L - x) / 6 + q * x**2 * (6 * L**2 - 4 * L * x + x**2) / 24) / stiffness


def main(seconds: float = 30.0) -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(low, high, 2000) for low, high in RANGES.values()])
    dataset = make_dataset(X, deflection(*X.T[:7]), names=list(RANGES), target="w", y_units="m")

    discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds))
    print(f"read from the table: {discovery.formula.structure}")
    print(discovery.formula)
    print(f"found in {discovery.seconds:.1f} s; {discovery.stopped}")

    # Longer beams than any in the table.
    long = X * np.where([name in ("x", "L") for name in RANGES], 2.0, 1.0)
    error = np.max(np.abs(discovery.formula.predict(long) / deflection(*long.T[:7]) - 1))
    print(f"largest relative error for beams twice as long: {error:.0e}")
    draw(discovery.formula)


def draw(formula) -> None:
    """A beam of 3 m, 100 mm wide, of wood, under three loads."""
    _, axis = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
    x = np.linspace(0.01, 3, 100)
    for F, q in ((500.0, 1e-9), (1e-9, 500.0), (500.0, 500.0)):
        beam = np.array([[F, q, place, 3.0, 1e10, 0.1, 0.15, 20.0, 500.0] for place in x])
        axis.plot(x, -1000 * deflection(*beam.T[:7]), color="black", lw=4, alpha=0.2)
        axis.plot(x, -1000 * formula.predict(beam), lw=1.2, label=f"F = {F:.0f} N, q = {q:.0f} N/m")
    axis.set(xlabel="distance from the clamp (m)", ylabel="deflection (mm)", title="grey: exact")
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
