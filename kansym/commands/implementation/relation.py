"""The work of ``kansym relation``."""

from contextlib import nullcontext
from pathlib import Path

from kansym.commands.implementation.one_search import search_and_show
from kansym.commands.implementation.tables import shipped_remark
from kansym.commands.options import split_names
from kansym.commands.output import watch, write_note
from kansym.commands.stopwatch import READING
from kansym.data.files import is_shipped
from kansym.data.shipped import dataset_file
from kansym.errors import ArgumentError
from kansym.implicit.finding import find_relations
from kansym.implicit.table import read_columns
from kansym.implicit.text import record, text_report


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
    return search_and_show(
        lambda limits: find_relations(table, **limits),
        record=record,
        text=text_report,
        page="kansym.implicit.page",
        seconds=seconds,
        seed=seed,
        deterministic=deterministic,
        out=out,
        quiet=quiet,
        as_json=as_json,
    )


def pairs_of(option: str, texts: list[str] | None) -> dict[str, str]:
    """Values by column from options such as ``p=0.1,V=1%``."""
    found: dict[str, str] = {}
    for part in split_names(texts):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value):
            raise ArgumentError(f"{option}: expected column=value, got {part!r}")
        found[name] = value
    return found
