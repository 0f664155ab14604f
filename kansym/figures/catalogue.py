"""All figures of a run by name, and one of whatever holds a run."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from matplotlib.figure import Figure

from kansym.errors import ArgumentError
from kansym.figures import (
    correlation,
    edges,
    forms,
    freed_edges,
    front,
    growth,
    next_measurement,
    parity,
    residuals,
    run_network,
    search_log,
    slices,
    structure,
)
from kansym.figures.front import OtherTools
from kansym.run.finished import FinishedRun
from kansym.run.storage import load_run
from kansym.search.results import Discovery


class Fitted(Protocol):
    """An estimator after its search: `kansym.SymbolicRegressor`."""

    discovery_: Discovery


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure; calling it with a run draws it.

    Attributes
    ----------
    name : str
    title : str
        A heading.
    draw : callable
        ``draw(run, *, dark=False) -> Figure``.
    applies : callable
        Whether a run has what the figure needs.
    alt : callable
        A sentence of what it shows.
    needs : str
        What a run must have, in words.
    """

    name: str
    title: str
    draw: Callable[..., Figure]
    applies: Callable[[FinishedRun], bool]
    alt: Callable[[FinishedRun], str]
    needs: str

    def __call__(self, run: FinishedRun, *, dark: bool = False, **options: Any) -> Figure:
        figure = self.draw(run, dark=dark, **options)
        figure.set_label(self.words(run))
        return figure

    def words(self, run: FinishedRun) -> str:
        """What it shows, in one line: names may hold line breaks."""
        return " ".join(self.alt(run).split())


def _kind(name: str, title: str, module: ModuleType, needs: str) -> FigureKind:
    return FigureKind(name, title, getattr(module, name), module.applies, module.alt, needs)


_TABLE = "a table that the formula has values on"

_KINDS = (
    _kind("network", "Network", run_network, "a table, and a formula that can be written as a network"),
    _kind("parity", "Measured and predicted", parity, _TABLE),
    _kind("residuals", "Residuals", residuals, _TABLE),
    _kind("slices", "One input at a time", slices, f"{_TABLE}, and a formula of some input"),
    _kind("forms", "What else it may be", forms, "a table, and a second form that is probable enough to be named"),
    _kind("next_measurement", "Where to measure next", next_measurement, "a table, and forms that differ somewhere"),
    _kind("front", "Pareto front", front, "formulas with a known loss"),
    _kind("correlation", "Correlation of the constants", correlation, "at least two constants with errors"),
    _kind("freed_edges", "Freed edges", freed_edges, "a certificate in which functions were freed"),
    _kind("edges", "Edges and their nearest functions", edges, "a table and a network with spline edges"),
    _kind("structure", "How the law was taken apart", structure, "a formula"),
    _kind("growth", "Growth of the network", growth, "the record of a network's growth"),
    _kind("search_log", "How the search went", search_log, "the log of a search"),
)

FIGURES: Mapping[str, FigureKind] = {kind.name: kind for kind in _KINDS}
"""By name, in the order in which a report shows them."""


def figures_of(
    run: FinishedRun,
    *,
    dark: bool = False,
    only: Iterable[str] | None = None,
    comparison: OtherTools | None = None,
) -> dict[str, Figure]:
    """The figures of a run, by name; those that it has not the means for are left out.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    only : iterable of str, optional
        Names of `FIGURES`. Default: all.
    comparison : Comparison, optional
        Of other tools on the same table, for the Pareto front.

    Raises
    ------
    ArgumentError
        If a name is unknown.
    """
    wanted = list(FIGURES) if only is None else [figure_kind(name).name for name in only]
    figures = {}
    for name, kind in FIGURES.items():
        if name in wanted and kind.applies(run):
            options = {"comparison": comparison} if name == "front" and comparison is not None else {}
            figures[name] = kind(run, dark=dark, **options)
    return figures


def figure_kind(name: str) -> FigureKind:
    """The kind of a name.

    Raises
    ------
    ArgumentError
        If it is unknown.
    """
    if name not in FIGURES:
        raise ArgumentError(f"there is no figure {name!r}; the figures are {', '.join(FIGURES)}")
    return FIGURES[name]


def alt_text(name: str, run: FinishedRun) -> str:
    """What a figure of a run shows, in a sentence with numbers.

    Raises
    ------
    ArgumentError
        If the name is unknown, or the run has not what the figure needs.
    """
    return _applying(name, run).words(run)


def figure(run: FinishedRun | Discovery | Fitted | str | os.PathLike[str], name: str, *, dark: bool = False) -> Figure:
    """Draw one figure of a run.

    Parameters
    ----------
    run : FinishedRun, Discovery, fitted SymbolicRegressor, or path-like
        A path is that of a folder that `save_run` wrote.
    name : str
        One of `kansym.figures.FIGURES`: "network", "parity", "residuals", "slices", "forms", "next_measurement",
        "front", "correlation", "freed_edges", "edges", "structure" or "growth". "forms", "next_measurement" and
        "freed_edges" need a certificate.
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
        If there is no such figure, the run has not what it needs, or `run` is not a run.
    StorageError
        If the folder cannot be read.
    """
    return _applying(name, finished := finished_run(run))(finished, dark=dark)


def finished_run(run: FinishedRun | Discovery | Fitted | str | os.PathLike[str]) -> FinishedRun:
    """The run in the form that figures are drawn from; arguments and errors as in `figure`."""
    if isinstance(run, FinishedRun):
        return run
    if isinstance(run, Discovery):
        return FinishedRun.of(run)
    if isinstance(run, str | os.PathLike):
        return load_run(run)
    discovery = getattr(run, "discovery_", None)
    if isinstance(discovery, Discovery):
        # Without the certificate, which takes seconds and is in no figure.
        return FinishedRun.of(discovery)
    raise ArgumentError(
        f"run must be a finished run, a discovery, a fitted SymbolicRegressor or a folder, got {type(run).__name__}"
    )


def _applying(name: str, run: FinishedRun) -> FigureKind:
    kind = figure_kind(name)
    if not kind.applies(run):
        raise ArgumentError(f"the figure {name!r} needs {kind.needs}, which this run does not have")
    return kind
