"""The work of ``kansym discover`` where one law is looked for in several groups of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from kansym import clock
from kansym.commands.implementation.group_options import require_target
from kansym.commands.implementation.groups import prepare, show
from kansym.commands.implementation.tables import TableOptions
from kansym.commands.options import split_names
from kansym.commands.output import verbose_log, watch
from kansym.commands.stopwatch import READING, SEARCH
from kansym.device import choose_device
from kansym.groups.discovery import law_of_groups
from kansym.groups.reading import GroupedSource
from kansym.report.terminal import ProgressDisplay, recorded_log
from kansym.run.budget import search_wall
from kansym.search.options import DiscoveryOptions


def discover_by_group(
    source: GroupedSource,
    table: TableOptions,
    searched: Mapping[str, Any],
    *,
    leave_out: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Search one law for all groups, print what was found, and save it."""
    options = DiscoveryOptions(**searched)
    watch.enter(READING)
    dataset, labels = source.read(
        target=require_target(table.target, source),
        error=table.error,
        columns=split_names(table.columns) or None,
        drop_missing=table.drop_missing,
    )
    choose_device(options.device, work=0)
    prepare(out, overwrite=overwrite)
    watch.enter(SEARCH)
    seconds = options.max_seconds
    display = ProgressDisplay(Console(stderr=True), seconds)
    arguments = {"group": source.group, "options": options, "leave_out": leave_out}
    wall = search_wall(seconds, spent=watch.total, files=out is not None)
    limits = clock.budget(
        seconds,
        deterministic=options.deterministic,
        wall=wall,
    )
    with recorded_log(verbose_log() if verbose else None), limits:
        if quiet or verbose:
            found = law_of_groups(dataset, labels, **arguments)
        else:
            with display.running():
                found = law_of_groups(dataset, labels, **arguments, progress=display)
    show(found, out=out, overwrite=overwrite, as_json=as_json, quiet=quiet)
    return 0
