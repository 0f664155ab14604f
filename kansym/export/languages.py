"""`to_code`: a formula as a source file of another language."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from kansym.errors import ArgumentError
from kansym.export.program import program_of
from kansym.export.provenance import made_by, units_of
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula

LANGUAGES: Mapping[str, str] = {
    "python": "a function of numpy arrays",
    "torch": "an nn.Module with the constants as parameters",
    "c": "a C99 function of doubles",
    "fortran": "a Fortran 2008 module with an elemental function",
    "julia": "a Julia function",
    "mathematica": "a definition in Wolfram Language",
    "javascript": "a function for browsers and node",
    "latex": "a document that compiles with pdflatex",
}
"""What `to_code` writes, with what it is."""

_MODULES = {"torch": "torch_source", "latex": "document"}
"""Where a language is not written by the module of its name."""


def to_code(
    formula: Formula, language: str, *, name: str | None = None, run: "RunSummary | FinishedRun | None" = None
) -> str:
    """A complete, documented source file that computes a formula.

    Constants have all their digits and carry standard errors and units in comments; the code computes what
    `Formula.predict` does, and where that loses digits, as exp(u) - 1 of a small u does, it does not.

    Parameters
    ----------
    formula : Formula
    language : str
        One of `LANGUAGES`: python, torch, c, fortran, julia, mathematica, javascript, latex.
    name : str, optional
        Of the function. Default: the target's name; the language may ask for changes.
    run : RunSummary or FinishedRun, optional
        Where the formula comes from: units of the columns and how it was found go into the comments.

    Returns
    -------
    str
        Arguments are the columns that occur, in the order of the table. Their names are changed where the language
        asks for it, the comments say how.

    Raises
    ------
    ArgumentError
        If there is no such language.
    ExportError
        If the formula holds a function that the language lacks.

    Examples
    --------
    >>> from kansym.symbolic.parser import parse_expression
    >>> formula = Formula(parse_expression("m*v^2/2", ["m", "v"]), ("m", "v"), "energy", 6, 0.0, 0.0, 0.0)
    >>> print(to_code(formula, "c").splitlines()[-2].strip())
    return m*square(v)/2.0;
    """
    module = language_module(language)
    if language == "latex":
        return module.document(formula, run)
    program = program_of(formula, module.identify, name=name, units=units_of(run))
    return module.write(program, f"{formula.target} = {formula.text()}", made_by(run, formula))


def suffix_of(language: str) -> str:
    """What names of such files end with, ``".f90"``."""
    return language_module(language).SUFFIX


def language_module(language: str) -> ModuleType:
    """The module that writes a language.

    Raises
    ------
    ArgumentError
        If there is no such language.
    """
    if language not in LANGUAGES:
        raise ArgumentError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    return importlib.import_module(f"kansym.export.{_MODULES.get(language, language)}")
