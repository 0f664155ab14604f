"""The command ``kansym dynamics``."""

from pathlib import Path
from typing import Annotated

from kansym.clock import DEFAULT_SECONDS
from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names, Quiet
from kansym.data.files import require_file


def dynamics(
    *files: str,
    time: str,
    state: Names = None,
    trajectory: str | None = None,
    inputs: Names = None,
    order: Annotated[int, WHOLE] = 1,
    explicit_time: Flag = False,
    error: Names = None,
    units: Path | None = None,
    seconds: float = DEFAULT_SECONDS,
    seed: Annotated[int, WHOLE] = 0,
    deterministic: Annotated[Flag, ADVANCED] = False,
    out: Path | None = None,
    key: Annotated[str | None, ADVANCED] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Search trajectories for the equations of motion: kansym dynamics run.csv --time t --state theta,omega

    Prints the derivative of every state as a formula of the states, its constants with standard errors from integrated
    trajectories, a verdict for each equation, conserved quantities, fixed points and LaTeX. Ctrl-C ends the search with
    the best system so far. Mistakes in options or data give one line and exit code 2.

    Parameters
    ----------
    files
        Tables, each a trajectory of its own, or several that a column numbers.
    time
        Column of the time, which must increase along a trajectory. Steps may differ, and rows may be missing.
    state
        Columns of the states, separated by commas. Required.
    trajectory
        Column that numbers or names the trajectories.
    inputs
        Columns of forces, controls and the like, which act on the system.
    order
        1 for dx/dt = f(x). 2 for positions alone: x'' = f(x, x'), velocities need not be measured.
    explicit_time
        The time itself may occur in the equations.
    error
        Standard errors of the states: a number, a column, or 1% of the state, for all states or as x=0.1,y=y_error.
        They are estimated by default.
    units
        Units of columns, as theta=rad,t=s, or a file of them. Headers such as `v [m/s]` have theirs.
    seconds
        Time budget, shared by all equations.
    seed
        Source of every random choice.
    deterministic
        Leave the clock on the wall out: slow and fast machines find the same.
    out
        Folder for the page, the figures, the record, and code in Python, Julia and C.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    quiet
        No progress.
    as_json
        Print the result as one JSON object.
    """
    for file in files:
        require_file(Path(file))
    return run(dynamics, locals())
