"""The curve of one edge, with weights that say where an error of it would be seen at the output."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from kansym.editing.coordinates import mode_of, name_of, output_scale
from kansym.editing.desk import Desk
from kansym.editing.release import released
from kansym.errors import ArgumentError, TrainingError
from kansym.extraction.edges import EdgeRef, edge_curves
from kansym.kan.jacobian import mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, train

TEACHES = 0.9
"""A freed edge that does not bring the loss below this fraction has nothing to teach about its primitive."""


LEAST_ROWS = 4
"""Rows below which nothing is matched."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of an edge over the rows, in the user's units where the edge has them.

    Attributes
    ----------
    network : Network
        The network that it is an edge of.
    ref : EdgeRef
    x, y, weights : Tensor, shape (n,)
        Node values, edge values, and squared sensitivities of the output, within 1e-3 to 1e3 of their mean.
    floor : float
        1 - R^2 below which matches are ties: the curve is known no better than the network fits.
    """

    network: Network
    ref: EdgeRef
    x: Tensor
    y: Tensor
    weights: Tensor
    floor: float


def curve_of(network: Network, ref: EdgeRef, desk: Desk) -> Curve:
    """The curve of an edge as it is.

    Raises
    ------
    ArgumentError
        If it is off, or has finite values on too few rows.
    """
    if mode_of(network, ref) == EdgeMode.OFF:
        raise ArgumentError(f"edge {name_of(ref)} is off; unfix() brings it back as a spline")
    inputs, values, weights = (tensor[0] for tensor in edge_curves(network, desk.rows.x, [ref]))
    finite = torch.isfinite(inputs) & torch.isfinite(values)
    known = int(finite.sum())
    if known < LEAST_ROWS:
        raise ArgumentError(
            f"edge {name_of(ref)} has a finite value on {known} rows; {LEAST_ROWS} are needed to tell a function"
        )
    inputs, values, weights = inputs[finite], values[finite], weights[finite]
    moved = float((weights * (values - values.mean()).square()).mean())
    loss = loss_of(network, desk)
    floor = min(max(loss / max(moved, 1e-300), 1e-30), 1e-2) if math.isfinite(loss) and moved >= 0 else 1e-2
    weights = torch.where(torch.isfinite(weights), weights, 0.0)
    weights = weights / weights.mean().clamp_min(1e-300)
    # Sensitivities span orders of magnitude near zeros of a factor; without a floor few rows would decide.
    weights = torch.where(torch.isfinite(weights), weights, 1.0).clamp(1e-3, 1e3)
    if ref.layer == 0:
        inputs = inputs * desk.scaling.half_width[ref.source] + desk.scaling.center[ref.source]
    return Curve(network, ref, inputs, values * output_scale(network, ref, desk.scaling), weights, floor)


def loss_of(network: Network, desk: Desk) -> float:
    """Mean squared residual of the scaled target on held-out rows, or on the training rows without them."""
    return float(mean_loss(network, *desk.rows.judges)[0])


def learned_curve(network: Network, ref: EdgeRef, desk: Desk) -> Curve:
    """The curve of an edge as the data would have it.

    That of a spline is the spline. A primitive is freed for a moment, and the network refitted, since its own curve
    says nothing about what it should be; where that does not help, its curve stands.
    """
    if mode_of(network, ref) != EdgeMode.SYMBOLIC:
        return curve_of(network, ref, desk)
    freed = released(network, ref, desk)
    rows = desk.rows
    before = loss_of(network, desk)
    options = TrainingOptions(steps=15, smoothness=1e-9, rescale_every=0)
    try:
        result = train(freed, rows.x, rows.y, options, weights=rows.weights, validation=rows.validation)
    except TrainingError:
        return curve_of(network, ref, desk)
    if not float(result.validation_loss[0]) < TEACHES * before:
        return curve_of(network, ref, desk)
    return curve_of(result.network, ref, desk)
