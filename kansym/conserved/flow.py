# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
"""Conserved quantities: functions of the states whose derivative along the motion is zero."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import sympy

from kansym.conserved.echelon import reduced_echelon
from kansym.dynamics.findings import Conserved
from kansym.dynamics.system import System
from kansym.symbolic.evaluation import MODULES
from kansym.symbolic.naming import plain, plain_symbol

POINTS = 400
"""Random points around the data at which derivatives are compared."""

ZERO = 1e-9
"""Relative singular value of a combination that is conserved."""

SMALL = 1e-6
"""Relative coefficient that is zero."""

DEGREES = (1, 2, 3, 4)
"""Degrees of monomials, one after the other: the simplest quantities come first."""

MOST_TERMS = 60
"""Functions in a library."""

MOST = 3
"""Conserved quantities that are looked for."""


def conserved_quantities(system: System, *, seed: int = 0) -> tuple[Conserved, ...]:
    """Combinations g of monomials and of functions like those of the equations with ``grad g . f = 0`` everywhere.

    That is linear in the coefficients of g: the null space of the derivatives of all functions of a library along the
    flow, at random points around the data. What is found is then checked along the measured states.

    Parameters
    ----------
    system : System
    seed : int, default 0

    Returns
    -------
    tuple of Conserved
        Independent of each other, the simplest first; empty where there is none, or where inputs or the time act.
    """
    if system.data.inputs or system.explicit_time or len(system.states) < 2:
        return ()
    symbols = [plain_symbol(name) for name in system.states]
    along = np.vstack([system.fitted(k) for k in range(len(system.data.runs))])
    along = along[np.isfinite(along).all(axis=1)]
    if not len(along):
        return ()
    low, high = along.min(axis=0), along.max(axis=0)
    points = np.random.default_rng(seed).uniform(low, high, (POINTS, len(symbols)))
    found: list[tuple[sympy.Expr, np.ndarray]] = []
    for degree in DEGREES:
        library = _library(system, symbols, degree)
        if len(library) > MOST_TERMS:
            break
        for expression in _null_space(system, symbols, library, points):
            slope = _values(list(sympy.Matrix([expression]).jacobian(symbols)), symbols, points)
            if slope is not None and len(found) < MOST and _independent([*(s for _, s in found), slope]):
                found.append((expression, slope))
    checked = (_checked(system, symbols, expression, points) for expression, _ in found)
    return tuple(one for one in checked if one is not None)


def _library(system: System, symbols: Sequence[sympy.Symbol], degree: int) -> list[sympy.Expr]:
    found = [
        sympy.Mul(*chosen)
        for power in range(1, degree + 1)
        for chosen in itertools.combinations_with_replacement(symbols, power)
    ]
    rates = [rate for rate in system.rates if rate.atoms(sympy.Function)]
    angles = {node.args[0] for rate in rates for node in rate.atoms(sympy.sin, sympy.cos)}
    for argument in sorted(angles, key=str):
        found += [sympy.sin(argument), sympy.cos(argument)]
    exponents = {node for rate in rates for node in rate.atoms(sympy.exp)}
    return [*found, *sorted(exponents, key=str), *map(sympy.log, symbols)]


def _null_space(
    system: System, symbols: Sequence[sympy.Symbol], library: Sequence[sympy.Expr], points: np.ndarray
) -> Iterator[sympy.Expr]:
    """Combinations of a library that are conserved, each of as few functions as possible."""
    rates = _values(list(system.rates), symbols, points)
    if rates is None:
        return
    columns, kept = [], []
    for function in library:
        slope = _values([function.diff(symbol) for symbol in symbols], symbols, points)
        if slope is None:
            continue
        column = (slope * rates).sum(axis=1)
        size = float(np.sqrt(np.mean((np.abs(slope) * np.abs(rates)).sum(axis=1) ** 2)))
        if size > 0:
            columns.append(column / size)
            kept.append(function / sympy.Float(size))
    if len(columns) < 1:
        return
    matrix = np.column_stack(columns)
    _, singular, vectors = np.linalg.svd(matrix, full_matrices=True)
    singular = np.append(singular, np.zeros(len(vectors) - len(singular)))
    null = vectors[singular <= ZERO * np.sqrt(len(matrix))]
    for row in reduced_echelon(null, least=SMALL):
        coefficients = np.where(np.abs(row) < SMALL * np.abs(row).max(), 0.0, row)
        expression = sympy.Add(*(sympy.Float(float(c)) * f for c, f in zip(coefficients, kept, strict=True) if c))
        sizes = [abs(float(term.as_coeff_Mul()[0])) for term in sympy.Add.make_args(expression)]
        yield sympy.expand(expression / sympy.Float(max(sizes)))


def _independent(slopes: Sequence[np.ndarray]) -> bool:
    """Whether gradients (n, m) are independent at most points."""
    stacked = np.stack(slopes, axis=1)
    sizes = np.linalg.norm(stacked, axis=2, keepdims=True)
    ranks = np.linalg.matrix_rank(stacked / np.where(sizes > 0, sizes, 1.0), tol=1e-6)
    return bool(np.median(ranks) == len(slopes))


def _values(
    expressions: Sequence[sympy.Expr], symbols: Sequence[sympy.Symbol], points: np.ndarray
) -> np.ndarray | None:
    """Values (n, k); None where they are not all real numbers."""
    function = sympy.lambdify(symbols, list(expressions), modules=MODULES)
    with np.errstate(all="ignore"):
        values = function(*points.T)
    columns = [np.broadcast_to(np.asarray(value), (len(points),)) for value in values]
    if any(np.iscomplexobj(column) or not np.isfinite(column).all() for column in columns):
        return None
    return np.column_stack(columns).astype(np.float64)


def _checked(
    system: System, symbols: Sequence[sympy.Symbol], expression: sympy.Expr, points: np.ndarray
) -> Conserved | None:
    """A quantity with what it does along the data, smoothed velocities in place of measured ones for order 2."""
    m, squares, count, means, errors = len(system.data.states), 0.0, 0, [], 0.0
    gradient = [expression.diff(symbol) for symbol in symbols[:m]]
    for run, sigma, k in zip(system.data.runs, system.sigmas, range(len(system.data.runs)), strict=True):
        states = system.fitted(k).copy()
        states[:, :m] = run.x
        values = _values([expression], symbols, states)
        slopes = _values(gradient, symbols, states)
        if values is None or slopes is None:
            return None
        means.append(float(values.mean()))
        squares += float(np.sum((values - values.mean()) ** 2))
        errors += float(np.sum((slopes * sigma) ** 2))
        count += len(run)
    random = _values([expression], symbols, points)
    extent = 1.0 if random is None else float(np.std(random)) or 1.0
    change = np.sqrt(squares / count)
    noise = max(float(np.sqrt(errors / count)), 1e-300)
    return Conserved(plain(expression), tuple(means), float(change / noise), float(change / extent))
