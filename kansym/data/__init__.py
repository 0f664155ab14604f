"""Tables of numbers: reading, checking, scaling, splitting, and the measured tables that come with kansym."""

from typing import TYPE_CHECKING

from kansym.deferred import deferred_names

if TYPE_CHECKING:
    from kansym.data.catalogue import load_dataset as load_dataset
    from kansym.data.dataset import Dataset as Dataset
    from kansym.data.dataset import make_dataset as make_dataset
    from kansym.data.preparation import canonical_order as canonical_order
    from kansym.data.preparation import split as split
    from kansym.data.readers import read_table as read_table
    from kansym.data.scaling import Scaling as Scaling
    from kansym.data.shipped import DatasetInfo as DatasetInfo
    from kansym.data.shipped import dataset_names as dataset_names
    from kansym.data.shipped import describe_dataset as describe_dataset

_HOMES = {
    "DatasetInfo": "kansym.data.shipped",
    "dataset_names": "kansym.data.shipped",
    "describe_dataset": "kansym.data.shipped",
    "load_dataset": "kansym.data.catalogue",
    "Dataset": "kansym.data.dataset",
    "make_dataset": "kansym.data.dataset",
    "canonical_order": "kansym.data.preparation",
    "split": "kansym.data.preparation",
    "read_table": "kansym.data.readers",
    "Scaling": "kansym.data.scaling",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__ = deferred_names(__name__, _HOMES)
