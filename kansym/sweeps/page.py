"""The page of a sweep: one table, sortable, with a small picture of every fit."""

import base64
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kansym.report.html.certificate import VERDICTS
from kansym.report.html.formulas import formula_markup, formula_text
from kansym.report.html.page import rendered
from kansym.report.values import constants_of
from kansym.run.files import PAGE
from kansym.run.summary import RunSummary
from kansym.sweeps.row import FAILED, SweepRow, recurring
from kansym.sweeps.task import THUMBNAIL

DIGITS = 4
"""Of the formulas on the page; the page of the run has all."""


def sweep_html(rows: Sequence[SweepRow], folder: Path) -> str:
    """The page as the text of an HTML file that needs no network.

    Parameters
    ----------
    rows : sequence of SweepRow
    folder : Path
        Where the runs are; the page stands beside them.
    """
    found = [_found(row.name, row.summary, folder) for row in rows if row.summary is not None]
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


def _found(name: str, summary: RunSummary, folder: Path) -> dict[str, Any]:
    picture = folder / name / THUMBNAIL
    kind = "" if summary.certificate is None else summary.certificate.verdict.kind
    css, title, _ = VERDICTS.get(kind, ("", "No certificate", ""))
    return {
        "name": name,
        "page": f"{name}/{PAGE}" if (folder / name / PAGE).exists() else "",
        "picture": base64.b64encode(picture.read_bytes()).decode() if picture.exists() else "",
        "kind": css,
        "rank": list(VERDICTS).index(kind) if kind in VERDICTS else len(VERDICTS),
        "verdict": title,
        "reason": "" if summary.certificate is None else summary.certificate.verdict.reason,
        "markup": formula_markup(summary.formula, digits=DIGITS),
        "text": formula_text(summary.formula, DIGITS),
        "constants": constants_of(summary.formula),
        "rows": summary.rows,
        "relative": summary.agreement.relative,
        "seconds": summary.seconds,
    }


def _group(rows: Sequence[SweepRow]) -> dict[str, Any]:
    first = rows[0].summary
    assert first is not None
    return {
        "markup": formula_markup(first.formula, digits=DIGITS),
        "text": formula_text(first.formula, DIGITS),
        "names": [row.name for row in rows],
    }
