"""The page of conserved quantities, and the folder that holds everything that was found."""

import os
from pathlib import Path

from kansym.conserved.quantity import ConservedFound
from kansym.conserved.text import constancy_lines, error_line, record, summary_line, text_report
from kansym.report.constants import ConstantValues
from kansym.report.html.drawings import drawn
from kansym.report.html.folder import write_views
from kansym.report.html.page import rendered

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
    return write_views(
        directory,
        record=(RECORD, record(found)),
        text=(TEXT, text_report(found)),
        figures={FIGURE: lambda: found.figure() if found.quantities else None},
        page=lambda: conserved_html(found),
    )


def conserved_html(found: ConservedFound) -> str:
    """The page as the text of an HTML file that needs no network."""
    drawing = drawn(
        "constant", "How constant", lambda: found.figure() if found.quantities else None, caption=lambda: CAPTION
    )
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
