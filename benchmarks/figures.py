"""How long pictures take: the figure of a network beside pykan's plot of the same shape, and the whole report::

    python -m benchmarks.figures             # both tools, and the report of a law with nine variables
    python -m benchmarks.figures --seconds 5 # with this much time for the search that the report is of

Each network is drawn on 1000 rows and written to a file: ours as SVG, pykan's as PNG, which its edges are in any case.
Both are drawn once before the clock runs. The median of three is given, in seconds of the processor: other work on the
machine counts little. pykan is left out where it is not
installed (``pip install 'kansym[pykan]'``).
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import numpy as np
import torch
from cyclopts import App, Parameter, validators

from benchmarks.machine import describe
from benchmarks.table import keep as keep_figures
from kansym.data.dataset import make_dataset
from kansym.figures.network_figure import network_figure
from kansym.figures.svg import to_svg
from kansym.kan.network import Network, Width, format_shape
from kansym.report.html.page import write_report
from kansym.run.finished import FinishedRun
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.validation.certificate import certify

app = App(name="python -m benchmarks.figures", help="Pictures and reports.", version_flags=[])

SHAPES: tuple[tuple[Width, ...], ...] = ((2, 1), (2, 5, 1), (3, (0, 2), 1), (9, 1), (9, (0, 2), 1), (9, 5, 1))
"""Sums and products; at nine inputs up to 50 edges."""

ROWS, REPEATS, GRID = 1000, 3, 5

LONGEST_FIGURE, LONGEST_REPORT, LARGEST_REPORT = 1.0, 5.0, 2_000_000
"""Seconds and bytes that are allowed."""

LAW_ROWS = 2000


@dataclass(frozen=True)
class Drawn:
    """One network, drawn by both.

    Attributes
    ----------
    shape : str
    edges : int
    seconds, bytes : float, int
        Of our figure.
    peer_seconds : float or None
        Of pykan's; None without pykan.
    peer_files : int
        Files that pykan writes on the way.
    """

    shape: str
    edges: int
    seconds: float
    bytes: int
    peer_seconds: float | None
    peer_files: int


def drawn(shape: Sequence[Width], folder: Path, *, peer: bool) -> Drawn:
    """Time one shape."""
    generator = torch.Generator().manual_seed(0)
    network = Network.create(tuple(shape), grid=GRID, generator=generator)
    x = torch.rand(ROWS, network.n_inputs, generator=generator, dtype=torch.float64) * 2 - 1
    names = [f"x{k}" for k in range(network.n_inputs)]
    ours = folder / "network.svg"

    def draw() -> None:
        ours.write_text(to_svg(network_figure(network, x, input_names=names, output_name="y")), encoding="utf-8")

    edges = sum(layer.mode[0].numel() for layer in network.layers)
    seconds = _median(draw)
    peer_seconds, files = _pykan(shape, x, names, folder / "pykan") if peer else (None, 0)
    return Drawn(format_shape(tuple(shape)), edges, seconds, ours.stat().st_size, peer_seconds, files)


def _pykan(shape: Sequence[Width], x: torch.Tensor, names: list[str], folder: Path) -> tuple[float, int]:
    from kan import KAN  # type: ignore[import-not-found]  # only with the extra "pykan"
    from matplotlib import pyplot

    width = [n if isinstance(n, int) else list(n) for n in shape]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: Any = KAN(width=width, grid=GRID, k=3, seed=0, auto_save=False)
        model(x.to(torch.get_default_dtype()))

        def draw() -> None:
            model.plot(folder=str(folder), in_vars=names, out_vars=["y"])
            pyplot.savefig(folder / "network.png", dpi=400)
            pyplot.close("all")

        seconds = _median(draw)
    return seconds, len(list(folder.iterdir())) - 1


def headlines(found: Sequence[Drawn]) -> dict[str, str]:
    """Times of the networks with the fewest and the most edges, and the range of ratios to pykan."""
    first, last = min(found, key=lambda one: one.edges), max(found, key=lambda one: one.edges)
    times = f"{first.seconds:.2f} ({first.edges} edges) to {last.seconds:.2f} ({last.edges} edges)"
    ratios = [one.peer_seconds / one.seconds for one in found if one.peer_seconds is not None]
    figures = {"figure of a network, seconds of the processor": times}
    return figures | ({"times as long for pykan's plot": f"{min(ratios):.0f} to {max(ratios):.0f}"} if ratios else {})


def nine_variables(seconds: float) -> FinishedRun:
    """The run of a bent beam with two loads and 2 % noise: seven variables that count, and two that do not."""
    rng = np.random.default_rng(0)
    low = np.array([100, 100, 0.2, 1.2, 5e9, 0.04, 0.08, 5, 400])
    high = np.array([1000, 1000, 1.0, 3.0, 15e9, 0.2, 0.3, 30, 800])
    X = rng.uniform(low, high, (LAW_ROWS, 9))
    F, q, x, L, E, b, h = X.T[:7]
    y = (F * x**2 * (3 * L - x) / 6 + q * x**2 * (6 * L**2 - 4 * L * x + x**2) / 24) / (E * b * h**3 / 12)
    y = y * (1 + 0.02 * rng.standard_normal(len(y)))
    dataset = make_dataset(X, y, names=["F", "q", "x", "L", "E", "b", "h", "T", "rho"], target="w", y_error=0.02 * y)
    options = DiscoveryOptions(max_seconds=seconds)
    discovery = discover(dataset, options)
    return FinishedRun.of(discovery, options=options, certificate=certify(discovery, options=options))


def reported(run: FinishedRun, path: Path) -> tuple[float, int]:
    """Seconds for the report of a run, and its bytes."""
    seconds = _median(lambda: write_report(run, path))
    return seconds, path.stat().st_size


def _median(draw: Callable[[], object]) -> float:
    draw()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        draw()
        times.append(time.process_time() - start)
    return statistics.median(times)


def _has_pykan() -> bool:
    try:
        import kan  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return False
    return True


@app.default
def main(*, seconds: Annotated[float, Parameter(validator=validators.Number(gt=0))] = 10.0, keep: bool = False) -> int:
    """Time the network figure next to pykan's plot, and the report of a law with nine variables.

    Exit status 1 where something takes longer or is larger than it may.

    Parameters
    ----------
    seconds
        Budget of the search for the law of the report.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    matplotlib.use("Agg")
    peer, within, found = _has_pykan(), True, []
    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load average {machine['load_average']}\n")
    print(f"{'network':<14}{'edges':>6}{'kansym, s':>11}{'kB':>5}{'pykan, s':>10}{'files':>7}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for shape in SHAPES:
            one = drawn(shape, folder, peer=peer)
            found.append(one)
            within = within and one.seconds < LONGEST_FIGURE
            theirs = f"{'-':>10}{'-':>7}{'-':>7}"
            if one.peer_seconds is not None:
                theirs = f"{one.peer_seconds:>10.2f}{one.peer_files:>7}{one.peer_seconds / one.seconds:>7.0f}"
            print(f"{one.shape:<14}{one.edges:>6}{one.seconds:>11.3f}{one.bytes / 1000:>5.0f}{theirs}", flush=True)
        run = nine_variables(seconds)
        took, size = reported(run, folder / "report.html")
        within = within and took < LONGEST_REPORT and size < LARGEST_REPORT
        print(f"\nreport of a law with nine variables: {took:.2f} s, {size / 1e6:.2f} MB\n  {run.formula}")
    if keep:
        keep_figures("figures", "Pictures", headlines(found))
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(app())
