"""The commands ``kansym primitives`` and ``kansym datasets``: what there is to choose from."""

from kansym.commands.implementation import run
from kansym.commands.options import AsJson


def primitives(*, as_json: AsJson = False) -> int:
    """List the functions that an edge of the network can turn out to be.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    return run(primitives, locals())


def datasets(*, as_json: AsJson = False) -> int:
    """List the measured tables that come with kansym.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    return run(datasets, locals())
