"""The work of ``kansym report``."""

from pathlib import Path

from kansym.commands.output import write_line, write_note
from kansym.report.html.page import write_folder_report
from kansym.report.text import text_report
from kansym.run.storage import load_run


def report(*, directory: Path, html: Path | None, name_constants: bool) -> int:
    """Print the report of a run, or write its page."""
    run = load_run(directory)
    if html is None:
        write_line(text_report(run.summary, name_constants=name_constants).rstrip("\n"))
    else:
        write_note(f"saved to {write_folder_report(run, directory, html)}")
    return 0
