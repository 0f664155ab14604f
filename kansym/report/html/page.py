"""The page: drawn, summarised, rendered, written."""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kansym.comparison.result import Comparison
from kansym.errors import ArgumentError
from kansym.figures.style import DARK, LIGHT
from kansym.report.html.colours import drawing_colours
from kansym.report.html.drawings import Drawing, comparison_drawing, drawings
from kansym.report.html.environment import environment
from kansym.report.html.summarise import summarise
from kansym.run.finished import FinishedRun
from kansym.run.storage import replace_file


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
    path = Path(path)
    data = report_html(run, comparison=comparison).encode("utf-8", "backslashreplace")
    try:
        if path.is_dir():
            raise ArgumentError(f"path must name a file, but {path} is a folder; try {path / 'report.html'}")
        replace_file(path, data)
    except (OSError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ArgumentError(f"the report cannot be written to {path}: {reason}") from error
    return path


def report_html(run: FinishedRun, *, comparison: Comparison | None = None) -> str:
    """The report of a run as the text of an HTML file; see `write_report`."""
    compared = None if comparison is None else comparison_drawing(comparison, run)
    return render(summarise(run, comparison), drawings(run), compared)


def render(values: Mapping[str, Any], figures: Sequence[Drawing], compared: Drawing | None = None) -> str:
    """The page from what it says and shows."""
    templates = environment()
    # As it stands between the tags: its hash is what the policy lets run.
    script = _source("copy.js")
    return templates.get_template("report.html.j2").render(
        **values,
        figures=list(figures),
        compared=compared,
        style=Markup(
            templates.get_template("report.css").render(light=drawing_colours(LIGHT), dark=drawing_colours(DARK))
        ),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _source(name: str) -> str:
    """A file of the package as it is."""
    templates = environment()
    assert templates.loader is not None
    return templates.loader.get_source(templates, name)[0]
