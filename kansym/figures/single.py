"""One figure by name, of whatever holds a run."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from kansym.errors import ArgumentError
from kansym.figures.catalogue import figure_kind
from kansym.run.finished import FinishedRun
from kansym.search.results import Discovery

if TYPE_CHECKING:
    from kansym.estimator.regressor import SymbolicRegressor


def figure(
    run: "FinishedRun | Discovery | SymbolicRegressor | str | os.PathLike[str]", name: str, *, dark: bool = False
) -> Figure:
    """Draw one figure of a run.

    Parameters
    ----------
    run : FinishedRun, Discovery, fitted SymbolicRegressor, or path-like
        A path is that of a folder that `save_run` wrote.
    name : str
        One of `kansym.figures.FIGURES`: "network", "parity", "residuals", "slices", "front", "correlation", "edges",
        "structure" or "growth".
    dark : bool, default False
        For dark backgrounds.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: ``figure.savefig("parity.pdf")`` works without a display, and nothing is to be
        closed.

    Raises
    ------
    ArgumentError
        If there is no such figure, the run has not what it needs, or `run` is none.
    StorageError
        If the folder cannot be read.
    """
    kind = figure_kind(name)
    finished = finished_run(run)
    if not kind.applies(finished):
        raise ArgumentError(f"the figure {name!r} needs {kind.needs}, which this run does not have")
    return kind(finished, dark=dark)


def finished_run(run: "FinishedRun | Discovery | SymbolicRegressor | str | os.PathLike[str]") -> FinishedRun:
    """The run in the form that figures are drawn from; arguments and errors as in `figure`."""
    if isinstance(run, FinishedRun):
        return run
    if isinstance(run, Discovery):
        return FinishedRun.of(run)
    if isinstance(run, str | Path | os.PathLike):
        # Above this room: folders hold a figure of their own.
        from kansym.run.storage import load_run

        return load_run(run)
    discovery = getattr(run, "discovery_", None)
    if isinstance(discovery, Discovery):
        # Without the certificate, which takes seconds and is in no figure.
        return FinishedRun.of(discovery)
    raise ArgumentError(
        f"run must be a finished run, a discovery, a fitted SymbolicRegressor or a folder, got {type(run).__name__}"
    )
