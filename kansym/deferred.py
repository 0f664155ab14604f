"""What is imported when it is first used, and not before: the command line is to answer at once.

torch alone takes more than a second to import. Much of what holds a function of it never calls one: a table of
primitives is read for its names, a run is opened for its formula.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


class _Deferred:
    """Stands for a module until something of it is asked for; the module then takes its place."""

    def __init__(self, name: str, scope: dict[str, Any], called: str) -> None:
        self._name, self._scope, self._called = name, scope, called

    def __getattr__(self, attribute: str) -> Any:
        module = importlib.import_module(self._name)
        self._scope[self._called] = module
        return getattr(module, attribute)


def deferred_module(name: str, scope: dict[str, Any], called: str | None = None) -> Any:
    """A stand-in for a module, which is imported when one of its attributes is first used.

    Parameters
    ----------
    name : str
        Of the module, such as ``"pandas"``.
    scope : dict
        ``globals()`` of the module that uses it, where the real one takes the place of the stand-in.
    called : str, optional
        Its name there, such as ``"pd"``. Default: `name`.
    """
    return _Deferred(name, scope, called or name)


def deferred_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package (PEP 562), which imports the modules of its public names as these are used.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        Public names and the modules that have them.
    """

    def attribute(name: str) -> Any:
        try:
            home = homes[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        return getattr(importlib.import_module(home), name)

    return attribute
