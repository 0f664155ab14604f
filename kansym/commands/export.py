"""The command ``kansym export``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from kansym.commands.options import whole_number, write_line
from kansym.errors import ArgumentError


def export(
    directory: Path,
    /,
    *,
    to: str,
    index: Annotated[int | None, Parameter(converter=whole_number, allow_leading_hyphen=True)] = None,
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
    from kansym.export.languages import LANGUAGES, to_code
    from kansym.run.storage import load_run, prepare_directory, replace_file

    if to not in LANGUAGES:
        raise ArgumentError(f"--to must be one of {', '.join(LANGUAGES)}, got {to!r}")
    run = load_run(directory)
    if index is not None and not -len(run.front) <= index < len(run.front):
        raise ArgumentError(f"--index must name one of the {len(run.front)} formulas of the front, got {index}")
    code = to_code(run.formula if index is None else run.front[index], to, name=name, run=run)
    if out is None:
        write_line(code.rstrip("\n"))
        return 0
    if out.is_dir():
        raise ArgumentError(f"--out {out} is a folder; name a file")
    prepare_directory(out.parent)
    replace_file(out, code.encode("utf-8"))
    Console(stderr=True).print(f"saved to {out}", markup=False, highlight=False, soft_wrap=True)
    return 0
