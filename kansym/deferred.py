"""What is imported when it is first used, and not before: the command line is to answer at once.

torch alone takes more than a second to import. Much of what holds a function of it never calls one: a table of
primitives is read for its names, a run is opened for its formula.
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any


class _Deferred:
    """Stands for a module until something of it is asked for; the module then takes its place in one scope."""

    def __init__(self, name: str, scope: dict[str, Any], called: str) -> None:
        self._name, self._scope, self._called = name, scope, called

    def __getattr__(self, attribute: str) -> Any:
        module = importlib.import_module(self._name)
        self._scope[self._called] = module
        return getattr(module, attribute)


class _Shared:
    """Stands for a module in many others that import it from here, and keeps what was asked for."""

    def __init__(self, name: str) -> None:
        self._name, self._waiting = name, list[Callable[[], None]]()

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        # Asked for once, an attribute is as near as that of the module.
        setattr(self, attribute, value)
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()
        return value


if TYPE_CHECKING:
    import torch as torch
    from torch import Tensor as Tensor
else:
    torch, Tensor = _Shared("torch"), Any


@contextmanager
def once_torch_is_here(action: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as torch is used in a block, at once where it has been imported already."""
    if "torch" in sys.modules:
        action()
        yield
        return
    waiting: list[Callable[[], None]] = torch._waiting  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
    waiting.append(action)
    try:
        yield
    finally:
        # Elsewhere by now, if torch was used.
        if action in waiting:
            waiting.remove(action)


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
