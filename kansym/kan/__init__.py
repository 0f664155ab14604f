"""Kolmogorov-Arnold networks: a population of one shape, its training, and its storage."""

from typing import TYPE_CHECKING

from kansym.deferred import deferred_names

if TYPE_CHECKING:
    from kansym.kan.layer import EdgeMode as EdgeMode
    from kansym.kan.network import Network as Network
    from kansym.kan.persistence import load_network as load_network
    from kansym.kan.persistence import save_network as save_network
    from kansym.kan.training import TrainingOptions as TrainingOptions
    from kansym.kan.training import TrainingResult as TrainingResult
    from kansym.kan.training import train as train

_HOMES = {
    "EdgeMode": "kansym.kan.layer",
    "Network": "kansym.kan.network",
    "load_network": "kansym.kan.persistence",
    "save_network": "kansym.kan.persistence",
    "TrainingOptions": "kansym.kan.training",
    "TrainingResult": "kansym.kan.training",
    "train": "kansym.kan.training",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__ = deferred_names(__name__, _HOMES)
