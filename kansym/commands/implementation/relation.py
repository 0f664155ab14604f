"""The work of ``kansym relation``."""

from contextlib import nullcontext
from pathlib import Path

from kansym import clock
from kansym.commands.implementation.tables import shipped_remark
from kansym.commands.options import split_names
from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, READING, SEARCH
from kansym.data.files import is_shipped
from kansym.data.shipped import dataset_file
from kansym.errors import ArgumentError
from kansym.implicit.finding import find_relations
from kansym.implicit.table import read_columns
from kansym.implicit.text import record, text_report
from kansym.run.budget import search_wall
from kansym.run.writing import prepare_directory


def relation(
    *,
    file: str,
    columns: list[str] | None,
    error_of: list[str] | None,
    units: list[str] | None,
    seconds: float,
    seed: int,
    deterministic: bool,
    out: Path | None,
    drop_missing: bool,
    key: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Search a table for relations, print them, and write them into a folder."""
    if not seconds > 0:
        raise ArgumentError(f"--seconds must be positive, got {seconds:g}")
    watch.quiet = quiet
    watch.enter(READING)
    shipped = is_shipped(file)
    with dataset_file(file) if shipped else nullcontext(Path(file)) as path:
        table = read_columns(
            path,
            columns=split_names(columns) or None,
            errors=pairs_of("--error-of", error_of) or None,
            units=pairs_of("--units", units) or None,
            drop_missing=drop_missing,
            key=key,
        )
    if shipped:
        write_note(shipped_remark(file))
    if out is not None:
        prepare_directory(out)
    watch.enter(SEARCH)
    wall = search_wall(seconds, spent=watch.total, files=out is not None)
    with clock.budget(seconds, deterministic=deterministic, wall=wall):
        found = find_relations(
            table,
            max_seconds=seconds,
            seed=seed,
            deterministic=deterministic,
            progress=lambda words: write_note(words, quiet=quiet),
        )
    watch.enter(FILES)
    if as_json:
        write_json(record(found))
    else:
        write_line(text_report(found))
    if out is not None:
        # Pages and figures are imported where they are made.
        from kansym.implicit.page import RECORD, write_folder

        path = write_folder(found, out)
        watch.record = path / RECORD
        write_note(f"Saved in {path}.", quiet=quiet)
    return 0


def pairs_of(option: str, texts: list[str] | None) -> dict[str, str]:
    """Values by column from options such as ``p=0.1,V=1%``."""
    found: dict[str, str] = {}
    for part in split_names(texts):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value):
            raise ArgumentError(f"{option}: expected column=value, got {part!r}")
        found[name] = value
    return found
