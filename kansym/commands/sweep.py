"""The command ``kansym sweep``."""

from pathlib import Path
from typing import Annotated, Literal

from kansym.clock import DEFAULT_SECONDS
from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names
from kansym.data.patterns import matching
from kansym.errors import ArgumentError


def sweep(
    *files: str,
    target: str,
    error: str | None = None,
    x_error: Annotated[Names, ADVANCED] = None,
    units: Path | None = None,
    columns: Names = None,
    seconds: float = DEFAULT_SECONDS,
    seed: Annotated[int, WHOLE] = 0,
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path = Path("sweep"),
    jobs: Annotated[int, WHOLE] = 1,
    executor: Annotated[Literal["processes", "dask"], ADVANCED] = "processes",
    scheduler: Annotated[str | None, ADVANCED] = None,
    robust: Flag = False,
    exact: Flag = False,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    primitives: Names = None,
    without: Names = None,
    validation_fraction: Annotated[float, ADVANCED] = 0.2,
    as_json: AsJson = False,
) -> int:
    """Search many tables, each for the formula of the same column.

    Every table becomes the folder of a run, with its report, as from `kansym discover --out`. index.html shows all of
    them, sweep.csv lists them, and both say which tables have the same form of law. A table that cannot be read or
    searched is a row with its reason. Ctrl-C keeps what is done; the same command goes on from there.

    Parameters
    ----------
    files
        Tables, or patterns such as `'runs/*.csv'`, quoted so that the shell leaves them alone if there are many.
    target
        Column to explain, the same in all tables.
    error
        As for `kansym discover`, like all options that are not explained here.
    x_error
        Standard errors of input columns, such as t=t_error.
    units
        Units of columns, as v=m/s,t=s, or a file of them; for every table.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers.
    seconds
        For each table.
    seed
        Source of every random choice, for each table alike.
    deterministic
        Leave the clock on the wall out: slow and fast workers find the same.
    out
        Folder for the results. Results that it holds for the same table and options are not computed again.
    jobs
        Worker processes on this machine, one thread each. Formulas do not depend on it.
    executor
        processes of this machine, or the workers of a Dask cluster (`pip install 'kansym[dask]'`).
    scheduler
        Address of a Dask scheduler, such as tcp://host:8786, or its scheduler file. Default: a cluster on this machine.
    robust
        For tables with mistakes in them.
    exact
        Put exact numbers into formulas where fitted constants agree with them.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    primitives
        Use only these functions, separated by commas (see `kansym primitives`).
    without
        Do not use these functions.
    validation_fraction
        Share of the rows held out to judge formulas.
    as_json
        Print the rows as one JSON object.
    """
    if scheduler is not None and executor != "dask":
        raise ArgumentError("--scheduler is for --executor dask")
    matching(files)
    return run(sweep, locals())
