# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportReturnType=false
"""Products of powers of one or two inputs."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

POWERS = (1.0, -1.0, 2.0, 0.5, -2.0, 3.0, -0.5)
PAIRED = (1.0, -1.0, 2.0, 0.5)
"""Exponents of monomials of one input, and of two."""


@dataclass(frozen=True, eq=False)
class Monomial:
    """A product of powers of inputs."""

    powers: tuple[tuple[int, float], ...]
    values: np.ndarray

    @property
    def nodes(self) -> int:
        return sum(2 if power == 1 else 3 for _, power in self.powers)

    def expression(self, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr:
        return sympy.Mul(*(variables[k] ** sympy.nsimplify(power) for k, power in self.powers))


def monomials(X: np.ndarray) -> Iterator[Monomial]:
    """One, and products of powers of one or two inputs that have values."""
    yield Monomial((), np.ones(len(X)))
    single = {
        (k, power): x**power
        for k, x in enumerate(X.T)
        for power in POWERS
        if (power > 0 or (x != 0).all()) and (power == int(power) or (x >= 0).all())
    }
    for (k, power), values in single.items():
        yield Monomial(((k, power),), values)
    for one, other in itertools.combinations(single, 2):
        if one[0] != other[0] and one[1] in PAIRED and other[1] in PAIRED:
            yield Monomial((one, other), single[one] * single[other])
