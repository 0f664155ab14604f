"""The work of ``kansym report``."""

from pathlib import Path

from kansym.commands.output import watch, write_line, write_note
from kansym.commands.stopwatch import FILES, READING
from kansym.groups.folder import is_of_groups, load_groups
from kansym.groups.page import groups_html
from kansym.groups.text import text_report as groups_report
from kansym.report.html.page import write_folder_report, write_html
from kansym.report.text import text_report
from kansym.run.files import RECORD, TARGETS
from kansym.run.storage import load_run
from kansym.run.writing import replace_file
from kansym.targets.page import targets_html
from kansym.targets.storage import load_targets
from kansym.targets.text import targets_text


def report(*, directory: Path, html: Path | None, name_constants: bool) -> int:
    """Print the report of a run, or write its page."""
    watch.enter(READING)
    if (directory / TARGETS).exists() and not (directory / RECORD).exists():
        return _of_targets(directory, html)
    if is_of_groups(directory):
        found = load_groups(directory)
        watch.enter(FILES)
        if html is None:
            write_line(groups_report(found))
        else:
            replace_file(html, groups_html(found).encode("utf-8", "backslashreplace"))
            write_note(f"saved to {html}")
        return 0
    run = load_run(directory)
    watch.enter(FILES)
    if html is None:
        write_line(text_report(run.summary, name_constants=name_constants).rstrip("\n"))
    else:
        write_note(f"saved to {write_folder_report(run, directory, html)}")
    return 0


def _of_targets(directory: Path, html: Path | None) -> int:
    """Those of several targets."""
    finished = load_targets(directory)
    watch.enter(FILES)
    if html is None:
        write_line(targets_text(finished).rstrip("\n"))
    else:
        write_note(f"saved to {write_html(targets_html(finished), html)}")
    return 0
