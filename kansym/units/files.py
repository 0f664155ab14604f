"""Units of columns from a file, or from lines of one."""

import json
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from kansym.errors import DataError
from kansym.units.headers import names_and_units_of
from kansym.units.unit import parse_unit

LARGEST = 2**20
"""Bytes of such a file, at most."""

_LINE = re.compile(r"^\s*(?P<name>\"[^\"]*\"|'[^']*'|[^=:,\t]+?)\s*[=:,\t]\s*(?P<unit>.*?)\s*$")


def read_units(path: str | os.PathLike[str], columns: Sequence[str]) -> dict[str, str]:
    """Units by column, from lines such as ``v = m/s`` (or ``v: m/s``, ``v,m/s``), a TOML or a JSON table.

    Parameters
    ----------
    path : path-like
        ``.toml``, ``.json``, or text; ``#`` begins a comment. Where there is no such file, the lines themselves,
        separated by commas: ``v=m/s,t=s``.
    columns : sequence of str
        Columns of the table, the target among them.

    Returns
    -------
    dict of str to str
        Those that the file names.

    Raises
    ------
    DataError
        If the file cannot be read, names a column that is not there, or holds what is no unit.
    """
    path = Path(path)
    # Unlike Path.exists, this is False for text that is too long for a name.
    inline = "=" in str(path) and not os.path.exists(path)
    found = _lines("units", str(path).replace(",", "\n")) if inline else _of_file(path)
    # A line may name a column as the header does, with the unit that stands there.
    short = dict(zip(found, names_and_units_of(list(found))[0], strict=True))
    found = {name if name in columns else short[name]: unit for name, unit in found.items()}
    source = "units" if inline else str(path)
    for name, unit in found.items():
        if name not in columns:
            listed = ", ".join(repr(column) for column in columns)
            raise DataError(f"{source} names {name!r}, which is not a column that is used; columns: {listed}")
        parse_unit(unit, f"{source}: unit of {name!r}")
    return found


def _of_file(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path} is too large for a file of units; it should hold a line per column")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise DataError(f"the file of units {path} cannot be read: {failure.strerror or failure}") from failure
    except ValueError as failure:
        raise DataError(f"the file of units {path} is not UTF-8 text") from failure
    return _table(path, text) if path.suffix.lower() in (".toml", ".json") else _lines(str(path), text)


def _table(path: Path, text: str) -> dict[str, str]:
    try:
        record = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as failure:
        raise DataError(f"{path} cannot be read: {str(failure)[:200]}") from failure
    if not isinstance(record, dict) or not all(isinstance(unit, str) for unit in record.values()):
        raise DataError(f'{path} must map names of columns to units, as in v = "m/s"')
    return record


def _lines(source: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#")[0]
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match is None or not match["unit"]:
            raise DataError(f"{source}, line {number}: expected a column = its unit, not {line.strip()!r}")
        unit = match["unit"]
        quoted = len(unit) > 1 and unit[0] == unit[-1] and unit[0] in "\"'"
        found[match["name"].strip("\"'")] = unit[1:-1] if quoted else unit
    return found
