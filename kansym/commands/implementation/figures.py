"""The work of ``kansym figures``."""

from pathlib import Path

from kansym.commands.options import split_names
from kansym.commands.output import watch, write_line
from kansym.commands.stopwatch import FILES, READING
from kansym.comparison.files import RECORD, load_comparison
from kansym.errors import ArgumentError
from kansym.figures.catalogue import figure_kind, figures_of
from kansym.figures.svg import figure_bytes
from kansym.run.files import DRAWN
from kansym.run.storage import load_run
from kansym.run.writing import prepare_directory, replace_file


def figures(*, directory: Path, out: Path | None, formats: list[str] | None, only: list[str] | None, dark: bool) -> int:
    """Draw the figures of a run and print the names of the files."""
    wanted = [figure_kind(name).name for name in split_names(only)]
    watch.enter(READING)
    run = load_run(directory)
    comparison = load_comparison(directory) if (directory / RECORD).exists() else None
    watch.enter(FILES)
    made = figures_of(run, dark=dark, only=wanted or None, comparison=comparison)
    left_out = [name for name in wanted if name not in made]
    if left_out:
        kind = figure_kind(left_out[0])
        raise ArgumentError(f"--only: the figure {kind.name!r} needs {kind.needs}, which this run does not have")
    folder = prepare_directory(directory / DRAWN if out is None else out)
    for name, figure in made.items():
        for kind in split_names(formats) or ["svg"]:
            path = folder / f"{name}{'-dark' if dark else ''}.{kind}"
            replace_file(path, figure_bytes(figure, kind))
            write_line(str(path))
    return 0
