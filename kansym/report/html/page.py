"""The page: summarised, drawn, rendered, written; alone, or into the folder of a run."""

import base64
import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kansym.comparison.files import RECORD, load_comparison
from kansym.comparison.result import Comparison
from kansym.errors import ArgumentError, KansymError, StorageError
from kansym.figures.style import DARK, LIGHT
from kansym.report.constants import constants_of
from kansym.report.html.captions import front_words
from kansym.report.html.certificate import certificate_values
from kansym.report.html.compared import comparison_values
from kansym.report.html.drawings import Drawing, comparison_drawing, drawings
from kansym.report.html.environment import environment
from kansym.report.html.forms import forms_values
from kansym.report.html.formulas import code_listings, formula_markup, formula_text
from kansym.report.html.markup import drawing_colours
from kansym.report.values import (
    agreement_lines,
    data_values,
    errors_too_small,
    exponent_lines,
    front_rows,
    guesses_of,
    history_values,
    option_words,
    outlier_values,
)
from kansym.run.files import PAGE
from kansym.run.finished import FinishedRun
from kansym.run.residuals import error_words as residual_words
from kansym.run.storage import load_run
from kansym.run.writing import replace_file
from kansym.units.words import after_number

logger = logging.getLogger(__name__)


def write_report(run: FinishedRun, path: str | os.PathLike[str], *, comparison: Comparison | None = None) -> Path:
    """Write the report of a run as one HTML file that needs nothing else: no network, no other files, no scripts.

    Parameters
    ----------
    run : FinishedRun
        From `load_run`, or `FinishedRun.of(discovery, certificate=certify(discovery))`.
    path : path-like
        The file, replaced in one step where it exists.
    comparison : Comparison, optional
        With other tools on the same table.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArgumentError
        If it cannot be written.
    """
    return write_html(report_html(run, comparison=comparison), path)


def write_html(text: str, path: str | os.PathLike[str]) -> Path:
    """Write a page to a file, in one step; arguments and errors as of `write_report`."""
    path = Path(path)
    try:
        if path.is_dir():
            raise ArgumentError(f"path must name a file, but {path} is a folder; try {path / 'report.html'}")
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ArgumentError(f"the report cannot be written to {path}: {reason}") from error
    return path


def report_html(run: FinishedRun, *, comparison: Comparison | None = None) -> str:
    """The report of a run as the text of an HTML file; see `write_report`."""
    compared = None if comparison is None else comparison_drawing(comparison)
    return render(summarise(run, comparison), drawings(run), compared)


def summarise(run: FinishedRun, comparison: Comparison | None = None) -> dict[str, Any]:
    """What the page of a run says.

    Parameters
    ----------
    run : FinishedRun
    comparison : Comparison, optional
        With other tools on the same table.

    Returns
    -------
    dict
        Of text, numbers, lists and dictionaries, and of formulas as MathML.
    """
    summary = run.summary
    formula, named = summary.formula, summary.formula.named()
    return {
        "target": summary.target,
        "inputs": list(summary.names),
        "formula": {
            "markup": formula_markup(formula, display=True),
            "text": formula_text(formula),
            "latex": formula.latex(with_target=True),
            "complexity": formula.complexity,
        },
        "named": {
            "markup": formula_markup(named),
            "text": named.text,
            "latex": formula.latex(with_target=True, with_units=True),
        }
        if named.constants
        else None,
        "code": code_listings(run),
        "certificate": certificate_values(summary.certificate),
        "constants": constants_of(formula),
        "exponents": exponent_lines(formula),
        "agreement": agreement_lines(summary),
        "errors_too_small": errors_too_small(summary),
        "forms": forms_values(run),
        "front": front_rows(summary.front, formula),
        "front_words": front_words(run),
        "error_words": residual_words(summary, after_number(summary.y_units)),
        "comparison": None if comparison is None else comparison_values(comparison),
        "history": history_values(summary),
        "data": data_values(run),
        "outliers": outlier_values(run),
        "guesses": guesses_of(summary),
        "symmetries": [str(one) for one in summary.symmetries],
        "notes": list(summary.notes),
        "record": {
            "command": summary.command,
            "seed": "" if summary.seed is None else str(summary.seed),
            "options": option_words(summary.options),
            "versions": dict(summary.versions),
            "created": summary.created,
        },
    }


def render(values: Mapping[str, Any], figures: Sequence[Drawing], compared: Drawing | None = None) -> str:
    """The page from what it says and shows."""
    return rendered("report.html.j2", "copy.js", **values, figures=list(figures), compared=compared)


def rendered(template: str, script: str, **values: Any) -> str:
    """A page of this package: a template in the common style, with a script of its own."""
    templates = environment()
    assert templates.loader is not None
    # As it stands between the tags: its hash is what the policy lets run.
    code = templates.loader.get_source(templates, script)[0]
    return templates.get_template(template).render(
        **values,
        style=Markup(
            templates.get_template("report.css").render(light=drawing_colours(LIGHT), dark=drawing_colours(DARK))
        ),
        script=Markup(code),
        script_hash=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
    )


def write_folder_report(run: FinishedRun, directory: Path, path: Path) -> Path:
    """Write the page of a run that was loaded from `directory`; see `write_report`."""
    return write_report(run, path, comparison=comparison_beside(directory))


def write_page(directory: Path) -> Path | None:
    """Write ``report.html`` into the folder of a run; None where that fails, which is logged: the run itself stands."""
    path = directory / PAGE
    try:
        return write_folder_report(load_run(directory), directory, path)
    # A page is one more view of what is saved already.
    except Exception as error:
        logger.warning("%s could not be written: %s: %s", path, type(error).__name__, error)
        if not isinstance(error, KansymError):
            logger.debug("the error", exc_info=True)
        path.unlink(missing_ok=True)
        return None


def comparison_beside(directory: Path) -> Comparison | None:
    """The comparison in a run's folder; None without one, and where it cannot be read, which is logged."""
    if not (directory / RECORD).exists():
        return None
    try:
        return load_comparison(directory)
    except StorageError as error:
        logger.warning("the comparison is left out of the report: %s", error)
        return None
