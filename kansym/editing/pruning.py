"""Edges that hardly matter removed from a network under edit."""

from kansym.editing.context import EditContext
from kansym.kan.network import Network
from kansym.kan.pruned import Judges
from kansym.kan.pruned import Pruned as Pruned
from kansym.kan.pruned import pruned as pruned_network


def pruned(network: Network, context: EditContext, threshold: float, *, force: bool = False) -> tuple[Network, Pruned]:
    """The network without edges below a share of the output's spread, refitted; see `EditableNetwork.prune`."""
    rows = context.rows
    judges = Judges(rows.x, rows.y, rows.weights, rows.validation, context.unit, context.errors)
    return pruned_network(network, judges, threshold, force=force)
