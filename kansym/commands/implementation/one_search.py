"""What commands share that make one search and write one result: its clock, the answer, and the folder."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from kansym import clock
from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, SEARCH
from kansym.run.budget import search_wall
from kansym.run.writing import prepare_directory


class Limits(TypedDict):
    """What every such search is told."""

    max_seconds: float
    seed: int
    deterministic: bool
    progress: Callable[[str], None]


def search_and_show(
    search: Callable[[Limits], Any],
    *,
    record: Callable[[Any], Any],
    text: Callable[[Any], str],
    page: str,
    seconds: float,
    seed: int,
    deterministic: bool,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Search within the seconds that are left, print what was found, and write it into a folder.

    Parameters
    ----------
    search : callable
        From its limits to what it finds.
    record, text : callable
        What was found as a JSON object, and as text.
    page : str
        Module with ``write_folder`` and the name ``RECORD``, which is imported where a folder is written.
    seconds, seed, deterministic, out, quiet, as_json
        Options of the command.
    """
    if out is not None:
        prepare_directory(out)
    watch.enter(SEARCH)
    wall = search_wall(seconds, spent=watch.total, files=out is not None)
    limits: Limits = {
        "max_seconds": seconds,
        "seed": seed,
        "deterministic": deterministic,
        "progress": lambda words: write_note(words, quiet=quiet),
    }
    with clock.budget(seconds, deterministic=deterministic, wall=wall):
        found = search(limits)
    watch.enter(FILES)
    if as_json:
        write_json(record(found))
    else:
        write_line(text(found))
    if out is not None:
        pages = importlib.import_module(page)
        path = pages.write_folder(found, out)
        watch.record = path / pages.RECORD
        write_note(f"Saved in {path}.", quiet=quiet)
    return 0
