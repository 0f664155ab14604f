# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Quotients of polynomials in one column, or a root of it, as sums of a fraction for each real factor below.

Two saturations found at once, as a law of one quotient, have four coefficients of which none is a constant of either.
Roots and residues are in double precision: of what lies close together, and is then badly known, nothing is said.
"""

import math

import numpy as np
import sympy
from sympy import Add, Expr, Float, Symbol

from kansym.symbolic.complexity import complexity

DEGREES = range(2, 7)
"""Degrees of denominators that are taken apart."""

ROOTS = (1, 2)
"""Degrees of roots of the column in which quotients of polynomials are looked for: in those of higher ones a linear
factor falls apart into several that are longer."""

APART = 1e-3
"""Least distance of two roots, in units of the larger one."""

ROUNDING = 1e-9
"""Share of the largest coefficient below which one is rounding, and of a root, its imaginary part."""


def split_denominators(expression: Expr) -> Expr:
    """The expression with quotients of polynomials in one symbol in partial fractions, where that is shorter."""
    return expression.replace(lambda node: node.is_Mul, _split)


def _split(product: Expr) -> Expr:
    for symbol in sorted(product.free_symbols, key=str):
        rest, own = product.as_independent(symbol, as_Add=False)
        apart = _partial_fractions(own, symbol) if own.free_symbols == {symbol} else None
        if apart is not None:
            shorter = rest * apart
            product = min(product, shorter, key=complexity)
    return product


def _partial_fractions(quotient: Expr, symbol: Symbol) -> Expr | None:
    """None where it is no quotient with several real factors below."""
    if not any(power.exp.is_negative and power.base.is_Add for power in quotient.atoms(sympy.Pow)):
        return None
    root = Symbol("_g", positive=True)
    degree = degree_of_root(quotient, symbol)
    if degree not in ROOTS:
        return None
    above, below = sympy.fraction(sympy.together(quotient.xreplace({symbol: root**degree})))
    if not (above.is_polynomial(root) and below.is_polynomial(root)):
        return None
    numerator, denominator = (_coefficients(one, root) for one in (above, below))
    if numerator is None or denominator is None or len(denominator) - 1 not in DEGREES:
        return None
    whole, rest = np.polydiv(numerator, denominator)
    roots = np.roots(denominator)
    if np.isfinite(roots).all() and _distinct(roots):
        residues = np.polyval(rest, roots) / np.polyval(np.polyder(denominator), roots)
        generator = symbol ** sympy.Rational(1, degree)
        largest = float(np.abs(roots).max())
        terms = [_polynomial(whole, generator, largest), *_fractions(roots, residues, generator)]
        return Add(*terms) if np.isfinite(residues).all() else None
    return None


def degree_of_root(expression: Expr, symbol: Symbol) -> int:
    """Of the root of a symbol of which all its rational powers are whole ones."""
    powers = (power.exp for power in expression.atoms(sympy.Pow) if power.base == symbol)
    return math.lcm(*(int(exponent.q) for exponent in powers if exponent.is_Rational))


def _coefficients(polynomial: Expr, symbol: Symbol) -> np.ndarray | None:
    """Highest power first; None where they are no numbers."""
    found = sympy.Poly(polynomial, symbol).all_coeffs()
    if not all(one.is_number and one.is_real for one in found):
        return None
    values = np.array([float(one) for one in found])
    return values if np.isfinite(values).all() and values.any() else None


def _distinct(roots: np.ndarray) -> bool:
    distances = np.abs(roots[:, None] - roots)
    sizes = np.maximum(np.abs(roots)[:, None], np.abs(roots))
    others = ~np.eye(len(roots), dtype=bool)
    return bool((distances[others] > APART * sizes[others]).all())


def _fractions(roots: np.ndarray, residues: np.ndarray, generator: Expr) -> list[Expr]:
    """One for each real root, and one for each pair of complex ones."""
    found = []
    for root, residue in zip(roots, residues, strict=True):
        if abs(root.imag) <= ROUNDING * abs(root):
            found.append(Float(residue.real) / (generator - Float(root.real)))
        elif root.imag > 0:
            above = np.array([2 * residue.real, -2 * (residue * root.conjugate()).real])
            below = np.array([1.0, -2 * root.real, abs(root) ** 2])
            found.append(_polynomial(above, generator, abs(root)) / _polynomial(below, generator, abs(root)))
    return found


def _polynomial(coefficients: np.ndarray, generator: Expr, scale: float) -> Expr:
    """With numbers that are but rounding where the generator is of this size left out."""
    powers = np.arange(len(coefficients))[::-1]
    sizes = np.abs(coefficients) * scale**powers
    kept = sizes > ROUNDING * sizes.max()
    terms = zip(coefficients[kept], powers[kept], strict=True)
    return Add(*((sympy.S.One if one == 1 else Float(one)) * generator ** int(power) for one, power in terms))
