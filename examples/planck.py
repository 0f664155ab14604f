"""
How warm is the sky?
====================

The law of the cosmic microwave background. The monopole spectrum of COBE/FIRAS (Fixsen et al. 1996,
doi:10.1086/178173): 43 wavenumbers in 1/cm, intensities in MJy/sr, each with its standard error. The errors weigh the
rows, and say when a formula is as good as the data.

Run it with ``python examples/planck.py``; it takes less than a minute.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.constants import c, h, k

from kansym import DiscoveryOptions, discover, load_dataset

SECOND_RADIATION_CONSTANT = 100 * h * c / k
"""h c / k in cm K."""


def main(seconds: float = 60.0) -> None:
    # The dataset names its column of errors; for a file of your own it is read_table(path, target=..., error=...).
    spectrum = load_dataset("firas")
    discovery = discover(spectrum, DiscoveryOptions(max_seconds=seconds))

    formula = discovery.formula
    print(formula)
    for constant in formula.constants:
        print(f"  {constant.name} = {constant.value:.7g} ± {constant.error:.1g}")

    residuals = (spectrum.y - formula.predict(spectrum.X)) / spectrum.y_error
    print(f"chi-squared per degree of freedom: {np.sum(residuals**2) / (len(residuals) - len(formula.constants)):.2f}")

    # In exp(b * wavenumber), b = h c / (k T).
    rates = [constant for constant in formula.constants if 0.1 < abs(constant.value) < 1.0]
    if len(rates) == 1 and rates[0].error is not None:
        b, error = abs(rates[0].value), rates[0].error
        temperature = SECOND_RADIATION_CONSTANT / b
        print(f"temperature: {temperature:.5f} ± {temperature * error / b:.5f} K")
    draw(spectrum, formula, residuals)


def draw(spectrum, formula, residuals) -> None:
    _, (above, below) = plt.subplots(2, 1, figsize=(6.5, 5), sharex=True, height_ratios=[3, 1], layout="constrained")
    line = np.linspace(1.5, 22, 300)
    above.plot(line, formula.predict(line[:, None]), color="tab:orange", label="formula found")
    above.errorbar(spectrum.X[:, 0], spectrum.y, 400 * spectrum.y_error, fmt=".", label="FIRAS, errors times 400")
    above.set(ylabel="intensity (MJy/sr)")
    above.legend()
    below.plot(spectrum.X[:, 0], residuals, ".")
    below.axhline(0, color="gray", lw=0.8)
    below.set(xlabel="wavenumber (1/cm)", ylabel="left, in errors")


if __name__ == "__main__":
    main()
    plt.show()
