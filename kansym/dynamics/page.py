"""The page of a system, and its folder: everything that was found, in files that need nothing else."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from kansym.dynamics.code import LANGUAGES, system_code
from kansym.dynamics.drawing import FIGURES
from kansym.dynamics.system import System
from kansym.dynamics.text import certificate_lines, fixed_point_lines, record, text_report
from kansym.errors import KansymError
from kansym.export.languages import language_of, suffix_of
from kansym.figures.svg import figure_bytes, to_svg
from kansym.report.constants import constants_of
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.drawings import PIXELS, Drawing
from kansym.report.html.formulas import formula_markup
from kansym.report.html.markup import trusted_svg
from kansym.report.html.page import rendered
from kansym.run.files import PAGE
from kansym.run.writing import prepare_directory, replace_file

logger = logging.getLogger(__name__)

RECORD, TEXT = "system.json", "system.txt"
"""Of a folder."""


def write_folder(system: System, directory: str | os.PathLike[str]) -> Path:
    """Write the record, the text, the page, the figures and the code of a system into a folder.

    Raises
    ------
    ArgumentError
        If the folder cannot be made or written to.
    """
    path = prepare_directory(directory)
    replace_file(path / RECORD, f"{json.dumps(record(system), ensure_ascii=False, indent=1)}\n".encode())
    replace_file(path / TEXT, f"{text_report(system)}\n".encode())
    for name, (_, draw, _) in FIGURES.items():
        try:
            figure = draw(system)
            if figure is not None:
                replace_file(path / f"{name}.png", figure_bytes(figure, "png"))
        # A figure is one more view of what is saved already.
        except Exception as error:
            logger.warning("the figure %r could not be drawn: %s: %s", name, type(error).__name__, error)
    for language in LANGUAGES:
        try:
            text = system_code(system, language)
        except KansymError as error:
            logger.warning("there is no code in %s: %s", language, error)
            continue
        replace_file(path / f"system{suffix_of(language)}", text.encode())
    replace_file(path / PAGE, system_html(system).encode())
    return path


def system_html(system: System) -> str:
    """The page as the text of an HTML file that needs no network."""
    data, count = system.data, len(system.data.runs)
    return rendered(
        "dynamics.html.j2",
        "copy.js",
        states=list(data.states),
        summary=f"{count} trajector{'ies' if count > 1 else 'y'}, {data.points} points, {system.seconds:.0f} s",
        equations=[_equation(system, k) for k in range(len(data.states))],
        latex=system.latex(),
        figures=[drawing for drawing in map(lambda name: _drawing(system, name), FIGURES) if drawing is not None],
        measured=[line.strip() for line in certificate_lines(system)],
        conserved=[str(one) for one in system.conserved],
        fixed=fixed_point_lines(system),
        notes=list(system.notes),
        code=list(_listings(system)),
    )


def _equation(system: System, k: int) -> dict[str, Any]:
    formula = system.formulas[k]
    verdict = None if system.certificate is None else system.certificate.verdicts[k]
    css, title, _ = VERDICTS[verdict.kind] if verdict is not None else ("", "", "")
    return {
        "state": system.data.states[k],
        "left": system.left(k),
        "text": formula.text(None),
        "markup": formula_markup(formula, with_target=False, display=True),
        "constants": constants_of(formula),
        "kind": "" if verdict is None else verdict.kind,
        "css": css,
        "title": title,
        "reasons": [] if verdict is None else list(verdict.reasons),
    }


def _drawing(system: System, name: str) -> Drawing | None:
    title, draw, caption = FIGURES[name]
    try:
        figure = draw(system)
        if figure is None:
            return None
        words = f"{title} of {', '.join(system.data.states)}"
        svg = trusted_svg(to_svg(figure, title=words), f"{name}-", words)
        return Drawing(name, title, caption, words, svg, float(figure.get_size_inches()[0]) * PIXELS)
    # A drawing must not cost the page.
    except Exception as error:
        logger.warning("the figure %r could not be drawn: %s: %s", name, type(error).__name__, error)
        return Drawing(name, title, failure=f"{type(error).__name__}: {error}")


def _listings(system: System):
    for language in LANGUAGES:
        try:
            yield {"key": language, "name": language_of(language).title, "text": system_code(system, language)}
        except KansymError as error:
            logger.warning("there is no code in %s: %s", language, error)
