"""The work of ``kansym fit-constants``."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from kansym.commands.implementation import work_of
from kansym.commands.implementation.group_options import names_of, refused, require_target, source_of
from kansym.commands.implementation.tables import shipped_remark
from kansym.commands.options import bounds_by_name, input_errors, numbers_by_name, split_names
from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, FIT, READING
from kansym.data.dataset import Dataset
from kansym.data.error_models import POISSON
from kansym.data.files import is_shipped, require_table
from kansym.data.readers import column_spellings, read_table
from kansym.data.remarks import name_hints
from kansym.data.shipped import dataset_file, describe_dataset
from kansym.errors import ArgumentError, DataError
from kansym.fitting.known_form import fit_columns as fit
from kansym.fitting.result import record
from kansym.report.known_form import text_report
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import free_names, parse_expression
from kansym.units.headers import with_short_names


def fit_constants(
    *,
    expression: str,
    file: str | None,
    target: str | None,
    error: str | None,
    x_error: list[str] | None,
    start: list[str] | None,
    bounds: list[str] | None,
    fix: list[str] | None,
    robust: bool,
    intervals: bool,
    level: float,
    scale_errors: bool,
    seed: int,
    group: str | None,
    per_group: list[str] | None,
    dataset_per_file: str | None,
    leave_out: list[str] | None,
    out: Path | None,
    overwrite: bool,
    drop_missing: bool,
    key: str | None,
    as_json: bool,
) -> int:
    """Fit the constants of a formula and print them."""
    begin, ends, fixed = numbers_by_name("--start", start), bounds_by_name(bounds), numbers_by_name("--fix", fix)
    if group is not None or dataset_per_file is not None:
        refused({
            "--x-error": x_error, "--bounds": bounds, "--fix": fix, "--robust": robust, "--intervals": intervals,
            "--scale-errors": scale_errors,
        })  # fmt: skip
        watch.enter(READING)
        source = source_of(file, group, dataset_per_file, key)
        return work_of("fit_constants_by_group")(
            source,
            expression,
            target=require_target(target, source),
            error=error,
            start=begin,
            seed=seed,
            per_group=None if per_group is None else split_names(per_group),
            leave_out=names_of(leave_out),
            drop_missing=drop_missing,
            out=out,
            overwrite=overwrite,
            as_json=as_json,
        )
    file = file or ""
    watch.enter(READING)
    dataset, expression, names = _read(expression, file, target, error, input_errors(x_error), drop_missing, key)
    if is_shipped(file):
        write_note(shipped_remark(file))
    watch.enter(FIT)
    result = fit(
        expression,
        {name: dataset.X[:, j] for j, name in enumerate(dataset.names)},
        dataset.y,
        start=begin,
        y_error=POISSON if dataset.counts else dataset.y_error if dataset.y_sides is None else tuple(dataset.y_sides),
        x_error=None if dataset.x_error is None else dict(zip(dataset.names, dataset.x_error.T, strict=True)),
        loss="tukey" if robust else "linear",
        scale_errors=scale_errors,
        seed=seed,
        target=dataset.target,
        units=dict(zip(dataset.names, dataset.units, strict=True)),
        y_units=dataset.y_units,
        bounds=ends,
        fixed=fixed,
    )
    unused = [name for name in names if name not in dataset.names]
    result = replace(result, notes=(*dataset.notes, *name_hints(list(result.values), unused, ()), *result.notes))
    ends = result.intervals(level, "covariance" if robust else "profile") if intervals else None
    watch.enter(FILES)
    if as_json:
        write_json(record(result, ends))
    else:
        write_line(text_report(result, ends))
    return 0


def _read(
    expression: str,
    file: str,
    target: str | None,
    error: str | None,
    x_error: dict[str, str | float],
    drop_missing: bool,
    key: str | None,
) -> tuple[Dataset, str, list[str]]:
    """The columns that the formula names, the formula with short names, and the names of all columns."""
    shipped = is_shipped(file)
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
    return dataset, expression, names
