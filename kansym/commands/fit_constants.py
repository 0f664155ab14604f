"""The command ``kansym fit-constants``."""

from pathlib import Path
from typing import Annotated

from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag, Names
from kansym.data.files import require_table
from kansym.errors import ArgumentError


def fit_constants(
    expression: str,
    file: str | None = None,
    /,
    *,
    target: str | None = None,
    error: str | None = None,
    x_error: Names = None,
    start: Names = None,
    bounds: Names = None,
    fix: Names = None,
    robust: Flag = False,
    intervals: Flag = False,
    level: Annotated[float, ADVANCED] = 0.6827,
    scale_errors: Annotated[Flag, ADVANCED] = False,
    seed: Annotated[int, WHOLE, ADVANCED] = 0,
    group: str | None = None,
    per_group: Names = None,
    dataset_per_file: str | None = None,
    leave_out: Annotated[Names, ADVANCED] = None,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    as_json: AsJson = False,
) -> int:
    """Fit the constants of a formula that you know: kansym fit-constants "A*exp(-t/tau) + B" data.csv --target y

    Names in the formula that are not columns are its constants. Prints their values with standard errors, their
    correlations, chi-squared and p-value where the table has errors, and which constants the data cannot tell apart.
    Mistakes in options or data give one line and exit code 2.

    Parameters
    ----------
    expression
        The formula, in quotes: + - * / ** ^, parentheses, functions, columns and constants. Put a column whose name
        holds signs between backquotes.
    file
        The table: csv, tsv, txt, dat, lvm, xlsx, parquet, hdf5, npy or npz. If there is no such file, the name of a
        table that comes with kansym (see `kansym datasets`).
    target
        Column that the formula describes. Required.
    error
        Standard errors of the target, a column or a number, two columns y_minus,y_plus for errors below and above it
        (the one on the side of the curve counts), 1% of it, or `"sqrt(N)"` of a column: rows are then
        weighted by 1/error^2, and the errors of the constants follow from them. With poisson the target is a number of
        counts, and Poisson's likelihood is maximised: chi-squared is its deviance then.
    x_error
        Standard errors of input columns, such as t=t_error or t=0.1: the column they are of, and a column or a number.
        Several are separated by commas, or the option is given again. The orthogonal distances are minimised then. It
        needs --error.
    start
        Starting values, such as A=1,tau=5. Constants without one are started from the data.
    bounds
        What constants may be, such as "tau=0:10,A>0" or tau=0: for one end, in quotes where there is a < or >. The ends
        belong to it. A constant that ends at its bound is reported as such and has no standard error; its interval
        (--intervals) ends there.
    fix
        Constants that are known and not fitted, such as g=9.81.
    robust
        Rows far from the formula lose their weight (Tukey's loss, from Huber's estimate): for a table with mistakes in
        it. Beyond 4.7 standard errors they have none, so that wrong rows do not count at all.
    intervals
        Print intervals from profiles too: each constant is moved and all others are refitted. They are asymmetric where
        the formula bends, and more to be trusted than the standard errors there.
    level
        Probability of these intervals: 0.6827 is one standard error for a Gaussian, 0.9545 two.
    scale_errors
        Scale the errors of the constants by the residuals also where the table has errors: only their ratios count.
    seed
        Source of the starting values.
    group
        Column that names groups of rows, texts or whole numbers: all are fitted at once, and the length of the
        description decides which constants are shared.
    per_group
        With groups: constants that each has its own of, separated by commas; all others are shared then.
    dataset_per_file
        Files with the same columns, such as 'runs/*.csv', in quotes: each is a group, named by its stem. Instead of
        FILE and --group.
    leave_out
        With groups: one whose rows do not count. The option may be given several times.
    out
        With groups: folder for report.html, groups.json, constants.csv with a row per group, and figures.
    overwrite
        With --out: replace what is there.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, sheet of an Excel file, or array of an npz file, where there are several.
    as_json
        Print the result as one JSON object.
    """
    if file is None and dataset_per_file is None:
        raise ArgumentError("FILE is missing; name a table; see kansym fit-constants --help")
    if group is None and dataset_per_file is None:
        for option, value in (("--per-group", per_group), ("--leave-out", leave_out), ("--out", out)):
            if value:
                raise ArgumentError(f"{option} is for groups; name their column with --group")
    if file is not None and dataset_per_file is None:
        require_table(file)
    return run(fit_constants, locals())
