"""The work of ``kansym sweep``."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kansym.codec import finite_json
from kansym.commands.implementation.tables import TableOptions
from kansym.commands.output import this_command, watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, SEARCH
from kansym.data.dataset import Dataset
from kansym.data.patterns import matching
from kansym.errors import DataError
from kansym.executors import dask_executor
from kansym.search.options import DiscoveryOptions
from kansym.sweeps.folder import PAGE, Sweep, names_of
from kansym.sweeps.folder import sweep as search_all
from kansym.sweeps.row import SweepRow


def sweep(
    *,
    files: tuple[str, ...],
    target: str,
    error: str | None,
    x_error: list[str] | None,
    units: Path | None,
    columns: list[str] | None,
    seconds: float,
    seed: int,
    deterministic: bool,
    out: Path,
    jobs: int,
    executor: Literal["processes", "dask"],
    scheduler: str | None,
    robust: bool,
    exact: bool,
    drop_missing: bool,
    key: str | None,
    primitives: list[str] | None,
    without: list[str] | None,
    validation_fraction: float,
    as_json: bool,
) -> int:
    """Search all tables, with a line for each as it is done."""
    common = TableOptions(
        file="",
        target=target,
        error=error,
        x_error=x_error,
        units=None if units is None else str(units),
        columns=columns,
        drop_missing=drop_missing,
        key=key,
        primitives=primitives,
        without=without,
    )
    options = DiscoveryOptions(
        max_seconds=seconds,
        seed=seed,
        device="cpu",
        validation_fraction=validation_fraction,
        primitives=common.library(),
        loss="tukey" if robust else "linear",
        deterministic=deterministic,
        exact=exact,
    )
    watch.quiet = as_json
    watch.enter(SEARCH)
    tables = {name: _reader(replace(common, file=file)) for name, file in names_of(matching(files)).items()}
    with (
        dask_executor(scheduler) if executor == "dask" else nullcontext() as pool,
        _shown(len(tables), quiet=as_json) as show,
    ):
        try:
            found = search_all(tables, options, out=out, jobs=jobs, executor=pool, command=this_command(), on_row=show)
        except KeyboardInterrupt:
            write_note(f"interrupted: what is done is in {out}, and the same command goes on from there")
            raise
    watch.enter(FILES)
    if as_json:
        write_json({"folder": str(out), "rows": [finite_json(row.to_dict()) for row in found.rows]})
    else:
        write_line(_summary(found))
    if len(found.failed) == len(found.rows):
        raise DataError(f"none of the {len(found.rows)} tables could be searched; {out / PAGE} has the reasons")
    return 0


def _reader(options: TableOptions) -> Callable[[], Dataset]:
    return lambda: options.read()[0]


def _summary(found: Sweep) -> str:
    kinds = Counter(row.verdict for row in found.rows)
    lines = [f"{len(found.rows)} tables: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())]
    for group in found.recurring:
        assert group[0].summary is not None
        lines.append(f"{len(group)} tables have the form of {group[0].summary.formula} ({group[0].name})")
    return "\n".join([*lines, f"saved to {found.folder}; see {found.folder / PAGE}"])


@contextmanager
def _shown(total: int, *, quiet: bool) -> Iterator[Callable[[SweepRow], None]]:
    """A line for each table on standard error, and a bar under them on a terminal."""
    console = Console(stderr=True, quiet=quiet)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("", total=total)

        def show(row: SweepRow) -> None:
            said = row.failure if row.summary is None else str(row.summary.formula)
            console.print(f"{row.name}: {row.verdict}: {said}", markup=False, highlight=False, soft_wrap=True)
            display.update(task, advance=1)

        yield show
