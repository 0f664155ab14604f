"""The page of relations, and the folder that holds everything that was found."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from kansym.figures.svg import figure_bytes, to_svg
from kansym.implicit.relation import Relation, Relations
from kansym.implicit.text import error_lines, record, solved_lines, summary_line, text_report
from kansym.report.constants import ConstantValues
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.drawings import PIXELS, Drawing
from kansym.report.html.markup import trusted_svg
from kansym.report.html.page import rendered
from kansym.run.files import PAGE
from kansym.run.writing import prepare_directory, replace_file

logger = logging.getLogger(__name__)

RECORD, TEXT, FIGURE = "relation.json", "relation.txt", "relation.png"
"""Of a folder."""


def write_folder(found: Relations, directory: str | os.PathLike[str]) -> Path:
    """Write the record, the text, the figure and the page of relations into a folder.

    Raises
    ------
    ArgumentError
        If the folder cannot be made or written to.
    """
    path = prepare_directory(directory)
    replace_file(path / RECORD, f"{json.dumps(record(found), ensure_ascii=False, indent=1)}\n".encode())
    replace_file(path / TEXT, f"{text_report(found)}\n".encode())
    try:
        if found.best is not None:
            replace_file(path / FIGURE, figure_bytes(found.figure(), "png"))
    # A figure is one more view of what is saved already.
    except Exception as error:
        logger.warning("the figure could not be drawn: %s: %s", type(error).__name__, error)
    replace_file(path / PAGE, relations_html(found).encode())
    return path


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
    name = f"distances-{k}"
    caption = "Left: distances of rows from the relation, and of rows whose columns were shuffled. Right: row by row."
    try:
        figure = one.figure()
        words = str(figure.get_label())
        svg = trusted_svg(to_svg(figure, title=words), f"{name}-", words)
        return Drawing(name, "Distances", caption, words, svg, float(figure.get_size_inches()[0]) * PIXELS)
    # A drawing must not cost the page.
    except Exception as error:
        logger.warning("the figure could not be drawn: %s: %s", type(error).__name__, error)
        return Drawing(name, "Distances", failure=f"{type(error).__name__}: {error}")
