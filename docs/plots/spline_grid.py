"""The same noisy points with splines on three grids."""

import matplotlib.pyplot as plt
import numpy as np
import torch

from kansym.kan.spline import basis, fit_coefficients

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-1, 1, 60))
y = np.exp(np.sin(np.pi * x)) + 0.15 * rng.normal(size=60)
line = np.linspace(-1, 1, 400)

_, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for axis, grid in zip(axes, (3, 8, 40), strict=True):
    coefficients = fit_coefficients(torch.from_numpy(x), torch.from_numpy(y)[:, None], grid)
    values, _ = basis(torch.from_numpy(line), grid)
    axis.plot(x, y, ".", color="gray", ms=4)
    axis.plot(line, (values @ coefficients)[:, 0], color="tab:blue")
    for knot in np.linspace(-1, 1, grid + 1):
        axis.axvline(knot, ymax=0.04, color="black", lw=0.8)
    axis.set(title=f"{grid} intervals", xlabel="x", ylim=(-0.2, 3.4))
