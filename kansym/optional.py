"""Import of optional packages, with an error that says what to install."""

import importlib
from types import ModuleType

from kansym.errors import MissingDependencyError


def optional_module(name: str, *, feature: str, extra: str) -> ModuleType:
    """Import the module `name`, or say which extra brings it.

    Parameters
    ----------
    name : str
        Module to import, e.g. ``"h5py"``.
    feature : str
        What the user asked for, as it should read in the message, e.g. ``"Reading HDF5 files"``.
    extra : str
        The extra of kansym that installs the package, e.g. ``"io"``.

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f"{feature} needs the package {name!r}, which is not installed: pip install 'kansym[{extra}]'"
        ) from error
