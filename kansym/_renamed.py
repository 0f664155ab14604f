"""Old places of modules that have moved: importing one gives the module at its new place, with a warning.

A module that moves and may be imported by users (`docs/api` names it, or an example or a page of the documentation
imports from it) gets a line in `RENAMED`. Modules below it are found with it: an entry for a package moves all of it.
"""

import functools
import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

RENAMED = {
    "kansym.baseline": "kansym.search.baseline",
    "kansym.benchmark.recovery": "kansym.bench",
    "kansym.config": "kansym.search.options",
    "kansym.constants": "kansym.symbolic.constants",
    "kansym.data.copies": "kansym.data.preparation",
    "kansym.data.error_names": "kansym.data.remarks",
    "kansym.data.magnitude": "kansym.data.limits",
    "kansym.data.missing": "kansym.data.columns",
    "kansym.data.splitting": "kansym.data.preparation",
    "kansym.discovery": "kansym.search.discovery",
    "kansym.editing.chosen": "kansym.editing.automatic",
    "kansym.editing.pruned": "kansym.editing.pruning",
    "kansym.equations": "kansym.search.front",
    "kansym.formula": "kansym.symbolic.formula",
    "kansym.front": "kansym.search.front",
    "kansym.given.part": "kansym.search.prior.part",
    "kansym.guess.guess": "kansym.search.prior.guess",
    "kansym.guess.outcome": "kansym.search.guess_outcome",
    "kansym.notebook": "kansym.report.notebook",
    "kansym.pipeline": "kansym.search.pipeline",
    "kansym.primitives.algebraic": "kansym.primitives.builtin",
    "kansym.primitives.exponentials": "kansym.primitives.builtin",
    "kansym.primitives.powers": "kansym.primitives.builtin",
    "kansym.primitives.trigonometric": "kansym.primitives.builtin",
    "kansym.progress": "kansym.search.progress",
    "kansym.pysr.guess": "kansym.export.pysr_guess",
    "kansym.pysr.latex_table": "kansym.export.latex_table",
    "kansym.pysr.parameters": "kansym.estimator.pysr_parameters",
    "kansym.report.finished": "kansym.run.finished",
    "kansym.report.summary": "kansym.run.summary",
    "kansym.results": "kansym.search.results",
    "kansym.run_directory": "kansym.run.storage",
    "kansym.run_files": "kansym.run.files",
    "kansym.terminal": "kansym.report.terminal",
    "kansym.validation.bits": "kansym.validation.description_length",
    "kansym.validation.constants": "kansym.validation.form",
    "kansym.validation.dependence": "kansym.fitting.predictability",
    "kansym.validation.form_facts": "kansym.validation.form",
    "kansym.validation.leftover": "kansym.fitting.predictability",
    "kansym.validation.repeats": "kansym.validation.residual_tests",
}
"""Old name of a module to its new name. A package that is gone needs no line of its own."""

_EMPTIED = {old.rpartition(".")[0] for old in RENAMED} - {"kansym"}
"""Packages that modules have moved out of, some of which are gone."""


def new_name(module: str) -> str | None:
    """The new name of a module that has moved, by itself or with a package that it is in; None for all others."""
    old, rest = module, ""
    while old:
        if old in RENAMED:
            return RENAMED[old] + rest
        old, dot, last = old.rpartition(".")
        rest = dot + last + rest
    return None


class _Finder:
    """Finds modules at their old places."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a stand-in for a module that has moved; None for every other name."""
        if not fullname.startswith("kansym."):
            return None
        new = new_name(fullname)
        if new is None:
            return None
        return ModuleSpec(fullname, _Stand(new))  # pyright: ignore[reportArgumentType]


class _EmptiedFinder:
    """Finds packages that all modules have moved out of, so that the modules can be asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of an empty package; asked last, after every package that is still there."""
        if fullname not in _EMPTIED:
            return None
        return ModuleSpec(fullname, _Stand(None), is_package=True)  # pyright: ignore[reportArgumentType]


class _Stand:
    """Puts the module of the new name in the place of the old one; nothing, where there is only an empty package."""

    def __init__(self, new: str | None) -> None:
        self.new = new

    def create_module(self, spec: ModuleSpec) -> None:
        """None: a plain module, which `exec_module` replaces."""

    def exec_module(self, module: ModuleType) -> None:
        """Import the new module, and say where it is."""
        if self.new is None:
            return
        old = module.__name__
        warnings.warn(f"{old} has moved to {self.new}; import it from there", DeprecationWarning, stacklevel=2)
        # The import system takes what stands here afterwards, so that both names are one module.
        sys.modules[old] = importlib.import_module(self.new)


def renamed_arguments(**new_names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator by which a function still takes arguments by the names that they had, with a warning."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*positional: Any, **named: Any) -> Any:
            for old in new_names.keys() & named.keys():
                words = f"{function.__qualname__}: the argument {old} is called {new_names[old]} now"
                warnings.warn(words, DeprecationWarning, stacklevel=2)
                named[new_names[old]] = named.pop(old)
            return function(*positional, **named)

        called.__dict__["renamed_arguments"] = new_names
        return called

    return decorate


def install() -> None:
    """Have the import system look here, once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        # First: a module of a package that moved as a whole would be found in its new folder and loaded twice.
        sys.meta_path.insert(0, _Finder())
        sys.meta_path.append(_EmptiedFinder())
