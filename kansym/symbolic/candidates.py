# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Exact numbers that a fitted constant may stand for, and what naming each of them costs."""

import bisect
import itertools
import math
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy

LARGEST_DENOMINATOR = 12


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


def rational(numerator: int, denominator: int = 1) -> Candidate:
    """The candidate p/q."""
    return _candidate(numerator, denominator, 0, 1)


def nearby(kind: str, value: float, window: float) -> list[Candidate]:
    """Candidates within ``value +- window``, cheapest first.

    Parameters
    ----------
    kind : {"exponent", "phase", "offset", "inner", "prefactor"}
        Exponents are rational, phases fractions of pi; offsets and inner coefficients rational, multiples of pi or
        square roots; prefactors also products with several powers of pi, such as 3/(20 pi), and 1/sqrt(2 pi).
    value, window : float
    """
    found: dict[float, Candidate] = {}
    if abs(value) <= window:
        found[0.0] = rational(0)
    sign = -1 if value < 0 else 1
    keys, table = _table(kind if kind in ("exponent", "phase", "prefactor") else "general")
    first = bisect.bisect_left(keys, abs(value) - window)
    last = bisect.bisect_right(keys, abs(value) + window)
    for candidate in table[first:last]:
        signed = candidate
        if sign < 0:
            signed = replace(candidate, value=-candidate.value, numerator=-candidate.numerator)
        found[signed.value] = signed
    nearest = round(value) if kind != "phase" else 0
    if nearest != 0 and abs(nearest) < 10**7 and abs(nearest - value) <= window:
        found.setdefault(float(nearest), rational(nearest))
    return sorted(found.values(), key=lambda candidate: (candidate.bits, abs(candidate.value - value)))


def _candidate(p: int, q: int, k: float, m: int) -> Candidate:
    bits = 2 * math.log2((1 + abs(p)) * q)
    bits += 2 + 2 * math.log2(1 + abs(k)) if k else 0.0
    bits += 2 + 2 * math.log2(m) if m > 1 else 0.0
    return Candidate(p / q * math.pi**k * math.sqrt(m), bits, p, q, k, m)


@lru_cache(maxsize=4)
def _table(name: str) -> tuple[list[float], list[Candidate]]:
    """Positive candidates in increasing order of their value."""
    best: dict[float, Candidate] = {}

    def add(candidate: Candidate) -> None:
        # Numbers that agree to rounding are one number, under its cheapest name.
        key = float(f"{candidate.value:.13g}")
        if key not in best or candidate.bits < best[key].bits:
            best[key] = candidate

    for q in range(1, LARGEST_DENOMINATOR + 1):
        # A coefficient 49/10 is the decimal 4.9, no ratio of two small numbers; exponents are ratios.
        for p in range(1, 61 if name == "exponent" or q <= 2 else 13):
            if math.gcd(p, q) == 1 and name != "phase":
                add(_candidate(p, q, 0, 1))
            elif math.gcd(p, q) == 1:
                # In a phase pi is the unit, and costs nothing.
                add(replace(_candidate(p, q, 1, 1), bits=_candidate(p, q, 0, 1).bits))
    if name == "general":
        factors = [(1, 1), (-1, 1), (0, 2), (0, 3)]
        numerators, denominators = 12, 12
    elif name == "prefactor":
        factors = [(k, m) for k in (-3, -2, -1, 0, 1, 2, 3) for m in (1, 2, 3, 5, 6, 7, 10)]
        numerators, denominators = 16, 64
    else:
        factors, numerators, denominators = [], 0, 0
    for k, m in factors:
        for q in range(1, denominators + 1):
            for p in range(1, numerators + 1):
                if math.gcd(p, q) == 1 and (k, m) != (0, 1):
                    add(_candidate(p, q, k, m))
    if name == "prefactor":
        # The roots of pi come from integrals over Gaussians, with small numbers beside them.
        for k, m, q, p in itertools.product((-1.5, -0.5, 0.5, 1.5), (1, 2, 3), range(1, 5), range(1, 9)):
            if math.gcd(p, q) == 1:
                add(_candidate(p, q, k, m))
    table = sorted(best.values(), key=lambda candidate: candidate.value)
    return [candidate.value for candidate in table], table
