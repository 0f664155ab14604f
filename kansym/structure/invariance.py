# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Whether y depends on some columns through fewer combinations of them, as on x - z or on x^2 + z^2; tried by a fit.

If y is a function of u(x, z), it does not change where x and z move along u = const: a symmetry. An interpolant in u
and the other columns is then as good as one in all of them, on rows that neither has seen, and mostly better. What the
first lacks, in spreads of y, is the size of what breaks the symmetry.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError, DataError
from kansym.structure.inner import inner_functions
from kansym.structure.interaction import NOT_SEEN, SEEN, Verdict
from kansym.structure.problem import monomial
from kansym.structure.response import BLIND, Response, interpolant
from kansym.structure.scaling_symmetry import scaling_reductions
from kansym.structure.search import NOISY
from kansym.structure.surrogate import Surrogate
from kansym.surfaces import surface
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.text import to_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 12
"""Symmetries that are tried where none is given."""


@dataclass(frozen=True, eq=False)
class Symmetry:
    """y = factor * F(through, rest), or the attempt.

    Attributes
    ----------
    through : tuple of sympy.Expr
        The combinations.
    factor : sympy.Expr
        What F is multiplied by.
    rest : tuple of str
        Columns that F depends on besides.
    size : float
        Root mean square of y that no such function explains, in spreads of y.
    error : float
        Error of `size`: of the interpolants, and of the rows that they are compared on.
    error_with, error_without : float
        Errors on held-out rows, in spreads of y, of an interpolant in the combinations and of one in all columns.
    values : ndarray, shape (n, m)
        Combinations and rest on the rows.
    y : ndarray, shape (n,)
        The target divided by the factor.
    target : str
    """

    through: tuple[sympy.Expr, ...]
    factor: sympy.Expr
    rest: tuple[str, ...]
    size: float
    error: float
    error_with: float
    error_without: float
    values: np.ndarray
    y: np.ndarray
    target: str

    @property
    def verdict(self) -> Verdict:
        """ "cannot be told" where the size is about its error, or no smooth function describes the table."""
        if self.error_without > BLIND:
            return Verdict.OPEN
        if self.size > SEEN * self.error:
            return Verdict.FAILS
        return Verdict.HOLDS if self.size < NOT_SEEN * self.error else Verdict.OPEN

    @property
    def _cost(self) -> tuple[int, int]:
        """Columns that are left, and nodes."""
        return self.values.shape[1], sum(complexity(one) for one in (*self.through, self.factor))

    def figure(self, *, dark: bool = False) -> "Figure":
        """y, less the factor, against each combination and each other column."""
        return surface("symmetry_figure")(self, dark=dark)

    def __str__(self) -> str:
        arguments = ", ".join([*(to_text(one) for one in self.through), *self.rest])
        factor = "" if self.factor == 1 else f"{to_text(self.factor)} * "
        return (
            f"{self.target} = {factor}F({arguments}): {self.verdict}; "
            f"missing {self.size:.2g} ± {self.error:.1g} spreads of {self.target}"
        )


def symmetry(
    source: Any, data: Any = None, *, through: str | Sequence[str], factor: str = "1", seed: int = 0
) -> Symmetry:
    """Try whether y depends on some columns only through a combination of them.

    Parameters
    ----------
    source, data
        A table, a network or a function, as in `kansym.separability`.
    through : str or sequence of str
        Combinations of columns, such as ``"x - z"``, ``"x**2 + z**2"`` or ``["x/z", "w/z"]``. Columns that are in none
        of them remain as they are; those that are in one count no more on their own.
    factor : str, default "1"
        What y is divided by first: ``through=["x/z"], factor="z**2"`` asks whether y scales as the square of a length.
    seed : int, default 0
        Of the rows that interpolants are fitted to and compared on.

    Returns
    -------
    Symmetry

    Raises
    ------
    ArgumentError
        If the source cannot be asked, or a combination is no formula of the columns.
    DataError
        If there are too few rows, or a combination has no finite value on some.

    See Also
    --------
    symmetries : Looks for some.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).uniform(1, 2, (300, 2))
    >>> print(symmetry(lambda x: np.sin(x[:, 0] - x[:, 1]), X, through="x0 - x1").verdict)
    holds
    """
    response = Response.of(source, data, seed=seed)
    texts = [through] if isinstance(through, str) else list(through)
    expressions = tuple(parse_expression(text, response.names) for text in texts)
    constant = [text for text, one in zip(texts, expressions, strict=True) if not one.free_symbols]
    if constant or not texts:
        raise ArgumentError(f"through must be combinations of {', '.join(response.names)}, got {through!r}")
    full = interpolant(response.X, response.y, response.weights, seed=seed)
    return _tried(response, expressions, parse_expression(factor, response.names), full, seed)


def symmetries(source: Any, data: Any = None, *, seed: int = 0) -> tuple[Symmetry, ...]:
    """Look for combinations of columns through which y depends on them.

    Looked for are products of powers that the columns scale together in, as in dimensional analysis, and sums,
    differences, products and sums of powers of two columns.

    Parameters
    ----------
    source, data, seed
        As in `symmetry`.

    Returns
    -------
    tuple of Symmetry
        Those that were worth a try: first those that hold, and of these first the ones that leave fewest columns.

    Raises
    ------
    ArgumentError, DataError
        As in `symmetry`.
    """
    response = Response.of(source, data, seed=seed)
    full = interpolant(response.X, response.y, response.weights, seed=seed)
    found: dict[tuple[frozenset[sympy.Expr], sympy.Expr], Symmetry] = {}
    for through, factor in _candidates(response, full):
        # A function of x/z is one of z/x.
        key = (frozenset(min(one, 1 / one, key=sympy.default_sort_key) for one in through), factor)
        if key not in found and len(found) < MOST and not all(one.is_Symbol for one in through):
            try:
                found[key] = _tried(response, through, factor, full, seed)
            except DataError:
                continue
    order = [Verdict.HOLDS, Verdict.OPEN, Verdict.FAILS]
    return tuple(sorted(found.values(), key=lambda one: (order.index(one.verdict), *one._cost)))


def _candidates(response: Response, full: Surrogate) -> Iterator[tuple[tuple[sympy.Expr, ...], sympy.Expr]]:
    """Combinations and a factor, as the gradients of the interpolant suggest them."""
    columns = tuple(plain_symbol(name) for name in response.names)
    noisy = full.noise > NOISY
    for reductions in scaling_reductions(full, response.X, noisy=noisy):
        for one in reductions:
            factor = monomial(columns, response.X, one.factor)[0]
            groups = tuple(monomial(columns, response.X, row)[0] for row in one.groups)
            if all(group.free_symbols for group in groups):
                yield groups, factor
    for inner in inner_functions(full, response.X, noisy=noisy):
        yield (inner.apply(columns, response.X)[0],), sympy.Integer(1)


def _tried(
    response: Response, through: tuple[sympy.Expr, ...], factor: sympy.Expr, full: Surrogate, seed: int
) -> Symmetry:
    """The symmetry with its size; DataError where a combination has no values."""
    symbols = [plain_symbol(name) for name in response.names]
    used = set().union(*(one.free_symbols for one in through), factor.free_symbols)
    kept = [k for k, symbol in enumerate(symbols) if symbol not in used]
    divisor, *combined = (parametrize(one, symbols).evaluate(response.X) for one in (factor, *through))
    values = np.column_stack([*combined, response.X[:, kept]])
    if not (np.isfinite(values).all() and np.isfinite(divisor).all() and divisor.all()):
        texts = ", ".join(to_text(one) for one in (*through, factor))
        raise DataError(f"{texts} must be finite on every row, and the factor not zero; they are not on this table")
    y = response.y / divisor
    weights = divisor**2 if response.weights is None else response.weights * divisor**2
    plain = factor == 1 and response.weights is None
    reduced = interpolant(values, y, None if plain else weights, seed=seed)
    check = full.check
    share = np.ones(len(check)) if response.weights is None else response.weights[check]
    share = share / share.mean() / response.spread**2
    left = share * (divisor * (reduced.predict(values) - y))[check] ** 2
    before = share * (full.predict(response.X) - response.y)[check] ** 2
    difference = left - before
    size = math.sqrt(max(float(difference.mean()), 0.0))
    # One error is the scatter of the rows, that of a square; another what the interpolant lacks beyond the noise.
    scatter = float(difference.std(ddof=1)) / math.sqrt(len(check))
    scattered = min(math.sqrt(scatter), scatter / size if size else math.inf)
    blurred = math.sqrt(max(float(before.mean()) - full.noise, 0.0))
    return Symmetry(
        through=through,
        factor=factor,
        rest=tuple(response.names[k] for k in kept),
        size=size,
        error=max(scattered, blurred, response.error / response.spread),
        error_with=math.sqrt(float(left.mean())),
        error_without=math.sqrt(float(before.mean())),
        values=values,
        y=y,
        target=response.target,
    )


def standing_symmetries(dataset: Dataset) -> tuple[Symmetry, ...]:
    """The symmetries of a table that do not fail; none where it has too few rows to tell."""
    try:
        found = symmetries(dataset)
    except DataError:
        return ()
    return tuple(one for one in found if one.verdict is not Verdict.FAILS)
