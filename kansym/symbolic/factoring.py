# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportReturnType=false, reportArgumentType=false, reportAttributeAccessIssue=false
"""Factors of polynomials whose degrees are those of laws."""

import sympy

HIGHEST = 200
"""Largest sum of the degrees of a polynomial: the numbers that sympy tests for primes have about as many bits."""


def factored(expression: sympy.Expr) -> sympy.Expr:
    """An expression as a product, by `sympy.factor`; itself where that would take very long.

    The algorithm (P. S. Wang, An improved multivariate polynomial factoring algorithm, Math. Comp. 32 (1978),
    doi:10.1090/S0025-5718-1978-0568284-3) takes a prime above a bound that grows exponentially with the degree, and
    ``exp(c*(x - 703)**2)`` has the power 494209 of ``exp(c)``. The test of such a number for a prime is one step of C
    code of many minutes, which nothing can interrupt.
    """
    return sympy.factor(expression) if _degree(expression) <= HIGHEST else expression


def _degree(expression: sympy.Expr) -> int:
    """The largest sum of degrees among the polynomials that are to be factored."""
    degrees = [0]
    for part in sympy.fraction(sympy.together(expression)):
        for factor in sympy.Mul.make_args(part):
            base, _ = factor.as_base_exp()
            if base.is_Add:
                # Sparse: `Poly` would write the zeros in between as well.
                degrees.append(sum(sympy.sring(base)[1].degrees()))
    return max(degrees)
