"""The command ``kansym relation``."""

from pathlib import Path
from typing import Annotated

from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names, Quiet
from kansym.data.files import require_table


def relation(
    file: str,
    /,
    *,
    columns: Names = None,
    error_of: Names = None,
    units: Names = None,
    seconds: float = 30.0,
    seed: Annotated[int, WHOLE] = 0,
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path | None = None,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Look for a relation among columns, none of which is the target: kansym relation gas.csv --columns p,V,n,T

    Prints the shortest equation between the columns that all rows satisfy within their errors, its constants with
    standard errors, the equation solved for every column, a verdict with its grounds, and further relations that do not
    follow from it. Ctrl-C ends the search with what was found so far. Mistakes in options or data give one line and
    exit code 2.

    Parameters
    ----------
    file
        The table: csv, tsv, txt, dat, lvm, xlsx, parquet, hdf5, npy or npz. If there is no such file, the name of a
        table that comes with kansym (see `kansym datasets`).
    columns
        The columns that may take part, separated by commas. Default: all columns of numbers.
    error_of
        Standard errors of columns, such as p=0.1,V=V_error,T=1%: a number, a column, or a part of the value. Columns
        that are not named are then exact. Default: one size for all is estimated.
    units
        Units of columns, as p=Pa,V=m^3. Headers such as `v [m/s]` have theirs.
    seconds
        Time budget.
    seed
        Source of every random choice.
    deterministic
        Leave the clock on the wall out: slow and fast machines find the same.
    out
        Folder for the page, the figure, the text and the record.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    quiet
        No progress.
    as_json
        Print the result as one JSON object.
    """
    require_table(file)
    return run(relation, locals())
