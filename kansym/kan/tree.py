"""A network as an indented text: outputs, and below each node the edges that lead into it."""

from collections.abc import Callable

from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import Attribution


def tree_text(
    network: Network,
    scores: Attribution,
    node_name: Callable[[int, int], str],
    function: Callable[[Network, int, int, int], str],
) -> str:
    """Lines such as ``exp of h1.0, a sum of (score 0.98)``; nodes read by several others are written out once.

    Parameters
    ----------
    network : Network
        Population 1.
    scores : Attribution
    node_name : callable ``(level, node) -> str``
    function : callable ``(network, layer, source, target) -> str``
    """
    lines: list[str] = []
    seen: set[tuple[int, int]] = set()

    def kind(level: int, node: int) -> str:
        return "product" if bool(network.layers[level - 1].product[node]) else "sum"

    def below(level: int, node: int, indent: str) -> None:
        layer = network.layers[level - 1]
        for source in (layer.mode[0, :, node] != EdgeMode.OFF).nonzero()[:, 0].tolist():
            text = f"{function(network, level - 1, source, node)} of {node_name(level - 1, source)}"
            new = (level - 1, source) not in seen
            if level > 1 and new:
                text += f", a {kind(level - 1, source)} of"
            lines.append(f"{indent}{text} ({float(scores.edges[level - 1][0, source, node]):.2g})")
            if level > 1 and new:
                seen.add((level - 1, source))
                below(level - 1, source, indent + "  ")

    last = len(network.layers)
    for output in range(network.n_outputs):
        lines.append(f"{node_name(last, output)}, a {kind(last, output)} of")
        below(last, output, "  ")
    return "\n".join(lines)
