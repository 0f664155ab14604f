"""A trained network as a picture in a notebook."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

from kansym.deferred import torch
from kansym.figures.network_figure import network_figure
from kansym.figures.svg import to_svg
from kansym.search.results import TrainedNetwork

ROWS = 400
"""Points that the curves are drawn for."""

DPI = 110


def network_svg(trained: TrainedNetwork) -> str:
    """The network as SVG."""
    return to_svg(_figure(trained), title="Kolmogorov-Arnold network: each edge drawn as its curve")


def network_png(trained: TrainedNetwork) -> bytes:
    """The network as PNG."""
    stream = BytesIO()
    _figure(trained).savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()


def _figure(trained: TrainedNetwork) -> Figure:
    # A network does not know its table, but that filled the box from -1 to 1.
    box = torch.quasirandom.SobolEngine(trained.network.n_inputs, scramble=False).draw(ROWS, dtype=torch.float64)
    names = trained.names or [f"x{column}" for column in range(trained.network.n_inputs)]
    return network_figure(trained.network, 2 * box - 1, input_names=names, output_name=trained.target or "y")
