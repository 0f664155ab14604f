"""Smaller formulas: terms that contribute nothing, and constants that can go.

Backward elimination: a fitted edge brings all four constants of ``c f(a x + b) + d``; most laws need fewer. One at a
time, the constant whose removal (0 for a term or an origin, 1 for a factor or an exponent) hurts least is taken out and
the others refitted. The chain of ever smaller formulas goes to the front, where description length decides how far was
right.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import sympy

from kansym.symbolic.candidates import roles, shifts
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize


def _additive_terms(expression: sympy.Expr) -> Iterator[tuple[sympy.Expr, sympy.Expr]]:
    """Every sum in the tree with each of its terms that varies, largest terms first."""
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Add):
            terms = [term for term in node.args if term.free_symbols]
            for term in sorted(terms, key=lambda term: -sympy.count_ops(term)):
                yield node, term


def drop_terms(form: ParametricForm, loss: Callable[[ParametricForm], float], *, allowed: float) -> ParametricForm:
    """The form without the terms that can be left out, no refit, at a loss of at most `allowed`.

    A product of edges that came out as good as zero over the data (``exp(-163 x^2) tanh(x)`` beside a law) is no part
    of the law. Constants are not at issue here: a term goes with all it holds.

    Parameters
    ----------
    form : ParametricForm
    loss : callable
        Loss of a form as it stands; inf where it is not finite.
    allowed : float
        Largest loss that counts as no change.
    """
    while True:
        # Float constants in place: the sums of the form are those of the formula.
        for node, term in _additive_terms(form.substituted()):
            candidate = _dropped(form, node, term)
            if candidate is not None and loss(candidate) <= allowed:
                form = candidate
                break
        else:
            return form


NEARLY, CLOSELY = 0.1, 1e-3
"""What a straight line or a square leaves of a function, in units of its spread, where it may stand for it; and the
same for a parabola, which many a curve is near to."""


SMALL = 0.2
"""Largest exponent of a power that may stand for a logarithm: u^p is nearly 1 + p log(u)."""


def straighter(form: ParametricForm, X: np.ndarray) -> Iterator[ParametricForm]:
    """Forms with a straight line or a parabola in place of a function of ``u`` that hardly differs from it on the rows.

    ``x*(exp(0.001*z) - 1)`` is ``0.001*x*z`` in disguise: over a short range of its argument any function will do, and
    a fit drives it there where the law has none. In the same way ``1000*z**0.001`` is a logarithm.

    Parameters
    ----------
    form : ParametricForm
        Fitted.
    X : ndarray, shape (n, d)
        A hundred rows are enough.

    Yields
    ------
    ParametricForm
        Not fitted; one such function at a time, the largest first, and then all at once.
    """
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    expression = form.substituted()
    plain: dict[sympy.Expr, sympy.Expr] = {}
    nodes: Iterator[sympy.Expr] = sympy.preorder_traversal(expression)  # pyright: ignore[reportAssignmentType]
    for node in dict.fromkeys(node for node in nodes if _bends(node) or _is_small_power(node)):
        inner: sympy.Expr = node.args[0]  # pyright: ignore[reportAssignmentType]
        with np.errstate(all="ignore"):
            values, u = (parametrize(one, form.variables).evaluate(X) for one in (node, inner))
            spread, square = float(np.std(values)), float(np.sum(u**2))
        if not (math.isfinite(spread) and math.isfinite(square) and spread > 0.0 and np.ptp(u) > 0.0):
            continue
        if _is_small_power(node):
            line = _logarithm(values, u, inner)
        else:
            line = _line_or_parabola(values, u, inner, square=isinstance(node, sympy.Pow) and node.exp == 2)
        if line is not None:
            plain[node] = line
    # Where two of them cancel, as in sqrt(2 - cos(u) - cos(v)), it may be that neither can go alone.
    for places in [{node: line} for node, line in plain.items()] + ([plain] if len(plain) > 1 else []):
        changed: sympy.Expr = expression.xreplace(places)  # pyright: ignore[reportAssignmentType]
        yield parametrize(canonicalize(changed, positive), form.variables)


def _is_small_power(node: sympy.Basic) -> bool:
    return isinstance(node, sympy.Pow) and bool(node.free_symbols) and node.exp.is_Float and abs(node.exp) <= SMALL


def _logarithm(values: np.ndarray, u: np.ndarray, inner: sympy.Expr) -> sympy.Expr | None:
    """The logarithm of ``u`` that a power with a small exponent nearly is."""
    if not (u > 0).all():
        return None
    slope, level = np.polyfit(np.log(u), values, 1)
    if not np.std(values - level - slope * np.log(u)) < NEARLY * np.std(values):
        return None
    return sympy.Float(level) + sympy.Float(slope) * sympy.log(inner)


def _line_or_parabola(values: np.ndarray, u: np.ndarray, inner: sympy.Expr, *, square: bool) -> sympy.Expr | None:
    """What a function of ``u`` nearly is: a straight line, a multiple of u^2 beside a constant, or a parabola.

    The square of u itself may only be a line.
    """
    middle = float(np.mean(u))
    ways = ((0.0, (1,), NEARLY), (0.0, (2,), NEARLY), (middle, (1, 2), CLOSELY))
    for centre, powers, nearly in ways[:1] if square else ways:
        design = np.column_stack([np.ones(len(u)), *((u - centre) ** power for power in powers)])
        coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
        if not np.std(values - design @ coefficients) < nearly * np.std(values):
            continue
        *_, slope = coefficients
        if len(powers) == 1:
            return sympy.Float(coefficients[0]) + sympy.Float(slope) * inner ** powers[0]
        vertex = middle - coefficients[1] / (2 * slope)
        level = coefficients[0] - coefficients[1] ** 2 / (4 * slope)
        return sympy.Float(level) + sympy.Float(slope) * (inner - sympy.Float(vertex)) ** 2
    return None


def _bends(node: sympy.Basic) -> bool:
    """Whether it is a smooth function of an argument that varies."""
    if not node.free_symbols or isinstance(node, (sympy.Abs, sympy.sign, sympy.Heaviside)):
        return False
    if isinstance(node, sympy.Pow):
        # The square of a sum is a line far from its vertex.
        return not node.base.is_Symbol and not node.exp.free_symbols and (node.exp != 2 or node.base.is_Add)
    return isinstance(node, sympy.Function) and len(node.args) == 1


Fit = Callable[[ParametricForm], tuple[ParametricForm, float] | None]
"""Refits a form and returns it with its score (lower is better), or None where it cannot be evaluated."""


def without(form: ParametricForm, constant: sympy.Symbol, value: int) -> ParametricForm | None:
    """The form with one constant replaced by 0 or 1, or None when that leaves no smaller formula of the variables."""
    others = {
        symbol: sympy.Float(float(number))
        for symbol, number in zip(form.constants, form.values, strict=True)
        if symbol != constant
    }
    reduced: sympy.Expr = form.expression.xreplace({constant: sympy.Integer(value), **others})  # pyright: ignore[reportAssignmentType]
    if reduced.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) or not reduced.free_symbols:
        return None
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    reduced = canonicalize(reduced, positive)
    if reduced.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I) or not reduced.free_symbols:
        return None
    smaller = parametrize(reduced, form.variables)
    fewer = len(smaller.constants) < len(form.constants)
    return smaller if fewer and complexity(smaller.expression) <= complexity(form.expression) else None


def _without_plain_terms(form: ParametricForm) -> Iterator[ParametricForm]:
    """The form without a term that has no constant of its own, as x in ``a*y*(x + b)``: a and b become one."""
    variables = set(form.variables)
    for product in sympy.preorder_traversal(form.substituted()):
        for factor in sympy.Mul.make_args(product) if isinstance(product, sympy.Mul) else ():
            node = factor.as_base_exp()[0]
            if not (node.is_Add and (product / factor).free_symbols & variables):
                continue
            for term in sympy.Add.make_args(node):
                plain = term.free_symbols and not term.as_coeff_Mul()[0].is_Float
                smaller = _dropped(form, node, term) if plain else None
                if smaller is not None and len(smaller.constants) < len(form.constants):
                    yield smaller


TIED, MOST_TIED = 0.3, 2
"""Relative difference of constants up to which they may be the same one, and most pairs of parts that are tried."""


def _tied(form: ParametricForm) -> list[ParametricForm]:
    """The form with the same constants in two parts that are alike but for them, as 1/(x + a) and 1/(x + b)."""
    values: dict[sympy.Basic, float] = dict(zip(form.constants, form.values.tolist(), strict=True))
    alike: dict[sympy.Basic, dict[tuple[sympy.Basic, ...], None]] = {}
    for node in sympy.preorder_traversal(form.expression):
        if node.args and node.free_symbols & set(form.variables):
            own = tuple(dict.fromkeys(part for part in sympy.preorder_traversal(node) if part in values))
            shape = node.xreplace({constant: sympy.Dummy("c", dummy_index=k) for k, constant in enumerate(own)})
            alike.setdefault(shape, {})[own] = None
    pairs: dict[tuple, float] = {}
    for first, second in (pair for found in alike.values() for pair in itertools.combinations(found, 2)):
        ends = [(values[one], values[other]) for one, other in zip(first, second, strict=True)]
        apart = max((abs(a - b) / max(abs(a), abs(b)) for a, b in ends), default=math.inf)
        if apart < TIED and not set(first) & set(second):
            pairs[first, second] = apart
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    found = []
    for first, second in sorted(pairs, key=pairs.__getitem__)[:MOST_TIED]:
        expression = form.expression.xreplace(dict(zip(second, first, strict=True)))
        tied = replace(form, expression=expression).substituted()
        found.append(parametrize(canonicalize(tied, positive), form.variables))
    return [one for one in found if len(one.constants) < len(form.constants)]


def _dropped(form: ParametricForm, node: sympy.Expr, term: sympy.Expr) -> ParametricForm | None:
    """The form without a term of a sum in it, or None where no variable is left."""
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    reduced: sympy.Expr = form.substituted().xreplace({node: node - term})  # pyright: ignore[reportAssignmentType]
    if not reduced.free_symbols & set(form.variables):
        return None
    return parametrize(canonicalize(reduced, positive), form.variables)


Expect = Callable[[ParametricForm], Callable[[sympy.Symbol, int, ParametricForm], float]]
"""What the score will be about with a constant replaced by a number, which leaves a smaller form; see `MOST_FITTED`."""

MOST_FITTED = 3
"""Smaller forms that are fitted in a step, where it is known what to expect of them."""


def eliminate(
    form: ParametricForm, fit: Fit, *, ones: bool = True, expect: Expect | None = None
) -> Iterator[ParametricForm]:
    """Ever smaller forms, each with one constant less, refitted; ends with one constant or when nothing can go.

    Parameters
    ----------
    form : ParametricForm
        Fitted.
    fit : callable
        See `Fit`.
    ones : bool, default True
        Whether constants other than exponents and shifts may become 1 too. With noise a factor is a measurement and may
        not.
    expect : callable, optional
        See `Expect`. Without, all smaller forms are fitted.
    """
    while len(form.constants) > 1:
        structural = shifts(form) | {constant for constant, role in roles(form).items() if role == "exponent"}
        candidates = [
            (constant, value, smaller)
            for constant in form.constants
            for value in ((0, 1) if ones or constant in structural else (0,))
            if (smaller := without(form, constant, value)) is not None
        ]
        if expect is not None and len(candidates) > MOST_FITTED:
            expected = expect(form)
            candidates = sorted(candidates, key=lambda one: expected(*one))[:MOST_FITTED]
        smaller_forms = [*(smaller for *_, smaller in candidates), *_without_plain_terms(form), *_tied(form)]
        fitted = [found for smaller in smaller_forms if (found := fit(smaller)) is not None]
        if not fitted:
            return
        form = min(fitted, key=lambda one: one[1])[0]
        yield form
