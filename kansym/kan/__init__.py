"""Kolmogorov-Arnold networks: a population of one shape, its training, and its storage."""

from kansym.kan.layer import EdgeMode as EdgeMode
from kansym.kan.network import Network as Network
from kansym.kan.persistence import load_network as load_network
from kansym.kan.persistence import save_network as save_network
from kansym.kan.training import TrainingOptions as TrainingOptions
from kansym.kan.training import TrainingResult as TrainingResult
from kansym.kan.training import train as train
