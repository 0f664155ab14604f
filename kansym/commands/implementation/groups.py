"""What `kansym discover` and `kansym fit-constants` have in common with --group: the table, and what is shown."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kansym.commands.implementation.tables import is_shipped, require_table
from kansym.commands.output import write_json, write_line, write_note
from kansym.data.catalogue import dataset_file
from kansym.errors import ArgumentError, DataError
from kansym.groups.folder import CONSTANTS, require_place, save_groups
from kansym.groups.reading import GroupedSource, grouped_source, source_of_files
from kansym.groups.result import GroupedFormula
from kansym.groups.text import text_report
from kansym.run.storage import prepare_directory


def source_of(file: str | None, group: str | None, per_file: str | None, key: str | None) -> GroupedSource:
    """The table and its groups, from the options of a command."""
    if per_file is not None:
        if file is not None or group is not None:
            raise ArgumentError("--dataset-per-file stands for the table and its groups; leave FILE and --group out")
        return source_of_files(per_file, key)
    if file is None or group is None:
        raise ArgumentError("name a table and --group, or the files of --dataset-per-file")
    if is_shipped(file):
        with dataset_file(file) as path:
            return grouped_source(path, group, key)
    require_table(file)
    return grouped_source(file, group, key)


def require_target(target: str | None, source: GroupedSource) -> str:
    """The target, or an error that names the columns."""
    if target is None:
        raise DataError(f"--target is missing; the columns are {', '.join(map(repr, source.names))}")
    return source.spellings.get(target.strip(), target)


def refused(options: dict[str, object]) -> None:
    """Say which options have no meaning for groups."""
    given = [name for name, value in options.items() if value]
    if given:
        raise ArgumentError(
            f"{', '.join(given)}: not used with groups; leave {'it' if len(given) == 1 else 'them'} out"
        )


def prepare(out: Path | None, *, overwrite: bool) -> None:
    """See that the folder can be written to, before time is spent."""
    if out is not None:
        prepare_directory(out)
        require_place(out, overwrite=overwrite)


def show(found: GroupedFormula, *, out: Path | None, overwrite: bool, as_json: bool, quiet: bool = False) -> None:
    """Print the result, and save it."""
    if as_json:
        write_json(found.to_dict())
    else:
        write_line(text_report(found))
    if out is None:
        return
    path = save_groups(found, out, overwrite=overwrite)
    write_note(f"saved to {path}", quiet=quiet)
    for command in next_commands(found, path):
        write_note(f"further: {command}", quiet=quiet)


def next_commands(found: GroupedFormula, path: Path) -> list[str]:
    """Commands that search the constants of the groups against what the groups differ in."""
    levels = [name for name, column in found.table.level_columns.items() if np.issubdtype(column.dtype, np.number)]
    if all(_is_number(name) for name in found.groups):
        levels = [found.table.group, *levels]
    if not levels:
        return []
    columns = ",".join(f'"{name}"' if "," in name else name for name in levels)
    start = ["kansym", "discover", str(path / CONSTANTS)]
    return [
        shlex.join([*start, "--target", name, "--error", f"{name}_error", "--columns", columns])
        for name in found.per_group
    ]


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def names_of(option: Sequence[str] | None) -> tuple[str, ...]:
    """Names of groups of an option that may be given several times."""
    return tuple(name.strip() for name in option or () if name.strip())
