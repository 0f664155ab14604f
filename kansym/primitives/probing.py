"""Domain, symmetry and redundant constants of a function, found by evaluating it.

Symbolic answers (sympy's `continuous_domain`, `singularities`) can take unbounded time; these take milliseconds.
"""

from __future__ import annotations

import itertools
import math

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.primitives.evaluation import TorchFunction
from kansym.primitives.primitive import Domain

_FURTHEST = 1e6
_POLE_RANGE = 20.0
_GRID_STEP = 0.01
_BISECTIONS = 80
_TOLERANCE = 1e-9


def find_domain(function: TorchFunction) -> tuple[Domain, tuple[float, ...]]:
    """Ends and poles of the domain, and the removable singularities.

    Parameters
    ----------
    function : callable ``Tensor -> Tensor``
        nan outside its domain.

    Returns
    -------
    domain : Domain
        Ends beyond 1e6 count as infinite; poles are looked for up to 20 in magnitude.
    removable : tuple of float
        Points inside where the value is missing although the limit exists.

    Raises
    ------
    ArgumentError
        If no real, finite value is found.
    """
    far = torch.logspace(math.log10(_POLE_RANGE), math.log10(_FURTHEST), 400, dtype=torch.float64)
    # The grid holds the whole numbers, where singular points of hand-written formulas mostly are.
    steps = round(_POLE_RANGE / _GRID_STEP)
    near = torch.arange(-steps, steps + 1, dtype=torch.float64) / round(1 / _GRID_STEP)
    grid = torch.cat([-far.flip(0), near, far[1:]])
    values = function(grid)
    if not bool(torch.isfinite(values).any()):
        raise ArgumentError("expression: no real, finite value was found; a primitive has to be real")
    real = ~torch.isnan(values)
    first, last = int(real.nonzero()[0, 0]), int(real.nonzero()[-1, 0])
    lower = -math.inf if first == 0 else _edge(function, float(grid[first]), float(grid[first - 1]))
    upper = math.inf if last == len(grid) - 1 else _edge(function, float(grid[last]), float(grid[last + 1]))
    inner = slice(first, last + 1)
    poles, removable = _singular_points(function, grid[inner], values[inner], lower, upper)
    period = None
    gaps = [b - a for a, b in itertools.pairwise(poles)]
    if len(poles) > 2 and max(gaps) - min(gaps) < 1e-6:
        poles, period = [min(poles, key=abs)], sum(gaps) / len(gaps)
    domain = Domain(
        lower=lower,
        upper=upper,
        lower_closed=_finite(function, lower),
        upper_closed=_finite(function, upper),
        poles=tuple(poles),
        pole_period=period,
    )
    return domain, tuple(removable)


def find_parity(function: TorchFunction, domain: Domain) -> str:
    """ "even", "odd" or "none"."""
    z = _probe(domain)
    forward, backward = function(z), function(-z)
    seen = torch.isfinite(forward) & torch.isfinite(backward)
    if int(seen.sum()) < 8:
        return "none"
    forward, backward = forward[seen], backward[seen]
    scale = _TOLERANCE * float(forward.abs().max())
    if float((forward - backward).abs().max()) <= scale:
        return "even"
    return "odd" if float((forward + backward).abs().max()) <= scale else "none"


def find_redundant(function: TorchFunction, domain: Domain) -> frozenset[str]:
    """Which of "a" and "b" the outer constants absorb: f(s z) or f(z + s) is c f(z) + d."""
    z = _probe(domain)
    scaled = all(_affine(function(z), function(z * s)) for s in (0.7, 1.3))
    shifted = all(_affine(function(z), function(z + s)) for s in (0.11, 0.37))
    return frozenset(name for name, holds in (("a", scaled), ("b", shifted)) if holds)


def _probe(domain: Domain) -> Tensor:
    low, high = max(domain.lower, -3.0), min(domain.upper, 3.0)
    if not low < high:
        low, high = (
            (domain.lower, domain.lower + 3) if math.isfinite(domain.lower) else (domain.upper - 3, domain.upper)
        )
    t = torch.linspace(0.0137, 0.9911, 61, dtype=torch.float64)
    return low + (high - low) * t


def _affine(f: Tensor, g: Tensor) -> bool:
    seen = torch.isfinite(f) & torch.isfinite(g)
    if int(seen.sum()) < 8:
        return False
    f, g = f[seen], g[seen]
    basis = torch.stack([f / f.abs().max().clamp_min(1e-300), torch.ones_like(f)], -1)
    solution = torch.linalg.lstsq(basis, g[:, None]).solution
    residual = (g - (basis @ solution)[:, 0]).abs().max()
    return bool(residual <= _TOLERANCE * g.abs().max())


def _edge(function: TorchFunction, inside: float, outside: float) -> float:
    """Where the real values end, between a point inside and one outside."""
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if math.isnan(_at(function, middle)) else (middle, outside)
    return _plain(inside)


def _singular_points(
    function: TorchFunction, grid: Tensor, values: Tensor, lower: float, upper: float
) -> tuple[list[float], list[float]]:
    """Poles and removable singularities strictly inside the domain."""
    points: set[float] = set()
    inside = grid.abs() <= _POLE_RANGE
    points.update(grid[inside & ~torch.isfinite(values)].tolist())
    size = values.abs()
    peaks = (size[1:-1] >= size[:-2]) & (size[1:-1] > size[2:]) & inside[1:-1] & torch.isfinite(size[1:-1])
    for i in peaks.nonzero()[:, 0].tolist():
        points.add(_plain(_highest(function, float(grid[i]), float(grid[i + 2]))))
    poles, removable = [], []
    for point in sorted(points):
        if not lower < point < upper:
            continue
        left, right = ([abs(_at(function, point + s * h)) for h in (1e-3, 1e-6)] for s in (-1, 1))
        if any(math.isnan(v) for v in (*left, *right)):
            continue
        if max(left[1] / (left[0] + 1e-300), right[1] / (right[0] + 1e-300)) > 30 and max(left[1], right[1]) > 1:
            poles.append(point)
        elif not math.isfinite(_at(function, point)) and math.isfinite(left[1] + right[1]):
            jump = abs(_at(function, point + 1e-6) - _at(function, point - 1e-6))
            if jump <= 1e-3 * (1 + left[1]):
                removable.append(point)
    return poles, removable


def _highest(function: TorchFunction, low: float, high: float) -> float:
    """Where |f| is largest between two points, by ternary search."""
    for _ in range(_BISECTIONS):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if abs(_at(function, a)) < abs(_at(function, b)):
            low = a
        else:
            high = b
    return (low + high) / 2


def _at(function: TorchFunction, z: float) -> float:
    return float(function(torch.tensor([z], dtype=torch.float64))[0])


def _finite(function: TorchFunction, z: float) -> bool:
    return math.isinf(z) or math.isfinite(_at(function, z))


def _plain(z: float) -> float:
    """The short decimal that a search has converged to, if it is one."""
    if abs(z) < 1e-15:
        return 0.0
    short = float(f"{z:.9g}")
    return short if abs(short - z) <= 1e-12 * max(1.0, abs(z)) else z
