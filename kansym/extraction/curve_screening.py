"""Which pairs of atoms could make up a curve: all of them at once, from a few matrix products.

For atoms A and B on n points the best fits by ``A + B``, ``A B`` and ``A B + A + B`` need only the inner products of
A, B and A B with one another and with the curve. For N atoms these are matrices of N x N, so a million pairs cost less
than a hundred fits. What is found are starts for `curve_sketches.minimise`, the best few of each pair of primitives.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.extraction.curve_atoms import Atoms, as_sketches
from kansym.extraction.curve_sketches import PART, TERMS, Points, Sketches, evaluate, free_mask
from kansym.primitives.primitive import Primitive

LEAST_VARIANCE = 1e-7
"""Share of a term's variance that must not be explained by the terms before it."""


def pair_losses(first: Atoms, second: Atoms, points: Points) -> dict[str, Tensor]:
    """1 - R^2 of every pair by "sum", "product" and "both", each of shape (N1, N2)."""
    clock.charge(Work.DENSE_PRODUCTS, 4 * len(first) * len(second) * len(points.u))
    root = points.root_weight
    # Unweighted atoms of mean 0 and variance 1; the inner products carry the weights.
    a = first.values / root.clamp_min(1e-150)
    b = second.values / root.clamp_min(1e-150)
    weight, y = root.square(), points.y * root
    aw, a2w = a * weight, a.square() * weight
    b2 = b.square()
    m = aw @ b.T
    g13, g23, square = a2w @ b.T, aw @ b2.T, a2w @ b2.T
    y1, y2, y3 = a @ y, b @ y, (a * y) @ b.T
    y1, y2 = y1[:, None], y2[None, :]
    g33 = (square - m.square()).clamp_min(0.0)
    # The product of the atoms themselves, less its mean: (A + s)(B + t) with their offsets s and t.
    s, t = first.offset[:, None], second.offset[None, :]
    height = y3 + t * y1 + s * y2
    size = g33 + t * t + s * s + 2 * (t * g13 + s * g23 + s * t * m)
    product = 1 - height.square() / size.clamp_min(1e-12)
    # Gram-Schmidt: A, then B, then A B.
    rest_b = 1 - m.square()
    left_b = y2 - m * y1
    distinct = rest_b > LEAST_VARIANCE
    total = 1 - y1.square() - left_b.square() / rest_b.clamp_min(LEAST_VARIANCE)
    cross = g23 - m * g13
    rest_ab = g33 - g13.square() - cross.square() / rest_b.clamp_min(LEAST_VARIANCE)
    left_ab = y3 - g13 * y1 - cross * left_b / rest_b.clamp_min(LEAST_VARIANCE)
    both = total - left_ab.square() / rest_ab.clamp_min(1e-12)
    both = torch.where(distinct & (rest_ab > LEAST_VARIANCE * g33), both, torch.inf)
    total = torch.where(distinct, total, torch.inf)
    product = torch.where(size > 1e-10 * (1 + s * s) * (1 + t * t), product, torch.inf)
    return {"sum": total, "product": product, "both": both}


def best_pairs(
    first: Atoms,
    second: Atoms,
    points: Points,
    primitives: Sequence[Primitive],
    *,
    forms: Sequence[str],
    most: int | None = None,
) -> Sketches:
    """Starts: for each form the best pair of atoms of every pair of groups.

    Parameters
    ----------
    first, second : Atoms
        The same object for all pairs within one set.
    forms : sequence of str
        Of "sum", "product" and "both" (both and the product).
    most : int, optional
        How many of the best to keep.
    """
    if not len(first) or not len(second):
        nothing = torch.zeros(0, dtype=torch.int64)
        return with_terms(as_sketches(first.select(nothing), second.select(nothing)), ("A", "B"))
    same = first is second
    order_a, sizes_a, _ = _grouped(first)
    order_b, sizes_b, _ = _grouped(second)
    first, second = first.select(order_a), second.select(order_b)
    found, chosen = [], []
    for form, losses in pair_losses(first, second, points).items():
        if form not in forms:
            continue
        rows, columns, values = _best_of_blocks(losses, sizes_a, sizes_b, same=same)
        chosen.append(values)
        pairs = as_sketches(first.select(rows), second.select(columns))
        found.append(with_terms(pairs, {"sum": ("A", "B"), "product": ("AB",), "both": ("A", "B", "AB")}[form]))
    starts = Sketches.concatenate(found)
    if most is not None and len(starts) > most:
        starts = starts.select(torch.cat(chosen).topk(most, largest=False).indices)
    return freed(starts, primitives)


def _best_of_blocks(
    losses: Tensor, sizes_a: Sequence[int], sizes_b: Sequence[int], *, same: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Row, column and value of the least finite loss in every block of groups; with `same` once for each two groups."""
    losses = torch.where(torch.isnan(losses), torch.inf, losses)
    # First over the columns of each group, and then over the rows of what is left.
    least = [block.min(1) for block in losses.split(list(sizes_b), 1)]
    values = torch.stack([one.values for one in least], 1)
    offsets = torch.tensor([0, *sizes_b]).cumsum(0)[:-1]
    columns = torch.stack([one.indices for one in least], 1) + offsets
    best = [block.min(0) for block in values.split(list(sizes_a), 0)]
    starts = torch.tensor([0, *sizes_a]).cumsum(0)[:-1]
    rows = torch.stack([one.indices for one in best], 0) + starts[:, None]
    value = torch.stack([one.values for one in best], 0)
    wanted = torch.isfinite(value)
    wanted = wanted.triu() if same else wanted
    return rows[wanted], columns.gather(0, rows)[wanted], value[wanted]


def best_singles(atoms: Atoms, points: Points, primitives: Sequence[Primitive], *, each: int) -> Sketches:
    """Starts with one atom: the best `each` of every group."""
    order, sizes, _ = _grouped(atoms)
    if not sizes:
        return with_terms(as_sketches(atoms), ("A",))
    atoms = atoms.select(order)
    loss = 1 - (atoms.values @ points.y).square()
    kept, start = [], 0
    for size in sizes:
        kept.append(start + loss[start : start + size].topk(min(each, size), largest=False).indices)
        start += size
    return freed(with_terms(as_sketches(atoms.select(torch.cat(kept))), ("A",)), primitives)


def best_within(
    atoms: Atoms, terms: Sequence[str], points: Points, primitives: Sequence[Primitive], deadline: float | None = None
) -> Sketches:
    """Starts with one atom and several of its powers: the best of every group."""
    order, sizes, _ = _grouped(atoms)
    sketches = with_terms(as_sketches(atoms.select(order)), terms)
    loss = _losses(sketches, points, primitives, deadline)
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + size)
    kept = [int(loss[first:last].argmin()) + first for first, last in pairwise(starts)]
    return freed(sketches.select(torch.tensor(kept, dtype=torch.int64)), primitives)


def modulated_oscillations(
    atoms: Atoms, points: Points, primitives: Sequence[Primitive], deadline: float | None = None
) -> Sketches:
    """Starts P(u) A B with a cubic P, A exponential or gaussian and B periodic: damped and driven oscillations."""
    envelope = torch.tensor([primitive.name in ("exp", "gaussian") for primitive in primitives])[atoms.inner]
    periodic = torch.tensor([primitive.period is not None for primitive in primitives])[atoms.inner]
    first, second = envelope.nonzero()[:, 0], periodic.nonzero()[:, 0]
    pairs = torch.cartesian_prod(first, second)
    if not len(pairs):
        return with_terms(as_sketches(atoms.select(pairs.reshape(-1)[:0])), ("AB",))
    found = []
    for names in (("AB", "uAB"), ("AB", "uAB", "u2AB", "u3AB")):
        sketches = with_terms(as_sketches(atoms.select(pairs[:, 0]), atoms.select(pairs[:, 1])), names)
        loss = _losses(sketches, points, primitives, deadline)
        found.append(sketches.select(loss.topk(min(20, len(loss)), largest=False).indices))
    return freed(Sketches.concatenate(found), primitives)


def _losses(sketches: Sketches, points: Points, primitives: Sequence[Primitive], deadline: float | None) -> Tensor:
    """Losses of sketches as they are; infinite for those that the deadline did not leave time for."""
    losses = []
    for part in torch.arange(len(sketches)).split(PART):
        if clock.late(deadline):
            losses.append(torch.full((len(part),), torch.inf, dtype=points.u.dtype))
        else:
            losses.append(evaluate(sketches.select(part), points, primitives).loss)
    return torch.cat(losses) if losses else torch.empty(0, dtype=points.u.dtype)


def with_terms(sketches: Sketches, names: Sequence[str]) -> Sketches:
    """The same atoms with other terms."""
    terms = torch.zeros_like(sketches.terms)
    terms[:, [TERMS[name] for name in names]] = True
    return Sketches(sketches.inner, sketches.outer, sketches.theta, sketches.free, terms)


def term_subsets(sketches: Sketches) -> Sketches:
    """The sketches with A, B and A B again, with fewer of these terms."""
    mixed = sketches.select((sketches.terms[:, TERMS["AB"]] & sketches.terms[:, TERMS["A"]]).nonzero()[:, 0])
    return Sketches.concatenate([with_terms(mixed, names) for names in (("A", "B"), ("AB",), ("A", "AB"), ("B", "AB"))])


def freed(sketches: Sketches, primitives: Sequence[Primitive]) -> Sketches:
    """All constants free that are not redundant."""
    pairs = zip(sketches.inner.reshape(-1).tolist(), sketches.outer.reshape(-1).tolist(), strict=True)
    known: dict[tuple[int, int], list[bool]] = {}
    masks = []
    for pair in pairs:
        if pair not in known:
            known[pair] = free_mask(primitives, *pair)
        masks.append(known[pair])
    free = torch.tensor(masks, dtype=torch.bool).reshape(len(sketches), 2, 6)
    return Sketches(sketches.inner, sketches.outer, sketches.theta, free, sketches.terms)


def _grouped(atoms: Atoms) -> tuple[Tensor, list[int], list[int]]:
    """Order that puts equal groups together, their sizes, and their numbers."""
    group = atoms.kind
    order = torch.argsort(group, stable=True)
    numbers, sizes = torch.unique_consecutive(group[order], return_counts=True)
    return order, sizes.tolist(), numbers.tolist()
