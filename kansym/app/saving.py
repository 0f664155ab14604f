"""Where a new run may go: a folder of its own, beside the one that was opened."""

import os
import re
from pathlib import Path

from kansym.app.refusals import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def new_folder(parent: Path, name: str) -> Path:
    """Make a folder for a run.

    Parameters
    ----------
    parent : Path
        The only folder that is written to.
    name : str
        Letters, digits, dots, hyphens and underscores, so that it can only mean a folder in `parent`.

    Raises
    ------
    Refused
        If the name is none, or is taken, or the folder cannot be made.
    """
    if not NAME.fullmatch(name) or name.endswith(".") or RESERVED.fullmatch(name):
        raise Refused(
            400,
            f"{name[:100]!r} is no name for a folder: it must begin with a letter or digit and hold letters, digits, "
            "dots, hyphens and underscores only",
        )
    path = parent / name
    # A link that leads nowhere is there all the same.
    if os.path.lexists(path):
        raise Refused(409, f"{path} is there already and is not written over; take another name")
    try:
        path.mkdir()
    except FileExistsError:
        raise Refused(409, f"{path} is there already and is not written over; take another name") from None
    except OSError as error:
        raise Refused(422, f"{path} cannot be made: {error.strerror}") from None
    return path


def suggested_name(parent: Path, name: str) -> str:
    """A name like the given one that is free in `parent`."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-_")[:80] or "run"
    for number in range(2, 1000):
        if not os.path.lexists(parent / f"{stem}-{number}"):
            return f"{stem}-{number}"
    return f"{stem}-new"
