"""
What counts the elements?
=========================

In 1913 and 1914 Moseley photographed the X-ray lines of the elements and found that the square root of the wavenumber
of the K-alpha line grows evenly with the place of the element in the periodic table. An electron falls from n = 2 to
n = 1 in the field of the nucleus less what the other electrons hide of it, b charges:

    wavenumber = R * (1 - 1/4) * (Z - b)^2

with Rydberg's constant R. Two tables are at hand: Moseley's own of 1914, 21 elements from aluminium to silver whose
wavelengths are good to about half a percent, and the energies of eleven elements from calcium to zinc to a part in 1e5
(J. A. Bearden, Rev. Mod. Phys. 39, 78 (1967)).

The search has several answers for Moseley's table: (Z - b)^2, Z^2.1, Z^2 cosh(a Z), 1/(1/Z^2 - a). All describe 21
points to a percent; the last, the pick, a little better than the square, and the certificate says "good description"
and names the square as its rival. For the precise table it finds nothing
simple. That a square is meant is not in the numbers; it is Bohr's theory, so here it is fitted as a known form.

With the same relative error for every line, R comes out 1.5 % larger than the accepted value, and the residuals have
a clear shape. Einstein is missing: by Dirac's theory both levels are deeper, and the line is harder by the factor
1 + 5/16 alpha^2 (Z - b)^2. With that the scatter of Moseley's lines is half a percent, of Bearden's 50 parts in a
million, and R is 2.2 and 1.4 % too small, many times its error. So the last percent is no error of measurement:
what the other electrons hide is not one number, nor the same for both levels. The table does not know two such
numbers: with both free their errors are larger than they are. The power is Bohr's, the constant is not quite Rydberg's.

Run it with ``python examples/moseley.py``; it takes less than half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.constants import alpha, physical_constants

from kansym import DiscoveryOptions, certify, discover, fit_constants, load_dataset

RYDBERG = physical_constants["Rydberg constant"][0] * 1e-10
"""In 1/angstrom."""
RYDBERG_ENERGY = physical_constants["Rydberg constant times hc in eV"][0]

PLAIN = "3/4*R*(Z - b)**2"
RELATIVISTIC = f"{PLAIN}*(1 + 5/16*{alpha**2}*(Z - b)**2)"

PRECISION = 0.005
"""Relative error of Moseley's wavelengths, roughly; chi-squared judges it."""


def main(seconds: float = 10.0) -> None:
    _, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    tables = {"moseley": RYDBERG, "kalpha": RYDBERG_ENERGY}
    for axis, (name, accepted) in zip(axes, tables.items(), strict=True):
        table = load_dataset(name)
        Z = table.X[:, 0]
        discovery = discover(table, DiscoveryOptions(max_seconds=seconds))
        print(f"{name}: {discovery.formula}")
        print(f"  {certify(discovery).verdict.kind}")

        for label, form in (("plain", PLAIN), ("with Dirac's correction", RELATIVISTIC)):
            fit = fit_constants(form, {"Z": Z, "y": table.y}, y_error=PRECISION * table.y, scale_errors=True)
            assert fit.chi2 is not None
            R, b = fit.uncertain["R"], fit.uncertain["b"]
            off = 100 * (R.nominal_value / accepted - 1)
            print(f"  {label}: R = {R:S} {table.y_units}, {off:+.1f} % from the accepted; b = {b:S}")
            scatter = PRECISION * np.sqrt(fit.chi2 / fit.ndf)
            print(f"    the lines scatter by {100 * scatter:.2g} % around it")
            axis.plot(Z, 100 * (table.y / fit.formula.predict(Z[:, None]) - 1), "o-", ms=4, lw=0.8, label=label)
        axis.axhline(0, color="gray", lw=0.8)
        axis.set(title=name, xlabel="atomic number Z", ylabel="left by the formula (%)")
        axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
