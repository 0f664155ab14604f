# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""What the formula of one target suggests for another: its form, its parts, the phase of its magnitude."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import sympy

from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol

LONGEST = 40
"""Nodes of a formula beyond which it is a description and suggests nothing."""

MOST_PARTS = 6
"""Parts of a formula that are tried, the simplest first."""

MOST_COLUMNS = 5
"""Columns up to which a part is multiplied by all polynomials of second degree in them."""

ONE = sympy.Float(1.0)

QUARTERS = (0, 1, -1, 2)
"""Offsets of a phase from an arc tangent, in quarters of a turn."""


def suggestions(expression: sympy.Expr, names: Sequence[str]) -> list[sympy.Expr]:
    """Expressions with Floats where constants are to be fitted, without repetitions, the most alike first.

    The form itself with an amplitude and an offset, with sines for cosines; each part of it (a function, a power of a
    sum) times a polynomial of the columns and beside one; the phase where the form is a magnitude, ``sqrt(P^2 + Q^2)``
    to ``atan(Q/P)``, and the magnitude where it is a phase.

    Parameters
    ----------
    expression : sympy.Expr
        A formula in plain symbols.
    names : sequence of str
        All columns of the table.
    """
    columns = [plain_symbol(name) for name in names]
    if complexity(expression) > LONGEST or not expression.free_symbols & set(columns):
        return []
    free = with_free_coefficients(expression)
    raw: list[sympy.Expr] = []
    responses = list(phases(expression))
    # As arctan2 has them: the amplitude of a phase is one, and its offset quarters of a turn.
    raw += [sign * form + turn * sympy.pi / 2 for form in responses for turn in QUARTERS for sign in (1, -1)]
    for form in [*turned(free), *responses, *magnitudes(expression)]:
        raw += [ONE * form, ONE * form + ONE]
    for part in parts(free):
        polynomial = _polynomial(columns if len(columns) <= MOST_COLUMNS else sorted(part.free_symbols, key=str))
        for factor in turned(part):
            raw += [sympy.Add(*(term * factor for term in polynomial)), sympy.Add(*polynomial, ONE * factor)]
    return list(dict.fromkeys(raw))


def with_free_coefficients(expression: sympy.Expr) -> sympy.Expr:
    """The expression with Floats for its exact coefficients, of which exponents are none."""

    def visit(node: sympy.Expr) -> sympy.Expr:
        if node.is_Rational:
            return node if abs(node) == 1 or node.is_zero else sympy.Float(float(node))
        if not node.args:
            return node
        if node.is_Pow:
            return sympy.Pow(visit(node.base), node.exp)
        return node.func(*(visit(argument) for argument in node.args))

    return visit(expression)


def turned(form: sympy.Expr) -> list[sympy.Expr]:
    """The form, and it with sines and cosines exchanged, together and one by one."""
    waves = sorted(form.atoms(sympy.sin, sympy.cos), key=sympy.default_sort_key)
    swapped = {wave: (sympy.cos if isinstance(wave, sympy.sin) else sympy.sin)(*wave.args) for wave in waves}
    ways = [{}, swapped, *({wave: other} for wave, other in swapped.items())] if waves else [{}]
    return list(dict.fromkeys(form.xreplace(way) for way in ways))


def parts(form: sympy.Expr) -> list[sympy.Expr]:
    """Functions and powers of sums in a form, the simplest first; a power of a sum with the powers next to it, too."""
    found: list[sympy.Expr] = []
    for node in sympy.preorder_traversal(form):
        if not node.free_symbols:
            continue
        power = node.is_Pow and not node.base.is_Symbol and node.exp.is_number
        if node.is_Function or power:
            found.append(node)
    unique = sorted(dict.fromkeys(found), key=lambda part: (complexity(part), sympy.default_sort_key(part)))
    near = [
        sympy.Pow(part.base, part.exp + step)
        for part in unique[:MOST_PARTS]
        if part.is_Pow and part.base.is_Add and part.exp.is_Rational
        for step in (1, -1)
        if part.exp + step
    ]
    return list(dict.fromkeys([*unique[:MOST_PARTS], *near]))


def _polynomial(columns: Sequence[sympy.Symbol]) -> list[sympy.Expr]:
    products = itertools.combinations_with_replacement(columns, 2)
    return [ONE, *(ONE * column for column in columns), *(ONE * a * b for a, b in products)]


def phases(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Phases of the magnitudes in an expression: ``atan(Q/P)`` and ``atan(P/Q)`` for roots of ``P^2 + Q^2``.

    A polynomial of one column that is positive is the squared magnitude of a polynomial of i times the column whose
    roots have negative real parts: in a linear response that has no delay, it decides the phase (Bode, Network Analysis
    and Feedback Amplifier Design, 1945).
    """
    for real, imaginary in squares(expression):
        yield sympy.atan(with_free_coefficients(imaginary / real))
        yield sympy.atan(with_free_coefficients(real / imaginary))


def squares(expression: sympy.Expr) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """Pairs P, Q of which the sums of squares stand under powers of an expression."""
    found = []
    for node in sorted(expression.atoms(sympy.Pow), key=sympy.default_sort_key):
        if node.base.is_Add and node.exp in (sympy.S.Half, -sympy.S.Half, sympy.S.NegativeOne):
            pair = _two_squares(node.base) or _response(node.base)
            if pair is not None:
                found.append(pair)
    return found


def _two_squares(total: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Roots of the terms where there are two, each of columns and a square."""
    if len(total.args) != 2:
        return None
    roots = []
    for term in total.args:
        number, rest = term.as_coeff_Mul()
        powers = [factor.as_base_exp() for factor in sympy.Mul.make_args(rest)]
        if not (number.is_number and number > 0 and rest.free_symbols):
            return None
        if any(not (exponent.is_Integer and exponent % 2 == 0) for _, exponent in powers):
            return None
        roots.append(sympy.Float(float(number) ** 0.5) * sympy.Mul(*(base ** (power / 2) for base, power in powers)))
    return roots[0], roots[1]


def _response(total: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Real and imaginary part of the polynomial whose squared magnitude a polynomial of one column is."""
    if len(total.free_symbols) != 1 or not total.is_polynomial():
        return None
    column = next(iter(total.free_symbols))
    polynomial = sympy.Poly(sympy.expand(total), column)
    powers = [power for (power,) in polynomial.monoms()]
    if polynomial.degree() > 8 or any(power % 2 for power in powers) or polynomial.LC() <= 0:
        return None
    even = [float(polynomial.coeff_monomial(column ** (2 * k))) for k in range(polynomial.degree() // 2, -1, -1)]
    # x = s/i, so that x^2 = -s^2; of each pair of roots +-s the one on the left.
    roots = [-np.sqrt(complex(-root)) for root in np.roots(even)]
    if not roots or any(not root.real < 0 for root in roots):
        return None
    coefficients = np.sqrt(even[0]) * np.real(np.poly(roots))
    # Of the highest power first: i^k is real for even k.
    terms = [(len(roots) - place, float(value)) for place, value in enumerate(coefficients)]
    real = sympy.Add(*(sympy.Float((-1) ** (k // 2) * value) * column**k for k, value in terms if k % 2 == 0))
    imaginary = sympy.Add(*(sympy.Float((-1) ** (k // 2) * value) * column**k for k, value in terms if k % 2))
    return None if real.is_zero or imaginary.is_zero else (real, imaginary)


def magnitudes(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Magnitudes of the phases in an expression: roots of ``P^2 + Q^2`` for each ``atan(Q/P)``, and their inverses."""
    for node in sorted(expression.atoms(sympy.atan), key=sympy.default_sort_key):
        imaginary, real = sympy.fraction(sympy.together(node.args[0]))
        if real.free_symbols:
            square = with_free_coefficients(real**2 + imaginary**2)
            yield from (sympy.sqrt(square), 1 / sympy.sqrt(square))
