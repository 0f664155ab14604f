"""The work of ``kansym conserved``."""

from pathlib import Path

from kansym import clock
from kansym.commands.implementation.dynamics import errors_of
from kansym.commands.implementation.relation import pairs_of
from kansym.commands.options import split_names
from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, READING, SEARCH
from kansym.conserved.finding import find_conserved
from kansym.conserved.text import record, text_report
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import ArgumentError
from kansym.run.budget import search_wall
from kansym.run.writing import prepare_directory


def conserved(
    *,
    files: tuple[str, ...],
    time: str,
    state: list[str] | None,
    run: str | None,
    error: list[str] | None,
    units: list[str] | None,
    seconds: float,
    seed: int,
    deterministic: bool,
    out: Path | None,
    key: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Search runs for conserved quantities, print them, and write them into a folder."""
    states = split_names(state)
    if not files:
        raise ArgumentError("no file is named: kansym conserved runs.csv --time t --state q,p")
    if not states:
        raise ArgumentError("--state is missing; name the columns of the states, as in --state q,p")
    if not seconds > 0:
        raise ArgumentError(f"--seconds must be positive, got {seconds:g}")
    watch.quiet = quiet
    watch.enter(READING)
    data = read_trajectories(
        [Path(file) for file in files],
        time=time,
        states=states,
        trajectory=run,
        error=errors_of(error),
        units=pairs_of("--units", units) or None,
        key=key,
    )
    if out is not None:
        prepare_directory(out)
    watch.enter(SEARCH)
    wall = search_wall(seconds, spent=watch.total, files=out is not None)
    with clock.budget(seconds, deterministic=deterministic, wall=wall):
        found = find_conserved(
            data,
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
        from kansym.conserved.page import RECORD, write_folder

        path = write_folder(found, out)
        watch.record = path / RECORD
        write_note(f"Saved in {path}.", quiet=quiet)
    return 0
