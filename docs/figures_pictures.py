"""The figures in the README: ``python docs/figures_pictures.py [SECONDS]``, a minute or two.

Planck's law from the FIRAS table, and how the deflection of a beam was taken apart, as SVG into ``docs/images``.
"""

import sys
from pathlib import Path

import numpy as np

import kansym
from kansym.figures import to_svg

IMAGES = Path(__file__).parent / "images"

BEAM = {
    "F": (100, 1000),
    "q": (100, 1000),
    "x": (0.2, 1),
    "L": (1.2, 3),
    "E": (5e9, 15e9),
    "b": (0.04, 0.2),
    "h": (0.08, 0.3),
}
"""Ranges: force, load per metre, place, length, Young's modulus, width and height."""


def beam() -> kansym.Dataset:
    """The table of `examples/beam.py`, with the units of its columns."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(low, high, 2000) for low, high in BEAM.values()])
    F, q, x, L, E, b, h = X.T
    w = (F * x**2 * (3 * L - x) / 6 + q * x**2 * (6 * L**2 - 4 * L * x + x**2) / 24) / (E * b * h**3 / 12)
    units = ["N", "N/m", "m", "m", "N/m^2", "m", "m"]
    return kansym.make_dataset(X, w, names=list(BEAM), target="w", units=units, y_units="m")


def main(seconds: float = 30.0) -> None:
    options = kansym.DiscoveryOptions(max_seconds=seconds)
    planck = kansym.discover(kansym.load_dataset("firas"), options)
    bent = kansym.discover(beam(), options)
    for run, name, file in (
        (planck, "front", "planck-front"),
        (planck, "slices", "planck-slices"),
        (bent, "structure", "beam-structure"),
    ):
        (IMAGES / f"{file}.svg").write_text(to_svg(kansym.figure(run, name)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
