"""Which rule gives the lines of hydrogen?

45 observed lines (NIST Atomic Spectra Database) as wavenumbers in 1/cm, and the principal quantum numbers n1 < n2 of
the two levels. Rydberg's formula is R_H * (1/n1^2 - 1/n2^2) with R_H = 109677.58 1/cm. The constant found comes out
larger by one part in 1e5: fine structure, which the formula does not hold, lowers the levels, most of all the ground
level (by 1.46 1/cm).

Run it with ``python examples/rydberg.py``; it takes a few seconds.
"""

import numpy as np

from kansym import DiscoveryOptions, discover, load_dataset


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


if __name__ == "__main__":
    main()
