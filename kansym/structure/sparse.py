# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Sums of a few products of elementary functions, found by linear algebra.

Once the columns are the natural ones (angles, ratios, differences), many laws are short sums of products of elementary
functions without inner constants: 1 + r^2 - 2 r cos(theta). All products of a small dictionary are columns of one
matrix; the best two are found by trying all pairs through the Gram matrix, more by orthogonal matching pursuit from
there, and superfluous ones are removed again. `sparse_law` reports exact fits only; with noise `sparse_fits` ranks sums
of up to three terms by description length.
"""

import itertools
import math

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.products import Function, products
from kansym.symbolic.complexity import formula_bits

EXACT = 1e-10
"""RMS residual, relative to the spread of t, of an exact law; rounding leaves 1e-12 or less."""

FIT_ROWS = 400
"""Rows that terms are chosen on."""

MOST_TERMS = 7
"""Terms of a law, next to its constant."""

LARGEST_ARGUMENT = 100.0
"""Largest |x| whose exponential or sine is in the dictionary."""

STARTS = 12
"""Pairs, and triples, that matching pursuit goes on from."""

NOISY_ROWS = 1000
"""Rows that noisy sums are chosen on."""

LARGEST_WEIGHT = 10.0
"""Of a row, in units of the median, for noisy sums."""

MOST_FOR_TRIPLES = 400
"""Columns of which all triples are tried."""

MOST_COLUMNS, OF_FEW_ROWS, FEW_ROWS = 3, 4, 300
"""Columns of a table whose laws are looked for, and those of one of few rows: those have no interpolant to go by."""

LEAST_ROWS = 60
"""Rows for sums of products of elementary functions; half as many for those of powers, which are a tenth as many."""

MOST_OF_POWERS = 7
"""Columns for sums of products of powers: of nearly four hundred products all triples are tried."""

_z = sympy.Symbol("_z")
POSITIVE: tuple[sympy.Expr, ...] = (sympy.sqrt(_z), 1 / sympy.sqrt(_z), sympy.log(_z), _z ** sympy.Rational(3, 2))
"""Functions that need positive inputs."""

NONZERO: tuple[sympy.Expr, ...] = (1 / _z, _z**-2, _z**-3)

ANYWHERE: tuple[sympy.Expr, ...] = (
    _z,
    _z**2,
    _z**3,
    _z**4,
    sympy.sin(_z),
    sympy.cos(_z),
    sympy.sin(_z) ** 2,
    sympy.sin(2 * _z),
    sympy.cos(2 * _z),
    sympy.exp(_z),
    sympy.exp(-_z),
)


def sparse_law(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, triples: bool = False, four: bool = False
) -> sympy.Expr | None:
    """An exact sum of products of elementary functions of single columns, or None.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 3, or 4 with `four`
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    triples : bool, default False
        Whether all sets of three terms are tried too, which takes some tenths of a second: terms of equal size hide
        each other from a greedy search.
    four : bool, default False
        Whether four columns are looked at too, where rows are few: half a second.
    """
    d = X.shape[1]
    if not 1 <= d <= (OF_FEW_ROWS if four and len(t) < FEW_ROWS else MOST_COLUMNS) or len(t) < LEAST_ROWS:
        return None
    rows = np.unique(np.linspace(0, len(t) - 1, FIT_ROWS).astype(int))
    names, values = _dictionary(X[rows], variables)
    target = t[rows] - t[rows].mean()
    spread = float(target.std())
    if spread == 0:
        return None
    centred = values - values.mean(0)
    size = centred.std(0)
    usable = np.isfinite(size) & (size > 1e-9 * np.abs(values).max(0))
    names = [name for name, keep in zip(names, usable, strict=True) if keep]
    columns = centred[:, usable] / size[usable]
    chosen = _search(columns, target / spread, triples=triples and columns.shape[1] <= MOST_FOR_TRIPLES)
    if chosen is None:
        return None
    terms = _pruned(columns, target / spread, chosen)
    # Coefficients come from all rows, in the units of t.
    expressions = [names[k] for k in terms]
    full = np.column_stack([_column(expression, X, variables) for expression in expressions] + [np.ones(len(t))])
    scale = np.sqrt((full**2).mean(0))
    coefficients = np.linalg.lstsq(full / scale, t, rcond=None)[0] / scale
    residual = t - full @ coefficients
    if not float(residual.std()) <= EXACT * float(t.std()):
        return None
    parts = [sympy.Float(float(c)) * e for c, e in zip(coefficients, [*expressions, sympy.S.One], strict=True)]
    relevant = np.abs(coefficients * scale) > 1e-9 * np.abs(coefficients * scale).max()
    return sympy.Add(*(part for part, keep in zip(parts, relevant, strict=True) if keep))


def sparse_fits(
    X: np.ndarray,
    t: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    weights: np.ndarray | None = None,
    *,
    most: int = 3,
) -> list[sympy.Expr]:
    """Sums of few products that fit noisy values best, those of least description length first.

    Of three columns at most the products are of elementary functions, of more they are of powers. Of few products all
    sums of three are tried; of more than that, and of powers, terms are added one by one to the best sums.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
    most : int, default 3
    """
    n, d = X.shape
    many = d > MOST_COLUMNS
    if not 1 <= d <= MOST_OF_POWERS or n < (LEAST_ROWS / 2 if many else LEAST_ROWS) or not np.ptp(t) > 0:
        return []
    rows = np.unique(np.linspace(0, n - 1, NOISY_ROWS).astype(int))
    names, values = _products_of_powers(X[rows], variables) if many else _dictionary(X[rows], variables)
    share = np.ones(len(rows))
    if weights is not None:
        # Where a link's slope has a pole, a few rows would weigh more than all others.
        share = np.minimum(weights[rows], LARGEST_WEIGHT * np.median(weights[rows]))
        share = share / share.mean()
    root = np.sqrt(share)

    def centred(columns: np.ndarray) -> np.ndarray:
        return ((columns - (share @ columns) / len(rows)).T * root).T

    target = centred(t[rows])
    with np.errstate(all="ignore"):
        columns = centred(values)
        size = np.sqrt((columns**2).mean(0))
        usable = np.isfinite(size) & (size > 1e-9 * np.abs(values).max(0))
    names = [name for name, keep in zip(names, usable, strict=True) if keep]
    columns = columns[:, usable] / size[usable]
    total = float((target**2).mean())
    n_columns = len(names)
    triples = n_columns <= MOST_FOR_TRIPLES
    clock.charge(Work.DENSE_PRODUCTS, columns.size * n_columns / 10 + (n_columns**3 if triples else 0))
    gram, moment = columns.T @ columns / len(rows), columns.T @ target / len(rows) / np.sqrt(total)
    chosen = [[k] for k in np.argsort(-np.abs(moment))[:STARTS]] + _best_pairs(gram, moment, STARTS)
    if triples:
        chosen += _best_triples(gram, moment, STARTS)
    if many or not triples:
        most_terms = MOST_TERMS if many else 3
        chosen += [longer for terms in chosen[-STARTS:] for longer in _extended(gram, moment, terms, most_terms)]
    clock.charge(Work.SMALL_FITS, len(chosen))
    found: list[tuple[float, sympy.Expr]] = []
    for terms in chosen:
        full = np.column_stack([values[:, usable][:, terms], np.ones(len(rows))])
        scale = np.sqrt((full**2).mean(0))
        coefficients = np.linalg.lstsq((full / scale) * root[:, None], t[rows] * root, rcond=None)[0] / scale
        loss = float((share * (full @ coefficients - t[rows]) ** 2).mean())
        parts = [names[k] for k in terms] + [sympy.S.One]
        expression = sympy.Add(*(sympy.Float(float(c)) * e for c, e in zip(coefficients, parts, strict=True)))
        found.append((0.5 * n * math.log2(max(loss, 1e-300)) + formula_bits(expression, n, d), expression))
    return [expression for _, expression in sorted(found, key=lambda one: one[0])[:most]]


def _dictionary(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> tuple[list[sympy.Expr], np.ndarray]:
    """Functions of single columns and all products of two or three of different columns."""
    single: list[list[sympy.Expr]] = []
    for x, variable in zip(X.T, variables, strict=True):
        functions = list(ANYWHERE)
        if (np.abs(x) > 1e-3 * np.abs(x).max()).all():
            functions += NONZERO
        if (x > 0).all():
            functions += POSITIVE
        if np.abs(x).max() > LARGEST_ARGUMENT:
            functions = [f for f in functions if not f.has(sympy.exp, sympy.sin, sympy.cos)]
        single.append([f.xreplace({_z: variable}) for f in functions])
    names = [f for functions in single for f in functions]
    clock.charge(Work.COMPILED_NODES, 5 * len(names))
    columns = {f: _column(f, X, variables) for f in names}
    values = [columns[f] for f in names]
    for number in (2, 3):
        for group in itertools.combinations(single, number):
            # Products of three keep to the simplest functions: their number is cubed.
            parts = group if number == 2 else [functions[:6] for functions in group]
            for factors in itertools.product(*parts):
                names.append(sympy.Mul(*factors))
                values.append(np.prod([columns[f] for f in factors], axis=0))
    clock.charge(Work.ALGEBRA, 3 * len(names))
    clock.charge(Work.FORM_VALUES, len(names) * len(X))
    return names, np.column_stack(values)


def _products_of_powers(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> tuple[list[sympy.Expr], np.ndarray]:
    """Columns, their squares and reciprocals, and products of two or three different columns or reciprocals."""
    plain: list[list[Function]] = []
    for x, variable in zip(X.T, variables, strict=True):
        nonzero = bool((np.abs(x) > 1e-3 * np.abs(x).max()).all())
        plain.append([Function.of(variable, x), *([Function.of(1 / variable, 1 / x)] if nonzero else [])])
    squares = [Function.of(z**2, x**2) for x, z in zip(X.T, variables, strict=True)]
    # A constant is beside every sum.
    _, *every = products(plain, 3, len(X))
    single = sum(map(len, plain))
    found = [*every[:single], *squares, *every[single:]]
    clock.charge(Work.ALGEBRA, 2 * len(found))
    return [one.expression for one in found], np.column_stack([one.values for one in found])


def _extended(gram: np.ndarray, moment: np.ndarray, terms: list[int], most: int) -> list[list[int]]:
    """Unit columns with more of them, each the one that explains most of what the others leave."""
    found, chosen = [], list(terms)
    while len(chosen) < most:
        coefficients = np.linalg.lstsq(gram[np.ix_(chosen, chosen)], moment[chosen], rcond=None)[0]
        left = np.abs(moment - gram[:, chosen] @ coefficients)
        left[chosen] = -1.0
        chosen = [*chosen, int(left.argmax())]
        found.append(chosen)
    return found


def _column(expression: sympy.Expr, X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(sympy.lambdify(variables, expression, "numpy")(*X.T), dtype=float) * np.ones(len(X))


def _search(columns: np.ndarray, target: np.ndarray, *, triples: bool) -> list[int] | None:
    """Indices of columns that reproduce the target to rounding, or None."""
    n, m = columns.shape
    clock.charge(Work.DENSE_PRODUCTS, n * m**2 / 10 + (m**3 if triples else 0))
    gram, moment = columns.T @ columns / n, columns.T @ target / n
    starts = [[], *_best_pairs(gram, moment, STARTS)]
    if triples:
        starts += _best_triples(gram, moment, STARTS)
    for start in starts:
        chosen = list(start)
        while True:
            _, residual = _fit(columns, target, chosen)
            if np.sqrt(np.mean(residual**2)) < EXACT:
                return chosen
            if len(chosen) >= MOST_TERMS:
                break
            clock.charge(Work.SMALL_FITS)
            clock.charge(Work.DENSE_PRODUCTS, columns.size)
            # What a column adds is its part that the chosen ones do not span.
            rest = columns
            if chosen:
                q, _ = np.linalg.qr(columns[:, chosen])
                rest = columns - q @ (q.T @ columns)
            norms = np.linalg.norm(rest, axis=0)
            gain = np.where(norms > 1e-7 * np.sqrt(n), np.abs(residual @ rest) / np.maximum(norms, 1e-300), 0.0)
            gain[chosen] = 0.0
            chosen.append(int(gain.argmax()))
    return None


def _best_pairs(gram: np.ndarray, moment: np.ndarray, count: int) -> list[list[int]]:
    """Pairs of unit columns that explain most, by the closed form of two-column least squares."""
    overlap = np.minimum(gram**2, 1.0)
    explained = (moment[:, None] ** 2 + moment**2 - 2 * moment[:, None] * moment * gram) / np.maximum(1 - overlap, 1e-6)
    explained[np.tril_indices(len(moment))] = -np.inf
    places = (
        np.argpartition(-explained, count, axis=None)[:count] if explained.size > count else np.arange(explained.size)
    )
    places = places[np.argsort(-explained.ravel()[places], kind="stable")]
    return [list(map(int, np.unravel_index(place, explained.shape))) for place in places]


def _best_triples(gram: np.ndarray, moment: np.ndarray, count: int) -> list[list[int]]:
    """Triples of unit columns that explain most: for each column the best pair of what it leaves of the others."""
    found: list[tuple[float, list[int]]] = []
    for k in range(len(moment) - 2):
        # Each set once: the other two come later.
        along = gram[k, k + 1 :]
        left = 1 - along**2
        usable = left > 1e-6
        size = np.sqrt(np.where(usable, left, 1.0))
        rest = (gram[k + 1 :, k + 1 :] - np.outer(along, along)) / np.outer(size, size)
        own = np.where(usable, (moment[k + 1 :] - along * moment[k]) / size, 0.0)
        explained = (own[:, None] ** 2 + own**2 - 2 * own[:, None] * own * rest) / np.maximum(1 - rest**2, 1e-6)
        explained[np.tril_indices(len(own))] = -np.inf
        place = np.unravel_index(int(explained.argmax()), explained.shape)
        found.append((float(moment[k] ** 2 + explained[place]), [k, *(int(j) + k + 1 for j in place)]))
    return [triple for _, triple in sorted(found, reverse=True)[:count]]


def _fit(columns: np.ndarray, target: np.ndarray, chosen: list[int]) -> tuple[np.ndarray, np.ndarray]:
    if not chosen:
        return np.zeros(0), target
    coefficients = np.linalg.lstsq(columns[:, chosen], target, rcond=None)[0]
    return coefficients, target - columns[:, chosen] @ coefficients


def _pruned(columns: np.ndarray, target: np.ndarray, chosen: list[int]) -> list[int]:
    """The chosen columns less those without which the fit stays exact."""
    kept = list(chosen)
    for one in chosen:
        fewer = [k for k in kept if k != one]
        if np.sqrt(np.mean(_fit(columns, target, fewer)[1] ** 2)) < 3 * EXACT:
            kept = fewer
    return kept
