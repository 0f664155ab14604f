"""The folder of a result: its record, its text, its figures and its page."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from kansym.figures.svg import figure_bytes
from kansym.run.files import PAGE
from kansym.run.writing import prepare_directory, replace_file

logger = logging.getLogger(__name__)


def write_views(
    directory: str | os.PathLike[str],
    *,
    record: tuple[str, Any],
    text: tuple[str, str],
    figures: Mapping[str, Callable[[], Figure | None]],
    page: Callable[[], str],
) -> Path:
    """Write what was found into a folder; a figure that cannot be drawn costs itself alone.

    Parameters
    ----------
    directory : path-like
    record, text : (str, Any)
        Names of the files, and a JSON object and a text for them.
    figures : mapping of str to callable
        What draws each file; None where there is nothing to draw.
    page : callable
        The text of the page.

    Raises
    ------
    ArgumentError
        If the folder cannot be made or written to.
    """
    path = prepare_directory(directory)
    replace_file(path / record[0], f"{json.dumps(record[1], ensure_ascii=False, indent=1)}\n".encode())
    replace_file(path / text[0], f"{text[1]}\n".encode())
    for name, draw in figures.items():
        try:
            figure = draw()
            if figure is not None:
                replace_file(path / name, figure_bytes(figure, "png"))
        # A figure is one more view of what is saved already.
        except Exception as error:
            logger.warning("the figure %r could not be drawn: %s: %s", name, type(error).__name__, error)
    replace_file(path / PAGE, page().encode())
    return path
