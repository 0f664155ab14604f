"""
How much heat does it take to boil mercury?
===========================================

19 vapour pressures of mercury against temperature (CRC Handbook 1973), each with an error from its last digit. By
Clausius and Clapeyron d ln(p)/dT = L/(R T^2) for a vapour that is an ideal gas. Accepted are L = 59.11 kJ/mol at the
boiling point, 629.88 K (CRC Handbook of Chemistry and Physics, Enthalpy of Vaporization), and 61.38 ± 0.04 kJ/mol at
298.15 K (J. D. Cox, D. D. Wagman and V. A. Medvedev, CODATA Key Values for Thermodynamics (1989)).

1. With a constant L the fit is bad, chi-squared 32 per degree of freedom: its L means nothing and its error less.
2. The heat capacities of vapour and liquid differ, so L changes with temperature: L(T) = L + dc (T - Tb). Now the fit
   is good, and at 298 K, where the vapour is thin, L agrees with the accepted value.
3. At the boiling point L is still larger by 0.3 %: the vapour is no ideal gas there. Two atoms attract each other with
   D = 380 1/cm at 3.69 angstrom (J. Koperski, Phys. Rep. 369, 177 (2002)), of which the second virial coefficient B
   follows, here of a Lennard-Jones potential. L is what the fit says times (1 + (B - V) p/(R T)), V = 15 cm^3/mol the
   volume of the liquid. That agrees with the accepted value too.

Run it with ``python examples/latent_heat.py``; it takes a few seconds.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.constants import N_A, R, atm, c, h, k
from scipy.integrate import quad

from kansym import fit_constants, load_dataset

IDEAL = f"p0*exp(-L/({R}*T))"
HEAT_CAPACITY = f"760*exp(-L/{R}*(1/T - 1/Tb) + dc/{R}*(log(T/Tb) + Tb/T - 1))"

DEPTH, DISTANCE = 380 * 100 * h * c, 3.69e-10
"""Of the potential of two atoms of mercury, J and m."""

LIQUID = 14.8e-6
"""Volume of the liquid, m^3/mol."""

ROOM, BOILING = 298.15, 629.88
ACCEPTED_ROOM, ACCEPTED_BOILING = 61.38, 59.11


def second_virial_coefficient(T: float) -> float:
    """B in m^3/mol of atoms with a Lennard-Jones potential."""

    def integrand(x: float) -> float:
        energy = DEPTH * (x**-12 - 2 * x**-6)
        return (np.exp(-energy / (k * T)) - 1) * x**2

    inner = quad(integrand, 0.3, 1.0)[0] - 0.3**3 / 3
    return -2 * np.pi * N_A * DISTANCE**3 * (inner + quad(integrand, 1.0, 50.0)[0])


def main() -> None:
    table = load_dataset("mercury")
    columns = {"T": table.X[:, 0], "p": table.y, "error": table.y_error}
    first = fit_constants(IDEAL, columns, target="p", error="error")
    assert first.chi2 is not None
    print(f"constant L: {first.values['L'] / 1000:.2f} kJ/mol, chi-squared per freedom {first.chi2 / first.ndf:.0f}")

    # The errors are of rounding, and a little too small for what the handbook did to its sources: scaled.
    second = fit_constants(HEAT_CAPACITY, columns, target="p", error="error", scale_errors=True)
    assert second.chi2 is not None
    latent, boiling, capacity = (second.uncertain[name] for name in ("L", "Tb", "dc"))
    print(f"L(T): chi-squared per freedom {second.chi2 / second.ndf:.1f}")
    print(f"  boiling point {boiling:S} K (accepted {BOILING})")
    print(f"  difference of the heat capacities {capacity:S} J/mol/K")
    at_room = (latent + capacity * (ROOM - boiling)) / 1000
    _compare(f"L at {ROOM} K", at_room, ACCEPTED_ROOM)
    _compare("L at the boiling point, ideal vapour", latent / 1000, ACCEPTED_BOILING)
    virial = second_virial_coefficient(BOILING)
    factor = 1 + (virial - LIQUID) * atm / (R * BOILING)
    print(f"  B = {virial * 1e6:.0f} cm^3/mol, so that L is {100 * (1 - factor):.2f} % smaller")
    _compare("L at the boiling point", latent * factor / 1000, ACCEPTED_BOILING)

    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    left.semilogy(1000 / table.X[:, 0], table.y, "o", label="CRC Handbook 1973")
    left.semilogy(1000 / table.X[:, 0], second.formula.predict(table.X), lw=1, label="L(T) fitted")
    left.set(xlabel="1000 K / T", ylabel="vapour pressure (mmHg)")
    left.legend()
    for fit, name in ((first, "constant L"), (second, "L(T)")):
        right.plot(table.X[:, 0], fit.residuals / table.y_error, "o-", ms=4, lw=0.8, label=name)
    right.axhline(0, color="gray", lw=0.8)
    right.set(xlabel="T (K)", ylabel="left, in errors")
    right.legend()


def _compare(name: str, number, accepted: float) -> None:
    off = (number.nominal_value - accepted) / number.std_dev
    print(f"  {name}: {number:S} kJ/mol, accepted {accepted}: {off:+.1f} standard errors")


if __name__ == "__main__":
    main()
    plt.show()
