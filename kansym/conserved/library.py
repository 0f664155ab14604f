"""Functions of the state that conserved quantities are sums of: products of powers, of what is an angle, of radii."""

import itertools
from collections.abc import Iterator

import numpy as np

from kansym.implicit.dictionaries import Dictionary, monomials, plain_functions, usable
from kansym.implicit.terms import Function, Inside, Powers, Term, bits_of, one_of

HIGHEST_DEGREE = 4
"""Of a polynomial."""

MOST_TERMS = 66
"""Terms of a library: with more, noise has too many ways to look constant."""


def polynomials(m: int, degree: int) -> list[Term]:
    """All products of whole powers of m states up to a degree."""
    found: list[Term] = []
    for total in range(1, degree + 1):
        for chosen in itertools.combinations_with_replacement(range(m), total):
            powers = [0.0] * m
            for j in chosen:
                powers[j] += 1.0
            found.append(Term(tuple(powers)))
    return found


def radii(m: int) -> list[Term]:
    """The distance from the origin in the plane of two states, its inverse and logarithm, and directions."""
    found = []
    for i, j in itertools.combinations(range(m), 2):
        both: Powers = tuple(1.0 if k in (i, j) else 0.0 for k in range(m))
        inverse = Function("1/radius", both, inside=Inside.SQUARES)
        found += [Term(one_of(m), (Function(shape, both, inside=Inside.SQUARES),)) for shape in ("radius", "log")]
        found.append(Term(one_of(m), (inverse,)))
        found += [Term(tuple(1.0 if k == place else 0.0 for k in range(m)), (inverse,)) for place in (i, j)]
    return found


def libraries(x: np.ndarray, errors: np.ndarray) -> Iterator[Dictionary]:
    """Libraries for states (n, m) with errors (n, m), one after the other, the plainest first."""
    m = x.shape[1]
    quadratic, highest = polynomials(m, 2), 2
    yield _dictionary("polynomials of degree 2", quadratic, x, errors)
    functions = [Term(one_of(m), (one,)) for one in plain_functions(x) if one.shape in ("log", "sin", "cos")]
    if functions:
        yield _dictionary("functions of a state", [*quadratic, *functions], x, errors)
    while highest < HIGHEST_DEGREE and len(polynomials(m, highest + 1)) <= MOST_TERMS:
        highest += 1
    if highest > 2:
        yield _dictionary(f"polynomials of degree {highest}", polynomials(m, highest), x, errors)
    if m >= 3:
        cubic = polynomials(m, 3)
        own = cubic if len(cubic) + len(radii(m)) <= MOST_TERMS else quadratic
        yield _dictionary("radii", [*own, *radii(m)], x, errors)
    yield _dictionary("powers", monomials(x, errors, MOST_TERMS // 2), x, errors)


def _dictionary(name: str, terms: list[Term], x: np.ndarray, errors: np.ndarray) -> Dictionary:
    return Dictionary(name, tuple(sorted(usable(dict.fromkeys(terms), x, errors), key=bits_of)))
