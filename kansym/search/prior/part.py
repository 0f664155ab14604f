# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
"""The part of a law that is given, solved for the part that is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy

from kansym.data.remarks import Warned, name_hints
from kansym.errors import ArgumentError
from kansym.fitting.arguments import require_few_constants
from kansym.fitting.bounds import require_names
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import free_names, parse_expression

PLACE = "..."
"""Stands for what is looked for."""

REST = sympy.Symbol(PLACE)
"""Its symbol; the column of its values has the same name while it is searched."""

_OUTCOME = sympy.Symbol("_outcome")


@dataclass(frozen=True, eq=False)
class GivenPart:
    """A formula with one unknown part.

    Attributes
    ----------
    text : str
        As given.
    expression : sympy.Expr
        In plain symbols of the columns, of the constants, and `REST`; all numbers are exact.
    rest : sympy.Expr
        What the unknown part is, in the columns, the constants and the outcome.
    names : tuple of str
        Columns of the table.
    constants : tuple of str
        Names that are not columns: constants to fit.
    limits : mapping of str to (float, float)
        Bounds of some of them, see `kansym.fitting.bounds.read_bounds`.
    """

    text: str
    expression: sympy.Expr
    rest: sympy.Expr
    names: tuple[str, ...]
    constants: tuple[str, ...]
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, text: str, names: Sequence[str], limits: Mapping[str, tuple[float, float]] | None = None
    ) -> "GivenPart":
        """Read a text such as ``"g*x/2 + ..."``.

        Parameters
        ----------
        text : str
            ``...`` once, as a term, a factor or the argument of an invertible function.
        names : sequence of str
            Columns.
        limits : mapping of str to (float, float), optional
            Bounds of constants.

        Raises
        ------
        FormulaSyntaxError
            If it is no formula.
        ArgumentError
            If there is no ``...``, or several, or it cannot be solved for them, or a bound is for no constant of it.
        """
        written = text.replace("…", PLACE)
        if PLACE not in written:
            # Whether it is added or multiplied is for the user to say.
            known = text.strip() or "g*x/2"
            raise ArgumentError(
                f"given {text!r} has no '...'; write '...' where the unknown part goes, such as "
                f"{f'{known} + ...'!r} for a term that is missing or {f'({known})*(...)'!r} for a factor"
            )
        if written.count(PLACE) > 1:
            raise ArgumentError(f"given {text!r} has several '...'; one part can be looked for at a time")
        if PLACE in names:
            raise ArgumentError("given: a column is called '...'; rename it")
        constants = free_names(written, [*names, PLACE])
        require_few_constants("given", constants)
        parsed = parse_expression(written, [*names, PLACE, *constants])
        exact = {number: sympy.Rational(str(number)) for number in parsed.atoms(sympy.Float)}
        expression = parsed.xreplace(exact)
        if not expression.has(REST):
            raise ArgumentError(f"given {text!r}: the part that is looked for cancels; write it as '... + ...' once")
        if expression == REST:
            raise ArgumentError(f"given {text!r} gives nothing; leave the option out")
        rest = _solved(expression, _OUTCOME, text)
        require_names(limits or {}, constants)
        return cls(text, expression, rest, tuple(names), constants, limits or {})

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """Ends of the constants that are fitted within some."""
        return {name: ends for name, ends in self.limits.items() if ends[0] < ends[1]}

    @property
    def fixed(self) -> dict[str, float]:
        """Values of the constants that are not fitted."""
        return {name: ends[0] for name, ends in self.limits.items() if ends[0] == ends[1]}

    def inside(self, constants: np.ndarray) -> np.ndarray:
        """The nearest constants (k,) within their bounds."""
        return self._form(self.expression, constants).bounded(self.limits).values

    @property
    def name_hints(self) -> list[Warned]:
        """What to say about constants that may be misspelt columns."""
        held = [name for name in self.names if self.expression.has(plain_symbol(name))]
        return name_hints(self.constants, self.names, held)

    def values_of_rest(self, X: np.ndarray, y: np.ndarray, constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The unknown part at the rows, and |d rest/dy|, both (n,); nan where it has no value.

        Parameters
        ----------
        X : array (n, d)
        y : array (n,)
        constants : array (k,)
        """
        table = np.column_stack([X, y])
        value = self._form(self.rest, constants).evaluate(table)
        slope = self._form(sympy.diff(self.rest, _OUTCOME), constants).evaluate(table)
        return value, np.abs(slope)

    def values(self, X: np.ndarray, rest: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """The whole law (n,) from values of the unknown part."""
        whole = self.expression.xreplace({REST: _OUTCOME})
        return self._form(whole, constants).evaluate(np.column_stack([X, rest]))

    def composed(self, rest: sympy.Expr) -> sympy.Expr:
        """The whole law with an expression for the unknown part."""
        return self.expression.xreplace({REST: rest})

    def _form(self, expression: sympy.Expr, constants: np.ndarray) -> ParametricForm:
        variables = (*map(plain_symbol, self.names), _OUTCOME)
        return ParametricForm(expression, variables, tuple(map(plain_symbol, self.constants)), np.asarray(constants))


def _solved(expression: sympy.Expr, outcome: sympy.Expr, text: str) -> sympy.Expr:
    """What `REST` is, if `expression` has the value `outcome`: its operations undone from the outside in."""
    node, value = expression, outcome
    while node != REST:
        inside = [argument for argument in node.args if argument.has(REST)]
        if len(inside) != 1:
            raise ArgumentError(f"given {text!r} cannot be solved for its '...': several places of {node} hold them")
        others = [argument for argument in node.args if argument is not inside[0]]
        if node.is_Add:
            value = value - sympy.Add(*others)
        elif node.is_Mul:
            value = value / sympy.Mul(*others)
        elif node.is_Pow:
            base, exponent = node.args
            value = sympy.log(value) / sympy.log(base) if exponent is inside[0] else value ** (1 / exponent)
        else:
            try:
                value = node.inverse()(value)
            except (AttributeError, NotImplementedError, TypeError):
                raise ArgumentError(
                    f"given {text!r} cannot be solved for its '...': {node.func.__name__} has no inverse"
                ) from None
        node = inside[0]
    return value
