"""Where the fits of inner constants start: from the curve itself, from the data's ends, and from x = 0.

All starts are triples (a, b, p) of ``f(a v + b)`` with ``b = anchor - a * location``: the argument equals `anchor`
(0, the end of a domain or a pole) at the place `location` on the v axis. Starts that leave the domain cost one cheap
evaluation and are dropped by their infinite loss.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from kansym.deferred import Tensor, torch
from kansym.extraction.curves import Curves
from kansym.primitives.primitive import Domain, Primitive

_LOCATIONS = (-3.0, -2.0, -1.4, -1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0, 1.4, 2.0, 3.0)
_GAPS = (0.0, 1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 10.0, 30.0, 100.0)
_FEW_GAPS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.6, 1.5, 4.0, 15.0)
_WINDOW_GAPS = (0.0, 1e-6, 1e-3, 0.03, 0.2, 0.7, 2.0, 6.0)
_FEATURE_SCALES = (0.15, 0.3, 0.5, 0.8, 1.2, 2.0, 3.5, 8.0)
_PHASES = 8
_SPECTRAL_PEAKS = 3
_RANDOM_STARTS = 12
_FEATURE_RANKS = 60


@dataclass(frozen=True)
class Features:
    """What the shape of each curve suggests.

    Attributes
    ----------
    location : Tensor (E, F)
        Places on the v axis: highest and lowest point, steepest slope, sharpest bend, largest jump.
    scale : Tensor (E,)
        Inverse width of the steepest part: largest slope over the range of y.
    frequency : Tensor (E, K)
        Angular frequencies of the strongest spectral peaks of the detrended curve.
    """

    location: Tensor
    scale: Tensor
    frequency: Tensor


def features(curves: Curves) -> Features:
    """Features of each curve; finite for every input."""
    v, y = curves.v, curves.y
    n = v.shape[-1]
    thin = torch.linspace(0, n - 1, min(n, _FEATURE_RANKS), dtype=torch.float64, device=v.device).round().long()
    slope, middle = _slopes(v[:, thin], y[:, thin])
    steepest = middle.gather(-1, slope.abs().argmax(-1, keepdim=True))
    if middle.shape[-1] > 1:
        bend, between = _slopes(middle, slope)
        sharpest = between.gather(-1, bend.abs().argmax(-1, keepdim=True))
    else:
        sharpest = steepest
    jump = (y[:, 1:] - y[:, :-1]).abs().argmax(-1, keepdim=True)
    jump = (v[:, 1:].gather(-1, jump) + v[:, :-1].gather(-1, jump)) / 2
    top, bottom = (v.gather(-1, index) for index in (y.argmax(-1, keepdim=True), y.argmin(-1, keepdim=True)))
    spread = y.amax(-1) - y.amin(-1)
    scale = (slope.abs().amax(-1) / torch.where(spread > 0, spread, 1.0)).clamp(0.05, 1e4)
    return Features(torch.cat([top, bottom, steepest, sharpest, jump], -1), scale, _frequencies(v, y))


def starting_points(
    primitive: Primitive, curves: Curves, shape: Features, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Starts of one primitive for every edge: a, b and p, each of shape (E, S)."""
    count, device = curves.v.shape[0], curves.v.device
    if {"a", "b"} <= primitive.redundant:
        one = torch.ones(count, 1, dtype=torch.float64, device=device)
        return one, torch.zeros_like(one), torch.full_like(one, math.nan)
    signs = (1.0, -1.0) if primitive.parity == "none" else (1.0,)
    signed = _row([s * a for s in signs for a in _magnitudes(primitive)], count, device)
    middle = curves.middle[:, None]
    if "b" in primitive.redundant:
        # The centre of the data is where b is held during the fit: a large a then overflows on neither side.
        starts = [(signed, -signed * middle)]
    else:
        zero = curves.zero[:, None]
        starts = [_at(signed, zero)]
        window = _window(primitive.domain)
        if window is not None:
            starts += _in_window(window, signs, curves)
        elif primitive.domain.poles or math.isfinite(primitive.domain.lower) or math.isfinite(primitive.domain.upper):
            starts += _beside_ends(primitive, signs, curves)
        else:
            starts += _across(primitive, signs, signed, curves, shape, generator)
    a, b = (torch.cat(parts, -1) for parts in zip(*starts, strict=True))
    if not primitive.has_shape:
        return a, b, torch.full_like(a, math.nan)
    p = torch.tensor(primitive.shape_starts, dtype=torch.float64, device=device).repeat_interleave(a.shape[-1])
    repeat = len(primitive.shape_starts)
    return a.repeat(1, repeat), b.repeat(1, repeat), p.expand(count, -1)


def _magnitudes(primitive: Primitive) -> tuple[float, ...]:
    return (1.0,) if "a" in primitive.redundant else primitive.starts


def _row(values: list[float], count: int, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device=device).expand(count, -1)


def _at(a: Tensor, location: Tensor, anchor: float = 0.0) -> tuple[Tensor, Tensor]:
    """Every slope (E, A) with every location (E, L)."""
    a, location = torch.broadcast_tensors(a[:, :, None], location[:, None, :])
    a, location = a.flatten(1), location.flatten(1)
    return a, anchor - a * location


def _window(domain: Domain) -> tuple[float, float] | None:
    """The bounded interval that all arguments must lie in, if there is one."""
    if domain.pole_period is not None and domain.poles:
        return domain.poles[0] - domain.pole_period, domain.poles[0]
    if math.isfinite(domain.lower) and math.isfinite(domain.upper):
        return domain.lower, domain.upper
    return None


def _in_window(window: tuple[float, float], signs: tuple[float, ...], curves: Curves) -> list[tuple[Tensor, Tensor]]:
    """The data's ends at several distances from the ends of a bounded domain."""
    lower, upper = window
    gap_low, gap_high = torch.meshgrid(*[torch.tensor(_WINDOW_GAPS, dtype=torch.float64)] * 2, indexing="ij")
    gap_low, gap_high = (g.reshape(1, -1).to(curves.v.device) for g in (gap_low, gap_high))
    width = (curves.high - curves.low)[:, None]
    slope = (upper - lower) / (width * (1 + (gap_low + gap_high) / 2))
    starts = []
    for sign in signs:
        # With a negative slope the data's upper end lies next to the lower end of the domain.
        near = curves.low[:, None] if sign > 0 else curves.high[:, None]
        a = sign * slope
        starts.append((a, lower + slope * gap_low * width / 2 - a * near))
    return starts


def _beside_ends(primitive: Primitive, signs: tuple[float, ...], curves: Curves) -> list[tuple[Tensor, Tensor]]:
    """Domain ends and poles just outside the data, at log-spaced distances."""
    domain = primitive.domain
    one_constant = "a" in primitive.redundant and not primitive.has_shape
    gaps = torch.tensor(_GAPS if one_constant else _FEW_GAPS, dtype=torch.float64, device=curves.v.device)
    below, above = curves.low[:, None] - gaps, curves.high[:, None] + gaps
    anchors = [(end, way) for end, way in ((domain.lower, 1.0), (domain.upper, -1.0)) if math.isfinite(end)]
    starts = []
    for sign in signs:
        a = sign * _row(list(_magnitudes(primitive)), curves.v.shape[0], curves.v.device)
        for end, way in anchors:
            starts.append(_at(a, below if sign * way > 0 else above, end))
        for pole in domain.poles:
            starts += [_at(a, below, pole), _at(a, above, pole)]
    return starts


def _across(
    primitive: Primitive,
    signs: tuple[float, ...],
    signed: Tensor,
    curves: Curves,
    shape: Features,
    generator: torch.Generator,
) -> list[tuple[Tensor, Tensor]]:
    """Functions defined everywhere: a grid, the curve's features, its spectrum, and a few random starts."""
    count, device = curves.v.shape[0], curves.v.device
    middle = curves.middle[:, None]
    starts = [_at(signed, middle + _row(list(_LOCATIONS), count, device)), _at(signed, shape.location)]
    if primitive.end_starts:
        pairs = list(itertools.combinations(sorted(primitive.end_starts), 2))
        for sign in signs:
            first, last = (_row([pair[k] for pair in pairs], count, device) for k in ((0, 1) if sign > 0 else (1, 0)))
            a = (last - first) / (curves.high - curves.low)[:, None]
            starts.append((a, first - a * curves.low[:, None]))
    if "a" in primitive.redundant:
        return starts
    sharp = shape.scale[:, None] * _row([s * f for s in signs for f in _FEATURE_SCALES], count, device)
    starts.append(_at(sharp, torch.cat([shape.location, curves.zero[:, None]], -1)))
    if primitive.period is not None:
        a = shape.frequency * primitive.period / (2 * math.pi)
        phase = _row([primitive.period * k / _PHASES for k in range(_PHASES)], count, device)
        a, phase = torch.broadcast_tensors(a[:, :, None], phase[:, None, :])
        starts.append((a.flatten(1), (phase - a * middle[:, :, None]).flatten(1)))
    random = torch.rand(2, _RANDOM_STARTS, generator=generator, dtype=torch.float64).to(device)
    a = (0.1 * 300 ** random[0]).expand(count, -1)
    for sign in signs:
        starts.append((sign * a, -sign * a * (middle + 4 * random[1] - 2)))
    return starts


def _slopes(v: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes between neighbours (0 where v repeats) and the places midway."""
    dv = v[:, 1:] - v[:, :-1]
    slope = torch.where(dv > 1e-12, (y[:, 1:] - y[:, :-1]) / torch.where(dv > 1e-12, dv, 1.0), 0.0)
    return slope, (v[:, 1:] + v[:, :-1]) / 2


def _frequencies(v: Tensor, y: Tensor) -> Tensor:
    """Angular frequencies of the strongest peaks in the spectrum of the detrended, evenly resampled curve."""
    n = v.shape[-1]
    grid_size = max(n, 16)
    low, high = v[:, :1], v[:, -1:]
    grid = low + (high - low) * torch.linspace(0, 1, grid_size, dtype=v.dtype, device=v.device)
    right = torch.searchsorted(v.contiguous(), grid.contiguous()).clamp(1, n - 1)
    v0, v1 = v.gather(-1, right - 1), v.gather(-1, right)
    y0, y1 = y.gather(-1, right - 1), y.gather(-1, right)
    t = ((grid - v0) / torch.where(v1 > v0, v1 - v0, 1.0)).clamp(0, 1)
    even = y0 + t * (y1 - y0)
    even = even - even.mean(-1, keepdim=True)
    ramp = torch.linspace(-1, 1, grid_size, dtype=v.dtype, device=v.device)
    even = even - (even * ramp).sum(-1, keepdim=True) / (ramp * ramp).sum() * ramp
    window = torch.hann_window(grid_size, periodic=False, dtype=v.dtype, device=v.device)
    padded = 8 * grid_size
    power = torch.fft.rfft(even * window, n=padded).abs() ** 2
    inner = power[:, 1:-1]
    peak = (inner >= power[:, :-2]) & (inner > power[:, 2:])
    score = torch.where(peak, inner, -1.0)
    index = score.topk(min(_SPECTRAL_PEAKS, score.shape[-1]), dim=-1).indices + 1
    return 2 * math.pi * index * (grid_size - 1) / (padded * (high - low))
