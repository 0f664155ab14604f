"""Tables of numbers: reading, checking, scaling, splitting, and the measured tables that come with kansym."""

from kansym.data.catalogue import DatasetInfo as DatasetInfo
from kansym.data.catalogue import dataset_names as dataset_names
from kansym.data.catalogue import describe_dataset as describe_dataset
from kansym.data.catalogue import load_dataset as load_dataset
from kansym.data.dataset import Dataset as Dataset
from kansym.data.dataset import make_dataset as make_dataset
from kansym.data.preparation import canonical_order as canonical_order
from kansym.data.preparation import split as split
from kansym.data.readers import read_table as read_table
from kansym.data.scaling import Scaling as Scaling
