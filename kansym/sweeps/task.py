"""The search of one table as a task: it takes values, returns the files of a run, and does not ask where it runs."""

import logging
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.report.html.page import write_page
from kansym.report.html.runs import draw_thumbnail
from kansym.report.terminal import recorded_log
from kansym.run.budget import search_wall
from kansym.run.files import RECORD
from kansym.run.storage import save_run
from kansym.run.writing import keep_times
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.validation.certificate import CERTIFYING, certify

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class SearchTask:
    """A table, how to search it, and how that was asked for.

    Attributes
    ----------
    dataset : Dataset
    options : DiscoveryOptions
    command : str
        For the record of the run.
    """

    dataset: Dataset
    options: DiscoveryOptions
    command: str = ""


@dataclass(frozen=True, eq=False)
class SearchedTable:
    """What came of a task.

    Attributes
    ----------
    files : dict of str to bytes
        Of the run, as `kansym.save_run` writes them, with its page and a small picture; empty where the search failed.
    failure : str
        Why it failed; else empty.
    """

    files: dict[str, bytes]
    failure: str = ""


def search_table(task: SearchTask) -> SearchedTable:
    """Search a table and certify the formula; nothing that goes wrong with it is raised.

    Raises
    ------
    KeyboardInterrupt
        Also where the search itself ended early and handed back what it had: half a search is no row of a sweep.
    """
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            _search(task, Path(folder))
            return SearchedTable({file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())})
    except Exception as error:
        return SearchedTable({}, failure_in_words(error))


def failure_in_words(error: Exception) -> str:
    """One line; what is meant for people needs no name of a class."""
    words = str(error) if isinstance(error, KansymError) else f"{type(error).__name__}: {error}"
    return " ".join(words.split())[:500]


def _search(task: SearchTask, folder: Path) -> None:
    options, began = task.options, time.monotonic()
    seconds = options.max_seconds
    # The seconds of a table are for its certificate and files too.
    limits = clock.budget(seconds, deterministic=options.deterministic, wall=search_wall(seconds, files=True))
    with recorded_log(None) as log:
        with limits:
            discovery = discover(task.dataset, replace(options, max_seconds=(1 - CERTIFYING) * seconds))
        searched = time.monotonic()
        if discovery.interrupted:
            raise KeyboardInterrupt
        try:
            certificate = certify(discovery, options=options.unguessed)
        except Exception:
            # The formula stands; it has no certificate.
            certificate = None
            logger.warning("the certificate failed", exc_info=True)
    certified = time.monotonic()
    save_run(discovery, folder, command=task.command, options=options, certificate=certificate, log_lines=log)
    write_page(folder)
    draw_thumbnail(folder)
    times = {"search": searched - began, "certificate": certified - searched, "files": time.monotonic() - certified}
    keep_times(folder / RECORD, {phase: round(seconds, 3) for phase, seconds in times.items()})
