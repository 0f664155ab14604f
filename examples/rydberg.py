"""
Which rule gives the lines of hydrogen?
=======================================

And what is Rydberg's constant? 45 observed lines (NIST Atomic Spectra Database) as wavenumbers in 1/cm, and the
principal quantum numbers n1 < n2 of the two levels. Rydberg's formula is R_H * (1/n1^2 - 1/n2^2) with R_H = 109677.58
1/cm: the constant of an infinitely heavy nucleus, 109737.316 1/cm (CODATA 2022), times the reduced mass of the
electron.

The constant that the formula gives comes out larger by one part in 1e5, six of its standard errors. The formula is not
all of the physics: fine structure lowers every level, most of all the ground level. To leading order, and averaged over
the states of a shell, the level is -R/n^2 * (1 + alpha^2/n^2 * (5/4 - 1/n)) (from Dirac's formula, as in H. A. Bethe
and E. E. Salpeter, Quantum Mechanics of One- and Two-Electron Atoms (1957), section 17). With this term, its alpha^2
left to the fit, both constants are within two standard errors of the accepted ones. The lines to the ground level
scatter thirty times as much as the others; the robust loss gives them next to no weight.

How the lines are weighed matters more than these errors say. With an error for each series, from its own scatter,
R = 109677.92 ± 0.19 and alpha^2 = (2.7 ± 0.9)e-5; with alpha^2 held at its accepted value R = 109677.39 ± 0.02, too
small by 0.2, since in a line as it is observed the states of a shell are not evenly mixed.

Run it with ``python examples/rydberg.py``; it takes a few seconds.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.constants import alpha, m_e, m_p, physical_constants

from kansym import DiscoveryOptions, discover, fit_constants, load_dataset

RYDBERG = "R*(1/n1**2 - 1/n2**2)"
FINE_STRUCTURE = f"{RYDBERG} + R*a2*((5/4 - 1/n1)/n1**4 - (5/4 - 1/n2)/n2**4)"

ACCEPTED = physical_constants["Rydberg constant"][0] / 100 / (1 + m_e / m_p)
"""R_H in 1/cm."""


def main(seconds: float = 30.0) -> None:
    lines = load_dataset("hydrogen")
    discovery = discover(lines, DiscoveryOptions(max_seconds=seconds))

    formula = discovery.formula
    print(formula)
    for constant in formula.constants:
        print(f"  {constant.name} = {constant.value:.2f} ± {constant.error:.2f} 1/cm")

    # H-alpha, from n = 3 to n = 2: 656.46 nm in vacuum.
    (wavenumber,) = formula.predict(np.array([[2.0, 3.0]]))
    print(f"H-alpha: {1e7 / wavenumber:.2f} nm")

    plain = fit_constants(RYDBERG, lines)
    fine = fit_constants(FINE_STRUCTURE, lines, loss="tukey")
    print(f"accepted R_H = {ACCEPTED:.2f} 1/cm, alpha^2 = {alpha**2:.4g}")
    for name, fit in (("Rydberg's formula", plain), ("with fine structure", fine)):
        off = (fit.values["R"] - ACCEPTED) / fit.errors["R"]
        print(f"{name}: R = {fit.uncertain['R']:S} 1/cm, {off:+.1f} standard errors from the accepted value")
    off = (fine.values["a2"] - alpha**2) / fine.errors["a2"]
    inverse = 1 / fine.values["a2"] ** 0.5
    print(f"  alpha^2 = {fine.uncertain['a2']:S}, {off:+.1f} standard errors; alpha = 1/{inverse:.0f}")
    draw(lines, plain, fine)


def draw(lines, plain, fine) -> None:
    _, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for axis, (name, fit) in zip(axes, {"Rydberg's formula": plain, "with fine structure": fine}.items(), strict=True):
        left = lines.y - fit.formula.predict(lines.X)
        for lower in np.unique(lines.X[:, 0]):
            rows = lines.X[:, 0] == lower
            axis.plot(lines.X[rows, 1], left[rows], "o-", ms=4, lw=0.8, label=f"to n = {lower:.0f}")
        axis.axhline(0, color="gray", lw=0.8)
        axis.set(title=name, xlabel="upper level n")
        axis.set_yscale("symlog", linthresh=0.1)
    axes[0].set(ylabel="line less formula (1/cm)")
    axes[1].legend(fontsize="small")


if __name__ == "__main__":
    main()
    plt.show()
