"""
How fast does the universe expand?
==================================

By Hubble's own table of 1929: velocities and distances of 24 nebulae (E. Hubble, Proc. Natl. Acad. Sci. USA 15, 168,
doi:10.1073/pnas.15.3.168). Velocity = H * distance gives H = 424 ± 42 km/s/Mpc; Hubble, who took out the motion of the
sun too, gave 465 ± 50 and 513 ± 60. The cosmic microwave background gives 67.4 ± 0.5 (Planck Collaboration 2020,
doi:10.1051/0004-6361/201833910), supernovae give 73.0 ± 1.0 (Riess et al. 2022, doi:10.3847/2041-8213/ac5c5b). The
standard error knows nothing of the reason: Hubble's distances are too small, by 1.5 for the nearest nebula and by up to
14 for others. There are two kinds of Cepheids (W. Baade 1952), and what he took for the brightest stars of far galaxies
were clusters and clouds of hydrogen (A. Sandage 1958).

The second fit has the same velocities and modern distances of six of the nebulae, with their errors. A galaxy moves
by some 300 km/s beside the expansion, which is the error of a velocity here. H is then 49 ± 11: the
factor of six is gone, and what is left is 1.8 standard errors below the first of today's values and 2.3 below the
second. Six near galaxies, some of them held back by the Virgo cluster, do not give more than that.

Run it with ``python examples/hubble.py``; it takes a few seconds.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import KnownForm, fit_constants, load_dataset

MODERN = {
    # Hubble's distance, his velocity: modern distance and error, Mpc.
    (0.034, 290): (0.0496, 0.0006),  # Large Magellanic Cloud: Pietrzynski et al. 2019, doi:10.1038/s41586-019-0999-4
    (0.275, -220): (0.752, 0.027),  # NGC 224: Riess, Fliri and Valls-Gabaud, Astrophys. J. 745, 156 (2012)
    (1.1, 500): (15.1, 1.0),  # NGC 7331: Hughes et al., Astrophys. J. 501, 32 (1998)
    (1.4, 500): (7.576, 0.112),  # NGC 4258: Reid, Pesce and Riess 2019, doi:10.3847/2041-8213/ab552d
    (1.7, 960): (15.8, 0.4),  # NGC 4151: Yuan et al., Astrophys. J. 902, 26 (2020)
    (2.0, 800): (16.8, 0.8),  # NGC 4486: Event Horizon Telescope 2019, doi:10.3847/2041-8213/ab1141
}

BESIDE = 300.0
"""Velocity of a galaxy beside the expansion, km/s."""

TODAY = {"cosmic microwave background": 67.4, "supernovae": 73.0}


def main() -> None:
    nebulae = load_dataset("hubble")
    distance = nebulae.X[:, 0]
    first = fit_constants("H*distance", nebulae)
    print(f"Hubble's table: H = {first.values['H']:.0f} ± {first.errors['H']:.0f} km/s/Mpc")
    _compare(first)

    known = list(zip(distance, nebulae.y, strict=True))
    assert all(pair in known for pair in MODERN)
    velocity = np.array([pair[1] for pair in MODERN], dtype=float)
    modern, error = np.array(list(MODERN.values())).T
    ratio = modern / np.array([pair[0] for pair in MODERN])
    print(f"modern distances of {len(modern)} of them are larger by {ratio.min():.1f} to {ratio.max():.0f}")
    table = {"distance": modern, "velocity": velocity}
    second = fit_constants(
        "H*distance", table, target="velocity", error=BESIDE, x_error={"distance": error}, start={"H": 100}
    )
    print(f"with these: H = {second.uncertain['H']:S} km/s/Mpc")
    _compare(second)
    print(f"  chi-squared {second.chi2:.1f} for {second.ndf} degrees of freedom")

    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    line = np.array([0.0, 18.0])
    axis.plot(distance, nebulae.y, "o", color="tab:blue", label="Hubble 1929")
    axis.plot(line / 8, first.values["H"] * line / 8, color="tab:blue", lw=1)
    axis.errorbar(modern, velocity, BESIDE, error, fmt="s", color="tab:orange", label="modern distances of six")
    axis.plot(line, second.values["H"] * line, color="tab:orange", lw=1)
    axis.set(xlabel="distance (Mpc)", ylabel="velocity (km/s)")
    axis.legend()


def _compare(fit: KnownForm) -> None:
    for name, value in TODAY.items():
        print(f"  {(fit.values['H'] - value) / fit.errors['H']:+.1f} standard errors from {value} ({name})")


if __name__ == "__main__":
    main()
    plt.show()
