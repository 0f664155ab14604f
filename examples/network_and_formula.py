"""
Which function is hidden in this table?
=======================================

A network, its edges read as primitives, and the formula. The table holds 400 points of exp(sin(pi x) + y^2), the
introductory example of the paper on Kolmogorov-Arnold networks (Liu et al., arXiv:2404.19756). The script prints the
formula and saves a figure of the network behind it: the trained splines (pale, thick) and the primitives that were
found for them (dark, thin).

Run it with ``python examples/network_and_formula.py FOLDER``, which saves network.svg and network.png there. The
picture in the README is made by it.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.figures.network_figure import network_figure


def main(seconds: float = 60.0, folder: Path | None = None) -> Figure | None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    f = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)

    dataset = make_dataset(X, f, names=["x", "y"], target="f")
    # Without the structure search, which would take the law apart before any network sees the whole of it.
    discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds, structure=False))
    print(discovery.formula)
    print(f"found in {discovery.seconds:.1f} s; {discovery.stopped}")

    network, reading = discovery.network, discovery.reading
    if network is None or reading is None:
        print("the formula did not come from a network; there is nothing to draw")
        return None
    x = torch.from_numpy(network.scaling.scale_inputs(discovery.dataset.X))
    figure = network_figure(reading.symbolic, x, reference=reading.trained, input_names=["x", "y"], output_name="f")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        # Without a date and random ids the same run gives the same file.
        with matplotlib.rc_context({"svg.hashsalt": "kansym"}):
            figure.savefig(folder / "network.svg", metadata={"Date": None})
        figure.savefig(folder / "network.png", dpi=200)
        print(f"figure saved to {folder / 'network.svg'} and {folder / 'network.png'}")
    return figure


if __name__ == "__main__":
    figure = main(folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
