"""The work of ``kansym explain``."""

from pathlib import Path

from kansym.commands.output import watch, write_line
from kansym.commands.stopwatch import FILES, READING
from kansym.groups.folder import is_of_groups, load_groups
from kansym.run.summary import load_summary
from kansym.search.events import explanation


def explain(*, directory: Path) -> int:
    """Print how a search went."""
    watch.enter(READING)
    log = load_groups(directory).log if is_of_groups(directory) else load_summary(directory).log
    watch.enter(FILES)
    write_line(explanation(log))
    return 0
