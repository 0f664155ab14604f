"""The work of ``kansym export``."""

from pathlib import Path

from kansym.commands.output import watch, write_line, write_note
from kansym.commands.stopwatch import FILES, READING
from kansym.errors import ArgumentError
from kansym.export.languages import LANGUAGES, to_code
from kansym.run.summary import load_summary
from kansym.run.writing import prepare_directory, replace_file


def export(*, directory: Path, to: str, index: int | None, name: str | None, out: Path | None) -> int:
    """Write a formula of a run as code."""
    if to not in LANGUAGES:
        raise ArgumentError(f"--to must be one of {', '.join(LANGUAGES)}, got {to!r}")
    watch.enter(READING)
    run = load_summary(directory)
    watch.enter(FILES)
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
    write_note(f"saved to {out}")
    return 0
