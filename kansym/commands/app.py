"""The command ``kansym app``."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kansym.app.serving import require_packages, serve
from kansym.commands.options import whole_number, write_line


def app(
    directory: Path,
    /,
    *,
    start: Literal["reading", "splines", "network"] | None = None,
    port: Annotated[int, Parameter(converter=whole_number)] = 0,
    browser: bool = True,
) -> int:
    """Show a finished run on a local web page, and change its edges by hand.

    Click an edge of the network to see which functions fit it, fix one, refit, and watch formula, errors, verdict and
    Pareto front. Every step can be undone. Changes are kept in memory until they are saved as a new run; the run that
    was opened is never written to. The page is served on 127.0.0.1 only. Ctrl-C ends it.

    Needs `pip install 'kansym[app]'`.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    start
        reading: the network as it was read, edges as functions. splines: the same network before it was read. network:
        the best network of the run. Default: the first of the three that the run has.
    port
        0 takes one that is free.
    browser
        Open the page in the default browser; --no-browser only prints its URL.
    """
    require_packages()
    from kansym.run.storage import load_run

    run = load_run(directory)
    serve(
        run,
        name=directory.resolve().name,
        directory=directory.resolve().parent,
        start=start,
        port=port,
        browser=browser,
        announce=lambda url: write_line(f"{url}\nCtrl-C ends it."),
    )
    return 0
