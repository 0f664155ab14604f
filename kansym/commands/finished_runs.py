"""The commands ``kansym report``, ``figures``, ``export`` and ``app``: what there is to see in a finished run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kansym.commands.implementation import run
from kansym.commands.options import WHOLE, Flag, Names, split_names
from kansym.errors import ArgumentError
from kansym.run.files import require_folder

FORMATS = ("svg", "png", "pdf")


def report(directory: Path, /, *, html: Path | None = None, name_constants: Flag = False) -> int:
    """Print the report of a finished run, or write it as a page with figures.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    html
        File for the page: one file that needs no network and no scripts. Nothing is printed then.
    name_constants
        Print the formula with names for its constants as well, `c0*exp(c1*t)`, in text and LaTeX; the page has both.
    """
    require_folder(directory)
    return run(report, locals())


def next_rows(directory: Path, /, *, candidates: Path | None = None, out: Path | None = None) -> int:
    """Say where to measure next: the row that tells the leading forms apart, and those that the constants need.

    Rows are looked for within the range of every column, and, marked, a third of it beyond.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    candidates
        A table with the columns of the search: only its rows can be measured.
    out
        A CSV file for all rows that were looked at, with the bits that a reading there is expected to tell.
    """
    require_folder(directory)
    return run(next_rows, locals())


def explain(directory: Path, /) -> int:
    """Say how a search went: when the pick changed and by whom, and who had which slice of work with which hope.

    `kansym figures RUN --only search_log` draws it.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    """
    require_folder(directory)
    return run(explain, locals())


def figures(
    directory: Path,
    /,
    *,
    out: Path | None = None,
    formats: Annotated[Names, Parameter(name=("--format", "--formats"))] = None,
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
    _check_formats(split_names(formats))
    require_folder(directory)
    return run(figures, locals())


def _check_formats(kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in FORMATS:
            raise ArgumentError(f"--format: expected {', '.join(FORMATS)}, got {kind!r}")


def export(
    directory: Path,
    /,
    *,
    to: str,
    index: Annotated[int | None, WHOLE, Parameter(allow_leading_hyphen=True)] = None,
    name: str | None = None,
    out: Path | None = None,
) -> int:
    """Write the formula of a finished run as source code or as a LaTeX document.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    to
        python, torch, c, fortran, julia, mathematica, javascript, or latex for a document.
    index
        Another formula of the front, counted from 0; negative numbers count from the end. Default: the pick.
    name
        Of the function; default the target's.
    out
        A file; default the standard output.
    """
    require_folder(directory)
    return run(export, locals())


def app(
    directory: Path,
    /,
    *,
    start: Literal["reading", "splines", "network"] | None = None,
    port: Annotated[int, WHOLE] = 0,
    browser: bool = True,
) -> int:
    """Show a finished run on a local web page, and change its edges by hand.

    Click an edge of the network to see which functions fit it, fix one, refit, and watch formula, errors, verdict and
    Pareto front. Every step can be undone. Changes are kept in memory until they are saved as a new run; the run that
    was opened is never written to. The page is served on 127.0.0.1 only. Ctrl-C ends it.

    Needs `pip install 'kansym[app]'`.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    start
        reading: the network as it was read, edges as functions. splines: the same network before it was read. network:
        the best network of the run. Default: the first of the three that the run has.
    port
        0 takes one that is free.
    browser
        Open the page in the default browser; --no-browser only prints its URL.
    """
    require_folder(directory)
    return run(app, locals())
