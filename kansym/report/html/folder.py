"""The page of a run on disk, with the comparison that may lie beside it."""

import logging
from pathlib import Path

from kansym.comparison.files import RECORD, load_comparison
from kansym.comparison.result import Comparison
from kansym.errors import KansymError, StorageError
from kansym.report.html.page import write_report
from kansym.run.files import PAGE
from kansym.run.finished import FinishedRun
from kansym.run.storage import load_run

logger = logging.getLogger(__name__)


def write_folder_report(run: FinishedRun, directory: Path, path: Path) -> Path:
    """Write the page of a run that was loaded from `directory`; see `kansym.report.html.page.write_report`."""
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
