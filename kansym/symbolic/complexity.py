# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The size of a formula: a node count like PySR's, and its description length in bits."""

import math
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache

import numpy as np
import sympy

from kansym.data.weights import mean_square
from kansym.errors import ArgumentError
from kansym.functions import TABLE, USUAL_BITS
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.shapes import cheapest

Kind = str | type
"""What a node is: a leaf or an operator by name, or the class of a function."""

COSTS: dict[Kind, float] = {
    "variable": 1.8,  # and log2 of the number of variables
    "constant": 3.0,  # and the number itself
    "*": 2.5,
    "+": 3.0,
    "/": 3.5,
    "^": 4.0,
    "square": 0.0,  # the 2 of a square belongs to the operator
    "^ real": 20.0,  # a real exponent imitates many a law over a short range; laws hardly ever have one
    "-": 4.3,
    "1/": 4.5,
    "sqrt": 5.0,
    **{function.kind: function.bits for function in TABLE},
}
"""Bits of a node, about -log2 of how often it is met in formulas of science: products before sums before quotients,
powers and differences, then roots and exponentials. With noise several functions fit a short curve as well as the law's
own does, and this is what is known then. The sizes are set by hand, not counted; those of inverse functions and of real
exponents with the measured tables of the tests in view. Guimera et al., Science Advances 6 (2020) eaav6971,
doi:10.1126/sciadv.aav6971, take such a prior from a corpus."""


SLOPE_BITS = COSTS["*"] + COSTS["constant"] + COSTS["variable"]
"""What the slope of a background costs less than another term: a background that is not flat is the first thing to be
tried, and there is one for each column. With the sum, the choice of the column and ``1/2 log2(n)`` it costs about what
chi-squared gains when it falls by 10."""


SIMPLE = 9
"""Numerator and denominator together up to which an exponent that is no multiple of a half is a law's, as 1/3, 5/3 or
3/4. There are so many others, such as 7/3 and 9/4, that one is always near: they cost what a real exponent does."""


HIGHEST = 4
"""Exponent of a sum up to which it may be a law's: high powers of sums imitate exponentials, (1 + x/p)^p, and there is
one for any range. They cost what a real exponent does."""


FEW_ROWS, FREE_BITS = 50, 3.0
"""Rows from which a constant costs 1/2 log2(n) and no more; and bits of an unremarkable constant: most are within a
factor of eight of the scales of the table."""


def complexity(expression: sympy.Expr) -> int:
    """Number of nodes of the formula as a person would write it.

    Every operator, function, variable and constant counts 1 (PySR's default). A difference is one operator, not a
    sum with a product by -1; ``a/b`` is one operator, not a power; ``1/a`` and ``sqrt(a)`` are unary; any other
    power is binary; a rational number or a negative number is one constant; the order of a Bessel function belongs
    to its name.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> complexity(x - y), complexity(x / y), complexity(1 / x), complexity(2.5 * x**2 - sympy.sqrt(y))
    (3, 3, 2, 8)
    """
    return sum(kinds(expression).values())


def kinds(expression: sympy.Expr) -> Counter[Kind]:
    """The nodes of a formula as `complexity` counts them, by what they are; see `COSTS`."""
    found: Counter[Kind] = Counter()
    _count(expression, found)
    return found


def _count(expression: sympy.Expr, found: Counter[Kind]) -> None:
    if not expression.args:
        found["variable" if isinstance(expression, sympy.Symbol) else "constant"] += 1
    elif expression.is_Add:
        _count_sum(expression, found)
    elif expression.is_Mul:
        _count_product(expression, found)
    elif expression.is_Pow:
        base, exponent = expression.args
        _count(base, found)
        if exponent is sympy.S.NegativeOne:
            found["1/"] += 1
        elif exponent in (sympy.S.Half, -sympy.S.Half):
            found["sqrt"] += 1
            found["1/"] += int(exponent == -sympy.S.Half)
        else:
            found[_power(base, exponent)] += 1
            if exponent == 2:
                found["square"] += 1
            else:
                _count(exponent, found)
    else:
        arguments = expression.args
        if isinstance(expression, (sympy.besselj, sympy.bessely, sympy.besseli, sympy.besselk)):
            arguments = arguments[1:]
        elif isinstance(expression, sympy.Heaviside):
            arguments = arguments[:1]
        found[expression.func] += 1
        for argument in arguments:
            _count(argument, found)


def description_length(
    formula: sympy.Expr | ParametricForm,
    n: int,
    loss: float,
    noise_floor: float,
    n_variables: int,
    *,
    errors_given: bool = False,
) -> float:
    """Bits to write down the data with the help of the formula, up to a constant of the data.

    `misfit_bits` for the residuals, plus the formula: every node at the price of `COSTS`, ``1/2 log2(n)`` for each
    fitted real constant, ``log2(1 + |p|) + log2(q)`` for each rational p/q; a product of powers of several variables
    that comes more than once, as in ``tanh(x*y)/(x*y)``, is written once. Only differences between formulas for the
    same data mean anything.

    Parameters
    ----------
    formula : sympy.Expr or ParametricForm
        Floats (or the constants of the form) are the fitted real constants.
    n : int
        Number of data.
    loss : float
        Mean squared residual, in squared units of y; nan or inf gives inf.
    noise_floor : float
        Standard deviation of the noise of y, below which a smaller loss means nothing.
    n_variables : int
        Number of columns the formula could have used.
    errors_given : bool, default False
        See `misfit_bits`.

    Raises
    ------
    ArgumentError
        If `n` is not positive or `noise_floor` is negative.

    References
    ----------
    Rissanen, Automatica 14 (1978) 465, doi:10.1016/0005-1098(78)90005-5; the code for rationals is that of
    AI Feynman 2, Udrescu et al., NeurIPS 33 (2020), arXiv:2006.10782.
    """
    if n <= 0:
        raise ArgumentError(f"n must be positive, got {n}")
    if noise_floor < 0:
        raise ArgumentError(f"noise_floor must not be negative, got {noise_floor}")
    if not math.isfinite(loss):
        return math.inf
    misfit = misfit_bits(n, loss, noise_floor, errors_given=errors_given)
    return misfit + formula_bits(formula, n, n_variables)


def misfit_bits(n: int, loss: float, noise_floor: float, *, errors_given: bool = False) -> float:
    """Bits of the residuals, up to a constant of the data.

    Parameters
    ----------
    n : int
        Number of data.
    loss : float
        Mean squared residual, in squared units of y.
    noise_floor : float
        Standard deviation of the noise of y.
    errors_given : bool, default False
        Whether `noise_floor` is that of standard errors that were measured: minus log2 of their likelihood, which has
        chi-squared in full, ``n loss / noise_floor^2``. Else the size of the noise is a guess that residuals may
        raise, ``n/2 log2(max(loss, noise_floor^2))``.
    """
    # The smallest double stands in for a perfect fit with no known noise, so that the order stays finite.
    floor = max(noise_floor**2, 1e-300)
    if errors_given:
        return 0.5 * n * (math.log2(floor) + loss / floor / math.log(2))
    return 0.5 * n * math.log2(max(loss, floor))


def early_bits(
    constants: int, y: np.ndarray, loss: float, noise_floor: float, *, weights: np.ndarray | None = None
) -> float:
    """Bits of the constants of few rows, beyond the 1/2 log2(n) of each that holds for many; 0 from `FEW_ROWS` on.

    Written one after the other, the first rows only fix the constants: each costs what it costs without a formula,
    1/2 log2(variance / loss) bits more than the rows that the formula predicts (predictive coding, Dawid,
    doi:10.2307/2981683), less `FREE_BITS`. For many rows that is lost in the sum; of nine, five constants leave four.

    Parameters
    ----------
    constants : int
    y : array (n,)
    loss : float
        Mean squared residual, each row predicted from the others.
    noise_floor : float
    weights : array (n,), optional
    """
    n = len(y)
    if n >= FEW_ROWS:
        return 0.0
    variance = mean_square(y - np.average(y, weights=weights), weights)
    least = max(loss, noise_floor**2, 1e-300)
    if not math.isfinite(loss) or variance <= 0.0:
        return 0.0
    return 0.5 * min(constants, n - 1) * max(math.log2(variance) - math.log2(least) - math.log2(n) - 2 * FREE_BITS, 0.0)


def formula_bits(formula: sympy.Expr | ParametricForm, n: int, n_variables: int) -> float:
    """The part of `description_length` that the formula itself costs, in the cheapest of its equal shapes."""
    form = formula if isinstance(formula, ParametricForm) else parametrize(formula, ())
    constants = 0.5 * math.log2(n) * len(form.constants)
    each = math.log2(max(n_variables, 1))
    return constants + _cheapest_bits(form.expression, form.constants, each)


@lru_cache(maxsize=4096)
def _cheapest_bits(expression: sympy.Expr, constants: tuple[sympy.Symbol, ...], each: float) -> float:
    return cheapest(expression, constants, lambda shape: _bits(shape, constants, each))


def _bits(expression: sympy.Expr, constants: Collection[sympy.Symbol], each: float) -> float:
    """Bits of the nodes and exact numbers, with `each` for the choice of a variable."""
    counts = kinds(expression)
    leaves = list(_leaves(expression))
    # Constants are symbols in a form; each is as many leaves as it has places.
    places = sum(leaf in constants for leaf in leaves)
    counts["variable"] -= places
    counts["constant"] += places
    bits = sum(number * COSTS.get(kind, USUAL_BITS) for kind, number in counts.items())
    bits += counts["variable"] * each
    bits -= SLOPE_BITS * len(list(_slopes(expression, constants)))
    for leaf in leaves:
        # -1 is a sign, and the 1/2 of a square root is part of the operator.
        if isinstance(leaf, sympy.Rational) and leaf not in (sympy.S.NegativeOne, sympy.S.Half):
            bits += math.log2(1 + abs(leaf.p)) + math.log2(leaf.q)
    # So is the 2 of a square.
    return bits - counts["square"] * math.log2(3)


def _leaves(node: sympy.Basic) -> Iterator[sympy.Basic]:
    """Numbers and symbols of an expression, each as often as it comes."""
    if not node.args:
        yield node
    for argument in node.args:
        yield from _leaves(argument)


def _slopes(expression: sympy.Expr, constants: Collection[sympy.Symbol]) -> Iterator[sympy.Symbol]:
    """Variables of a curve over a straight background: ``b + k*x`` beside a function of ``x``; b and k are free."""
    levels = set(constants).intersection(expression.args) if expression.is_Add else set()
    if not levels:
        return
    for term in expression.args:
        if not term.is_Mul or len(term.args) != 2:
            continue
        slope = [one for one in term.args if one in constants]
        if len(slope) == 1 and levels - set(slope):
            (variable,) = (one for one in term.args if one not in slope)
            # The slope of a parabola is a term like any other.
            others = [other for other in expression.args if other != term and other.has(variable)]
            if variable.is_Symbol and any(not other.is_polynomial(variable) for other in others):
                yield variable


def _count_sum(expression: sympy.Expr, found: Counter[Kind]) -> None:
    terms = expression.args
    negated = [_is_negation(term) for term in terms]
    for term, negative in zip(terms, negated, strict=True):
        _count(-term if negative else term, found)
    # With no positive term to start from, the first minus sign is an operation of its own.
    minus = sum(negated)
    found["-"] += minus
    found["+"] += len(terms) - 1 - minus + int(all(negated))


def _is_negation(term: sympy.Basic) -> bool:
    return isinstance(term, sympy.Mul) and term.args[0] is sympy.S.NegativeOne


def _count_product(expression: sympy.Expr, found: Counter[Kind]) -> None:
    above = below = 0
    negative = False
    factors = list(expression.args)
    for argument in [factor.args[0] for factor in factors if isinstance(factor, sympy.sign)]:
        # sign(u)*|u|^q is the real odd root: a power of u.
        for power in [f for f in factors if f.is_Pow and f.args[0] == sympy.Abs(argument)]:
            factors.remove(power)
            factors.remove(sympy.sign(argument))
            above += 1
            _count(argument, found)
            found["^"] += 1
            found["constant"] += 1
            break
    for factor in factors:
        if factor is sympy.S.NegativeOne:
            negative = True
        elif factor.is_Pow and factor.args[1].is_Number and factor.args[1].is_negative:
            below += 1
            _count_inverted(*factor.args, found)
        else:
            above += 1
            _count(factor, found)
    found["*"] += max(above - 1, 0) + max(below - 1, 0)
    if below:
        found["/" if above else "1/"] += 1
    found["-"] += int(negative)


def _count_inverted(base: sympy.Expr, exponent: sympy.Expr, found: Counter[Kind]) -> None:
    _count(base, found)
    if exponent is sympy.S.NegativeOne:
        return
    if exponent == -sympy.S.Half:
        found["sqrt"] += 1
    else:
        found[_power(base, exponent)] += 1
        found["square" if exponent == -2 else "constant"] += 1


def _power(base: sympy.Expr, exponent: sympy.Expr) -> Kind:
    simple = isinstance(exponent, sympy.Rational) and (exponent.q <= 2 or abs(exponent.p) + exponent.q <= SIMPLE)
    imitates = base.is_Add and exponent.is_number and abs(exponent) > HIGHEST
    return "^" if simple and not imitates else "^ real"
