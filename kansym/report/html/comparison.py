"""The page of a comparison with other tools: one HTML file that needs nothing else."""

import logging
from pathlib import Path

from kansym.comparison.result import Comparison
from kansym.report.html.compared import comparison_values
from kansym.report.html.drawings import comparison_drawing
from kansym.report.html.page import rendered
from kansym.run.files import COMPARISON_PAGE
from kansym.run.storage import replace_file

logger = logging.getLogger(__name__)


def comparison_page(comparison: Comparison) -> str:
    """The comparison as the text of an HTML file that needs nothing else, for readers who have never used kansym."""
    return rendered(
        "comparison.html.j2",
        "copy.js",
        comparison=comparison_values(comparison),
        drawing=comparison_drawing(comparison),
        version=comparison.kansym.version,
    )


def write_comparison_page(comparison: Comparison, directory: Path) -> None:
    """Write the page into a folder, in one step; where that fails it is logged: the comparison itself stands."""
    try:
        replace_file(directory / COMPARISON_PAGE, comparison_page(comparison).encode("utf-8", "backslashreplace"))
    # A page is one more view of what is saved already.
    except Exception as error:
        logger.warning("%s could not be written: %s: %s", COMPARISON_PAGE, type(error).__name__, error)
        (directory / COMPARISON_PAGE).unlink(missing_ok=True)
