"""An edge made the primitive ``c f(a x + b) + d``: some constants are held at given values, the others fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.optimize

from kansym.deferred import Tensor, torch
from kansym.editing.constants import held_mask, output_scale, redundant_constants, set_primitive
from kansym.editing.context import EditContext
from kansym.editing.curve import learned_curve
from kansym.errors import ArgumentError
from kansym.extraction.curves import Curves
from kansym.extraction.edges import EdgeRef
from kansym.extraction.matching import match_edges
from kansym.extraction.starts import features, starting_points
from kansym.kan.layer import AFFINE
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive

POINTS = 512
"""Quantile points that a curve is thinned to."""

FINALISTS = 12
"""Starts that are followed to the end."""

PHASES = 24
"""Starts of b across the curve, where a is held."""


def fixed(
    network: Network,
    ref: EdgeRef,
    primitive: Primitive,
    held: Mapping[str, float],
    context: EditContext,
    *,
    freeze: bool,
) -> tuple[Network, float]:
    """A copy with an edge made a primitive, and R^2 on its curve; see `kansym.editing.edge.Edge.fix`."""
    curve = learned_curve(network, ref, context)
    result = curve.network.clone()
    layer = result.layers[ref.layer]
    held_in_fit = dict(held)
    if not bool(layer.product[ref.target]):
        # The level of a term is shared with its node, which takes what a held one leaves.
        held_in_fit.pop("d", None)
    y = curve.y
    if "c" in held and ref.layer < len(result.layers) - 1 and _may_stretch(result, ref):
        # The scale of a hidden sum is free, so a height can be had without any change of what the network says.
        loose = {name: value for name, value in held_in_fit.items() if name != "c"}
        height = fit_primitive(curve.x, y, curve.weights, primitive, loose, seed=context.options.seed).constants["c"]
        factor = held["c"] / height if height else 0.0
        if factor and math.isfinite(factor):
            _stretch(result, ref.layer, ref.target, factor)
            y = y * factor
    found = fit_primitive(curve.x, y, curve.weights, primitive, held_in_fit, seed=context.options.seed)
    constants = {**found.constants, **held}
    left = found.constants["d"] - constants["d"]
    if left:
        layer.offset[0, ref.target] += left / output_scale(result, ref, context.scaling_at(result, ref))
    frozen = AFFINE if freeze else (*redundant_constants(primitive), *held)
    set_primitive(result, ref, primitive, constants, context.scaling_at(result, ref), frozen=frozen)
    return result, 1.0 - found.misfit


def _may_stretch(network: Network, ref: EdgeRef) -> bool:
    """Whether a node may be scaled: it adds, and no constant is held that this would move."""
    into, out = held_mask(network, ref.layer)[:, ref.target], held_mask(network, ref.layer + 1)[ref.target]
    into[ref.source] = False
    adds = not bool(network.layers[ref.layer].product[ref.target])
    return adds and not bool(into[:, 2:4].any() or out[:, 0].any())


def _stretch(network: Network, number: int, node: int, factor: float) -> None:
    """Multiply the values of a node that layer `number` sums up, in place; the edges that read it undo it exactly."""
    layer, after = network.layers[number], network.layers[number + 1]
    layer.coefficients[0, :, node] *= factor
    layer.affine[0, :, node, 2:4] *= factor
    layer.offset[0, node] *= factor
    after.affine[0, node, :, 0] /= factor
    after.center[0, node] *= factor
    after.half_width[0, node] *= abs(factor)
    if factor < 0:
        after.coefficients[0, node] = after.curves_of(node).mirrored(after.coefficients[0, node])
        if after.knots is not None:
            after.knots[0, node] = -after.knots[0, node].flip(-1)


@dataclass(frozen=True)
class PrimitiveFit:
    """A primitive fitted to a curve.

    Attributes
    ----------
    constants : dict
        a, b, c, d and p; p is 1 for primitives without a shape.
    misfit : float
        Weighted 1 - R^2; 1 is no better than a constant, more is worse than one.
    """

    constants: dict[str, float]
    misfit: float


def fit_primitive(
    x: Tensor, y: Tensor, weights: Tensor, primitive: Primitive, held: Mapping[str, float], *, seed: int = 0
) -> PrimitiveFit:
    """The best constants that are not held.

    Constants that are redundant in the primitive keep their convention (a = 1 or -1, b = 0) unless they are held.

    Parameters
    ----------
    x, y, weights : Tensor, shape (n,)
    primitive : Primitive
    held : mapping of str to float
        Values of "a", "b", "c", "d", "p" that are not fitted.
    seed : int, default 0

    Raises
    ------
    ArgumentError
        If a held constant is unknown or not finite, or the primitive is nowhere defined on the whole curve.
    """
    for name, value in held.items():
        if name not in ("a", "b", "c", "d", "p"):
            raise ArgumentError(f"a primitive has the constants a, b, c, d and p, got {name!r}")
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
            raise ArgumentError(f"{name} must be a finite number, got {value!r}")
    if "p" in held and not primitive.has_shape:
        raise ArgumentError(f"p must not be given for {primitive.name}: it has no exponent; x^p has one")
    if held.get("a") == 0.0:
        raise ArgumentError(f"a must not be 0: {primitive.name} of a constant is a constant; remove the edge instead")
    matched = None
    if bool(x.amax() > x.amin()):
        found = match_edges(x[None], y[None], [primitive], weights=weights[None], top_k=1, seed=seed)[0]
        if found and found[0].primitive.name == primitive.name:
            match = found[0]
            p = match.p if primitive.has_shape else 1.0
            matched = {"a": match.a, "b": match.b, "c": match.c, "d": match.d, "p": p}
            if not held:
                return PrimitiveFit(matched, match.loss)
    if matched is None and not held:
        if float(y.amax() - y.amin()) <= 1e-12 * float(y.abs().amax()):
            raise ArgumentError(
                f"the edge is constant on the data, so nothing tells the constants of {primitive.name}; refit() first, "
                "or remove() the edge"
            )
        raise _undefined(primitive, x)
    return _HeldFit(x, y, weights, primitive, dict(held)).best(matched, seed)


def _undefined(primitive: Primitive, x: Tensor, held: Mapping[str, float] | None = None) -> ArgumentError:
    low, high = float(x.min()), float(x.max())
    words = ", ".join(f"{name}={value:g}" for name, value in (held or {}).items())
    beside = f" beside {words}" if words else ""
    reason = "" if primitive.kink is None else "; its bend must lie among the data"
    return ArgumentError(
        f"{primitive.name} cannot be this edge: no constants{beside} make it finite on the whole range of the data, "
        f"{low:.6g} to {high:.6g}{reason}"
    )


class _HeldFit:
    """The fit of one primitive with some constants held: inner ones by least squares, c and d in closed form."""

    def __init__(self, x: Tensor, y: Tensor, weights: Tensor, primitive: Primitive, held: dict[str, float]) -> None:
        self.curves = Curves.from_data(x[None], y[None], weights[None], POINTS)
        self.x = self.curves.x[0]
        largest = float(self.curves.largest[0])
        self.y = self.curves.y[0].numpy() * largest
        weight = self.curves.weights[0].numpy()
        self.root = np.sqrt(weight / weight.sum())
        mean = float(self.root**2 @ self.y)
        self.spread = float(np.linalg.norm(self.root * (self.y - mean))) or 1.0
        self.primitive, self.held = primitive, {name: float(value) for name, value in held.items()}
        self.inner = [
            name
            for name in ("a", "b", *(("p",) if primitive.has_shape else ()))
            if name not in held and name not in primitive.redundant
        ]

    def best(self, matched: Mapping[str, float] | None, seed: int) -> PrimitiveFit:
        starts = [self._with_held(start) for start in self._starts(matched, seed)]
        losses = [self._loss(start) for start in starts]
        order = sorted(range(len(starts)), key=losses.__getitem__)[: FINALISTS if self.inner else 1]
        best, least = None, math.inf
        for k in order:
            if not math.isfinite(losses[k]):
                break
            constants = self._descend(starts[k]) if self.inner else starts[k]
            loss = self._loss(constants)
            if loss < least * (1 - 1e-9):
                best, least = constants, loss
        if best is None:
            if {"a", "b"} <= set(self.held):
                z = self.held["a"] * self.x + self.held["b"]
                raise ArgumentError(
                    f"{self.primitive.name} with a={self.held['a']:g} and b={self.held['b']:g} is not finite for all "
                    f"arguments from {float(z.min()):.6g} to {float(z.max()):.6g}"
                )
            raise _undefined(self.primitive, self.x, self.held)
        c, d, _ = self._outer(best)
        return PrimitiveFit({**best, "c": c, "d": d}, least**2)

    def _with_held(self, start: Mapping[str, float]) -> dict[str, float]:
        """A start with held and redundant constants in place; the argument at the middle of the data stays."""
        middle = float(self.x[0] + self.x[-1]) / 2
        a = start["a"]
        if "a" in self.held:
            a = self.held["a"]
        elif "a" in self.primitive.redundant:
            a = math.copysign(1.0, a)
        b = start["b"] + (start["a"] - a) * middle
        if "b" in self.held or "b" in self.primitive.redundant:
            b = self.held.get("b", 0.0)
        return {"a": a, "b": b, "p": self.held.get("p", start["p"])}

    def _starts(self, matched: Mapping[str, float] | None, seed: int) -> list[dict[str, float]]:
        starts = [] if matched is None else [dict(matched)]
        generator = torch.Generator().manual_seed(seed)
        if bool(self.x[-1] > self.x[0]):
            shape = features(self.curves)
            a, b, p = (part[0] for part in starting_points(self.primitive, self.curves, shape, generator))
            half, origin = float(self.curves.half[0]), float(self.curves.origin[0])
            a, b = a / half, b - a * (origin / half)
            columns = zip(a.tolist(), b.tolist(), p.nan_to_num(1.0).tolist(), strict=True)
            starts += [{"a": one, "b": two, "p": three} for one, two, three in columns]
        if "a" in self.held and "b" in self.inner:
            # With a held, only the phase is open: zeros across the data and a little beyond.
            low, high = float(self.x[0]), float(self.x[-1])
            width = (high - low) or 1.0
            zeros = np.linspace(low - width / 2, high + width / 2, PHASES)
            if self.primitive.period is not None:
                zeros = low + np.linspace(0, 1, PHASES, endpoint=False) * self.primitive.period / self.held["a"]
            starts += [{"a": self.held["a"], "b": -self.held["a"] * float(zero), "p": 1.0} for zero in zeros]
        starts += [{"a": 1.0, "b": 0.0, "p": 1.0}]
        return starts

    def _value(self, constants: Mapping[str, float]) -> np.ndarray | None:
        """f(a x + b), or None where the range of the data leaves the domain."""
        z = constants["a"] * self.x + constants["b"]
        ends = z[[0, -1]]
        if not bool(self.primitive.domain.covers(ends.min(), ends.max())):
            return None
        f = self.primitive.function(z, torch.tensor(constants["p"], dtype=z.dtype)).numpy()
        return f if np.isfinite(f).all() and np.abs(f).max() < 1e150 else None

    def _outer(self, constants: Mapping[str, float]) -> tuple[float, float, np.ndarray | None]:
        """c, d and the weighted residual for inner constants; None where they do not give a value."""
        f = self._value(constants)
        if f is None:
            return 0.0, 0.0, None
        c, d = self.held.get("c"), self.held.get("d")
        weight = self.root**2
        if c is None and d is None:
            centred, mean = f - weight @ f, float(weight @ f)
            square = float(weight @ centred**2)
            c = float(weight @ (centred * self.y)) / square if square > 1e-28 * (1 + mean**2) else 0.0
            d = float(weight @ self.y) - c * mean
        elif c is None:
            assert d is not None
            square = float(weight @ f**2)
            c = float(weight @ (f * (self.y - d))) / square if square > 0 else 0.0
        elif d is None:
            d = float(weight @ (self.y - c * f))
        return c, d, self.root * (c * f + d - self.y) / self.spread

    def _loss(self, constants: Mapping[str, float]) -> float:
        residual = self._outer(constants)[2]
        return math.inf if residual is None else float(np.linalg.norm(residual))

    def _descend(self, start: dict[str, float]) -> dict[str, float]:
        refused = np.full(len(self.x), 1e3)

        def residual(values: np.ndarray) -> np.ndarray:
            found = self._outer({**start, **dict(zip(self.inner, values.tolist(), strict=True))})[2]
            return refused if found is None else found

        first = np.array([start[name] for name in self.inner])
        scale = np.maximum(np.abs(first), 1e-3)
        result = scipy.optimize.least_squares(
            residual, first, x_scale=scale, jac="3-point", xtol=1e-12, ftol=1e-12, gtol=1e-14, max_nfev=60
        )
        return {**start, **dict(zip(self.inner, result.x.tolist(), strict=True))}
