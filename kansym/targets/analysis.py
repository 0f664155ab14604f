# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""`common_of`: from the formulas of several targets to what they have in common."""

import itertools
import logging
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.symbolic.constants import consistency_of, constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ROUND_DIGITS, ParametricForm, parametrize
from kansym.symbolic.text import to_text
from kansym.targets.common import (
    Common,
    CommonPart,
    JointFormula,
    OwnConstant,
    Place,
    Relation,
    RelationKind,
    SharedConstant,
)
from kansym.targets.joint import JointFit, OwnFit, own_fit
from kansym.targets.relations import common_parts, sums_of_squares, with_parts
from kansym.targets.response import Response, response_of
from kansym.targets.sharing import links, shared_fit
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

SMALL = 4
"""Largest numerator and denominator of a number that belongs to the form; others may be constants of exact data."""

LONGEST = 60
"""Nodes beyond which a formula is a description, and shares nothing."""

CONSTANT_LETTERS = "abcdfghkmnpqrsuvwxyz"
PART_LETTERS = "PQRSUVWXYZ"
"""Names, those of columns and targets left out."""


@dataclass(frozen=True, eq=False)
class _Joint:
    """Formulas of all targets, in symbols of constants."""

    expressions: tuple[sympy.Expr, ...]
    fit: JointFit | None
    made_of: dict[sympy.Symbol, sympy.Expr]
    response: Response | None = None


def common_of(found: Sequence[tuple[Formula, Dataset]], *, loss: str = "linear", until: float | None = None) -> Common:
    """What the formulas of several targets share.

    Constants that agree within their errors, up to sign, a simple ratio, a square or a reciprocal, are fitted jointly
    and are one where the data agree with that (p >= 0.01). Magnitude and phase of one complex response are recognised
    by a joint fit of both. Expressions that stand in several formulas, and sums of squares that are simple, are found
    by algebra on the formulas with names for their constants.

    Parameters
    ----------
    found : sequence of (Formula, Dataset)
        Two at least.
    loss : str, default "linear"
        For the fits of single targets.
    until : float, optional
        `kansym.clock.now` value at which no more sums of squares are tried.

    Returns
    -------
    Common
    """
    usable = [(formula, table) for formula, table in found if formula.complexity <= LONGEST]
    if len(usable) < 2 or len({formula.variables for formula, _ in usable}) > 1:
        return Common()
    own = [_own(place, formula, table, loss) for place, (formula, table) in enumerate(usable)]
    fits = [one for one in own if one is not None]
    if len(fits) < 2:
        return Common()
    units = {symbol: unit for one in fits for symbol, unit in _units(one.form, one.table).items()}
    response = response_of(fits)
    joint = _linked(fits, units) if response is None else _Joint(response.fit.expressions, response.fit, {}, response)
    return _named(fits, joint, until)


def _own(place: int, formula: Formula, table: Dataset, loss: str) -> OwnFit | None:
    variables = tuple(map(plain_symbol, formula.variables))
    scales: dict[sympy.Symbol, float] = {}
    form = parametrize(_measured(formula.expression, scales), (*variables, *scales))
    constants, values = (*form.constants, *scales), np.array([*form.values, *scales.values()])
    symbols = tuple(sympy.Symbol(f"_{place} {k}", real=True) for k in range(len(constants)))
    renamed = _factored(form.expression.xreplace(dict(zip(constants, symbols, strict=True))), symbols)
    return own_fit(formula.target, ParametricForm(renamed, variables, symbols, values), table, loss)


def _measured(expression: sympy.Expr, scales: dict[sympy.Symbol, float]) -> sympy.Expr:
    """The expression with Floats for numbers that may be constants: 2.3 is one also where it is 23/10.

    Small ones belong to the form, but for the scale of a function and of its argument, as both in 2*cos(3*t). One
    number times a sum is a symbol in `scales`, to which it is added: sympy would multiply the sum out, and the number
    would be several constants.
    """
    found = _visited(expression, scales)
    return _with_scale(found, scales) if expression.atoms(sympy.Function) else found


def _visited(node: sympy.Expr, scales: dict[sympy.Symbol, float]) -> sympy.Expr:
    if node.is_Rational:
        return node if max(abs(node.p), node.q) <= SMALL else sympy.Float(float(node))
    if not node.args:
        return node
    if node.is_Pow:
        return sympy.Pow(_visited(node.base, scales), node.exp)
    if node.is_Add:
        pairs = [term.as_coeff_Mul() for term in node.args]
        size = _visited(abs(pairs[0][0]), scales)
        if all(abs(number) == abs(pairs[0][0]) for number, _ in pairs):
            terms = sympy.Add(*(sympy.sign(number) * _visited(rest, scales) for number, rest in pairs))
            sign = -1 if terms.could_extract_minus_sign() else 1
            return _scaled(sign * size, sign * terms, scales)
    number, rest = node.as_coeff_Mul()
    if node.is_Mul and rest.is_Add:
        return _scaled(_visited(number, scales), _visited(rest, scales), scales)
    arguments = [_visited(argument, scales) for argument in node.args]
    return node.func(*((_with_scale(one, scales) for one in arguments) if node.is_Function else arguments))


def _with_scale(node: sympy.Expr, scales: dict[sympy.Symbol, float]) -> sympy.Expr:
    number, rest = node.as_coeff_Mul()
    if abs(number) == 1 or not number.is_Rational or not rest.free_symbols:
        return node
    return _scaled(sympy.Float(float(number)), rest, scales)


def _scaled(number: sympy.Number, rest: sympy.Expr, scales: dict[sympy.Symbol, float]) -> sympy.Expr:
    if not (rest.is_Add and number.is_Float):
        return number * rest
    if float(f"{float(number):.{ROUND_DIGITS}g}") != float(number):
        # One with many digits is one constant wherever it is.
        return sympy.Add(*(number * term for term in rest.args))
    symbol = sympy.Dummy("scale", real=True)
    scales[symbol] = float(number)
    return symbol * rest


def _factored(node: sympy.Expr, constants: Collection[sympy.Symbol]) -> sympy.Expr:
    """The expression with a constant that is a factor of every term of a sum before that sum."""
    if not node.args:
        return node
    node = node.func(*(_factored(argument, constants) for argument in node.args))
    if node.is_Add:
        shared = set.intersection(*(set(sympy.Mul.make_args(term)) for term in node.args)) & set(constants)
        for constant in sorted(shared, key=str):
            return constant * sympy.Add(*(term / constant for term in node.args))
    return node


def _units(form: ParametricForm, table: Dataset) -> dict[sympy.Symbol, str | None]:
    system, unknown = UnitSystem.of(table), np.full(len(form.constants), np.nan)
    constants = constants_of(form, unknown, system, consistency_of(form, system))
    return {symbol: constant.unit for symbol, constant in zip(form.constants, constants, strict=True)}


def _joint_units(own: Sequence[OwnFit], joint: _Joint, values: Mapping[sympy.Symbol, float]) -> dict[sympy.Symbol, str]:
    """Units of the constants of all targets, from the first formula that gives one."""
    units: dict[sympy.Symbol, str] = {}
    for one, expression in zip(own, joint.expressions, strict=True):
        held = tuple(symbol for symbol in values if symbol in expression.free_symbols)
        form = ParametricForm(expression, one.form.variables, held, np.array([values[symbol] for symbol in held]))
        known = {symbol: unit for symbol, unit in _units(form, one.table).items() if unit is not None}
        units = known | units
    return units


def _linked(own: Sequence[OwnFit], units: dict[sympy.Symbol, str | None]) -> _Joint:
    expressions = [one.form.expression for one in own]
    shared = shared_fit(own, expressions, links(own, units))
    if shared is None:
        return _Joint(tuple(expressions), None, {})
    fit, made_of = shared
    return _Joint(fit.expressions, fit, made_of)


def _named(own: Sequence[OwnFit], joint: _Joint, until: float | None) -> Common:
    """Names for constants and parts, and everything as values."""
    columns, targets = own[0].form.variables, [one.target for one in own]
    letters = _letters(CONSTANT_LETTERS, {one.name for one in columns} | set(targets))
    where = {
        symbol: [place for place, expression in enumerate(joint.expressions) if symbol in expression.free_symbols]
        for symbol in _constants(own, joint)
    }
    order = sorted(where, key=lambda symbol: len(where[symbol]) < 2)
    name = {symbol: plain_symbol(next(letters)) for symbol in order}
    values = _values(own, joint, order)
    units = _joint_units(own, joint, {symbol: value for symbol, (value, _) in values.items()})
    expressions = [expression.xreplace(name) for expression in joint.expressions]
    shared, alone = [], []
    for symbol in order:
        value, error = values[symbol]
        if len(where[symbol]) > 1:
            places = _places(own, joint, symbol, where[symbol], name[symbol])
            shared.append(SharedConstant(name[symbol].name, value, error, units.get(symbol), places))
        else:
            alone.append(OwnConstant(targets[where[symbol][0]], name[symbol].name, value, error, units.get(symbol)))
    parts = _parts(expressions, columns, letters_taken={one.name for one in (*columns, *name.values())} | set(targets))
    given = [(part, symbol) for part, symbol, _ in parts]
    fit = joint.fit
    common = Common(
        constants=tuple(shared),
        own=tuple(alone),
        parts=tuple(
            CommonPart(symbol.name, to_text(with_parts(part, given[:k])), tuple(targets[place] for place in places))
            for k, (part, symbol, places) in enumerate(parts)
        ),
        relations=tuple(_relations(targets, expressions, joint, name, until)),
        formulas=tuple(
            JointFormula(target, to_text(with_parts(expression, given)))
            for target, expression in zip(targets, expressions, strict=True)
        ),
        added_chi2=None if fit is None else fit.added,
        saved=0 if fit is None else fit.saved,
        p_value=None if fit is None else fit.p_value,
    )
    return common if common else Common()


def _constants(own: Sequence[OwnFit], joint: _Joint) -> list[sympy.Symbol]:
    """In the order in which they occur."""
    known = joint.fit.constants if joint.fit is not None else [s for one in own for s in one.form.constants]
    return list(dict.fromkeys(known))


def _values(
    own: Sequence[OwnFit], joint: _Joint, symbols: Sequence[sympy.Symbol]
) -> dict[sympy.Symbol, tuple[float, float | None]]:
    if joint.fit is None:
        pairs = {symbol: pair for one in own for symbol, pair in one.values.items()}
    else:
        pairs = dict(zip(joint.fit.constants, zip(joint.fit.values, joint.fit.errors, strict=True), strict=True))
    # Of exact data an error is a bound on rounding, and said to be 0.
    exact = {symbol for one in own if one.exact for symbol in one.values}
    if all(one.exact for one in own):
        exact |= pairs.keys()
    pairs = {symbol: (value, 0.0 if symbol in exact else error) for symbol, (value, error) in pairs.items()}
    return {
        symbol: (float(pairs[symbol][0]), float(pairs[symbol][1]) if math.isfinite(pairs[symbol][1]) else None)
        for symbol in symbols
    }


def _places(
    own: Sequence[OwnFit], joint: _Joint, symbol: sympy.Symbol, where: Sequence[int], name: sympy.Symbol
) -> tuple[Place, ...]:
    """The numbers that the targets have for a shared constant by themselves; none where their own forms lack it."""
    places = []
    for place in where:
        one = own[place]
        for constant, (value, error) in one.values.items():
            made_of = joint.made_of.get(constant, constant)
            if made_of.free_symbols == {symbol}:
                # Of exact data the error is a bound on rounding.
                shown = error if math.isfinite(error) and not one.exact else math.nan
                places.append(Place(one.target, value, shown, to_text(made_of.xreplace({symbol: name}))))
                break
        else:
            places.append(Place(one.target, math.nan, math.nan, name.name))
    return tuple(places)


def _parts(
    expressions: Sequence[sympy.Expr], columns: Sequence[sympy.Symbol], letters_taken: set[str]
) -> list[tuple[sympy.Expr, sympy.Symbol, tuple[int, ...]]]:
    letters = _letters(PART_LETTERS, letters_taken)
    return [(part, plain_symbol(next(letters)), places) for part, places in common_parts(expressions, columns)]


def _relations(
    targets: Sequence[str],
    expressions: Sequence[sympy.Expr],
    joint: _Joint,
    name: dict[sympy.Symbol, sympy.Symbol],
    until: float | None,
) -> Iterator[Relation]:
    if joint.response is not None:
        yield joint.response.relation(targets, name)
    for places, signs, total in sums_of_squares(expressions, until):
        terms = [sign * plain_symbol(targets[place]) ** 2 for sign, place in zip(signs, places, strict=True)]
        left = to_text(sympy.Add(*terms))
        yield Relation(RelationKind.SQUARES, tuple(targets[place] for place in places), left, to_text(total))


def _letters(letters: str, taken: set[str]) -> Iterator[str]:
    yield from (one for one in letters if one not in taken)
    yield from (name for name in (f"{letters[0]}{k}" for k in itertools.count(1)) if name not in taken)
