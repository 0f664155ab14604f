# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A relation as it is shown: two sides, constants with errors and units, and what was measured about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import sympy

from kansym.errors import ArgumentError, DataError
from kansym.implicit.fit import Fitted, Form
from kansym.implicit.judging import Judged
from kansym.implicit.noise import NoiseKind
from kansym.implicit.table import Columns
from kansym.implicit.terms import expression_of
from kansym.implicit.verdict import Measured, Verdict
from kansym.surfaces import surface
from kansym.symbolic.constants import Constant
from kansym.symbolic.latex import to_latex
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.text import to_text
from kansym.units.system import UnitSystem
from kansym.units.unit import Unit, parse_unit


@dataclass(frozen=True, eq=False)
class Relation:
    """left = right, among the columns of a table.

    Attributes
    ----------
    left, right : sympy.Expr
        In plain symbols of the columns and of the constants.
    constants : tuple of Constant
        With standard errors, and units where all columns have theirs.
    covariance : ndarray, shape (k, k)
        Of the constants.
    columns : tuple of str
        Those that take part.
    solutions : mapping of str to sympy.Expr
        The relation solved for a column, where that is possible; the branch that the rows are on.
    measured : Measured
        Distances, shuffled tables, bits.
    verdict : Verdict
    units_agree : bool or None
        Whether units of all terms go together; None where units are not known.
    fitted : Fitted
        The form with its coefficients, for values on other rows.
    held : tuple of (place, other place, number)
        Coefficients that are a simple number of others.
    """

    left: sympy.Expr
    right: sympy.Expr
    constants: tuple[Constant, ...]
    covariance: np.ndarray
    columns: tuple[str, ...]
    measured: Measured
    verdict: Verdict
    units_agree: bool | None
    fitted: Fitted
    held: tuple[tuple[int, int, float], ...] = ()
    solutions: Mapping[str, sympy.Expr] = field(default_factory=dict)

    @property
    def values(self) -> dict[sympy.Symbol, sympy.Float]:
        """The constants as numbers, by their symbols."""
        return {plain_symbol(one.name): sympy.Float(one.value) for one in self.constants}

    @property
    def equation(self) -> sympy.Eq:
        """Both sides with numbers in place of the constants."""
        return sympy.Eq(self.left.xreplace(self.values), self.right.xreplace(self.values), evaluate=False)

    @property
    def digits(self) -> dict[float, float]:
        """Errors by value, for texts."""
        return {one.value: one.error for one in self.constants if one.error is not None}

    def text(self) -> str:
        """``p*V = 8.314*n*T``."""
        left, right = (side.xreplace(self.values) for side in (self.left, self.right))
        return f"{to_text(left, digits=self.digits)} = {to_text(right, digits=self.digits)}"

    def symbolic_text(self) -> str:
        """The same with names for the constants."""
        return f"{to_text(self.left)} = {to_text(self.right)}"

    def latex(self) -> str:
        """Both sides for mathematics mode."""
        left, right = (side.xreplace(self.values) for side in (self.left, self.right))
        return f"{to_latex(left, digits=self.digits)} = {to_latex(right, digits=self.digits)}"

    def solved_for(self, column: str) -> sympy.Expr:
        """The relation solved for a column, with numbers in place of the constants.

        Raises
        ------
        ArgumentError
            If the column takes no part, or cannot be written by the others in closed form.
        """
        if column not in self.solutions:
            known = ", ".join(self.solutions) or "none"
            raise ArgumentError(f"column {column!r}: the relation is not solved for it; it is for {known}")
        return self.solutions[column].xreplace(self.values)

    def figure(self, *, dark: bool = False):
        """How far rows are from the relation, against those of shuffled columns, and one side against the other."""
        return surface("relation_figure")(self, dark=dark)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Relation: {self.text()}; {self.verdict.kind}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


@dataclass(frozen=True, eq=False)
class Relations:
    """What was found in a table.

    Attributes
    ----------
    relations : tuple of Relation
        Independent of each other, the one that says most first; those whose verdict is that there is none are not here.
    best : Relation or None
        The best form that was tried, also where it is no relation.
    others : tuple of Relation
        Other forms of the first relation's length, to be told apart by better data.
    table : Columns
    errors : str
        "given", or how the errors were estimated.
    error : float or None
        The estimated size, in the unit that `errors` names.
    tried : int
        Sets of terms that were looked at.
    notes : tuple of str
    seconds : float
    """

    relations: tuple[Relation, ...]
    best: Relation | None
    others: tuple[Relation, ...]
    table: Columns
    noise: NoiseKind
    error: float | None
    tried: int
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def number(self) -> int:
        """How many independent relations there are."""
        return len(self.relations)

    def figure(self, *, dark: bool = False):
        """That of the first relation.

        Raises
        ------
        ArgumentError
            If there is no form at all.
        """
        if self.best is None:
            raise ArgumentError("there is no relation to draw")
        return self.best.figure(dark=dark)

    def __str__(self) -> str:
        return "\n".join(map(str, self.relations)) or "no relation"

    def __repr__(self) -> str:
        return f"<Relations: {'; '.join(map(str, self.relations)) or 'none'}>"


def shown(found: Judged, table: Columns, estimated: bool, measured: Measured, verdict: Verdict) -> Relation:
    """A judged form as a relation: normalised, with its constants."""
    form, fitted = found.form, found.fitted
    reference = _reference(found)
    names = _names(table.names, form.size - 1 + len(form.rates))
    covariance = _covariance(found) * (fitted.size**2 if estimated else 1.0)
    tied = {place: number for place, other, number in found.held if other == reference}
    builder = _Sides(form, fitted, reference, tied, table.names, names)
    values, slopes = builder.values, builder.slopes
    own = slopes @ covariance @ slopes.T if len(slopes) else np.empty((0, 0))
    system = UnitSystem({n: _unit(n, u) for n, u in zip(table.names, table.units, strict=True)}, None)
    units, agree = _units(builder, system, dict(zip(builder.used, values, strict=True)))
    constants = tuple(
        Constant(name, float(value), _error(own[k, k]), unit=units.get(name))
        for k, (name, value) in enumerate(zip(builder.used, values, strict=True))
    )
    return Relation(
        left=builder.left,
        right=builder.right,
        constants=constants,
        covariance=own,
        columns=tuple(table.names[j] for j in sorted(form.columns)),
        measured=measured,
        verdict=verdict,
        units_agree=agree,
        fitted=fitted,
        held=found.held,
    )


def _error(variance: float) -> float | None:
    return float(np.sqrt(variance)) if np.isfinite(variance) and variance >= 0 else None


def _unit(name: str, text: str | None) -> Unit | None:
    try:
        return None if text is None else parse_unit(text, f"unit of {name!r}")
    except DataError:
        return None


def _reference(found: Judged) -> int:
    """The term whose coefficient is one: that which others are simple numbers of, else that of the first column."""
    if found.held:
        return found.held[0][1]
    form, c = found.form, found.fitted.coefficients
    if form.free and len(form.terms) >= 3 and c[-1] != 0:
        # x^2/a^2 + y^2/b^2 + ... = 1
        return form.size - 1
    firsts = [min(term.columns) if c[k] != 0 else math.inf for k, term in enumerate(form.terms)]
    return int(np.argmin(firsts))


def _names(columns: Sequence[str], count: int) -> list[str]:
    prefix = "c" if not any(name[:1] == "c" and name[1:].isdigit() for name in columns) else "const"
    return [f"{prefix}{k}" for k in range(count)]


def _covariance(found: Judged) -> np.ndarray:
    """Of all coefficients and rates, the ties among them taken into account, for errors of size 1."""
    information, size = found.fitted.information, found.form.size
    count = len(information)
    matrix = np.eye(count)
    for place, other, number in found.held:
        matrix[place] = number * matrix[other]
    kept = [k for k in range(count) if k not in {place for place, _, _ in found.held}]
    matrix = matrix[:, kept]
    reduced = matrix.T @ information @ matrix
    sizes = np.sqrt(np.maximum(np.diag(reduced), 1e-300))
    # The size of all coefficients is free: one direction, of all coefficients together, has no information.
    direction = np.zeros(count)
    direction[:size] = found.fitted.coefficients
    free = direction[kept] * sizes
    free /= max(float(np.linalg.norm(free)), 1e-300)
    scaled = reduced / np.outer(sizes, sizes) + np.outer(free, free)
    inverse = np.linalg.pinv(scaled, rcond=1e-15, hermitian=True)
    return matrix @ (inverse / np.outer(sizes, sizes)) @ matrix.T


class _Sides:
    """Both sides of a relation, the constants in them, and their slopes by coefficients and rates."""

    def __init__(
        self, form: Form, fitted: Fitted, reference: int, tied: Mapping[int, float], names: Sequence[str],
        constants: Sequence[str],
    ) -> None:  # fmt: skip
        symbols = [plain_symbol(name) for name in names]
        waiting = iter(constants)
        self.used: list[str] = []
        self.values: list[float] = []
        slopes: list[np.ndarray] = []
        c, count = fitted.coefficients, form.size + len(form.rates)

        def constant(value: float, slope: np.ndarray) -> sympy.Symbol:
            name = next(waiting)
            self.used.append(name)
            self.values.append(value)
            slopes.append(slope)
            return plain_symbol(name)

        sides: tuple[list[sympy.Expr], list[sympy.Expr]] = ([], [])
        ratios = {k: tied.get(k, float(c[k] / c[reference])) for k in range(form.size)}
        order = [reference, *(k for k in range(form.size) if k != reference)]
        rates: dict[int, sympy.Symbol] = {}

        def rate_symbols(term) -> list[sympy.Expr]:
            for place in term.places:
                if place not in rates:
                    rates[place] = constant(form.rates[place], _basis(count, form.size + place))
            return [rates.get(k, sympy.S.Zero) for k in range(len(form.rates))]

        for k in order:
            base = sympy.S.One
            if k < len(form.terms):
                base = expression_of(form.terms[k], symbols, rate_symbols(form.terms[k]))
            ratio = ratios[k]
            if k == reference:
                factor: sympy.Expr = sympy.S.One
            elif k in tied:
                factor = sympy.nsimplify(abs(ratio))
            else:
                slope = np.zeros(count)
                slope[k], slope[reference] = 1 / c[reference], -ratio / c[reference]
                factor = constant(abs(ratio), np.sign(ratio) * slope)
            sides[0 if ratio > 0 else 1].append(factor * base)
        self.slopes = np.array(slopes).reshape(-1, count)
        self.terms = [*sides[0], *sides[1]]
        self.left, self.right = _arranged(*sides, set(symbols))


def _arranged(
    left: list[sympy.Expr], right: list[sympy.Expr], columns: set[sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    """Both sides: a constant stands alone on the right, else no term has a minus sign."""
    lone = [one for one in (*left, *right) if not one.free_symbols & columns]
    if lone:
        (constant,) = lone
        sign = 1 if constant in left else -1
        rest = [*(-sign * one for one in left), *(sign * one for one in right)]
        rest = [one for one in rest if one.free_symbols & columns]
        return sympy.Add(*rest), constant
    if not right:
        return sympy.Add(*left[:-1]), -left[-1]
    return sympy.Add(*left), sympy.Add(*right)


def _basis(count: int, place: int) -> np.ndarray:
    found = np.zeros(count)
    found[place] = 1.0
    return found


def _units(builder: _Sides, system: UnitSystem, constants: Mapping[str, float]) -> tuple[dict[str, str], bool | None]:
    """Units of the constants, and whether those of the terms go together."""
    if not system.known or not all(unit is not None for unit in system.columns.values()):
        return {}, None
    found = system.check(sympy.Add(*builder.terms, evaluate=False), constants)
    if not found.consistent:
        return {}, False
    # A relation fixes the units of constants up to that of the whole: the term without a constant has its own.
    names = {name: unit for name, unit in found.units.items() if name not in found.undetermined}
    return {name: system.named(unit) for name, unit in names.items()}, True


def with_solutions(relation: Relation, solutions: Mapping[str, sympy.Expr]) -> Relation:
    """The relation with what it is solved for."""
    return replace(relation, solutions=dict(solutions))
