"""The command ``kansym fit-constants``."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from kansym.commands.options import ADVANCED, Flag, Names, input_errors, whole_number
from kansym.commands.table_options import require_table
from kansym.errors import ArgumentError, DataError

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.data.dataset import Dataset


def fit_constants(
    expression: str,
    file: str,
    /,
    *,
    target: str | None = None,
    error: str | None = None,
    x_error: Names = None,
    start: Names = None,
    robust: Flag = False,
    intervals: Flag = False,
    level: Annotated[float, ADVANCED] = 0.6827,
    scale_errors: Annotated[Flag, ADVANCED] = False,
    seed: Annotated[int, Parameter(converter=whole_number), ADVANCED] = 0,
    drop_missing: Flag = False,
    key: Annotated[str | None, ADVANCED] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
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
        The table: csv, tsv, txt, dat, parquet, hdf5, npy or npz. If there is no such file, the name of a table that
        comes with kansym (see `kansym datasets`).
    target
        Column that the formula describes. Required.
    error
        Standard errors of the target, a column or a number: rows are then weighted by 1/error^2, and the errors of the
        constants follow from them.
    x_error
        Standard errors of input columns, such as t=t_error or t=0.1: the column they are of, and a column or a number.
        Several are separated by commas, or the option is given again. The orthogonal distances are minimised then. It
        needs --error.
    start
        Starting values, such as A=1,tau=5. Constants without one are started from the data.
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
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, or array of an npz file, where there are several.
    as_json
        Print the result as one JSON object.
    """
    from kansym.fitting.known_form import fit_constants as fit
    from kansym.fitting.result import record
    from kansym.report.known_form import text_report

    begin = _start(start or [])
    dataset, remark, expression = _read(expression, file, target, error, input_errors(x_error), drop_missing, key)
    if remark:
        sys.stderr.write(f"{remark}\n")
    result = fit(
        expression,
        {name: dataset.X[:, j] for j, name in enumerate(dataset.names)},
        dataset.y,
        start=begin,
        y_error=dataset.y_error,
        x_error=None if dataset.x_error is None else dict(zip(dataset.names, dataset.x_error.T, strict=True)),
        loss="tukey" if robust else "linear",
        scale_errors=scale_errors,
        seed=seed,
        target=dataset.target,
        units=dict(zip(dataset.names, dataset.units, strict=True)),
        y_units=dataset.y_units,
    )
    ends = result.intervals(level, "covariance" if robust else "profile") if intervals else None
    if as_json:
        text = json.dumps(record(result, ends), ensure_ascii=False, allow_nan=False)
    else:
        text = text_report(result, ends)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    return 0


def _start(options: list[str]) -> dict[str, float]:
    begin: dict[str, float] = {}
    for part in (part.strip() for option in options for part in option.split(",")):
        name, sign, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = None
        if not sign or number is None or not name.strip():
            raise ArgumentError(f"--start: expected name=number, got {part!r}")
        begin[name.strip()] = number
    return begin


def _read(
    expression: str,
    file: str,
    target: str | None,
    error: str | None,
    x_error: dict[str, str | float],
    drop_missing: bool,
    key: str | None,
) -> "tuple[Dataset, str, str]":
    """The columns that the formula names, of a file or of a shipped dataset, what to say about it, and the formula."""
    from kansym.data.catalogue import dataset_file, dataset_names, describe_dataset
    from kansym.data.readers import column_spellings, read_table
    from kansym.symbolic.naming import plain_symbol
    from kansym.symbolic.parser import free_names, parse_expression
    from kansym.units.headers import with_short_names

    shipped = file in dataset_names() and not Path(file).exists()
    remark = (
        f"using the dataset {file!r} that comes with kansym (there is no file of that name here)" if shipped else ""
    )
    with dataset_file(file) if shipped else nullcontext(Path(file)) as path:
        require_table(str(path))
        spellings = column_spellings(path, key)
        names = list(spellings.values())
        listed = ", ".join(repr(name) for name in names)
        if target is None:
            raise DataError(f"--target is missing; the columns are {listed}")
        if shipped and error is None and target == describe_dataset(file).target:
            error = describe_dataset(file).error
        expression = with_short_names(expression, spellings)
        symbols = parse_expression(expression, [*names, *free_names(expression, names)]).free_symbols
        used = [name for name in names if plain_symbol(name) in symbols]
        if not used:
            raise ArgumentError(f"the formula {expression!r} names no column; the columns are {listed}")
        dataset = read_table(
            path,
            target=target,
            error=error,
            x_error=x_error or None,
            columns=used,
            drop_missing=drop_missing,
            key=key,
            # A column that happens to be constant is a number that the formula needs.
            remove_constant=False,
        )
    return dataset, remark, expression
