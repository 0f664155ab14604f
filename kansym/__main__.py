"""``python -m kansym`` and the command ``kansym``: one call as a process of its own."""

import sys
from typing import NoReturn

from kansym.commands.process import import_without_collecting, leave, process_began

INTERRUPTED = 130
"""Exit code where Ctrl-C comes before there is anything to interrupt."""


def command() -> NoReturn:
    """Run the arguments of the process as a command, and leave."""
    began = process_began()
    if sys.argv[1:] == ["--version"]:
        # The parser of commands takes ten times as long as this answer.
        from kansym._version import __version__

        sys.stdout.write(f"{__version__}\n")
        leave(0)
    import_without_collecting()
    try:
        from kansym.cli import main

        code = main(began=began)
    except KeyboardInterrupt:
        sys.stderr.write("kansym: error: interrupted\n")
        code = INTERRUPTED
    leave(code)


if __name__ == "__main__":
    command()
