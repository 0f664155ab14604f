"""The work of ``kansym app``."""

from pathlib import Path
from typing import Literal

from kansym.app.serving import require_packages, serve
from kansym.commands.output import write_line
from kansym.commands.process import collect_from_now_on
from kansym.run.storage import load_run


def app(*, directory: Path, start: Literal["reading", "splines", "network"] | None, port: int, browser: bool) -> int:
    """Serve the page of a run until Ctrl-C."""
    # First, since it says what to install.
    require_packages()
    # It serves for hours, and has no phases that would say when its imports are done.
    collect_from_now_on()
    serve(
        load_run(directory),
        name=directory.resolve().name,
        directory=directory.resolve().parent,
        start=start,
        port=port,
        browser=browser,
        announce=lambda url: write_line(f"{url}\nCtrl-C ends it."),
    )
    return 0
