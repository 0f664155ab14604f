"""The command ``kansym conserved``."""

from pathlib import Path
from typing import Annotated

from kansym.commands.implementation import run as do
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names, Quiet
from kansym.data.files import require_file


def conserved(
    *files: str,
    time: str,
    state: Names = None,
    run: str | None = None,
    error: Names = None,
    units: Names = None,
    seconds: float = 30.0,
    seed: Annotated[int, WHOLE] = 0,
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path | None = None,
    key: Annotated[str | None, ADVANCED] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Look for what stays constant along a motion: kansym conserved runs.csv --time t --state q,p --run run

    Prints functions of the state that are the same all along each run, such as an energy, the shortest first, as many
    as are independent of each other, with constants, their errors, and how constant they are. No equations of motion
    are needed. Ctrl-C ends the search with what was found so far. Mistakes in options or data give one line and exit
    code 2.

    Parameters
    ----------
    files
        Tables, each a run of its own, or several that a column numbers.
    time
        Column of the time, which must increase along a run.
    state
        Columns of the states, positions and velocities or momenta, separated by commas. Required.
    run
        Column that numbers or names the runs.
    error
        Standard errors of the states: a number, a column, or 1% of the state, for all states or as x=0.1,y=y_error.
        They are estimated by default, from how smooth the states are in time.
    units
        Units of columns, as q=m,t=s. Headers such as `v [m/s]` have theirs.
    seconds
        Time budget.
    seed
        Source of every random choice.
    deterministic
        Leave the clock on the wall out: slow and fast machines find the same.
    out
        Folder for the page, the figure, the text and the record.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    quiet
        No progress.
    as_json
        Print the result as one JSON object.
    """
    for file in files:
        require_file(Path(file))
    return do(conserved, locals())
