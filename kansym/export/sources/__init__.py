"""Functions that a language lacks, in that language; one file each, put into the exported source where it is used."""

from functools import cache
from importlib import resources


@cache
def source(file: str) -> str:
    """The text of a file of this folder, without its last line break."""
    return (resources.files(__name__) / file).read_text(encoding="utf-8").rstrip("\n")
