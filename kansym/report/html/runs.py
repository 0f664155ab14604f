"""Runs as rows of a page that tells of several: formula, constants, verdict and a small picture of each."""

import base64
import logging
from pathlib import Path
from typing import Any

from kansym.figures.catalogue import figure
from kansym.figures.svg import figure_bytes
from kansym.numbers import chance
from kansym.report.constants import constants_of
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.formulas import formula_markup, formula_text
from kansym.run.files import PAGE, THUMBNAIL
from kansym.run.storage import load_run
from kansym.run.summary import RunSummary
from kansym.run.writing import replace_file

logger = logging.getLogger(__name__)

DIGITS = 4
"""Of the formulas on the page; the page of the run has all."""

SMALL = 50
"""Dots per inch of the picture."""


def run_row(name: str, summary: RunSummary, folder: Path | None) -> dict[str, Any]:
    """A run as the macro ``runs_table`` takes it.

    Parameters
    ----------
    name : str
    summary : RunSummary
    folder : Path or None
        Of the run, beside the page; None where it was not saved.
    """
    picture = None if folder is None else folder / THUMBNAIL
    kind = "" if summary.certificate is None else summary.certificate.verdict.kind
    css, title, _ = VERDICTS.get(kind, ("", "No certificate", ""))
    return {
        "name": name,
        "page": f"{folder.name}/{PAGE}" if folder is not None and (folder / PAGE).exists() else "",
        "picture": base64.b64encode(picture.read_bytes()).decode() if picture and picture.exists() else "",
        "kind": css,
        "rank": list(VERDICTS).index(kind) if kind in VERDICTS else len(VERDICTS),
        "verdict": title,
        "reason": "" if summary.certificate is None else summary.certificate.verdict.reason,
        "markup": formula_markup(summary.formula, digits=DIGITS),
        "text": formula_text(summary.formula, DIGITS),
        "constants": constants_of(summary.formula),
        "probability": None if summary.forms is None else summary.forms.pick.probability,
        "chance": "" if summary.forms is None else chance(summary.forms.pick.probability),
        "forms": "" if summary.forms is None else summary.forms.text(),
        "rows": summary.rows,
        "relative": summary.agreement.relative,
        "seconds": summary.seconds,
    }


def draw_thumbnail(folder: Path) -> None:
    """The curve where there is one input, else measured against predicted; a failure is logged, for the run stands."""
    try:
        run = load_run(folder)
        kind = "slices" if len(run.summary.names) == 1 and run.formula.expression.free_symbols else "parity"
        replace_file(folder / THUMBNAIL, figure_bytes(figure(run, kind), "png", dpi=SMALL))
    except Exception as error:
        logger.warning("no small picture: %s: %s", type(error).__name__, error)
