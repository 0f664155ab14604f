"""A network while it trains: a film of it, or one output of a notebook cell that is kept up to date."""

import math
import os
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.animation import FFMpegWriter, PillowWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kansym.errors import ArgumentError
from kansym.figures.style import PIXELS
from kansym.kan.network import Network
from kansym.optional import optional_module
from kansym.report.notebook.progress import ipython_display

WRITERS = {".gif": PillowWriter, ".mp4": FFMpegWriter}

MOST_FRAMES = 120
"""Frames of a film; of longer fits every second, fourth, ... step is one."""

FRAMES_PER_SECOND = 12

LAST = 12
"""Frames for which the last one stays."""

INTERVAL = 0.3
"""Least seconds between two pictures in a notebook."""

Draw = Callable[[Network], Figure]


class Watcher(Protocol):
    """What looks on while a network trains."""

    def show(self, network: Network, step: int, error: float) -> None:
        """The best network so far, after a step."""

    def done(self) -> None:
        """The fit is over, or was stopped."""


def watcher(watch: str | os.PathLike[str], draw: Draw) -> Watcher:
    """The film, or the output of a notebook, that `KAN.fit` is told to show the network in.

    Parameters
    ----------
    watch : str or path-like
        "notebook", or a path that ends in ``.gif`` or ``.mp4``.
    draw : callable
        The figure of a network.

    Raises
    ------
    ArgumentError
        If the path ends otherwise, its folder does not exist, or ffmpeg is missing for ``.mp4``.
    MissingDependencyError
        Without IPython, for "notebook".
    """
    if watch == "notebook":
        optional_module("IPython", feature="A network in a notebook", extra="notebook")
        return Live(draw)
    path = Path(watch)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ArgumentError(f'watch must be "notebook" or a path that ends in .gif or .mp4, got {str(watch)!r}')
    if not writer.isAvailable():
        raise ArgumentError(f"watch={str(watch)!r} needs the program ffmpeg; install it, or take .gif")
    if not path.parent.is_dir():
        raise ArgumentError(f"watch={str(watch)!r}: there is no folder {str(path.parent)!r}")
    return Film(path, draw)


class Film:
    """Writes the networks of a fit as a film, one frame for each step, when it is done.

    Parameters
    ----------
    path : Path
    draw : callable
    """

    def __init__(self, path: Path, draw: Draw) -> None:
        self.path, self.draw = path, draw
        self.frames: list[tuple[Network, int, float]] = []
        self.last: tuple[Network, int, float] | None = None
        self._every = 1

    def show(self, network: Network, step: int, error: float) -> None:
        """Keep a network."""
        self.last = (network, step, error)
        if step % self._every == 0:
            self.frames.append(self.last)
        if len(self.frames) > MOST_FRAMES:
            self._every *= 2
            self.frames = [frame for frame in self.frames if frame[1] % self._every == 0]

    def done(self) -> None:
        """Draw and write the frames."""
        if self.last is None:
            return
        if self.frames[-1:] != [self.last]:
            self.frames.append(self.last)
        pictures = [_pixels(self._figure(*frame)) for frame in self.frames]
        height, width = np.max([picture.shape[:2] for picture in pictures], axis=0)
        screen = Figure(figsize=(width / PIXELS, height / PIXELS), dpi=PIXELS)
        FigureCanvasAgg(screen)
        writer = WRITERS[self.path.suffix.lower()](fps=FRAMES_PER_SECOND)
        with writer.saving(screen, str(self.path), PIXELS):
            for picture in pictures + LAST * pictures[-1:]:
                screen.clear()
                # Unused inputs and edges make a figure smaller; on the screen it stays in the middle.
                left, top = (width - picture.shape[1]) // 2, (height - picture.shape[0]) // 2
                screen.figimage(picture, xo=left, yo=top)
                writer.grab_frame()

    def _figure(self, network: Network, step: int, error: float) -> Figure:
        figure = self.draw(network)
        figure.text(0.5, 0.99, f"step {step}, {error:.2g}", ha="center", va="top", fontsize=8)
        return figure


def _pixels(figure: Figure) -> np.ndarray:
    """A figure as an image, shape (height, width, 4) of bytes."""
    figure.set_dpi(PIXELS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


class Live:
    """Shows the networks of a fit in one output of a notebook cell, a few times a second.

    Parameters
    ----------
    draw : callable
    display : callable, optional
        As in `kansym.report.notebook.progress.LiveProgress`, for bytes of a picture.
    clock : callable, optional
        Seconds, increasing.
    """

    def __init__(
        self, draw: Draw, *, display: Callable[[dict[str, Any]], Any] = ipython_display, clock=time.monotonic
    ) -> None:
        self.draw, self._display, self._clock = draw, display, clock
        self._handle: Any = None
        self._shown = -math.inf
        self._last: tuple[Network, int, float] | None = None

    def show(self, network: Network, step: int, error: float) -> None:
        """Show a network, unless the last picture is too young."""
        self._last = (network, step, error)
        if self._clock() - self._shown >= INTERVAL:
            self._update(network, step, error)

    def done(self) -> None:
        """Show the last one."""
        if self._last is not None:
            self._update(*self._last)

    def _update(self, network: Network, step: int, error: float) -> None:
        stream = BytesIO()
        self.draw(network).savefig(stream, format="png", dpi=PIXELS)
        shown = {"text/plain": f"step {step}, {error:.3g}", "image/png": stream.getvalue()}
        if self._handle is None:
            self._handle = self._display(shown)
        else:
            self._handle.update(shown)
        self._shown, self._last = self._clock(), None
