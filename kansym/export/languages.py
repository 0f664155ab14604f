"""Formulas as source files of other languages: `to_code`, and what every language has to say of itself.

A new language is a file of this folder with a class of `CodeLanguage`, called ``LANGUAGE``, and a line in `LANGUAGES`.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

from kansym.errors import ArgumentError
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program, program_of
from kansym.export.writing import header, made_by, units_of
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import safe_identifiers

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
"""What `to_code` writes, with what it is; each is the name of a module of this package."""


def to_code(
    formula: Formula, language: str, *, name: str | None = None, run: RunSummary | FinishedRun | None = None
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
    return language_of(language).write(formula, name, run)


def suffix_of(language: str) -> str:
    """What names of such files end with, ``".f90"``.

    Raises
    ------
    ArgumentError
        If there is no such language.
    """
    return language_of(language).suffix


def language_of(name: str) -> "Language":
    """The language of a name in `LANGUAGES`; its module is imported on the first call.

    Raises
    ------
    ArgumentError
        If there is no such language.
    """
    if name not in LANGUAGES:
        raise ArgumentError(f"language must be one of {', '.join(LANGUAGES)}, got {name!r}")
    return importlib.import_module(f"kansym.export.{name}").LANGUAGE


class Language(ABC):
    """What files of formulas are written in.

    Attributes
    ----------
    title : str
        What people call it.
    suffix : str
        What names of files end with.
    """

    title: str
    suffix: str

    @abstractmethod
    def write(self, formula: Formula, name: str | None, run: RunSummary | FinishedRun | None) -> str:
        """The file, see `to_code`."""


class CodeLanguage(Language):
    """A programming language.

    Attributes
    ----------
    printer : type of SourcePrinter
    keywords : str
        Words, between spaces, that nothing may be called, beside the functions that the printer knows.
    fold_case : bool, default False
        Whether the language takes t and T for the same.
    longest_name : int, default 63
        Characters of an identifier; C99 and Fortran distinguish 63.
    """

    printer: type[SourcePrinter]
    keywords: str
    fold_case = False
    longest_name = 63

    @abstractmethod
    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file.

        Parameters
        ----------
        program : Program
        code : str
            The expression.
        printer : SourcePrinter
            Knows which functions `code` calls.
        head : sequence of str
            What the file says about itself, in plain text; the formula comes first.
        """

    def write(self, formula: Formula, name: str | None, run: RunSummary | FinishedRun | None) -> str:
        """The file, see `to_code`."""
        program = program_of(formula, self.identify, name=name, units=units_of(run))
        printer = self.printer()
        code = printer.code(program.body)
        head = header(program, f"{formula.target} = {formula.text()}", made_by(run, formula))
        return "\n".join([*self.lines(program, code, printer, head), ""])

    @cached_property
    def reserved(self) -> frozenset[str]:
        """What nothing may be called."""
        return frozenset(self.keywords.split()) | self.printer.vocabulary()

    def identify(self, names: Sequence[str]) -> Mapping[str, str]:
        """Distinct identifiers of the language for names that may be any text."""
        found = safe_identifiers(names, self.reserved, fold_case=self.fold_case)
        cut = self.longest_name
        return {
            # The place makes what is cut off distinct again.
            name: identifier if len(identifier) <= cut else f"{identifier[: cut - 6]}_{place}"
            for place, (name, identifier) in enumerate(found.items())
        }
