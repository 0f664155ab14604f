"""The command ``kansym report``."""

from pathlib import Path

from rich.console import Console

from kansym.commands.options import write_line


def report(directory: Path, /, *, html: Path | None = None) -> int:
    """Print the report of a finished run, or write it as a page with figures.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    html
        File for the page: one file that needs no network and no scripts. Nothing is printed then.
    """
    from kansym.report.text import text_report
    from kansym.run.storage import load_run

    run = load_run(directory)
    if html is None:
        write_line(text_report(run.summary).rstrip("\n"))
        return 0
    from kansym.report.html.page import write_folder_report

    path = write_folder_report(run, directory, html)
    Console(stderr=True).print(f"saved to {path}", markup=False, highlight=False, soft_wrap=True)
    return 0
