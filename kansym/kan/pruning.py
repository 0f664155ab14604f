"""Attribution of the output to edges and nodes, and pruning of those that do not matter.

The score of an edge is how much the output would move, to first order, were the edge replaced by its mean:
``RMS over rows of (d output / d edge) * (edge - mean of edge)``, relative to the spread of the output. Unlike a norm of
the edge alone it counts what happens downstream, in sums and in products, and a constant edge scores zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.jacobian import HeldOut, edge_sensitivity, held_out_parts, mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, train

ATTRIBUTION_ROWS = 4096
"""Rows used for scores; scores are compared with thresholds of a per cent, so sampling error does not matter."""


@dataclass(frozen=True)
class Attribution:
    """Scores of a population.

    Attributes
    ----------
    edges : tuple of Tensor, each of shape (P, n_in, n_out)
        Per layer; 0 for edges that are off. Of the order of 1 for an edge that carries the output alone.
    nodes : tuple of Tensor, each of shape (P, width)
        Inputs first; the score of a node is that of the strongest edge that leaves it (1 for outputs).
    means : tuple of Tensor, each of shape (P, n_in, n_out)
        Mean value of every edge over the rows: what it is replaced by when it is pruned.
    """

    edges: tuple[Tensor, ...]
    nodes: tuple[Tensor, ...]
    means: tuple[Tensor, ...]

    def inputs(self) -> Tensor:
        """Scores of the input variables, shape (P, n_inputs)."""
        return self.nodes[0]


def attribute(network: Network, x: Tensor) -> Attribution:
    """Scores of all edges and nodes on rows `x`, shape (n, n_inputs)."""
    if x.shape[0] < 2:
        raise ArgumentError(f"attribution needs at least 2 rows, got {x.shape[0]}")
    if x.shape[0] > ATTRIBUTION_ROWS:
        x = x[:: x.shape[0] // ATTRIBUTION_ROWS + 1]
    states = network.trace(x, need_slope=False)
    spread = states[-1][0].var(1, correction=0).sum(-1).sqrt()
    scores, means = [], []
    for output in range(network.n_outputs):
        for number, sensitivity in enumerate(edge_sensitivity(network, x, output)):
            edges = states[number + 1][1]
            assert edges is not None
            mean = edges.value.mean(1)
            effect = (sensitivity * (edges.value - mean[:, None])).square().mean(1)
            if output == 0:
                scores.append(effect)
                means.append(mean)
            else:
                scores[number] = scores[number] + effect
    edge_scores = tuple(score.sqrt() / spread.clamp_min(1e-300)[:, None, None] for score in scores)
    outputs = torch.ones(network.population, network.n_outputs, dtype=network.dtype, device=network.device)
    nodes = (*(score.amax(2) for score in edge_scores), outputs)
    return Attribution(edge_scores, nodes, tuple(means))


@dataclass(frozen=True)
class PruningResult:
    """A pruned population.

    Attributes
    ----------
    network : Network
    removed : tuple of int
        Number of edges switched off in each network; 0 where pruning was rolled back.
    rolled_back : tuple of bool
        Whether validation got worse by more than the tolerance, so that the network is the one that came in.
    validation_loss : Tensor, shape (P,)
    tried_loss : Tensor, shape (P,)
        The same of the pruned network, also where that was rolled back.
    """

    network: Network
    removed: tuple[int, ...]
    rolled_back: tuple[bool, ...]
    validation_loss: Tensor
    tried_loss: Tensor


def switch_off(network: Network, off: list[Tensor], means: tuple[Tensor, ...]) -> Network:
    """Switch edges off and leave their mean in the node: added to its offset in a sum, multiplied into it in a product.

    Parameters
    ----------
    network : Network
    off : list of Tensor of bool, each of shape (P, n_in, n_out)
    means : tuple of Tensor
        As in `Attribution.means`.
    """
    layers = []
    for layer, chosen, mean in zip(network.layers, off, means, strict=True):
        chosen = chosen & (layer.mode != EdgeMode.OFF)
        added = torch.where(chosen, mean, torch.zeros_like(mean)).sum(1)
        factor = torch.where(chosen, mean, torch.ones_like(mean)).prod(1)
        offset = torch.where(layer.product, layer.offset * factor, layer.offset + added)
        mode = torch.where(chosen, torch.full_like(layer.mode, int(EdgeMode.OFF)), layer.mode)
        layers.append(replace(layer.clone(), mode=mode, offset=offset))
    return replace(network, layers=layers)


def remove_below(network: Network, x: Tensor, threshold: float) -> Network:
    """Switch off every edge that scores below `threshold`, repeatedly, so that dead and constant nodes go as well."""
    result = network
    for _ in range(len(network.layers) + 1):
        scores = attribute(result, x)
        active = [layer.mode != EdgeMode.OFF for layer in result.layers]
        off = [(score < threshold) & mask for score, mask in zip(scores.edges, active, strict=True)]
        if not any(bool(chosen.any()) for chosen in off):
            break
        result = switch_off(result, off, scores.means)
    return result


def active_edges(network: Network) -> list[tuple[int, int, int]]:
    """Layer, source and target of the edges of one network that are not off."""
    return [
        (number, source, target)
        for number, layer in enumerate(network.layers)
        for source, target in (layer.mode[0] != EdgeMode.OFF).nonzero().tolist()
    ]


def count_edges(network: Network) -> Tensor:
    """Number of edges that are not off, shape (P,)."""
    return torch.stack([(layer.mode != EdgeMode.OFF).sum((1, 2)) for layer in network.layers]).sum(0)


def prune(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    validation: HeldOut | None = None,
    threshold: float = 1e-2,
    tolerance: float = 0.1,
    options: TrainingOptions | None = None,
    weights: Tensor | None = None,
    deadline: float | None = None,
) -> PruningResult:
    """Remove edges and nodes that do not matter, retrain, and take it back where validation got worse.

    Parameters
    ----------
    network : Network
        Trained population; not changed.
    x, y : Tensor, shapes (n, n_inputs) and (n,) or (n, n_outputs)
    validation : (x, y) or (x, y, weights), optional
        Rows that judge; without them the training rows do.
    threshold : float, default 1e-2
        Edges that move the output by less than this fraction of its spread are switched off. Lower it for very precise
        networks (a fraction of their error is safe), raise it to 0.03 for noisy data.
    tolerance : float, default 0.1
        Relative rise of the root-mean-square validation error that is still accepted.
    options : TrainingOptions, optional
        For the retraining; default: 15 steps of Levenberg-Marquardt.

    Returns
    -------
    PruningResult
    """
    if not 0 <= threshold < 1:
        raise ArgumentError(f"threshold must lie in [0, 1), got {threshold!r}")
    relative = None if weights is None else weights / weights.mean()
    judges = held_out_parts(validation if validation is not None and validation[0].shape[0] else (x, y, relative))
    before = mean_loss(network, *judges)
    candidate = remove_below(network, x, threshold)
    removed = count_edges(network) - count_edges(candidate)
    if not bool(removed.any()):
        return PruningResult(network.clone(), (0,) * network.population, (False,) * network.population, before, before)
    options = options or TrainingOptions(steps=15)
    retrained = train(candidate, x, y, options, weights=weights, validation=validation, deadline=deadline)
    after = mean_loss(retrained.network, *judges)
    worse = ~(after <= before * (1.0 + tolerance) ** 2)
    layers = []
    for old, new in zip(network.layers, retrained.network.layers, strict=True):
        pick = {
            name: torch.where(worse.view(-1, *[1] * (getattr(old, name).ndim - 1)), getattr(old, name), value)
            for name, value in ((name, getattr(new, name)) for name in ("coefficients", "mode", "affine", "offset"))
        }
        grids = {
            name: torch.where(worse[:, None], getattr(old, name), getattr(new, name))
            for name in ("center", "half_width")
        }
        layers.append(replace(new, **pick, **grids))
    return PruningResult(
        network=replace(network, layers=layers),
        removed=tuple(int(n) if not bad else 0 for n, bad in zip(removed, worse, strict=True)),
        rolled_back=tuple(bool(bad) and int(n) > 0 for n, bad in zip(removed, worse, strict=True)),
        validation_loss=torch.where(worse, before, after),
        tried_loss=after,
    )
