"""Files that patterns stand for."""

import glob
from collections.abc import Sequence
from pathlib import Path

from kansym.errors import ArgumentError


def matching(patterns: Sequence[str]) -> list[str]:
    """Files that patterns stand for, in the order of their names; each once.

    Raises
    ------
    ArgumentError
        If there are none, or a pattern has no file.
    """
    if not patterns:
        raise ArgumentError("no tables are named; give files or a pattern, such as 'runs/*.csv'")
    files: list[str] = []
    for pattern in patterns:
        # A file may be called like a pattern.
        some = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))
        if not some:
            raise ArgumentError(f"there is no file {pattern}, nor any that it stands for")
        files += [file for file in some if Path(file).is_file()]
    return list(dict.fromkeys(files))
