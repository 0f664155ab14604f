"""The page of a sweep: one table, sortable, with a small picture of every fit."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kansym.report.html.certificate import VERDICTS
from kansym.report.html.formulas import formula_markup, formula_text
from kansym.report.html.page import rendered
from kansym.report.html.runs import DIGITS, run_row
from kansym.sweeps.row import FAILED, SweepRow, recurring


def sweep_html(rows: Sequence[SweepRow], folder: Path) -> str:
    """The page as the text of an HTML file that needs no network.

    Parameters
    ----------
    rows : sequence of SweepRow
    folder : Path
        Where the runs are; the page stands beside them.
    """
    found = [run_row(row.name, row.summary, folder / row.name) for row in rows if row.summary is not None]
    kinds = Counter(row.verdict for row in rows)
    order = [*VERDICTS, "", FAILED]
    return rendered(
        "sweep.html.j2",
        "sort.js",
        tables=len(rows),
        counts=[(kinds[kind], kind or "without a certificate") for kind in order if kinds[kind]],
        found=found,
        failed=[{"name": row.name, "reason": row.failure} for row in rows if row.summary is None],
        recurring=[_group(group) for group in recurring(rows)],
    )


def _group(rows: Sequence[SweepRow]) -> dict[str, Any]:
    first = rows[0].summary
    assert first is not None
    return {
        "markup": formula_markup(first.formula, digits=DIGITS),
        "text": formula_text(first.formula, DIGITS),
        "names": [row.name for row in rows],
    }
