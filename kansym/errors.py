"""Every error that kansym raises on purpose, under one base class."""

from collections.abc import Mapping


class Argument(str):
    """The name of an argument in the message of an error: another way in may know it by another name.

    Parameters
    ----------
    name : str
        Such as ``"x_error"``.
    detail : str, optional
        What of it is meant, such as ``" of 'v'"``.
    """

    def __new__(cls, name: str, detail: str = "") -> "Argument":
        argument = super().__new__(cls, name + detail)
        argument.name, argument.detail = name, detail
        return argument

    name: str
    detail: str


class KansymError(Exception):
    """Base class of all errors raised by kansym. Catch this to catch them all.

    Parameters
    ----------
    *parts : str
        The message, in one piece or in several of which those that name an argument are an `Argument`.
    """

    def __str__(self) -> str:
        return "".join(map(str, self.args))

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments that the message speaks of, in order."""
        return tuple(part.name for part in self.args if isinstance(part, Argument))

    def in_terms_of(self, names: Mapping[str, str]) -> str:
        """The message with arguments called as in `names`, such as the options of a command."""
        return "".join(
            names.get(part.name, part.name) + part.detail if isinstance(part, Argument) else str(part)
            for part in self.args
        )


class ArgumentError(KansymError, ValueError):
    """An argument has a value that cannot be used; the message names the argument and the value."""


class DataError(KansymError, ValueError):
    """A table or an array cannot be used as it is; the message names the column and says what to do."""


class MissingDependencyError(KansymError, ImportError):
    """An optional package is needed; the message names the feature, the package and the extra to install."""


class StorageError(KansymError, ValueError):
    """A saved file is damaged, of another version, or not a kansym file."""


class MissingPrimitiveError(StorageError):
    """A saved network uses a primitive that the library lacks, or has as another function."""


class TrainingError(KansymError, RuntimeError):
    """Training could not produce a finite network; the message says what was tried."""
