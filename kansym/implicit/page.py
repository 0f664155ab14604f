"""The page of relations, and the folder that holds everything that was found."""

import os
from pathlib import Path
from typing import Any

from kansym.implicit.relation import Relation, Relations
from kansym.implicit.text import error_lines, record, solved_lines, summary_line, text_report
from kansym.report.constants import ConstantValues
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.drawings import Drawing, drawn
from kansym.report.html.folder import write_views
from kansym.report.html.page import rendered

RECORD, TEXT, FIGURE = "relation.json", "relation.txt", "relation.png"
"""Of a folder."""


def write_folder(found: Relations, directory: str | os.PathLike[str]) -> Path:
    """Write the record, the text, the figure and the page of relations into a folder.

    Raises
    ------
    ArgumentError
        If the folder cannot be made or written to.
    """
    return write_views(
        directory,
        record=(RECORD, record(found)),
        text=(TEXT, text_report(found)),
        figures={FIGURE: lambda: None if found.best is None else found.figure()},
        page=lambda: relations_html(found),
    )


def relations_html(found: Relations) -> str:
    """The page as the text of an HTML file that needs no network."""
    shown = found.relations or ((found.best,) if found.best is not None else ())
    return rendered(
        "implicit.html.j2",
        "copy.js",
        command="kansym relation",
        title=f"Relations among {', '.join(found.table.names[:4])}",
        heading="Relations" if len(shown) > 1 else "Relation",
        summary=summary_line(found),
        laws=[_law(k, one) for k, one in enumerate(shown)],
        figures=[drawing for k, one in enumerate(shown) if (drawing := _drawing(k, one)) is not None],
        sections=[
            ("others", "Other forms that describe the table about as well", [one.text() for one in found.others]),
            ("errors", "Errors", error_lines(found)),
            ("notes", "Notes", list(found.notes)),
        ],
    )


def _law(k: int, one: Relation) -> dict[str, Any]:
    css, title, _ = VERDICTS[one.verdict.kind]
    return {
        "key": f"relation-{k}",
        "text": one.text(),
        "latex": one.latex(),
        "css": css,
        "title": "No relation" if not one.verdict.holds else title,
        "grounds": [(g.supports, g.words) for g in one.verdict.grounds],
        "constants": [ConstantValues.of(constant) for constant in one.constants],
        "lines": solved_lines(one),
        "lines_title": "Solved",
        "symbolic": one.symbolic_text() if one.constants else "",
    }


def _drawing(k: int, one: Relation) -> Drawing | None:
    caption = "Left: distances of rows from the relation, and of rows whose columns were shuffled. Right: row by row."
    return drawn(f"distances-{k}", "Distances", one.figure, caption=lambda: caption)
