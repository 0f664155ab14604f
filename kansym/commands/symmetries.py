"""The command ``kansym symmetries``."""

from typing import Annotated

from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names
from kansym.data.files import require_table


def symmetries(
    file: str,
    /,
    *,
    target: str | None = None,
    columns: Names = None,
    through: Names = None,
    factor: str = "1",
    seed: Annotated[int, WHOLE] = 0,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    as_json: AsJson = False,
) -> int:
    """Ask what a table does not notice: kansym symmetries data.csv --target y

    Prints combinations of columns through which alone the target depends on them, such as a difference, which a common
    shift leaves as it is, a sum of squares, which a rotation does, or a ratio, which a common scale does; each with the
    part of the target that it cannot explain, and whether it holds. Mistakes in options or data give one line and exit
    code 2.

    Parameters
    ----------
    file
        The table: csv, tsv, txt, dat, lvm, xlsx, parquet, hdf5, npy or npz. If there is no such file, the name of a
        table that comes with kansym (see `kansym datasets`).
    target
        Column that depends on the others. Required.
    columns
        Columns that it may depend on, separated by commas. Default: all others.
    through
        Combinations to try instead of looking for some, separated by commas, such as "x - z" or "x/z,w/z": all of them
        together are one symmetry.
    factor
        With --through: what the target is divided by first, as "z**2".
    seed
        Of the rows that interpolants are fitted to and compared on.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    as_json
        Print the result as one JSON object.
    """
    require_table(file)
    return run(symmetries, locals())
