"""Files and folders of results: seen to be possible before time is spent, and replaced in one step."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kansym.errors import ArgumentError


def prepare_directory(directory: str | os.PathLike[str]) -> Path:
    """Make the folder and see that files can be written there, so that a long search does not end in an error.

    Raises
    ------
    ArgumentError
        If it is a file or cannot be made or written to.
    """
    path = Path(directory)
    try:
        if path.exists() and not path.is_dir():
            raise ArgumentError(f"the output directory {path} is a file; name a folder")
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except ArgumentError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ArgumentError(f"the output directory {path} cannot be written to: {reason}; name another") from error
    return path


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old one or the new one, never half of it."""
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes files that only the owner can read.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(partial, 0o666 & ~umask)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def keep_times(record: Path, times: Mapping[str, float]) -> None:
    """Put the seconds of each phase into a record that was written: files are among them, so they come last."""
    found = json.loads(record.read_bytes())
    found["times"] = dict(times)
    replace_file(record, json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8"))
