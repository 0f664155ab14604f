"""LabVIEW's measurement files (.lvm): a table between blocks of settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from kansym.data.dialect import Dialect
from kansym.data.remarks import Warned
from kansym.errors import DataError
from kansym.units.unit import known_unit

FIRST = "LabVIEW Measurement"
END = "***End_of_Header***"
COMMENT = "Comment"


@dataclass(frozen=True)
class Measurement:
    """What is left of such a file.

    Attributes
    ----------
    lines : list of str
        As many as the file has: the names of the columns once, and the rows; empty for all others.
    dialect : Dialect
    units : dict of str to str
        By name of a column, those that are known.
    notes : list of str
    """

    lines: list[str]
    dialect: Dialect
    units: dict[str, str]
    notes: list[str]


def is_labview(lines: Sequence[str]) -> bool:
    """Whether the first line says so."""
    return lines[0].startswith(FIRST)


def read_labview(source: str, lines: Sequence[str]) -> Measurement:
    """The table of a measurement file; its segments stand below each other.

    Raises
    ------
    DataError
        If it has no rows, its segments have other columns, or a start or step of X is no number.

    References
    ----------
    National Instruments, Specification for the LabVIEW Measurement File (.lvm), white paper.
    """
    # The sign that this line names already stands between its own words.
    said = next((line for line in lines if line.startswith("Separator")), "")
    separator = "," if "Comma" in said else "\t"
    general = _settings(lines, "," if said.startswith("Separator,") else "\t")
    dialect = Dialect(separator, _first(general, "Decimal_Separator") or ".")
    kept, names, units, parts = [""] * len(lines), [], {}, 0
    ends = [k for k, line in enumerate(lines) if line.startswith(END)]
    for position, end in enumerate(ends[1:], start=1):
        until = ends[position + 1] if position + 1 < len(ends) else len(lines)
        rows = [k for k in range(end + 1, until) if lines[k].strip(" \t,")]
        # A block of settings begins with the number of channels.
        rows = rows[: next((n for n, k in enumerate(rows) if lines[k].startswith(("Channels", "***"))), len(rows))]
        if not rows:
            continue
        found = _numbered([cell for cell in dialect.fields(lines[rows[0]]) if cell and cell != COMMENT])
        if names and found != names:
            raise DataError(f"{source}, line {rows[0] + 1}: a segment with other columns; keep one segment in the file")
        settings = _settings(lines[ends[position - 1] + 1 : end + 1], separator)
        if not names:
            names = found
            units = _units(names, settings)
            kept[rows[0]] = separator.join(names)
        for k in rows[1:]:
            cells = (dialect.fields(lines[k]) + [""] * len(names))[: len(names)]
            kept[k] = separator.join(cells)
        if _first(general, "X_Columns") == "No":
            start, step = (_number(source, settings, key, dialect) for key in ("X0", "Delta_X"))
            for n, k in enumerate(rows[1:]):
                kept[k] = repr(start + n * step).replace(".", dialect.decimal) + kept[k]
        parts += 1
    if not names:
        raise DataError(f"{source} is a LabVIEW measurement file without rows after {END}; export it with its data")
    said = f": {parts} segments, one below the other" if parts > 1 else ""
    listed = f"; units {', '.join(f'{name} [{unit}]' for name, unit in units.items())}" if units else ""
    note = Warned(f"Read as a LabVIEW measurement file{said}; columns {', '.join(names)}{listed}.")
    return Measurement(kept, dialect, units, [note])


def _first(settings: dict[str, list[str]], key: str) -> str:
    """The first value of a key; nothing where the key is missing or has no value."""
    return next(iter(settings.get(key, [])), "")


def _number(source: str, settings: dict[str, list[str]], key: str, dialect: Dialect) -> float:
    """A number of the settings, NaN where there is none."""
    text = _first(settings, key)
    try:
        return float(text.replace(dialect.decimal, ".") or "nan")
    except ValueError:
        raise DataError(f"{source}: {key} = {text[:40]!r} is not a number; correct it in the settings") from None


def _settings(lines: Sequence[str], separator: str) -> dict[str, list[str]]:
    """Values by key, of the lines before the end of a header."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(END):
            break
        key, *values = line.split(separator)
        found.setdefault(key.strip(), [value.strip() for value in values])
    return found


def _numbered(names: Sequence[str]) -> list[str]:
    """Every channel may have an X_Value of its own: the second becomes X_Value 2."""
    return [
        name if names[:k].count(name) == 0 else f"{name} {names[:k].count(name) + 1}" for k, name in enumerate(names)
    ]


def _units(names: Sequence[str], settings: dict[str, list[str]]) -> dict[str, str]:
    """Seconds of X where it is a time, and the labels of the channels where they are units."""
    timed = _first(settings, "X_Dimension").lower() == "time"
    found = {name: "s" for name in names if name.startswith("X_Value") and timed}
    channels = [name for name in names if not name.startswith("X_Value")]
    for name, label in zip(channels, settings.get("Y_Unit_Label", []), strict=False):
        unit = known_unit(label)
        if unit:
            found[name] = unit
    return found
