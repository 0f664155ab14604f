"""The command ``kansym figures``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from kansym.commands.options import Flag, Names, split_names, write_line
from kansym.errors import ArgumentError

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.comparison.result import Comparison

FORMATS = ("svg", "png", "pdf")


def figures(
    directory: Path,
    /,
    *,
    out: Path | None = None,
    formats: Annotated[
        list[str] | None, Parameter(name=("--format", "--formats"), negative=(), n_tokens=1, accepts_keys=False)
    ] = None,
    only: Names = None,
    dark: Flag = False,
) -> int:
    """Draw the figures of a finished run.

    Parity, residuals along every input, slices of formula and network, the Pareto front (with those of other tools
    where the folder holds a comparison), correlations of the constants, the network, its edges, how the law was taken
    apart, and how the network grew. Prints the names of the files.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    out
        Folder for the files. Default: figures in the folder of the run.
    formats
        svg, png or pdf, or several, separated by commas. Default: svg.
    only
        Names of figures, separated by commas. Default: all that the run has the data for.
    dark
        For dark backgrounds; the names of the files end in -dark.
    """
    kinds = split_names(formats) or ["svg"]
    for kind in kinds:
        if kind not in FORMATS:
            raise ArgumentError(f"--format: expected {', '.join(FORMATS)}, got {kind!r}")
    from kansym.figures.catalogue import figure_kind, figures_of
    from kansym.figures.svg import figure_bytes
    from kansym.run.files import DRAWN
    from kansym.run.storage import load_run, prepare_directory, replace_file

    wanted = [figure_kind(name).name for name in split_names(only)]
    run = load_run(directory)
    made = figures_of(run, dark=dark, only=wanted or None, comparison=_comparison(directory))
    left_out = [name for name in wanted if name not in made]
    if left_out:
        kind = figure_kind(left_out[0])
        raise ArgumentError(f"--only: the figure {kind.name!r} needs {kind.needs}, which this run does not have")
    folder = prepare_directory(directory / DRAWN if out is None else out)
    for name, figure in made.items():
        for kind in kinds:
            path = folder / f"{name}{'-dark' if dark else ''}.{kind}"
            replace_file(path, figure_bytes(figure, kind))
            write_line(str(path))
    return 0


def _comparison(directory: Path) -> "Comparison | None":
    from kansym.comparison.files import RECORD, load_comparison

    return load_comparison(directory) if (directory / RECORD).exists() else None
