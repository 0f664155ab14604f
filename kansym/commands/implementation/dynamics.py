"""The work of ``kansym dynamics``."""

from pathlib import Path

from kansym.commands.implementation.one_search import search_and_show
from kansym.commands.options import split_names
from kansym.commands.output import watch
from kansym.commands.stopwatch import READING
from kansym.dynamics.discovery import discover_dynamics
from kansym.dynamics.text import record, text_report
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import ArgumentError
from kansym.units.files import read_units


def dynamics(
    *,
    files: tuple[str, ...],
    time: str,
    state: list[str] | None,
    trajectory: str | None,
    inputs: list[str] | None,
    order: int,
    explicit_time: bool,
    error: list[str] | None,
    units: Path | None,
    seconds: float,
    seed: int,
    deterministic: bool,
    out: Path | None,
    key: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Search trajectories, print the system that was found, and write it into a folder."""
    states, acting = split_names(state), split_names(inputs)
    if not files:
        raise ArgumentError("no file is named: kansym dynamics run.csv --time t --state x,v")
    if not states:
        raise ArgumentError("--state is missing; name the columns whose motion is looked for, as in --state x,v")
    watch.quiet = quiet
    watch.enter(READING)
    data = read_trajectories(
        [Path(file) for file in files],
        time=time,
        states=states,
        trajectory=trajectory,
        inputs=acting,
        error=errors_of(error),
        units=None if units is None else read_units(str(units), [time, *states, *acting]),
        key=key,
    )
    return search_and_show(
        lambda limits: discover_dynamics(data, order=order, explicit_time=explicit_time, **limits),
        record=record,
        text=text_report,
        page="kansym.dynamics.page",
        seconds=seconds,
        seed=seed,
        deterministic=deterministic,
        out=out,
        quiet=quiet,
        as_json=as_json,
    )


def errors_of(texts: list[str] | None) -> str | dict[str, float | str] | None:
    """One error for all states, or errors by state, from options such as ``0.1`` or ``x=0.1,y=1%``."""
    parts = split_names(texts)
    if not parts:
        return None
    if len(parts) == 1 and "=" not in parts[0]:
        return parts[0]
    pairs = [part.partition("=") for part in parts]
    for part, (name, sign, value) in zip(parts, pairs, strict=True):
        if not (name.strip() and sign and value.strip()):
            raise ArgumentError(f"--error: expected state=error, got {part!r}")
    return {name.strip(): value.strip() for name, _, value in pairs}
