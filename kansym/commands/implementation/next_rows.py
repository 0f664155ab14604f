"""The work of ``kansym next``."""

from pathlib import Path

import pandas as pd

from kansym.commands.output import watch, write_line, write_note
from kansym.commands.stopwatch import FILES, READING
from kansym.data.readers import raw_table
from kansym.data.table import names_and_units
from kansym.forms.next_measurement import NextMeasurement
from kansym.run.storage import load_run
from kansym.run.writing import replace_file


def next_rows(*, directory: Path, candidates: Path | None, out: Path | None) -> int:
    """Print where to measure next, and write what was looked at."""
    watch.enter(READING)
    run = load_run(directory)
    rows = None if candidates is None else _columns(candidates)
    found: NextMeasurement = run.next_measurement(rows)
    watch.enter(FILES)
    write_line(found.text())
    if out is not None:
        replace_file(out, _table(found, run.summary.names).to_csv(index=False).encode("utf-8"))
        write_note(f"saved to {out}")
    return 0


def _columns(path: Path) -> dict[str, pd.Series]:
    """Columns of a file by name, without units."""
    table = raw_table(path)
    return {name: table.series(k) for k, name in enumerate(names_and_units(table)[0])}


def _table(found: NextMeasurement, names: tuple[str, ...]) -> pd.DataFrame:
    """All rows that were looked at, those that tell most first."""
    table = pd.DataFrame(found.points, columns=list(names))
    table["beyond"], table["apart"], table["bits"] = found.outside, found.apart, found.bits
    return table.sort_values("bits", ascending=False, kind="stable")
