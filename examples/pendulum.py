"""
Does the period of a pendulum depend on how far it swings?
==========================================================

Galileo said no; the exact answer is 4 sqrt(L/g) K(sin(amplitude/2)), with the complete elliptic integral K. The table
is synthetic: 200 periods by the exact formula, lengths from 0.2 to 2 m, amplitudes from 3 to 150 degrees, g = 9.81
m/s^2, and noise of one part in a thousand.

An elliptic integral is no combination of the functions that kansym knows, so it cannot find this law. What it does find
is worth a look:

1. The search takes the length out, as it should: sqrt(length) times a function of the amplitude. For that function it
   makes up a form of its own, with four constants, that describes the 200 rows as well as their noise allows. Which
   form that is hangs on the time that the search has: no test on these rows can tell it from others. The certificate
   says "good description": a constant is smaller than its error, or another form is nearly as good.
2. The rows end at 149 degrees. At 170 degrees the form is off by more than a percent. A pendulum that starts upside
   down never comes back, so the period must be infinite at 180 degrees; the form does not know that, and nor does any
   row of the table. For small swings, which are in the table, it gives the right g.
3. K is pi/2 over an arithmetic-geometric mean (Gauss), and two steps of that mean are good to 2e-6 here. Given this one
   function and powers, the search finds the law, with g and with what lies beyond the rows. The certificate says "law":
   a function that one adds counts as a single function, however long it is when spelled out.

Known physics (which functions can occur, what happens at the ends) is worth more than any test of a fit.

Run it with ``python examples/pendulum.py``; it takes about half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy
from scipy.special import ellipk

from kansym import DiscoveryOptions, certify, default_library, discover, make_dataset, primitive_from_expression
from kansym.primitives.primitive import Domain

G = 9.81
FARTHEST = 2.6
"""Largest amplitude in the table, in radians: 149 degrees."""


def exact_period(length, amplitude):
    """Seconds; length in metres, amplitude in radians."""
    return 4 * np.sqrt(length / G) * ellipk(np.sin(amplitude / 2) ** 2)


def mean_primitive():
    """One over the arithmetic-geometric mean of 1 and cos(z/2), after two steps."""
    z = sympy.Symbol("z", real=True)
    cosine = sympy.cos(z / 2)
    arithmetic, geometric = (1 + cosine) / 2, sympy.sqrt(cosine)
    mean = (arithmetic + geometric) / 2 + sympy.sqrt(arithmetic * geometric)
    return primitive_from_expression(
        "agm", 2 / mean, complexity=3, domain=Domain(-np.pi, np.pi, lower_closed=False, upper_closed=False)
    )


def g_of(formula) -> float:
    """The g that the formula implies, from its period at one degree and one metre."""
    (period,) = formula.predict(np.array([[1.0, np.radians(1)]]))
    return 4 * np.pi**2 / period**2


def main(seconds: float = 30.0) -> None:
    rng = np.random.default_rng(0)
    length, amplitude = rng.uniform(0.2, 2, 200), rng.uniform(0.05, FARTHEST, 200)
    exact = exact_period(length, amplitude)
    error = 0.001 * exact
    dataset = make_dataset(
        np.column_stack([length, amplitude]),
        exact + error * rng.normal(size=200),
        names=["length", "amplitude"],
        target="period",
        units=["m", "1"],
        y_units="s",
        y_error=error,
    )
    libraries = {
        "all functions": default_library(),
        "powers and the mean": default_library().only("x", "x^2", "sqrt").with_primitive(mean_primitive()),
    }
    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    degrees = np.linspace(1, 176, 400)
    axis.plot(degrees, exact_period(1.0, np.radians(degrees)), color="black", lw=3, alpha=0.3, label="exact")
    for name, library in libraries.items():
        discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds, primitives=library))
        formula = discovery.formula
        print(f"{name}: {formula}")
        verdict = certify(discovery).verdict
        print(f"  {verdict.kind}: {verdict.reason}")
        print(f"  g = {g_of(formula):.3f} m/s^2 from small swings")
        for angle in (60, 120, 160, 170):
            (period,) = formula.predict(np.array([[1.0, np.radians(angle)]]))
            beyond = ", beyond the rows" if np.radians(angle) > FARTHEST else ""
            print(f"  {angle} degrees: {100 * (period / exact_period(1.0, np.radians(angle)) - 1):+.2f} %{beyond}")
        axis.plot(degrees, formula.predict(np.column_stack([np.ones(400), np.radians(degrees)])), lw=1.2, label=name)
    axis.axvspan(np.degrees(FARTHEST), 180, color="gray", alpha=0.15, label="no rows")
    axis.set(xlabel="amplitude (degrees)", ylabel="period of 1 m (s)", xlim=(0, 180), ylim=(1.8, 7))
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
