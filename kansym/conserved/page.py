"""The page of conserved quantities, and the folder that holds everything that was found."""

import json
import logging
import os
from pathlib import Path

from kansym.conserved.quantity import ConservedFound
from kansym.conserved.text import constancy_lines, error_line, record, summary_line, text_report
from kansym.figures.svg import figure_bytes, to_svg
from kansym.report.constants import ConstantValues
from kansym.report.html.drawings import PIXELS, Drawing
from kansym.report.html.markup import trusted_svg
from kansym.report.html.page import rendered
from kansym.run.files import PAGE
from kansym.run.writing import prepare_directory, replace_file

logger = logging.getLogger(__name__)

RECORD, TEXT, FIGURE = "conserved.json", "conserved.txt", "conserved.png"
"""Of a folder."""

CAPTION = (
    "Each quantity less its mean in the run, in units of what the errors of the states make of it; on grey, within one."
)


def write_folder(found: ConservedFound, directory: str | os.PathLike[str]) -> Path:
    """Write the record, the text, the figure and the page of conserved quantities into a folder.

    Raises
    ------
    ArgumentError
        If the folder cannot be made or written to.
    """
    path = prepare_directory(directory)
    replace_file(path / RECORD, f"{json.dumps(record(found), ensure_ascii=False, indent=1)}\n".encode())
    replace_file(path / TEXT, f"{text_report(found)}\n".encode())
    try:
        if found.quantities:
            replace_file(path / FIGURE, figure_bytes(found.figure(), "png"))
    # A figure is one more view of what is saved already.
    except Exception as error:
        logger.warning("the figure could not be drawn: %s: %s", type(error).__name__, error)
    replace_file(path / PAGE, conserved_html(found).encode())
    return path


def conserved_html(found: ConservedFound) -> str:
    """The page as the text of an HTML file that needs no network."""
    drawing = _drawing(found)
    return rendered(
        "implicit.html.j2",
        "copy.js",
        command="kansym conserved",
        title=f"What stays constant of {', '.join(found.data.states[:4])}",
        heading="Conserved quantities",
        summary=summary_line(found),
        laws=[
            {
                "key": f"quantity-{k}",
                "text": one.text(),
                "latex": one.latex(),
                "css": "law",
                "title": f"Changes along the runs by {one.spread:.2g} of its errors",
                "grounds": [],
                "constants": [ConstantValues.of(constant) for constant in one.constants],
                "lines": constancy_lines(found, one),
                "lines_title": "How constant",
                "symbolic": "",
            }
            for k, one in enumerate(found.quantities)
        ],
        figures=[] if drawing is None else [drawing],
        sections=[("errors", "Errors", [error_line(found)]), ("notes", "Notes", list(found.notes))],
    )


def _drawing(found: ConservedFound) -> Drawing | None:
    if not found.quantities:
        return None
    try:
        figure = found.figure()
        words = str(figure.get_label())
        svg = trusted_svg(to_svg(figure, title=words), "constant-", words)
        return Drawing("constant", "How constant", CAPTION, words, svg, float(figure.get_size_inches()[0]) * PIXELS)
    # A drawing must not cost the page.
    except Exception as error:
        logger.warning("the figure could not be drawn: %s: %s", type(error).__name__, error)
        return Drawing("constant", "How constant", failure=f"{type(error).__name__}: {error}")
