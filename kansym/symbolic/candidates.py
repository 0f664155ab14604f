# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""What a fitted constant may stand for: its role in the formula, the exact numbers near it, and what each costs."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from kansym.symbolic.parametric import ParametricForm

LARGEST_DENOMINATOR = 12

PRIOR_BITS = {"exponent": 4.0, "phase": 1.0, "offset": -1.0, "inner": -2.0, "prefactor": -2.0}
"""log2 of the odds, before seeing data, that a constant of this role is an exact number: exponents of laws nearly
always are, coefficients usually are measured."""

IRRATIONAL_AGREEMENT = 1e-6
"""Prefactors may contain pi or a root only if known and matched to this relative precision: such numbers are dense."""

NEAR_ERRORS = 4.0
"""Standard errors up to which a simple number is shown beside a constant."""

CHANCE = 0.03
"""Numbers with pi or a usual root, as simple and as near as the one shown, that lie beside a constant by chance: of
constants that have nothing to do with any at most one in ten is shown beside one."""

KNOWN = 1e-3
"""Relative error up to which such a number is looked for: 2*9.81 to a percent is 2*pi**2, and says nothing of pi."""

WITHIN = 2.0
"""Standard errors within which such a number must lie."""

AS_NEAR = 0.5
"""Standard errors up to which two numbers are equally near to a constant."""


@dataclass(frozen=True)
class Candidate:
    """An exact number.

    Attributes
    ----------
    value : float
    bits : float
        Cost of naming it: 2 log2((1 + |p|) q) for the rational p/q, so that all rationals together have a finite
        probability; factors pi^k and sqrt(m) cost extra.
    pi_power : float
        Whole or half.
    radicand : int
        The number is p/q * pi**pi_power * sqrt(radicand).
    numerator, denominator : int
    """

    value: float
    bits: float
    numerator: int
    denominator: int
    pi_power: float = 0
    radicand: int = 1

    @property
    def expression(self) -> sympy.Expr:
        """The number in sympy."""
        return (
            sympy.Rational(self.numerator, self.denominator)
            * sympy.pi ** sympy.Rational(self.pi_power)
            * sympy.sqrt(sympy.Integer(self.radicand))
        )

    @property
    def rational(self) -> bool:
        """Whether the number has neither pi nor a root in it."""
        return self.pi_power == 0 and self.radicand == 1

    @property
    def usual(self) -> bool:
        """Whether it is a fraction of a power of pi, or of the root of two, three or two pi, as numbers in laws are."""
        if self.radicand == 1:
            return self.pi_power != 0
        return self.radicand in (2, 3) if self.pi_power == 0 else self.radicand == 2 and abs(self.pi_power) == 0.5


def rational(numerator: int, denominator: int = 1) -> Candidate:
    """The candidate p/q."""
    bits = float(_cost(numerator, denominator, 0, 1))
    return Candidate(numerator / denominator, bits, numerator, denominator)


def nearby(kind: str, value: float, window: float, *, most: float = math.inf) -> list[Candidate]:
    """Candidates within ``value +- window``, cheapest first.

    Parameters
    ----------
    kind : {"exponent", "phase", "offset", "inner", "prefactor"}
        Exponents are rational, phases fractions of pi; offsets and inner coefficients rational, multiples of pi or
        square roots; prefactors also products with several powers of pi, such as 3/(20 pi), and 1/sqrt(2 pi).
    value, window : float
    most : float, default inf
        Bits that a candidate has to stay below; 0 is one at any price.
    """
    found: dict[float, Candidate] = {}
    if abs(value) <= window:
        found[0.0] = rational(0)
    sign = -1 if value < 0 else 1
    table = _table_of(kind)
    first = np.searchsorted(table.value, abs(value) - window)
    last = np.searchsorted(table.value, abs(value) + window, side="right")
    # A wide window has thousands of numbers, of which a few are cheap.
    cheap = table.bits[first:last] < most
    for place in np.flatnonzero(cheap) + first:
        candidate = table[place]
        if sign < 0:
            candidate = replace(candidate, value=-candidate.value, numerator=-candidate.numerator)
        found[candidate.value] = candidate
    nearest = round(value) if kind != "phase" else 0
    if nearest != 0 and abs(nearest) < 10**7 and abs(nearest - value) <= window and rational(nearest).bits < most:
        found.setdefault(float(nearest), rational(nearest))
    return sorted(found.values(), key=lambda candidate: (candidate.bits, abs(candidate.value - value)))


def simple_number(kind: str, value: float, error: float) -> Candidate | None:
    """The simple number that a measured constant is near to; None where there is none that says anything.

    It takes fewer bits than the digits that were measured, and lies within `NEAR_ERRORS` standard errors; or it has pi
    or a root, the constant is known to `KNOWN`, and fewer than `CHANCE` such numbers that are as simple lie as near by
    chance. Of several the one is taken whose bits and distance together are the least, rational ones first. None is put
    in the constant's place.

    Parameters
    ----------
    kind : str
        See `nearby`.
    value, error : float
    """
    if not (math.isfinite(value) and math.isfinite(error) and 0 < error < abs(value)):
        return None
    most = math.log2(4.0 * abs(value) / (math.sqrt(2 * math.pi) * error)) + PRIOR_BITS[kind]
    cheap = [one for one in nearby(kind, value, NEAR_ERRORS * error, most=most) if one.value]
    plain = [one for one in cheap if one.rational or kind != "prefactor" or error <= IRRATIONAL_AGREEMENT * abs(value)]
    others = [] if plain or error > KNOWN * abs(value) else nearby(kind, value, WITHIN * error)
    found = plain or [one for one in others if one.usual and _by_chance(kind, one, value, error) <= CHANCE]
    return min(found, key=lambda one: one.bits + 0.5 * ((one.value - value) / error) ** 2 / math.log(2), default=None)


def _by_chance(kind: str, candidate: Candidate, value: float, error: float) -> float:
    """Expected number of candidates, as simple and as near to the constant as one of them, where they lie by chance.

    They are spread about evenly over the logarithm; those within a factor of two either way say how densely.
    """
    table = _table_of(kind)
    size = abs(value)
    first, last = np.searchsorted(table.value, (size / 2, 2 * size))
    alike = int(np.sum(table.usual[first:last] & (table.bits[first:last] <= candidate.bits)))
    distance = max(abs(candidate.value - value), AS_NEAR * error)
    return alike / math.log(4) * 2 * distance / size


def _value(p: Any, q: Any, k: Any, m: Any) -> Any:
    """p/q * pi**k * sqrt(m), of numbers or arrays."""
    return p / q * math.pi**k * np.sqrt(m)


def _cost(p: Any, q: Any, k: Any, m: Any) -> Any:
    """Bits of naming p/q * pi**k * sqrt(m), of numbers or arrays."""
    of_pi = np.where(k != 0, 2 + 2 * np.log2(1 + np.abs(k)), 0.0)
    of_root = np.where(m > 1, 2 + 2 * np.log2(m), 0.0)
    return 2 * np.log2((1 + np.abs(p)) * q) + of_pi + of_root


@dataclass(frozen=True, eq=False)
class _Table:
    """Positive candidates in increasing order of their value: fields of `Candidate`, and which are usual, as arrays."""

    value: np.ndarray
    bits: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    pi_power: np.ndarray
    radicand: np.ndarray

    @classmethod
    def of(cls, p: np.ndarray, q: np.ndarray, k: np.ndarray, m: np.ndarray, bits: np.ndarray) -> "_Table":
        """Numbers that agree to rounding are one number, under its cheapest name."""
        value = _value(p, q, k, m)
        order = np.argsort(value, kind="stable")
        apart = np.diff(value[order]) > 1e-13 * value[order][1:]
        number = np.empty(len(value), dtype=np.int64)
        number[order] = np.concatenate([[0], np.cumsum(apart)])
        cheapest = np.lexsort((bits, number))
        first = cheapest[np.unique(number[cheapest], return_index=True)[1]]
        return cls(*(column[first] for column in (value, bits, p, q, k, m)))

    def __getitem__(self, place: int) -> Candidate:
        k = float(self.pi_power[place])
        return Candidate(
            float(self.value[place]),
            float(self.bits[place]),
            int(self.numerator[place]),
            int(self.denominator[place]),
            int(k) if k.is_integer() else k,
            int(self.radicand[place]),
        )

    @cached_property
    def usual(self) -> np.ndarray:
        """See `Candidate.usual`."""
        k, m = np.abs(self.pi_power), self.radicand
        return np.where(m == 1, k != 0, np.where(k == 0, (m == 2) | (m == 3), (m == 2) & (k == 0.5)))


def _table_of(kind: str) -> _Table:
    return _table(kind if kind in ("exponent", "phase", "prefactor") else "general")


Fractions = tuple[np.ndarray, np.ndarray]
"""Numerators and denominators without a common divisor."""


def _fractions(numerators: int, denominators: Sequence[int]) -> Fractions:
    p, q = (part.ravel() for part in np.meshgrid(np.arange(1, numerators + 1), np.array(denominators, dtype=np.int64)))
    coprime = np.gcd(p, q) == 1
    return p[coprime], q[coprime]


def _plain(name: str) -> Fractions:
    """A coefficient 49/10 is the decimal 4.9, no ratio of two small numbers; exponents are ratios."""
    many = range(1, LARGEST_DENOMINATOR + 1) if name == "exponent" else range(1, 3)
    few = [q for q in range(1, LARGEST_DENOMINATOR + 1) if q not in many]
    return tuple(np.concatenate(parts) for parts in zip(_fractions(60, many), _fractions(12, few), strict=True))


def _multiples(name: str) -> Iterator[tuple[Fractions, float, int]]:
    """Fractions beside a power of pi and the root of a whole number."""
    if name == "general":
        for k, m in ((1, 1), (-1, 1), (0, 2), (0, 3)):
            yield _fractions(12, range(1, 13)), k, m
    elif name == "prefactor":
        for k, m in itertools.product((-3, -2, -1, 0, 1, 2, 3), (1, 2, 3, 5, 6, 7, 10)):
            if (k, m) != (0, 1):
                yield _fractions(16, range(1, 65)), k, m
        # The roots of pi come from integrals over Gaussians, with small numbers beside them.
        for k, m in itertools.product((-1.5, -0.5, 0.5, 1.5), (1, 2, 3)):
            yield _fractions(8, range(1, 5)), k, m


@lru_cache(maxsize=4)
def _table(name: str) -> _Table:
    p, q = _plain(name)
    # In a phase pi is the unit, and costs nothing.
    blocks = [(p, q, np.full(len(p), float(name == "phase")), np.ones(len(p), dtype=np.int64), _cost(p, q, 0, 1))]
    for (p, q), k, m in _multiples(name):
        blocks.append((p, q, np.full(len(p), float(k)), np.full(len(p), m), _cost(p, q, k, m)))
    return _Table.of(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


ROLES = ("exponent", "phase", "offset", "inner", "prefactor")
"""Roles in the order of deciding: exponents define the structure, prefactors depend on all the rest."""


def roles(form: ParametricForm) -> dict[sympy.Symbol, str]:
    """The role of every constant that occurs, by its first occurrence.

    "exponent": in a power; "phase": a term of the argument of sin, cos or tan; "offset": a term of another sum;
    "inner": a coefficient inside a function or a power; "prefactor": a coefficient outside all of them.
    """
    found: dict[sympy.Symbol, str] = {}
    constants = set(form.constants)
    variables = set(form.variables)

    def visit(node: Expr, role: str, inside: bool) -> None:
        if node in constants:
            found.setdefault(node, role)
            return
        inner = "inner" if inside else "prefactor"
        for position, argument in enumerate(node.args):
            if node.is_Pow and position == 1 and not argument.free_symbols & variables:
                visit(argument, "exponent", True)
            elif role == "exponent":
                visit(argument, role, True)
            elif node.is_Add:
                visit(argument, "phase" if role == "phase" else "offset", inside)
            elif node.is_Mul:
                visit(argument, inner, inside)
            else:
                periodic = isinstance(node, (sympy.sin, sympy.cos, sympy.tan)) and argument.is_Add
                visit(argument, "phase" if periodic else "inner", True)

    visit(form.expression, "prefactor", False)
    return found


def shifts(form: ParametricForm) -> set[sympy.Symbol]:
    """Constants that shift an argument: c in exp(x) c - 1, which is exp(x + log c) - 1. One is no shift.

    The factor of an exponential that stands by itself is an amplitude.
    """
    found: set[sympy.Symbol] = set()
    constants = set(form.constants)

    def visit(node: Expr, inside: bool) -> None:
        if inside and node.is_Mul and any(isinstance(factor, sympy.exp) for factor in node.args):
            found.update(constants & set(node.args))
        inner = inside or node.is_Function or node.is_Pow
        for argument in node.args:
            visit(argument, inner)

    visit(form.expression, False)
    return found


def beside_plain_terms(form: ParametricForm) -> set[sympy.Symbol]:
    """Coefficients of terms that stand beside a term without one: k in ``c*(k*x - z)**2``, whose scale is c."""
    constants = set(form.constants)
    found: set[sympy.Symbol] = set()
    for node in sympy.preorder_traversal(form.expression):
        if not isinstance(node, sympy.Add):
            continue
        factors = [set(sympy.Mul.make_args(term)) for term in node.args if not term.free_symbols <= constants]
        if any(not own & constants and not any(one.is_number and one != -1 for one in own) for own in factors):
            found.update(next(iter(own & constants)) for own in factors if len(own & constants) == 1)
    return found


def saturations(form: ParametricForm) -> Iterator[tuple[ParametricForm, sympy.Symbol]]:
    """The form with c + d/(x + a) written as (c x + e)/(x + a), and e, which has the symbol of d; a may be a number."""
    constants = dict(zip(form.constants, map(float, form.values), strict=True))
    for node in form.expression.atoms(sympy.Add):
        for c in (term for term in node.args if term in constants):
            for term in node.args:
                d, pole = term.as_independent(*form.variables)
                if d not in constants or d == c or not (pole.is_Pow and pole.exp == -1 and pole.base.is_Add):
                    continue
                for a in (one for one in pole.base.args if one.is_number or (one in constants and one not in (c, d))):
                    fraction = (c * (pole.base - a) + d) / pole.base
                    changed = form.expression.xreplace({node: node - c - term + fraction})
                    values = {**constants, d: constants[c] * float(constants.get(a, a)) + constants[d]}
                    new = replace(form, expression=changed, values=np.array([values[one] for one in form.constants]))
                    yield new, d


def coefficient_pairs(form: ParametricForm) -> Iterator[tuple[sympy.Symbol, sympy.Symbol]]:
    """Pairs of constants that are coefficients of terms of the same sum."""
    constants = set(form.constants)
    seen: set[tuple[sympy.Symbol, sympy.Symbol]] = set()
    for node in sympy.preorder_traversal(form.expression):
        if not isinstance(node, sympy.Add):
            continue
        coefficients = []
        for term in node.args:
            own = [factor for factor in sympy.Mul.make_args(term) if factor in constants]
            if len(own) == 1:
                coefficients.append(own[0])
        for i, first in enumerate(coefficients):
            for second in coefficients[i + 1 :]:
                if first != second and (first, second) not in seen:
                    seen.add((first, second))
                    yield first, second
