# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
"""Whether a formula is dimensionally consistent, and the units that its constants must then have.

Every term of a sum has the dimension of the others; arguments of exp, log, sin and their like, and exponents, are pure
numbers; exact numbers are pure numbers; a fitted constant has whatever dimension makes the formula consistent. That is
a system of linear equations for the dimensions of the constants, solved with rational numbers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import sympy

from kansym import clock
from kansym.clock import Work
from kansym.units.linear import solve
from kansym.units.unit import PURE, Dimension, Unit, describe

FINEST = 10**6
"""Largest denominator of an exponent; a fitted real one is rounded to it."""

SCALE_TOLERANCE = 1e-7
"""Difference of logarithms of scales that is rounding."""

KEEPS = (sympy.Abs, sympy.re)
"""Functions whose value has the dimension of their argument."""

ANY = (sympy.sign, sympy.Heaviside)
"""Functions whose argument may have any dimension."""


@dataclass(frozen=True)
class Consistency:
    """Outcome of `check`.

    Attributes
    ----------
    consistent : bool
    reason : str
        What is wrong; empty where nothing is.
    units : dict of str to Unit
        Of the constants and of columns of unknown unit, by name, where consistent; scale nan where the units of the
        columns do not go together (metres added to kilometres by exact numbers).
    """

    consistent: bool
    reason: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)
    _system: tuple[tuple[str, ...], tuple[tuple[Fraction, ...], ...]] = field(default=((), ()), repr=False)

    @cached_property
    def undetermined(self) -> frozenset[str]:
        """Constants and columns whose unit hangs on that of a column, or of a target, that is not known."""
        names, matrix = self._system
        transposed = [[row[k] for row in matrix] for k in range(len(names))]
        found = []
        for name in names:
            # What the equations determine is a combination of them.
            wanted = [[Fraction(int(name == other))] for other in names]
            if solve(transposed, wanted, len(matrix)) is None:
                found.append(name)
        return frozenset(found)

    @property
    def dimensional(self) -> int:
        """How many constants have a dimension."""
        return sum(not unit.pure for unit in self.units.values())


def check(
    expression: sympy.Expr,
    columns: Mapping[str, Unit | None],
    target: Unit | None,
    constants: Mapping[str, float],
) -> Consistency:
    """Check a formula.

    Parameters
    ----------
    expression : sympy.Expr
        In symbols named like `columns` and `constants`. Exact numbers and Floats are pure numbers.
    columns : mapping of str to (Unit or None)
        None where the unit is not known.
    target : Unit or None
        What the formula must have.
    constants : mapping of str to float
        Fitted constants, with their values (exponents count by value).
    """
    clock.charge(Work.SMALL_FITS, 5)
    walk = _Walk(columns, constants)
    try:
        found = walk.visit(expression)
        if target is not None:
            walk.require(found, _Form(target.dimension, math.log(target.scale)), "the formula", "the target")
    except _Inconsistent as problem:
        return Consistency(False, str(problem))
    return walk.solved()


class _Inconsistent(Exception):
    """Something no constant can mend."""


@dataclass(frozen=True)
class _Form:
    """A dimension and the logarithm of a scale, as far as they are known, and unknowns with their exponents."""

    dimension: Dimension = PURE
    log_scale: float = 0.0
    unknowns: tuple[tuple[str, Fraction], ...] = ()

    def times(self, other: "_Form", power: Fraction = Fraction(1)) -> "_Form":
        unknowns = dict(self.unknowns)
        for name, exponent in other.unknowns:
            unknowns[name] = unknowns.get(name, Fraction(0)) + power * exponent
        dimension = tuple(a + power * b for a, b in zip(self.dimension, other.dimension, strict=True))
        left = tuple((name, exponent) for name, exponent in unknowns.items() if exponent != 0)
        return _Form(dimension, self.log_scale + float(power) * other.log_scale, left)


class _Walk:
    """Collects the equations of a formula."""

    def __init__(self, columns: Mapping[str, Unit | None], constants: Mapping[str, float]) -> None:
        self.columns, self.constants = columns, constants
        self.unknowns = [*constants, *(name for name, unit in columns.items() if unit is None)]
        self.equations: list[tuple[_Form, str]] = []

    def require(self, first: _Form, second: _Form, what: str, other: str) -> None:
        """Both must have the same unit."""
        difference = first.times(second, Fraction(-1))
        if not difference.unknowns and difference.dimension != PURE:
            raise _Inconsistent(f"{what} {_has(first)} and {other} {_has(second)}")
        self.equations.append((difference, f"{what} and {other}"))

    def pure(self, form: _Form, what: str) -> None:
        if not form.unknowns and form.dimension != PURE:
            raise _Inconsistent(f"{what} {_has(form)} and must be a pure number")
        self.equations.append((form, f"{what} and a pure number"))

    def visit(self, node: sympy.Expr) -> _Form:
        if isinstance(node, sympy.Symbol):
            unit = self.columns.get(node.name)
            if unit is None:
                return _Form(unknowns=((node.name, Fraction(1)),)) if node.name in self.unknowns else _Form()
            return _Form(unit.dimension, math.log(unit.scale))
        if not node.args:
            return _Form()
        if node.is_Add:
            return self._sum(node)
        if node.is_Mul:
            result = _Form()
            for factor in node.args:
                result = result.times(self.visit(factor))
            return result
        if node.is_Pow:
            return self._power(*node.args)
        forms = [self.visit(argument) for argument in node.args]
        if isinstance(node, KEEPS):
            return forms[0]
        if isinstance(node, sympy.atan2):
            self.require(forms[0], forms[1], _short(node.args[0]), _short(node.args[1]))
        elif not isinstance(node, ANY):
            for form, argument in zip(forms, node.args, strict=True):
                self.pure(form, f"{_short(argument)} in {node.func.__name__}")
        return _Form()

    def _sum(self, node: sympy.Expr) -> _Form:
        terms = list(node.args)
        offset = next((term for term in terms if self._is_constant(term)), None)
        forms = []
        for term in terms:
            logarithm = self._logarithm(term) if offset is not None else None
            # log(x/x0) is written log(x) + c: the constant takes up the unit.
            forms.append(self.visit(logarithm) if logarithm is not None else self.visit(term))
        for term, form in zip(terms[1:], forms[1:], strict=True):
            self.require(forms[0], form, _short(terms[0]), _short(term))
        return forms[0]

    def _is_constant(self, term: sympy.Expr) -> bool:
        names = {symbol.name for symbol in term.free_symbols}
        return bool(names) and names <= set(self.constants) and not isinstance(term, sympy.log)

    def _logarithm(self, term: sympy.Expr) -> sympy.Expr | None:
        """The factor of a logarithm with fitted coefficient or none, where its argument is left out of account."""
        factors = sympy.Mul.make_args(term)
        logs = [factor for factor in factors if isinstance(factor, sympy.log)]
        if len(logs) != 1:
            return None
        self.visit(logs[0].args[0])
        return sympy.Mul(*(factor for factor in factors if factor is not logs[0]))

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> _Form:
        form = self.visit(base)
        self.pure(self.visit(exponent), f"the exponent {_short(exponent)}")
        names = {symbol.name for symbol in exponent.free_symbols}
        if names <= set(self.constants):
            values = {symbol: self.constants[symbol.name] for symbol in exponent.free_symbols}
            number = exponent.subs(values) if values else exponent
            if number.is_Rational and number.q <= FINEST:
                return _Form().times(form, Fraction(int(number.p), int(number.q)))
            value = complex(number)
            if value.imag == 0 and math.isfinite(value.real):
                return _Form().times(form, Fraction(value.real).limit_denominator(FINEST))
        self.pure(form, f"{_short(base)} to the power {_short(exponent)}")
        return _Form()

    def solved(self) -> Consistency:
        """Dimensions of the unknowns from all equations."""
        index = {name: k for k, name in enumerate(self.unknowns)}
        # 0 = 0 to begin with: a formula without sums or a target has no equations at all.
        matrix, right, logs = [[Fraction(0)] * len(index)], [[Fraction(0)] * len(PURE)], [0.0]
        for form, _ in self.equations:
            row = [Fraction(0)] * len(index)
            for name, exponent in form.unknowns:
                row[index[name]] = exponent
            matrix.append(row)
            right.append([-power for power in form.dimension])
            logs.append(form.log_scale)
        solution = solve(matrix, right, len(index))
        if solution is None:
            return Consistency(False, self._first_contradiction(matrix, right))
        scales = self._scales(matrix, logs)
        units = {}
        for name, k in index.items():
            dimension = tuple(solution[k])
            units[name] = Unit(dimension, math.nan if scales is None else _size(scales[k]), describe(dimension))
        return Consistency(True, "", units, (tuple(index), tuple(map(tuple, matrix))))

    def _first_contradiction(self, matrix: list[list[Fraction]], right: list[list[Fraction]]) -> str:
        for length in range(1, len(matrix) + 1):
            if solve(matrix[:length], right[:length], len(self.unknowns)) is None:
                form, what = self.equations[length - 2]
                return f"no units of the constants make {what} agree" if form.unknowns else f"{what} do not agree"
        return "no units of the constants make it agree"

    def _scales(self, matrix: list[list[Fraction]], logs: list[float]) -> list[float] | None:
        """Logarithms of the constants' scales; None where exact numbers would have to have a scale."""
        solution = solve(matrix, [[-Fraction(value)] for value in logs], len(self.unknowns), SCALE_TOLERANCE)
        return None if solution is None else [float(value) for (value,) in solution]


def _size(logarithm: float) -> float:
    """A scale by its logarithm; 0 or infinite beyond double precision, as of (10^30 kg)^12."""
    try:
        return math.exp(logarithm)
    except OverflowError:
        return math.inf


def _has(form: _Form) -> str:
    return "is a pure number" if form.dimension == PURE else f"has the unit {describe(form.dimension)}"


def _short(expression: sympy.Basic) -> str:
    text = str(expression)
    return text if len(text) <= 40 else f"{text[:37]}..."
