"""The measured tables that come with the package, ready to be fitted."""

from collections.abc import Mapping, Sequence

from kansym.data.dataset import Dataset
from kansym.data.readers import read_table
from kansym.data.shipped import DatasetInfo as DatasetInfo
from kansym.data.shipped import dataset_file, describe_dataset
from kansym.data.shipped import dataset_names as dataset_names


def load_dataset(
    name: str,
    *,
    target: str | None = None,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str] | None = None,
) -> Dataset:
    """A measured table, ready to be fitted.

    Parameters
    ----------
    name : str
        One of `dataset_names()`.
    target : str, optional
        Another column to explain than the usual one; the inputs are then all others.
    error : str or float, optional
        Column with the standard errors of the target, or one number for all rows. Default: the column that belongs to
        the usual target.
    x_error : mapping of str to (str or float), optional
        Errors of the inputs, as in `kansym.data.readers.read_table`.
    columns : sequence of str, optional
        Other inputs than the usual ones.

    Raises
    ------
    ArgumentError
        If there is no table of that name.
    DataError
        If there is no column of that name.
    """
    info = describe_dataset(name)
    usual = target is None or target == info.target
    if usual and error is None:
        error = info.error
    if columns is None:
        columns = info.columns if usual else [c for c in (info.target, *info.columns) if c not in (target, error)]
    with dataset_file(name) as path:
        own = info.target if target is None else target
        return read_table(path, target=own, error=error, x_error=x_error, columns=columns)
