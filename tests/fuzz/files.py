"""Random files: tables as people write them, tables with mistakes, and things that are no tables.

Everything is drawn from one generator, so that a case is the same on every machine.
"""

import io
import os
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

Value = TypeVar("Value")

LAWS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda x: 2.5 * x[:, 0] + 1,
    lambda x: 3.0 * x[:, 0] ** 1.5,
    lambda x: np.exp(-x[:, 0] / 2) + 0.5,
    lambda x: x.prod(axis=1) / (1 + x[:, 0] ** 2),
    lambda x: np.sin(3 * x[:, 0]) + x[:, -1],
    lambda x: x[:, 0] / x[:, -1] + 1,
    lambda x: np.sqrt((x**2).sum(axis=1)),
    lambda x: x[:, 0] * 0 + np.arange(len(x)) % 7,
    lambda x: x[:, -1],
)
"""What the target is, but for noise; the last one is a copy of an input."""

NAMES = ("x", "y", "t", "v", "mass", "E", "lambda", "pi", "x1", "T_e", "Δt", "λ (nm)", "a b", "x-1", "x_0", "exp", "I")
ODD_NAMES = (
    "",
    "1",
    "2.5",
    "a,b",
    'q"q',
    "-x",
    "`x`",
    "__import__('os')",
    "nan",
    "x" * 300,
    "[m]",
    "#c",
    "y\u200b",
    "=1+1",
)
UNITS = ("m/s", "kg", "", "1/cm", "µm", "m s^-2", "?", "dB]")
ODD_CELLS = (
    *("nan", "NaN", "inf", "-inf", "1e400", "-1e400", "1e-320", "1.5D+03", "1d-4", "high", "2021-05-03", "12:30", ""),
    *(" ", "1_000", "0x1F", "1,000", "--5", "+-1", "٣", "True", "None", "N/A", "-", "1e", "e5", ".", "9" * 400, "1 2"),
    *('"', '"5"', "1;2", "=1+1", "\u22125", "5%", "1.2.3", "1e5e5", "+7", "1e+05", "007", "-0.0", "1/3", "π", "#3"),
)
TEXT_SUFFIXES = ("csv", "tsv", "txt", "dat", "tab", "asc", "CSV")
BINARY_SUFFIXES = ("npy", "npz", "parquet", "h5", "pq", "hdf5")


@dataclass(frozen=True)
class RandomFile:
    """A path to hand to the command, and what was put there.

    Attributes
    ----------
    path : Path
    kind : str
        In words, for the summary.
    columns : tuple of str
        Names that the table has, as far as it is one; the last one is the usual target.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]


def pick(rng: np.random.Generator, values: Sequence[Value]) -> Value:
    """One of some values; numpy's choice turns them into its own types, and cuts zero bytes off texts."""
    return values[int(rng.integers(len(values)))]


def random_file(rng: np.random.Generator, folder: Path) -> RandomFile:
    """Make a random file, or something that is none, in a folder."""
    draw = rng.random()
    if draw < 0.68:
        return _text(rng, folder)
    if draw < 0.92:
        return _binary(rng, folder)
    return _no_table(rng, folder)


def random_table(rng: np.random.Generator, *, most_rows: int | None = None) -> tuple[list[str], np.ndarray]:
    """Names and numbers (n, d + 1); the target is the last column."""
    rows = int(rng.choice([1, 2, 3, 5, 8, 12, 19, 20, 30, 60, 150], p=[0.02, 0.04, 0.06, *[0.88 / 8] * 8]))
    if most_rows is None and rng.random() < 0.004:
        rows = 100_000
    width = int(rng.choice([0, 1, 2, 3, 5], p=[0.03, 0.42, 0.3, 0.15, 0.1]))
    if width == 0:
        return ["y"], rng.normal(size=(rows, 1))
    inputs = np.column_stack([_column(rng, rows) for _ in range(width)])
    with np.errstate(all="ignore"):
        y = LAWS[int(rng.integers(len(LAWS)))](np.clip(inputs, -1e100, 1e100))
        y = np.where(np.isfinite(y), y, 1.0)
        if rng.random() < 0.6:
            y = y * (1 + rng.choice([0.001, 0.01, 0.1]) * rng.normal(size=rows))
        if rng.random() < 0.1:
            y = y * 10.0 ** rng.integers(-200, 200)
        if rng.random() < 0.02:
            y = np.full(rows, y[0])
    table = np.column_stack([inputs, np.nan_to_num(y)])
    if rng.random() < 0.15:
        table = table[rng.integers(0, rows, rows)]
    if rng.random() < 0.15:
        table = np.round(table, int(rng.integers(0, 4)))
    return _names(rng, width + 1), table


def _column(rng: np.random.Generator, rows: int) -> np.ndarray:
    kind = rng.integers(15) - 5
    if kind < 4:
        return rng.uniform(1, 3, rows)
    if kind == 4:
        return np.linspace(0, rng.integers(1, 100), rows)
    if kind == 5:
        return rng.integers(-3, 10, rows).astype(float)
    if kind == 6:
        return rng.lognormal(0, 3, rows)
    if kind == 7:
        return rng.normal(size=rows) * 10.0 ** rng.integers(-12, 12)
    if kind == 8:
        return np.full(rows, 2.0)
    return rng.uniform(-1, 1, rows) * 10.0 ** rng.integers(-307, 308)


def _names(rng: np.random.Generator, width: int) -> list[str]:
    if rng.random() < 0.7:
        return [*(f"x{k}" for k in range(width - 1)), "y"]
    names = [str(name) for name in rng.choice(NAMES, width, replace=False)]
    if rng.random() < 0.3:
        names[int(rng.integers(width))] = pick(rng, ODD_NAMES)
    if rng.random() < 0.05:
        names[-1] = names[0]
    return names


# -- text -------------------------------------------------------------------------------------------------------------


def _text(rng: np.random.Generator, folder: Path) -> RandomFile:
    names, table = random_table(rng)
    delimiter = str(rng.choice([",", ";", "\t", "|", " ", "  ", ", "], p=[0.5, 0.12, 0.12, 0.05, 0.1, 0.06, 0.05]))
    decimal = "," if "," not in delimiter and rng.random() < 0.15 else "."
    form = str(rng.choice(["%.17g", "%.6g", "%.3f", "%e", "%d"], p=[0.4, 0.3, 0.1, 0.15, 0.05]))
    with np.errstate(all="ignore"):
        cells = [[(form % value).replace(".", decimal) for value in row] for row in table.tolist()]
    headers = [_header(rng, name, delimiter) for name in names]
    broken = rng.random() < 0.25
    if broken and len(cells) < 1000:
        for _ in range(int(rng.integers(1, 4))):
            _spoil_cells(rng, cells)
    lines = [delimiter.join(row) for row in cells]
    style = rng.random()
    header = delimiter.join(headers)
    if style < 0.85:
        lines.insert(0, header)
    elif style < 0.92:
        lines.insert(0, f"# {header}")
    named = style < 0.92
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 4))):
            lines.insert(int(rng.integers(len(lines) + 1)), pick(rng, ["", "# note", "% note", "   ", "\t"]))
    if rng.random() < 0.05:
        lines = [line + delimiter for line in lines]
    end = str(rng.choice(["\n", "\r\n", "\r"], p=[0.8, 0.15, 0.05]))
    text = end.join(lines) + (end if rng.random() < 0.9 else "")
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le"], p=[0.7, 0.1, 0.1, 0.05, 0.05]))
    data = text.encode(encoding, "replace")
    if broken and rng.random() < 0.4:
        data = _spoil_bytes(rng, data)
    path = folder / f"table.{pick(rng, TEXT_SUFFIXES)}"
    path.write_bytes(data)
    kind = "text with mistakes" if broken else "text"
    return RandomFile(path, kind, tuple(names) if named else tuple(f"x{k}" for k in range(len(names))))


def _header(rng: np.random.Generator, name: str, delimiter: str) -> str:
    if rng.random() < 0.15:
        name = f"{name} [{pick(rng, UNITS)}]"
    if delimiter.strip() in name or delimiter[0] in name or rng.random() < 0.05:
        doubled = name.replace('"', '""')
        return f'"{doubled}"'
    return name


def _spoil_cells(rng: np.random.Generator, cells: list[list[str]]) -> None:
    row = cells[int(rng.integers(len(cells)))]
    action = rng.integers(6)
    if action == 0 and row:
        row.pop()
    elif action == 1:
        row.append("1")
    elif action == 2 and row:
        column = int(rng.integers(len(row)))
        for other in cells:
            if column < len(other):
                other[column] = pick(rng, ["red", "blue", "2021-05-03"])
    elif row:
        row[int(rng.integers(len(row)))] = pick(rng, ODD_CELLS)


def _spoil_bytes(rng: np.random.Generator, data: bytes) -> bytes:
    spoiled = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        if not spoiled:
            break
        at = int(rng.integers(len(spoiled)))
        action = rng.integers(5)
        if action == 0:
            spoiled[at] = int(rng.integers(256))
        elif action == 1:
            spoiled = spoiled[:at]
        elif action == 2:
            spoiled[at:at] = rng.bytes(int(rng.integers(1, 20)))
        elif action == 3:
            del spoiled[at : at + int(rng.integers(1, 50))]
        else:
            spoiled[at:at] = spoiled[max(0, at - 40) : at]
    return bytes(spoiled)


# -- binary -----------------------------------------------------------------------------------------------------------


def _binary(rng: np.random.Generator, folder: Path) -> RandomFile:
    names, table = random_table(rng)
    suffix = pick(rng, BINARY_SUFFIXES)
    path = folder / f"table.{suffix}"
    made = _contents(rng, suffix, names, table)
    kind = suffix
    action = rng.random()
    if action < 0.1:
        made, kind = made[: int(rng.integers(len(made)))], f"{suffix} cut off"
    elif action < 0.3:
        made, kind = _spoil_bytes(rng, made), f"{suffix} spoiled"
    elif action < 0.34:
        made, kind = rng.bytes(int(rng.integers(1, 2000))), f"{suffix} of noise"
    elif action < 0.4 and suffix in ("npy", "npz", "h5"):
        made, kind = _boast(suffix), f"{suffix} that claims to be huge"
    path.write_bytes(made)
    bare = suffix == "npy" or (suffix in ("h5", "hdf5") and "x1" not in names)
    return RandomFile(path, kind, tuple(f"x{k}" for k in range(len(names))) if bare else tuple(names))


def _contents(rng: np.random.Generator, suffix: str, names: list[str], table: np.ndarray) -> bytes:
    stream = io.BytesIO()
    different = len(set(names)) == len(names) and all(name and "/" not in name for name in names)
    odd = rng.random()
    if suffix == "npy":
        choices = {0: table.astype(">f8"), 1: table[:, 0], 2: table[None], 3: table.astype(complex)}
        array = choices.get(int(odd * 40), table)
        if odd > 0.97:
            array = table.astype(object)
        elif odd > 0.9 and different:
            array = np.array([tuple(row) for row in table], dtype=[(name, "f8") for name in names])
        np.save(stream, array)
    elif suffix == "npz":
        # Written by hand: numpy takes names as keyword arguments, and `file` is one of its own.
        with zipfile.ZipFile(stream, "w") as archive:
            for name, column in zip(names, table.T, strict=True):
                member = io.BytesIO()
                np.save(member, column.astype(object) if odd > 0.97 else column[: len(column) - int(odd < 0.03)])
                archive.writestr(f"{name.replace('/', '_') or 'x'}.npy", member.getvalue())
    elif suffix in ("parquet", "pq"):
        import pyarrow
        import pyarrow.parquet

        arrays = [pyarrow.array(column) for column in table.T]
        if odd > 0.95:
            arrays[0] = pyarrow.array(["text"] * len(table))
        elif odd > 0.9:
            arrays[0] = pyarrow.array([None if k % 3 == 0 else 1.0 for k in range(len(table))])
        elif odd > 0.87:
            arrays[0] = pyarrow.array([[1.0]] * len(table))
        pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, names=names), stream)
    else:
        import h5py

        with h5py.File(stream, "w") as file:
            if different and "x1" in names:
                for name, column in zip(names, table.T, strict=True):
                    file[name] = column
            else:
                file["table"] = table
            if odd > 0.95:
                file["other"] = table
            elif odd > 0.9:
                file["words"] = np.array(["a", "b"], dtype="S1")
    return stream.getvalue()


def _boast(suffix: str) -> bytes:
    """A file of some kilobytes that says it holds 10^10 rows."""
    stream = io.BytesIO()
    if suffix == "h5":
        import h5py

        with h5py.File(stream, "w") as file:
            file.create_dataset("table", shape=(10**10, 3), dtype="f8", chunks=(1000, 3), compression="gzip")
        return stream.getvalue()
    text = repr({"descr": "<f8", "fortran_order": False, "shape": (10**10, 3)}).encode()
    text += b" " * (117 - len(text)) + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(240)
    if suffix == "npy":
        return array
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.npy", array)
    return stream.getvalue()


# -- what is no table --------------------------------------------------------------------------------------------------


def _no_table(rng: np.random.Generator, folder: Path) -> RandomFile:
    action = int(rng.integers(11))
    path = folder / "table.csv"
    kind = "noise"
    columns: tuple[str, ...] = ("x0", "y")
    if action == 0:
        path, kind = folder / pick(rng, ["nothing.csv", "nothing", "a/b.csv", "keppler", "n" * 300 + ".csv"]), "missing"
    elif action == 1:
        path, kind = folder, "folder"
    elif action == 2:
        path, kind = folder / "folder.csv", "folder"
        path.mkdir()
    elif action == 3:
        os.symlink(path, path)
        kind = "link to itself"
    elif action == 4:
        os.mkfifo(path)
        kind = "pipe"
    elif action == 5:
        os.symlink("/dev/zero", path)
        kind = "device"
    elif action == 6:
        path, kind = folder / f"table.{rng.choice(['ods', 'json', 'csv.gz', 'py', ''])}", "unknown suffix"
        path.write_bytes(b"x0,y\n1,2\n2,3\n")
    elif action == 7:
        kind = "empty"
        path.write_bytes(pick(rng, [b"", b"\n\n", b"# only\n", b"\xef\xbb\xbf", b"\0" * 100, b"\xff\xfe"]))
    elif action == 8:
        path, kind = Path(pick(rng, ["kepler", "hydrogen", "boyle"])), "shipped dataset"
        columns = {"kepler": ("semi_major_axis", "period"), "boyle": ("volume", "pressure")}.get(
            path.name, ("n1", "n2", "wavenumber")
        )
    elif action == 9:
        kind = "strange name"
        path = folder / pick(
            rng, ["a b.csv", "line\nbreak.csv", "ü.csv", "[bold].csv", "%s {0}.csv", "-x.csv", "~.csv"]
        )
        path.write_text("x0,y\n1,2\n2,3\n3,4.5\n4,5\n")
    else:
        path.write_bytes(rng.bytes(int(rng.integers(1, 5000))))
    return RandomFile(path, kind, columns)
