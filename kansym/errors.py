"""Every error that kansym raises on purpose, under one base class."""


class KansymError(Exception):
    """Base class of all errors raised by kansym. Catch this to catch them all."""


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
