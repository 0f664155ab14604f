# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Exponents of a formula that are whole numbers or fractions, and the formula with one of them free."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm


@dataclass(frozen=True)
class Exponent:
    """A whole or rational exponent, and what the data make of it where it is a constant to fit.

    Attributes
    ----------
    power : str
        What has the exponent, as in the formula: ``"x**(2/3)"``.
    number : str
        ``"2/3"``.
    fitted, error : float
        Its value and standard error, fitted together with all constants of the formula.
    deviation : float
        How many errors the number is away from that.
    """

    power: str
    number: str
    fitted: float
    error: float
    deviation: float

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Exponent":
        """From the JSON of its fields; a missing or wrong one is a KeyError, TypeError or ValueError."""
        texts, numbers = ("power", "number"), ("fitted", "error", "deviation")
        return cls(*(str(record[name]) for name in texts), *(float(record[name]) for name in numbers))


def with_a_free_exponent(form: ParametricForm, X: np.ndarray) -> Iterator[tuple[sympy.Pow, ParametricForm]]:
    """Each power of columns with a rational exponent, and the form with that as its last constant.

    A quotient is no power, and what is not positive on all rows (n, d) has no other powers than whole ones.
    """
    columns = set(form.variables)
    taken = {symbol.name for symbol in (*form.expression.free_symbols, *form.variables, *form.constants)}
    symbol = plain_symbol(next(name for name in (f"c{number}" for number in itertools.count()) if name not in taken))
    for node in sorted(form.expression.atoms(sympy.Pow), key=str):
        number = node.exp
        if not (number.is_Rational and abs(number) != 1 and node.base.free_symbols & columns):
            continue
        with np.errstate(all="ignore"):
            base = ParametricForm(node.base, form.variables, form.constants, form.values).evaluate(X)
        if not (base > 0).all():
            continue
        expression = form.expression.xreplace({node: sympy.Pow(node.base, symbol)})
        values = np.append(form.values, float(number))
        bounds = None if form.bounds is None else np.vstack([form.bounds, [-np.inf, np.inf]])
        yield node, ParametricForm(expression, form.variables, (*form.constants, symbol), values, bounds)
