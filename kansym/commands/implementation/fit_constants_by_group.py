"""The work of ``kansym fit-constants`` where the formula is for several groups of rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kansym.commands.implementation.groups import prepare, show
from kansym.commands.output import watch
from kansym.commands.stopwatch import FIT
from kansym.errors import ArgumentError
from kansym.groups.known_form import fit_constants_by_group as fit
from kansym.groups.reading import GroupedSource
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import free_names, parse_expression
from kansym.units.headers import with_short_names


def fit_constants_by_group(
    source: GroupedSource,
    expression: str,
    *,
    target: str,
    error: str | None,
    start: Mapping[str, float],
    seed: int,
    per_group: Sequence[str] | None,
    leave_out: tuple[str, ...],
    drop_missing: bool,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Fit the constants of a formula for several groups, print and save them."""
    names = source.names
    prepare(out, overwrite=overwrite)
    expression = with_short_names(expression, source.spellings)
    symbols = parse_expression(expression, [*names, *free_names(expression, names)]).free_symbols
    if plain_symbol(source.group) in symbols:
        raise ArgumentError(f"the formula names the column {source.group!r}, which names the groups; rename one")
    dataset, labels = source.read(target=target, error=error, drop_missing=drop_missing)
    if not any(plain_symbol(name) in symbols for name in dataset.names):
        listed = ", ".join(map(repr, dataset.names))
        raise ArgumentError(f"the formula {expression!r} names no column; the columns are {listed}")
    watch.enter(FIT)
    found = fit(
        expression,
        {**dataset.labels, **{name: dataset.X[:, j] for j, name in enumerate(dataset.names)}},
        dataset.y,
        labels,
        per_group=per_group,
        start=start,
        y_error=dataset.y_error if dataset.y_sides is None else tuple(dataset.y_sides),
        seed=seed,
        target=dataset.target,
        group=source.group,
        units=dict(zip(dataset.names, dataset.units, strict=True)),
        y_units=dataset.y_units,
        leave_out=leave_out,
    )
    show(found, out=out, overwrite=overwrite, as_json=as_json)
    return 0
