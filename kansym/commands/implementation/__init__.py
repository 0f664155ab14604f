"""What the commands do: for each a module of its name, with a function of its name that takes the same arguments."""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any


def implementation_of(command: Callable[..., int]) -> Callable[..., int]:
    """The function that does the work of a command.

    The numerical libraries take seconds to import, and ``--help`` and errors in options do without them: so a command
    is declared in a module that imports none of them, and the module that does its work is found by its name when it
    runs. All of these are in this package, so that the layers are still seen: what they import stands at their top.
    """
    name = command.__name__
    return work_of(name)


def work_of(name: str) -> Callable[..., Any]:
    """A part of the work of a command that not every call needs, imported when one does.

    The module of this name in this package, with a function of the same name.
    """
    return pkgutil.resolve_name(f"{__name__}.{name}:{name}")


def run(command: Callable[..., int], scope: Mapping[str, Any]) -> int:
    """Do the work of a command with its arguments, which are among the names of a scope, and return the exit code."""
    names = inspect.signature(command).parameters
    return implementation_of(command)(**{name: scope[name] for name in names})
