"""The work of ``kansym conserved``."""

from pathlib import Path

from kansym.commands.implementation.dynamics import errors_of
from kansym.commands.implementation.one_search import search_and_show
from kansym.commands.implementation.relation import pairs_of
from kansym.commands.options import split_names
from kansym.commands.output import watch
from kansym.commands.stopwatch import READING
from kansym.conserved.finding import find_conserved
from kansym.conserved.text import record, text_report
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import ArgumentError


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
    return search_and_show(
        lambda limits: find_conserved(data, **limits),
        record=record,
        text=text_report,
        page="kansym.conserved.page",
        seconds=seconds,
        seed=seed,
        deterministic=deterministic,
        out=out,
        quiet=quiet,
        as_json=as_json,
    )
