"""kansym: from a table of measurements to a closed-form law, by Kolmogorov-Arnold networks."""

from kansym.config import DiscoveryOptions as DiscoveryOptions
from kansym.data import Dataset as Dataset
from kansym.data import dataset_names as dataset_names
from kansym.data import load_dataset as load_dataset
from kansym.data import make_dataset as make_dataset
from kansym.data import read_table as read_table
from kansym.discovery import Discovery as Discovery
from kansym.discovery import discover as discover
from kansym.errors import ArgumentError as ArgumentError
from kansym.errors import DataError as DataError
from kansym.errors import KansymError as KansymError
from kansym.estimator import SymbolicRegressor as SymbolicRegressor
from kansym.formula import Formula as Formula
from kansym.formula import ParetoFront as ParetoFront
from kansym.primitives import Primitive as Primitive
from kansym.primitives import PrimitiveLibrary as PrimitiveLibrary
from kansym.primitives import default_library as default_library

__version__ = "0.1.0"
