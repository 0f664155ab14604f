"""Functions that a language lacks, in that language; one file for each, with empty lines between functions."""

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

_DEFINED = re.compile(
    r"^(?:def |function |static double |  elemental pure function )?(?P<name>\w+)\(", flags=re.MULTILINE
)


@cache
def functions_in(file: str) -> dict[str, str]:
    """The functions of a file of this folder: source by name, in the order of the file."""
    text = (resources.files(__name__) / file).read_text(encoding="utf-8")
    blocks = (block.strip("\n") for block in re.split(r"\n{2,}", text))
    return {found["name"]: block for block in blocks if (found := _DEFINED.search(block))}


def needed(file: str, called: Iterable[str]) -> list[str]:
    """Sources of the functions of a file that are called, and of those that these call, in the order of the file."""
    functions = functions_in(file)
    wanted: set[str] = set()
    waiting = [name for name in called if name in functions]
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        calls = set(re.findall(r"(?<![\w.])(\w+)\(", functions[name]))
        waiting += [other for other in functions if other in calls - wanted]
    return [source for name, source in functions.items() if name in wanted]
