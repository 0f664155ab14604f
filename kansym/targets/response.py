# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Two targets as magnitude and phase of one complex quantity, ``a/(b^2 - w^2 + i c w)``."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.text import to_text
from kansym.targets.common import Relation, RelationKind
from kansym.targets.joint import JointFit, OwnFit, joint_fit
from kansym.targets.seeds import QUARTERS, squares

NEAR = 0.1
"""Share of the spread of the phase, and of the magnitude, up to which a joint fit is worth while."""

AGREES = 0.2
"""Radians up to which a phase is that of the response, and not that of its tangent alone."""


@dataclass(frozen=True, eq=False)
class Response:
    """Both targets in the constants of one polynomial of i times the column.

    Attributes
    ----------
    size, phase : int
        Places of magnitude and phase among the targets.
    fit : JointFit
    real, imaginary : sympy.Expr
        Of the polynomial, in constants of the fit.
    inverse : bool
        Whether the magnitude is one over that of the polynomial.
    turn : (int, int) or None
        The phase is that of the polynomial times the first, plus so many quarters of a turn; None where only its
        tangent is known.
    """

    size: int
    phase: int
    fit: JointFit
    real: sympy.Expr
    imaginary: sympy.Expr
    inverse: bool
    turn: tuple[int, int] | None

    def relation(self, targets: Sequence[str], name: dict[sympy.Symbol, sympy.Symbol]) -> Relation:
        """In words of constants."""
        real, imaginary = to_text(self.real.xreplace(name)), to_text(self.imaginary.xreplace(name))
        pair = (targets[self.size], targets[self.phase])
        if self.turn is None:
            return Relation(RelationKind.RESPONSE, pair, f"tan({pair[1]})", f"({imaginary})/({real})")
        sign, quarters = self.turn
        sign = -sign if self.inverse else sign
        factor = {0: "", 1: "i*", -1: "-i*", 2: "-"}[quarters] + to_text(AMPLITUDE.xreplace(name))
        polynomial = f"({real} {'+' if sign > 0 else '-'} i*{_factor(imaginary)})"
        return Relation(
            RelationKind.RESPONSE,
            pair,
            f"{pair[0]}*exp(i*{pair[1]})",
            f"{factor}{'/' if self.inverse else '*'}{polynomial}",
        )


def _factor(text: str) -> str:
    return f"({text})" if any(sign in text for sign in (" + ", " - ")) else text


AMPLITUDE = sympy.Symbol("_amplitude", real=True)


def response_of(own: Sequence[OwnFit]) -> Response | None:
    """The first pair of which one is the magnitude and the other the phase, as far as the data can tell."""
    if len(own) != 2:
        # Of more targets the others would have to be fitted with them.
        return None
    for size, phase in ((0, 1), (1, 0)):
        for real, imaginary in squares(own[size].form.substituted()):
            columns = real.free_symbols | imaginary.free_symbols
            if len(columns) == 1:
                found = next(_fits(own, size, phase, real, imaginary, next(iter(columns))), None)
                if found is not None:
                    return found
    return None


def _fits(
    own: Sequence[OwnFit], size: int, phase: int, real: sympy.Expr, imaginary: sympy.Expr, column: sympy.Symbol
) -> Iterator[Response]:
    (P, Q), start = _monic(real, imaginary, column)
    at = own[size].form.variables.index(column)
    p, q = (_values(one.xreplace(start), column, own[size].table.X[:, at]) for one in (P, Q))
    whole = own[size].form.evaluate(own[size].table.X)
    x = own[phase].table.X[:, at]
    angle = own[phase].form.evaluate(own[phase].table.X)
    for power in (sympy.Rational(-1, 2), sympy.Rational(1, 2)):
        with np.errstate(all="ignore"):
            factor = whole / (p**2 + q**2) ** float(power)
        if not (np.isfinite(factor).all() and np.ptp(factor) <= NEAR * abs(factor.mean())):
            continue
        for argument, sign, quarters in itertools.product((Q / P, P / Q), (1, -1), QUARTERS):
            form = sign * sympy.atan(argument) + quarters * sympy.pi / 2
            expected = _values(form.xreplace(start), column, x)
            if not np.sqrt(np.mean((expected - angle) ** 2)) <= NEAR * np.std(angle):
                continue
            both = {size: AMPLITUDE * (P**2 + Q**2) ** power, phase: form}
            fit = joint_fit(own, [both[0], both[1]], {AMPLITUDE: float(factor.mean()), **start})
            if fit is not None and fit.holds:
                pq = (_values(one.xreplace(start), column, x) for one in (P, Q))
                yield Response(size, phase, fit, P, Q, power < 0, _turn(angle, *pq))


def _turn(angle: np.ndarray, p: np.ndarray, q: np.ndarray) -> tuple[int, int] | None:
    own = np.arctan2(q, p)
    for sign, quarters in itertools.product((1, -1), QUARTERS):
        left = angle - sign * own - quarters * math.pi / 2
        if np.abs(np.angle(np.exp(1j * left))).max() <= AGREES:
            return sign, quarters
    return None


def _monic(
    real: sympy.Expr, imaginary: sympy.Expr, column: sympy.Symbol
) -> tuple[tuple[sympy.Expr, sympy.Expr], dict[sympy.Symbol, float]]:
    """Both polynomials with symbols for their coefficients, but that of the highest power, which is one or minus one.

    A constant beside a square is written as a square: ``b^2 - w^2``.
    """
    polynomials = [sympy.Poly(one, column) for one in (real, imaginary)]
    highest = max(polynomials, key=lambda one: one.degree())
    leading, degree = float(highest.LC()), highest.degree()
    constant = float(highest.coeff_monomial(1)) / leading
    # Of a resonance the constant is the positive one.
    scale = leading * (math.copysign(1.0, constant) if degree == 2 and constant else 1.0)
    start: dict[sympy.Symbol, float] = {}
    forms = []
    for polynomial in polynomials:
        terms = []
        for (power,), coefficient in polynomial.terms():
            value = float(coefficient) / scale
            if polynomial is highest and power == degree:
                terms.append(round(value) * column**power)
                continue
            symbol = sympy.Symbol(f"_response {len(start)}", real=True)
            squared = power == 0 and degree == 2 and polynomial is highest
            start[symbol] = math.sqrt(value) if squared else value
            terms.append(symbol**2 if squared else symbol * column**power)
        forms.append(sympy.Add(*terms))
    return (forms[0], forms[1]), start


def _values(expression: sympy.Expr, column: sympy.Symbol, values: np.ndarray) -> np.ndarray:
    return ParametricForm(expression, (column,), (), np.empty(0)).evaluate(values[:, None])
