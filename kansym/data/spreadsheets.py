"""Sheets of Excel workbooks, as lines of text: what stands above the numbers is then read as in any text file."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

from kansym.data.columns import listing
from kansym.data.dialect import Dialect
from kansym.data.limits import require_moderate_table
from kansym.data.table import RawTable
from kansym.data.text_table import table_of
from kansym.errors import DataError
from kansym.optional import optional_module

CELLS = Dialect("\t", ".")


def read_excel(path: Path, key: str | None) -> RawTable:
    """Read a sheet of an .xlsx or .xlsm file. Formulas count with the values that were saved beside them.

    Parameters
    ----------
    path : Path
    key : str or None
        The sheet; may be left out where only one holds anything.

    Raises
    ------
    DataError
        If the file is damaged or too large, or there is no such sheet, or none was named of several.
    MissingDependencyError
        If openpyxl is not installed.
    """
    openpyxl = optional_module("openpyxl", feature="Reading Excel files", extra="excel")
    try:
        with ZipFile(path) as archive:
            # A small file may unpack to any size.
            require_moderate_table(path.name, [], sum(member.file_size for member in archive.infolist()))
        with path.open("rb") as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheets = {sheet.title: _lines(sheet) for sheet in book.worksheets if key in (None, sheet.title)}
            names = [sheet.title for sheet in book.worksheets]
    except (DataError, PermissionError, MemoryError):
        raise
    # openpyxl raises whatever its parsers stumble over.
    except Exception as failure:
        reason = " ".join(str(failure).split())[:200]
        raise DataError(f"{path.name} cannot be read as Excel; it is damaged or of another format: {reason}") from None
    if key is not None and key not in sheets:
        raise DataError(f"{path.name} has no sheet {key!r}; it holds {listing(names, 20)}")
    filled = {title: lines for title, lines in sheets.items() if any(map(str.strip, lines))}
    if key is None and len(filled) > 1:
        raise DataError(f"{path.name} holds several sheets; name one with key: {listing(list(filled), 20)}")
    if not filled:
        raise DataError(f"{path.name}: {'the sheets are' if key is None else f'sheet {key!r} is'} empty")
    return table_of(path.name, next(iter(filled.values())), CELLS, comments=False)


def _lines(sheet: Any) -> list[str]:
    """The rows of a sheet, cells between tabs; columns and rows that are empty throughout its end are left out."""
    rows: list[list[str]] = []
    cells = 0
    for row in sheet.iter_rows(values_only=True):
        rows.append([_text(value) for value in row])
        cells += len(row)
        require_moderate_table(sheet.title, [(cells,)])
    width = max((k + 1 for row in rows for k, cell in enumerate(row) if cell), default=0)
    return ["\t".join((row + [""] * width)[:width]) for row in rows]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else " ".join(str(value).replace('"', "''").split())
