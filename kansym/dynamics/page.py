"""The page of a system, and its folder: everything that was found, in files that need nothing else."""

import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

from kansym.dynamics.code import LANGUAGES, system_code
from kansym.dynamics.drawing import FIGURES
from kansym.dynamics.system import System
from kansym.dynamics.text import certificate_lines, fixed_point_lines, record, text_report
from kansym.errors import KansymError
from kansym.export.languages import language_of, suffix_of
from kansym.report.constants import constants_of
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.drawings import Drawing, drawn
from kansym.report.html.folder import write_views
from kansym.report.html.formulas import formula_markup
from kansym.report.html.page import rendered
from kansym.run.writing import replace_file

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
    path = write_views(
        directory,
        record=(RECORD, record(system)),
        text=(TEXT, text_report(system)),
        figures={f"{name}.png": partial(draw, system) for name, (_, draw, _) in FIGURES.items()},
        page=lambda: system_html(system),
    )
    for language in LANGUAGES:
        try:
            text = system_code(system, language)
        except KansymError as error:
            logger.warning("there is no code in %s: %s", language, error)
            continue
        replace_file(path / f"system{suffix_of(language)}", text.encode())
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
    words = f"{title} of {', '.join(system.data.states)}"
    return drawn(name, title, lambda: draw(system), lambda _: words, lambda: caption)


def _listings(system: System):
    for language in LANGUAGES:
        try:
            yield {"key": language, "name": language_of(language).title, "text": system_code(system, language)}
        except KansymError as error:
            logger.warning("there is no code in %s: %s", language, error)
