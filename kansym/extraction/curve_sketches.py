"""Sketches of a curve: one or two atoms ``f(alpha g(a u + b) + beta)``, joined by sums and products, fitted in batches.

A sketch is linear in its terms, ``c0 + cA A + cB B + c2 A^2 + c3 A^3 + P(u) A B`` with a cubic P, of which it
uses some. The linear
constants are eliminated (variable projection, Golub and Pereyra 1973, doi:10.1137/0710036, with Kaufman's Jacobian,
1975, doi:10.1007/BF01932995) and the inner ones follow by Levenberg-Marquardt, thousands of sketches at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.primitives.primitive import Domain, Primitive

CONSTANTS = ("a", "b", "p", "alpha", "beta", "q")
"""Inner constants of an atom, in the order of `Sketches.theta`; q is the shape of the outer primitive."""

TERMS = {"A": 0, "B": 1, "AB": 2, "A2": 3, "A3": 4, "uAB": 5, "u2AB": 6, "u3AB": 7}
"""Position of each term in `Sketches.terms`; the level c0 is always there, and an absent atom B is 1."""

EVERYWHERE = Domain()

PART = 1000
"""Sketches that are fitted together."""

LARGEST_DAMPING = 1e8
FLOOR = 1e-29
DEPENDENT = 1e-11


@dataclass(frozen=True)
class Sketches:
    """A batch of M sketches; slot 0 of the axis of two is atom A, slot 1 atom B.

    Attributes
    ----------
    inner, outer : Tensor (M, 2) of int64
        Primitives by position; -1 for an absent atom B, and -1 as the outer one of atoms without.
    theta : Tensor (M, 2, 6)
        See `CONSTANTS`.
    free : Tensor (M, 2, 6) of bool
        Constants that are fitted.
    terms : Tensor (M, 8) of bool
        See `TERMS`.
    """

    inner: Tensor
    outer: Tensor
    theta: Tensor
    free: Tensor
    terms: Tensor

    def __len__(self) -> int:
        return self.inner.shape[0]

    def select(self, index: Tensor) -> Sketches:
        return Sketches(*(getattr(self, field.name)[index] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Sketches]) -> Sketches:
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def complexity(self, primitives: Sequence[Primitive]) -> Tensor:
        """Complexity of the primitives plus one for each term beyond the first, shape (M,)."""
        table = torch.tensor([primitive.complexity for primitive in primitives] + [0], dtype=torch.float64)
        return table[self.inner].sum(-1) + table[self.outer].sum(-1) + self.terms.sum(-1) - 1


@dataclass(frozen=True)
class Points:
    """Points of a curve, the ordinates weighted, centred and of unit norm.

    Attributes
    ----------
    u, y, root_weight : Tensor (n,)
        Abscissae; normalised ordinates times root weight; root weights whose squares add to 1.
    level, norm : float
        Weighted mean and standard deviation of the ordinates before.
    """

    u: Tensor
    y: Tensor
    root_weight: Tensor
    level: float
    norm: float

    @classmethod
    def of(cls, u: Tensor, y: Tensor, weights: Tensor) -> Points:
        share = weights / weights.sum()
        root, level = share.sqrt(), float((share * y).sum())
        centred = root * (y - level)
        norm = float(centred.norm())
        return cls(u, centred / max(norm, 1e-300), root, level, norm)


@dataclass(frozen=True)
class Fit:
    """Sketches evaluated on points, with the linear constants eliminated.

    Attributes
    ----------
    loss : Tensor (M,)
        Weighted 1 - R^2; inf where an argument leaves its domain.
    linear : Tensor (M, 9)
        Constants of 1 and of `TERMS`, for the normalised ordinates.
    residual : Tensor (M, n)
    atoms : Tensor (M, 2, n)
    directions : Tensor (M, k, n)
        Orthonormal basis of the k terms that occur in the batch; zero for those that a sketch does not use. A
        placeholder in what `minimise` returns.
    """

    loss: Tensor
    linear: Tensor
    residual: Tensor
    atoms: Tensor
    directions: Tensor

    def select(self, index: Tensor) -> Fit:
        return Fit(*(getattr(self, field.name)[index] for field in fields(self)))


def free_mask(primitives: Sequence[Primitive], inner: int, outer: int) -> list[bool]:
    """Which of the six constants of an atom are not redundant."""
    if inner < 0:
        return [False] * 6
    first = primitives[inner]
    mask = ["a" not in first.redundant, "b" not in first.redundant, first.has_shape, False, False, False]
    if outer >= 0:
        second = primitives[outer]
        mask[3:] = ["a" not in second.redundant, "b" not in second.redundant, second.has_shape]
    return mask


def _apply(
    kind: Tensor, z: Tensor, p: Tensor, primitives: Sequence[Primitive], ends: tuple[Tensor, Tensor], slopes: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Values, slopes and shape slopes (R, n) of primitives `kind` (R,), and whether each row is inside its domain."""
    value = torch.ones_like(z)
    slope, shaped = (torch.zeros_like(z), torch.zeros_like(z)) if slopes else (value, value)
    inside = torch.ones_like(p, dtype=torch.bool)
    for k in torch.unique(kind).tolist():
        if k < 0:
            continue
        primitive, rows = primitives[k], (kind == k).nonzero()[:, 0]
        argument, shape = z[rows], p[rows, None]
        value[rows] = primitive.function(argument, shape)
        if primitive.domain != EVERYWHERE:
            inside[rows] = primitive.domain.covers(ends[0][rows], ends[1][rows])
        if slopes:
            slope[rows] = primitive.derivative(argument, shape)
            if primitive.shape_derivative is not None:
                shaped[rows] = primitive.shape_derivative(argument, shape)
    return value, slope, shaped, inside


@dataclass(frozen=True)
class Frame:
    """Coordinates in which the inner constants move: axis 2 is (a, b) and (alpha, beta).

    Next to the pole or the single end of a domain these are the logarithms of the scale and of the gap between the
    anchor and the nearest argument: the valley of the loss is far straighter there, and no step can cross the pole.

    Attributes
    ----------
    anchored : Tensor (2M, 2) of bool
    anchor, pivot, gap : Tensor (2M, 2)
        The pole, the abscissa nearest to it, and the argument there less the pole.
    """

    anchored: Tensor
    anchor: Tensor
    pivot: Tensor
    gap: Tensor

    def move(self, theta: Tensor, step: Tensor) -> Tensor:
        """Constants (M, 2, 6) after a step (M, 2, 6) in these coordinates."""
        old, step = theta.reshape(-1, 2, 3), step.reshape(-1, 2, 3)
        new = old + step
        growth = torch.exp(step[..., :2].clamp(-1.5, 1.5))
        scale = old[..., 0] * growth[..., 0]
        shift = self.anchor + self.gap * growth[..., 1] - scale * self.pivot
        still = (step[..., 0] == 0) & (step[..., 1] == 0)
        new[..., 0] = torch.where(self.anchored, scale, new[..., 0])
        new[..., 1] = torch.where(self.anchored & ~still, shift, new[..., 1])
        return new.reshape(theta.shape)


def _anchors(primitives: Sequence[Primitive]) -> Tensor:
    """The only pole, or the only finite end of the domain, of each primitive; nan for others."""
    anchors = []
    for primitive in primitives:
        domain = primitive.domain
        ends = [end for end in (domain.lower, domain.upper) if math.isfinite(end)]
        ends += domain.poles if domain.pole_period is None else ()
        anchors.append(ends[0] if len(ends) == 1 and domain.pole_period is None else math.nan)
    return torch.tensor([*anchors, math.nan], dtype=torch.float64)


def _corner(anchor: Tensor, scale: Tensor, shift: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Of the abscissae `low` and `high` the one whose argument is nearest to the anchor, and the gap there."""
    first, last = scale * low + shift - anchor, scale * high + shift - anchor
    at_low = first.abs() <= last.abs()
    return torch.where(at_low, low, high), torch.where(at_low, first, last)


def atom_values(
    sketches: Sketches, u: Tensor, primitives: Sequence[Primitive], *, slopes: bool = False
) -> tuple[Tensor, Tensor, Tensor, Frame | None]:
    """Values (M, 2, n) of the atoms, whether they stay inside their domains (M,), and on request their slopes.

    The slopes have shape (M, 2, 6, n), in the order of `CONSTANTS` and in the coordinates of the `Frame`. An absent
    atom is 1.
    """
    if bool((sketches.inner[:, 1] < 0).all()):
        # Only A: half of the work.
        alone = replace(sketches, **{name: getattr(sketches, name)[:, :1] for name in ("inner", "outer", "theta")})
        value, inside, slope, frame = _slot_values(alone, u, primitives, slopes)
        value = torch.cat([value, torch.ones_like(value)], 1)
        if frame is None:
            return value, inside, value, None
        idle = {"anchored": False, "anchor": 0.0, "pivot": 0.0, "gap": 1.0}
        padded = {
            name: torch.stack([old := getattr(frame, name), torch.full_like(old, rest)], 1).reshape(-1, 2)
            for name, rest in idle.items()
        }
        return value, inside, torch.cat([slope, torch.zeros_like(slope)], 1), Frame(**padded)
    return _slot_values(sketches, u, primitives, slopes)


def _slot_values(
    sketches: Sketches, u: Tensor, primitives: Sequence[Primitive], slopes: bool
) -> tuple[Tensor, Tensor, Tensor, Frame | None]:
    """`atom_values` for any number of slots."""
    (count, slots), n = sketches.inner.shape, u.shape[0]
    theta = sketches.theta.reshape(slots * count, 6)
    a, b, p, alpha, beta, q = theta.unbind(-1)
    inner, outer = sketches.inner.reshape(-1), sketches.outer.reshape(-1)
    z = a[:, None] * u + b[:, None]
    least, most = u.min(), u.max()
    low, high = a * least + b, a * most + b
    g, dg, pg, inside = _apply(inner, z, p, primitives, (torch.minimum(low, high), torch.maximum(low, high)), slopes)
    value = g
    chained = (outer >= 0).nonzero()[:, 0]
    f_slope = f_shape = w_low = w_high = g
    if len(chained):
        w = alpha[chained, None] * g[chained] + beta[chained, None]
        w_low, w_high = g[chained].amin(-1), g[chained].amax(-1)
        ends = w.amin(-1), w.amax(-1)
        f, f_slope, f_shape, fits = _apply(outer[chained], w, q[chained], primitives, ends, slopes)
        value = g.index_copy(0, chained, f)
        inside[chained] &= fits
    inside = inside.reshape(count, slots).all(-1)
    value = value.reshape(count, slots, n)
    if not slopes:
        return value, inside, value, None
    table = _anchors(primitives)
    anchor = torch.stack([table[inner], table[outer]], 1)
    anchored = ~torch.isnan(anchor)
    pivot, gap = torch.zeros_like(anchor), torch.ones_like(anchor)
    pivot[:, 0], gap[:, 0] = _corner(anchor[:, 0], a, b, least.expand_as(a), most.expand_as(a))
    if len(chained):
        pivot[chained, 1], gap[chained, 1] = _corner(anchor[chained, 1], alpha[chained], beta[chained], w_low, w_high)
    pivot = torch.where(anchored, pivot, 0.0)
    gap = torch.where(anchored, gap, 1.0)
    scale = torch.where(anchored, torch.stack([a, alpha], 1), 1.0)
    slope = torch.zeros(slots * count, 6, n, dtype=u.dtype, device=u.device)
    steep = dg
    if len(chained):
        steep = dg.index_copy(0, chained, dg[chained] * f_slope * alpha[chained, None])
        pg = pg.index_copy(0, chained, pg[chained] * f_slope * alpha[chained, None])
        slope[chained, 3] = f_slope * (g[chained] - pivot[chained, 1, None]) * scale[chained, 1, None]
        slope[chained, 4] = f_slope * gap[chained, 1, None]
        slope[chained, 5] = f_shape
    slope[:, 0] = steep * (u - pivot[:, :1]) * scale[:, :1]
    slope[:, 1] = steep * gap[:, :1]
    slope[:, 2] = pg
    slope[inner < 0] = 0.0
    frame = Frame(anchored, torch.where(anchored, anchor, 0.0), pivot, gap)
    return value, inside, slope.reshape(count, slots, 6, n), frame


def project(values: Tensor, inside: Tensor, sketches: Sketches, points: Points) -> Fit:
    """Eliminate the linear constants for atoms `values` (M, 2, n)."""
    first, second = values[:, 0], values[:, 1]
    used = torch.cat([torch.ones_like(sketches.terms[:, :1]), sketches.terms], -1)
    some = used.any(0).tolist()
    products = (
        lambda: torch.ones_like(first), lambda: first, lambda: second,
        lambda: first * second, lambda: first**2, lambda: first**3,
        *(lambda k=k: first * second * points.u**k for k in (1, 2, 3)),
    )  # fmt: skip
    count, n = first.shape
    basis = torch.zeros(count, 9, n, dtype=first.dtype, device=first.device)
    upper = torch.zeros(count, 9, 9, dtype=first.dtype, device=first.device)
    valid = inside.clone()
    done: list[int] = []
    for k, product in enumerate(products):
        if not some[k]:
            upper[:, k, k] = 1.0
            continue
        v = torch.where(used[:, k, None], product(), 0.0)
        size = v.abs().amax(-1)
        valid &= torch.isfinite(size) & (size < 1e100)
        v = torch.where(valid[:, None], v, 0.0) * points.root_weight
        before = v.norm(dim=-1)
        for j in done:
            share = (basis[:, j] * v).sum(-1)
            v = torch.addcmul(v, basis[:, j], share[:, None], value=-1.0)
            upper[:, j, k] = share
        norm = v.norm(dim=-1)
        kept = norm > DEPENDENT * before
        upper[:, k, k] = torch.where(kept, norm, 1.0)
        basis[:, k] = v * torch.where(kept, 1 / norm, 0.0)[:, None]
        done.append(k)
    residual = points.y.expand(count, n)
    share = torch.zeros(count, 9, dtype=first.dtype, device=first.device)
    for k in done:
        share[:, k] = (basis[:, k] * residual).sum(-1)
        residual = residual - share[:, k, None] * basis[:, k]
    loss = torch.where(valid, residual.square().sum(-1), torch.inf)
    linear = torch.linalg.solve_triangular(upper, share[..., None], upper=True)[..., 0]
    return Fit(loss, torch.where(used, linear, 0.0), residual, values, basis[:, done])


def evaluate(sketches: Sketches, points: Points, primitives: Sequence[Primitive]) -> Fit:
    """Sketches on points, with their linear constants eliminated."""
    clock.charge(Work.TENSOR_PASSES)
    clock.charge(Work.SKETCHED_POINTS, len(sketches) * len(points.u))
    values, inside, *_ = atom_values(sketches, points.u, primitives)
    return project(values, inside, sketches, points)


def _steps(sketches: Sketches, fit: Fit, slopes: Tensor, points: Points, damping: Tensor) -> Tensor:
    """Damped Gauss-Newton steps (M, 12) of the inner constants."""
    count, n = fit.residual.shape
    clock.charge(Work.TENSOR_PASSES)
    clock.charge(Work.SKETCHED_POINTS, 4 * count * n)
    first, second = fit.atoms[:, 0], fit.atoms[:, 1]
    _, c_a, c_b, c_ab, c_2, c_3, *c_u = fit.linear[..., None].unbind(1)
    c_ab = c_ab + sum(c * points.u**k for k, c in enumerate(c_u, start=1))
    weight = torch.stack([c_a + c_ab * second + 2 * c_2 * first + 3 * c_3 * first**2, c_b + c_ab * first], 1)
    active = sketches.free.reshape(count, 12)
    columns = active.any(0).nonzero()[:, 0]
    active = active[:, columns]
    weight = weight * points.root_weight
    jacobian = slopes.reshape(count, 12, n)[:, columns] * weight[:, columns // 6]
    jacobian = torch.where(active[..., None] & torch.isfinite(jacobian), jacobian, 0.0)
    for k in range(fit.directions.shape[1]):
        direction = fit.directions[:, k, None]
        jacobian = jacobian - (jacobian * direction).sum(-1, keepdim=True) * direction
    norms = jacobian.norm(dim=-1)
    usable = norms > 0
    jacobian = jacobian * torch.where(usable, 1 / norms, 0.0)[..., None]
    matrix = torch.bmm(jacobian, jacobian.transpose(1, 2))
    gradient = (jacobian * fit.residual[:, None]).sum(-1, keepdim=True)
    diagonal = torch.where(usable, damping[:, None] + 1e-14, 1.0)
    factor, info = torch.linalg.cholesky_ex(matrix + torch.diag_embed(diagonal))
    step = torch.cholesky_solve(gradient, factor)[..., 0] / torch.where(usable, norms, 1.0)
    good = (info == 0)[:, None] & usable & torch.isfinite(step)
    steps = torch.zeros(count, 12, dtype=step.dtype, device=step.device)
    steps[:, columns] = torch.where(good, step, 0.0)
    return steps


def minimise(
    sketches: Sketches,
    points: Points,
    primitives: Sequence[Primitive],
    *,
    iterations: int,
    tolerance: float = 1e-3,
    deadline: float | None = None,
) -> tuple[Sketches, Fit]:
    """Fit the inner constants of all sketches, each with a damping of its own.

    Parameters
    ----------
    sketches : Sketches
        Starts.
    points : Points
    primitives : sequence of Primitive
    iterations : int
    tolerance : float, default 1e-3
        A sketch stops when two steps in a row lower its loss by less than this fraction.
    deadline : float, optional
        `kansym.clock.now` value after which sketches stay as they are.

    Returns
    -------
    sketches : Sketches
    fit : Fit
        Without `directions`.
    """
    # Nothing is computed for terms that no sketch of a part has, and parts stay near the caches.
    powers, modulated = sketches.terms[:, TERMS["A2"]], sketches.terms[:, TERMS["uAB"]]
    code = powers * 1 + modulated * 2
    order = torch.argsort(code, stable=True)
    theta, fits = sketches.theta.clone(), []
    _, sizes = torch.unique_consecutive(code[order], return_counts=True)
    for same in order.split(sizes.tolist()):
        for part in same.split(PART):
            if clock.late(deadline):
                iterations = 0
            moved, fit = _minimise(sketches.select(part), points, primitives, iterations, tolerance)
            theta[part] = moved.theta
            fits.append(replace(fit, directions=fit.residual[:, None]))
    return replace(sketches, theta=theta), _merged(fits, order)


def _minimise(
    sketches: Sketches, points: Points, primitives: Sequence[Primitive], iterations: int, tolerance: float
) -> tuple[Sketches, Fit]:
    theta = sketches.theta.clone()
    start = evaluate(sketches, points, primitives)
    running = torch.isfinite(start.loss) & (start.loss > FLOOR) & sketches.free.any(-1).any(-1)
    where = running.nonzero()[:, 0]
    current = sketches.select(where)
    damping = torch.full((len(where),), 1e-2, dtype=theta.dtype)
    slow = torch.zeros(len(where))
    for _ in range(iterations):
        if not len(where):
            break
        values, inside, slopes, frame = atom_values(current, points.u, primitives, slopes=True)
        assert frame is not None
        fit = project(values, inside, current, points)
        step = _steps(current, fit, slopes, points, damping).reshape(-1, 2, 6)
        trial = replace(current, theta=frame.move(current.theta, step))
        attempt = evaluate(trial, points, primitives)
        better = attempt.loss < fit.loss
        gain = torch.where(better, 1 - attempt.loss / fit.loss, 0.0)
        damping = torch.where(better, (damping / 6).clamp_min(1e-13), damping * 5)
        slow = torch.where(better & (gain < tolerance), slow + 1, torch.where(better, 0.0, slow))
        current = replace(current, theta=torch.where(better[:, None, None], trial.theta, current.theta))
        theta[where] = current.theta
        best = torch.where(better, attempt.loss, fit.loss)
        going = (slow < 2) & (damping < LARGEST_DAMPING) & (best > FLOOR)
        if int(going.sum()) < 0.9 * len(going):
            where, current = where[going], current.select(going)
            damping, slow = damping[going], slow[going]
    result = replace(sketches, theta=theta)
    return result, evaluate(result, points, primitives)


def _merged(fits: Sequence[Fit], order: Tensor) -> Fit:
    """Fits of parts of a batch, put back in the batch's order."""
    back = torch.argsort(order)
    return Fit(*(torch.cat([getattr(fit, field.name) for fit in fits])[back] for field in fields(Fit)))
