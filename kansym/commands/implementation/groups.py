"""What `kansym discover` and `kansym fit-constants` have in common with --group: the folder, and what is shown."""

import shlex
from pathlib import Path

import numpy as np

from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES
from kansym.groups.result import GroupedFormula
from kansym.groups.text import text_report
from kansym.run.writing import prepare_directory


def prepare(out: Path | None, *, overwrite: bool) -> None:
    """See that the folder can be written to, before time is spent."""
    if out is not None:
        from kansym.groups.folder import require_place

        prepare_directory(out)
        require_place(out, overwrite=overwrite)


def show(found: GroupedFormula, *, out: Path | None, overwrite: bool, as_json: bool, quiet: bool = False) -> None:
    """Print the result, and save it."""
    watch.enter(FILES)
    if as_json:
        write_json(found.to_dict())
    else:
        write_line(text_report(found))
    if out is None:
        return
    # Pages and figures are imported where they are made.
    from kansym.groups.folder import RECORD, save_groups

    path = save_groups(found, out, overwrite=overwrite)
    watch.record = path / RECORD
    write_note(f"saved to {path}", quiet=quiet)
    for command in next_commands(found, path):
        write_note(f"further: {command}", quiet=quiet)


def next_commands(found: GroupedFormula, path: Path) -> list[str]:
    """Commands that search the constants of the groups against what the groups differ in."""
    from kansym.groups.folder import CONSTANTS

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
