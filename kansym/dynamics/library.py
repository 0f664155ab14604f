# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportCallIssue=false
"""Sparse right-hand sides: sums of few terms of a library, chosen by the weak form and the description length."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.dynamics.weak import Grid, WeakProblem
from kansym.functions import USUAL_BITS
from kansym.symbolic.complexity import COSTS, kinds, misfit_bits

DEGREES = {1: 6, 2: 4, 3: 3}
"""Largest degree of monomials by the number of variables; 2 for more."""

MOST_TERMS, BEAM, BRANCHES = 8, 14, 8
"""Most terms of a sum, sums that are kept of each number of terms, and terms tried beside each."""

PAIRS, ALLOWANCE, WIDER = 2000, 2e7, 10
"""Most pairs of terms that are kept where the library is small, numbers in their matrices, and how many times fewer
longer sums. Terms of one variable are so much alike that two of the right three, alone, are far down the list."""

PATIENCE = 2
"""Numbers of terms without a better sum after which the search ends."""

KEPT, FAMILIES, SHORT, ALIKE = 10, 12, 4, 3
"""Sums that are handed on; and most further ones of each length up to so many terms, a few with terms that differ in an
inner constant only. That is fitted afterwards, and may change everything: without noise longer sums with wrong inner
constants come first."""

STRONG, ANGLE, POLE = 20.0, 60.0, 0.05
"""Largest argument of an exponential, and of a sine; and least size of what a tangent divides by."""

HALVES = (0.05, 0.15, 0.4, 1.0, 2.5)
"""Constants of saturating terms, in units of the median size of the variable; they are fitted afterwards."""

STEEP, PLACES = (2.0, 6.0), (0.2, 0.5, 0.8)
"""Slopes of logistic functions in units of the width of the data, and where they stand, as quantiles."""

STEEP_BY_SIZE, SKEWED = (1.0, 3.0), 4.0
"""Further slopes, in units of the median size of the variable, and how many times that the width is, from which they
are tried: most points of a state that decays are in a small part of its width."""

MONOMIALS = 2
"""The first libraries, which have monomials only."""

MOST_ATOMS = 900
"""Terms of a library."""


@dataclass(frozen=True, eq=False)
class Atom:
    """A term: its expression in plain symbols, values at the nodes, and bits with a coefficient."""

    expression: sympy.Expr
    values: np.ndarray
    bits: float


def libraries(grid: Grid) -> Iterator[list[Atom]]:
    """Libraries of terms, small ones first: monomials up to the second degree; all; functions and products too."""
    polynomials = list(monomials(grid, DEGREES.get(len(grid.names), 2)))
    yield priced([pair for pair in polynomials if sympy.total_degree(pair[0]) <= 2], grid)
    yield priced(polynomials, grid)
    functions = [pair for k in range(len(grid.names)) for pair in _functions(grid, k)]
    switches = [pair for k in range(len(grid.names)) for pair in _switches(grid, k)]
    simple = [pair for pair in polynomials if sympy.total_degree(pair[0]) <= 2] if len(grid.names) <= 3 else []
    simple = simple or [pair for pair in polynomials if sympy.total_degree(pair[0]) <= 1]
    products = [(f * p, fv * pv) for (f, fv), (p, pv) in itertools.product(functions, simple) if p != 1]
    angles = [pair for pair in functions if isinstance(pair[0], sympy.sin | sympy.cos)]
    pairs = [(f * g, fv * gv) for (f, fv), (g, gv) in itertools.combinations(angles, 2)]
    squares = [(f**2, fv**2) for f, fv in angles]
    pairs += squares
    pairs += [
        (f * g, fv * gv)
        for (f, fv), (g, gv) in itertools.product(squares, angles)
        if f.free_symbols.isdisjoint(g.free_symbols)
    ]
    smooth = [pair for pair in functions if not pair[0].atoms(sympy.Float)]
    mixed = [
        (f * g, fv * gv)
        for (f, fv), (g, gv) in itertools.combinations(smooth, 2)
        if f.free_symbols.isdisjoint(g.free_symbols)
    ]
    yield priced([*polynomials, *functions, *switches, *pairs, *mixed, *products], grid)


def priced(pairs: Sequence[tuple[sympy.Expr, np.ndarray]], grid: Grid) -> list[Atom]:
    """Terms with values at the nodes, each once, with their bits."""
    found: dict[sympy.Expr, Atom] = {}
    each = math.log2(len(grid.names))
    for expression, values in pairs:
        if expression not in found and np.isfinite(values).all() and np.any(values != 0):
            counts = kinds(expression)
            bits = sum(count * COSTS.get(kind, USUAL_BITS) for kind, count in counts.items())
            bits += counts["variable"] * each + (COSTS["*"] if expression != 1 else 0.0)
            found[expression] = Atom(expression, values, bits + COSTS["constant"] + COSTS["+"])
    return list(found.values())[:MOST_ATOMS]


def monomials(grid: Grid, most: int) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """Products of variables up to a degree, with their values at the nodes."""
    d = len(grid.names)
    for degree in range(most + 1):
        for chosen in itertools.combinations_with_replacement(range(d), degree):
            yield sympy.Mul(*(grid.symbols[k] for k in chosen)), np.prod(grid.X[:, list(chosen)], axis=1)


def _functions(grid: Grid, k: int) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """Functions of one variable that have values wherever the trajectories go, beyond too where that is possible."""
    v, x = grid.symbols[k], grid.X[:, k]
    size, least = float(np.abs(x).max()), float(x.min())
    if size == 0:
        return
    if size < ANGLE:
        yield sympy.sin(v), np.sin(x)
        yield sympy.cos(v), np.cos(x)
        for function, top, bottom in ((sympy.tan(v), np.sin(x), np.cos(x)), (1 / sympy.tan(v), np.cos(x), np.sin(x))):
            if np.abs(bottom).min() > POLE:
                yield function, top / bottom
    if size < STRONG:
        yield sympy.exp(v), np.exp(x)
        yield sympy.exp(-v), np.exp(-x)
    if least > 0:
        yield 1 / v, 1 / x
        yield sympy.log(v), np.log(x)
        yield sympy.sqrt(v), np.sqrt(x)
    elif least < 0 < float(x.max()):
        yield sympy.Abs(v), np.abs(x)
    middle = float(np.median(np.abs(x))) or size
    for half in HALVES:
        if least >= -1e-3 * size:
            yield 1 / (v + sympy.Float(half * middle)), 1 / (np.maximum(x, 0.0) + half * middle)
        yield 1 / (v**2 + sympy.Float((half * middle) ** 2)), 1 / (x**2 + (half * middle) ** 2)


def _switches(grid: Grid, k: int) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """Logistic functions of one variable, of several widths and at several places."""
    v, x = grid.symbols[k], grid.X[:, k]
    width = float(np.ptp(x))
    if width == 0:
        return
    slopes = [steepness / width for steepness in STEEP]
    size = float(np.median(np.abs(x)))
    slopes += [steepness / size for steepness in STEEP_BY_SIZE if 0 < SKEWED * size < width]
    for slope, place in itertools.product(slopes, PLACES):
        middle = float(np.quantile(x, place))
        factor = float(np.exp(np.clip(-slope * middle, -STRONG, STRONG)))
        values = 1 / (factor * np.exp(np.clip(slope * x, -100, 100)) + 1)
        yield 1 / (sympy.Float(factor) * sympy.exp(sympy.Float(slope) * v) + 1), values


@dataclass(frozen=True, eq=False)
class _Sum:
    chosen: tuple[int, ...]
    rest: float
    bits: float


def sparse_sums(
    problem: WeakProblem,
    atoms: Sequence[Atom],
    *,
    until: float,
    most: int = MOST_TERMS,
    matrix: np.ndarray | None = None,
) -> list[sympy.Expr]:
    """The sums of few atoms with the shortest descriptions, in Floats; a beam search over sets of terms.

    Parameters
    ----------
    problem : WeakProblem
    atoms : sequence of Atom
    until : float
        `kansym.clock.now` value.
    most : int, default 8
        Terms.
    matrix : array (rows, atoms), optional
        What the atoms do, where that is not ``A`` times their values.
    """
    if len(problem.b) < 3 or not atoms:
        return []
    if matrix is None:
        matrix = problem.A @ np.column_stack([atom.values for atom in atoms])
        clock.charge(Work.DENSE_PRODUCTS, problem.A.size * len(atoms))
    lengths = np.linalg.norm(matrix, axis=0)
    usable = lengths > 1e-12 * lengths.max()
    matrix = matrix / np.where(usable, lengths, 1.0)
    n, b = len(problem.b), problem.b
    each = 0.5 * math.log2(n)
    price = np.array([atom.bits + each for atom in atoms])

    def bits(rest: float, chosen: tuple[int, ...]) -> float:
        return misfit_bits(n, rest / n, problem.floor) + float(price[list(chosen)].sum())

    families = [_family(atom.expression) if atom.expression.has(sympy.Float) else None for atom in atoms]
    pairs = int(np.clip(ALLOWANCE / matrix.size, BEAM, PAIRS))
    width = max(BEAM, pairs // WIDER)
    beam = [_Sum((), float(b @ b), 0.0)]
    found: dict[tuple[int, ...], _Sum] = {}
    shortest, unimproved = math.inf, 0
    for _ in range(min(most, n - 1)):
        grown: dict[tuple[int, ...], _Sum] = {}
        for one in beam:
            if clock.late(until):
                break
            clock.charge(Work.DENSE_PRODUCTS, matrix.size * (2 * len(one.chosen) + 2))
            clock.charge(Work.SMALL_FITS, 1)
            basis = np.linalg.qr(matrix[:, list(one.chosen)])[0] if one.chosen else np.empty((n, 0))
            residual = b - basis @ (basis.T @ b)
            left = matrix - basis @ (basis.T @ matrix)
            square = np.einsum("ij,ij->j", left, left)
            gain = np.where(usable & (square > 1e-18), (residual @ left) ** 2 / np.maximum(square, 1e-300), 0.0)
            gain[list(one.chosen)] = 0.0
            rest = np.maximum(float(residual @ residual) - gain, 1e-300)
            worth = 0.5 * n * np.log2(np.maximum(rest / n, problem.floor**2)) + price
            for k in np.argsort(worth, kind="stable")[: pairs if len(one.chosen) < 2 else BRANCHES]:
                if gain[k] > 0:
                    chosen = tuple(sorted((*one.chosen, int(k))))
                    grown[chosen] = _Sum(chosen, float(rest[k]), bits(float(rest[k]), chosen))
        if not grown:
            break
        size = len(next(iter(grown)))
        best_first = sorted(grown.values(), key=lambda one: one.bits)
        beam = best_first[: pairs if size < 3 else width]
        found.update({one.chosen: one for one in (*beam, *_alike(best_first, families))})
        unimproved = 0 if beam[0].bits < shortest - 1e-9 else unimproved + 1
        shortest = min(shortest, beam[0].bits)
        if unimproved >= PATIENCE:
            break
    sums = []
    best_first = sorted(found.values(), key=lambda one: one.bits)
    short = [one for one in _alike(best_first, families) if one not in best_first[:KEPT]]
    by_length = [[one for one in short if len(one.chosen) == size][:FAMILIES] for size in range(1, SHORT + 1)]
    for one in itertools.chain(best_first[:KEPT], *by_length):
        columns = list(one.chosen)
        coefficients = np.linalg.lstsq(matrix[:, columns], b, rcond=1e-14)[0] / lengths[columns]
        terms = [sympy.Float(float(c)) * atoms[k].expression for c, k in zip(coefficients, columns, strict=True) if c]
        sums.append(sympy.Add(*terms))
    return sums


def _alike(sums: Iterable[_Sum], families: Sequence[sympy.Expr | None]) -> list[_Sum]:
    """Of sums, the best first, the first few short ones of each length with each kind of term with inner constants."""
    seen: Counter[tuple[sympy.Expr, int]] = Counter()
    kept = []
    for one in sums:
        inner = {(family, len(one.chosen)) for k in one.chosen if (family := families[k]) is not None}
        if len(one.chosen) <= SHORT and any(seen[kind] < ALIKE for kind in inner):
            kept.append(one)
            seen.update(inner)
    return kept


def _family(expression: sympy.Expr) -> sympy.Expr:
    """The same for terms that differ in their numbers only."""
    return expression.xreplace(dict.fromkeys(expression.atoms(sympy.Float), sympy.Symbol("a constant")))
