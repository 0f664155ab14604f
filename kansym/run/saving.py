"""Files of a run that cannot be written: what stopped it, and what is there all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kansym.errors import StorageError


@contextmanager
def told(path: Path, result: str) -> Iterator[None]:
    """Turn the system's error where a file cannot be written, as on a full disk, into one that tells what is kept.

    Parameters
    ----------
    path : Path
        The folder.
    result : str
        What was to be saved, in one line: with nothing on disk it still is in the message.

    Raises
    ------
    StorageError
        In place of an `OSError` within.
    """
    before = _files(path)
    try:
        yield
    except OSError as error:
        now = _files(path)
        kept = sorted(name for name, state in now.items() if before.get(name) != state)
        there = f"written were {', '.join(kept)}" if kept else "nothing was written"
        older = sorted(name for name, state in now.items() if before.get(name) == state)
        beside = f", beside older files ({', '.join(older)})" if older else ""
        reason = error.strerror or type(error).__name__
        words = f"{there}{beside}; make room or name another folder, and save again. The result: {result}"
        raise StorageError(f"the run cannot be saved to {path}: {reason}; {words}") from error


def _files(path: Path) -> dict[str, tuple[int, int]]:
    """Names of the finished files of a folder, with what changes when one is written."""
    found = {}
    for entry in path.iterdir() if path.is_dir() else ():
        if entry.is_file() and not entry.name.startswith("."):
            state = entry.stat()
            found[entry.name] = (state.st_mtime_ns, state.st_ino)
    return found
