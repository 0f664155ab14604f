# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportIncompatibleMethodOverride=false, reportAssignmentType=false
"""Expressions in a programming language: sympy's printer for infix notation, told how the language writes numbers,
powers and functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kansym.errors import KansymError
from kansym.symbolic.text import positive_first

Template = str | Callable[..., str]
"""A function's name, or a function of the printed arguments."""


class ExportError(KansymError, NotImplementedError):
    """A language has no way to write a function; the message names both."""


def whole(value: int) -> str:
    """A whole number; as a double where it has more than 53 bits."""
    return str(value) if abs(value) <= 2**53 else repr(float(value))


@dataclass(frozen=True)
class Dialect:
    """How a language writes expressions.

    Attributes
    ----------
    language : str
        For messages.
    functions : mapping of str to (str or callable)
        By the names of sympy's classes and those of `kansym.export.lowering`.
    number : callable of float
        A double that reads back as itself.
    power : str
        The operator; empty where powers are the function ``pow``, and ``square`` and ``cube`` if there are such.
    integer : callable of int
        A whole number that is no exponent.
    helpers : mapping of str to str
        Functions of `functions` that the file has to define, by their names in the language.
    call : tuple of str, default ("(", ")")
    fold_numbers : bool, default False
        Whether functions take no plain numbers, so that sqrt(2) is written as a number.
    """

    language: str
    functions: Mapping[str, Template]
    number: Callable[[float], str]
    power: str
    integer: Callable[[int], str] = whole
    helpers: Mapping[str, str] = field(default_factory=dict)
    call: tuple[str, str] = ("(", ")")
    fold_numbers: bool = False


class SourcePrinter(StrPrinter):
    """Prints a body; afterwards `helpers` names the functions that the file has to define."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self.dialect = dialect
        self.used: set[str] = set()

    @property
    def helpers(self) -> list[str]:
        """Sources of the functions that were used and that the language lacks, in the order of the dialect."""
        return [source for name, source in self.dialect.helpers.items() if name in self.used]

    def _print(self, expr: sympy.Basic, **kwargs: object) -> str:
        if self.dialect.fold_numbers and expr.args and expr.is_number and not isinstance(expr, sympy.Rational):
            return self.dialect.number(float(expr))
        if isinstance(expr, sympy.Function):
            return self._called(type(expr).__name__, [self._print(argument) for argument in expr.args])
        return super()._print(expr, **kwargs)

    def _called(self, name: str, arguments: list[str]) -> str:
        template = self.dialect.functions.get(name)
        if template is None:
            raise ExportError(
                f"formula: {self.dialect.language} has no function {name}, and kansym has no source of it; "
                "export to python, julia or mathematica, or choose a formula of the front without it"
            )
        if not isinstance(template, str):
            result = template(*arguments)
            self.used.update(helper for helper in self.dialect.helpers if f"{helper}{self.dialect.call[0]}" in result)
            return result
        self.used.add(template)
        opening, closing = self.dialect.call
        return f"{template}{opening}{', '.join(arguments)}{closing}"

    def _print_Float(self, expr: sympy.Float) -> str:
        return self.dialect.number(float(expr))

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return self.dialect.integer(int(expr))

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"{self.dialect.integer(int(expr.p))}/{self.dialect.integer(int(expr.q))}"

    def _print_NumberSymbol(self, expr: sympy.NumberSymbol) -> str:
        return self.dialect.number(float(expr))

    _print_One = _print_Zero = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational
    _print_Pi = _print_Exp1 = _print_EulerGamma = _print_GoldenRatio = _print_NumberSymbol

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            below = base if exponent == -1 else sympy.Pow(base, -exponent, evaluate=False)
            one = self.dialect.integer(1)
            return f"{one}/{self.parenthesize(below, PRECEDENCE['Mul'], strict=True)}"
        if exponent == sympy.S.Half:
            return self._called("sqrt", [self._print(base)])
        if self.dialect.power:
            # 2.0 is no exponent where 2 would do.
            shown = (
                str(exponent) if exponent.is_Integer else self.parenthesize(exponent, PRECEDENCE["Pow"], strict=False)
            )
            return f"{self.parenthesize(base, PRECEDENCE['Pow'], strict=False)}{self.dialect.power}{shown}"
        short = {2: "square", 3: "cube"}.get(int(exponent) if exponent.is_Integer else 0, "")
        if short in self.dialect.functions:
            return self._called(short, [self._print(base)])
        return self._called("pow", [self._print(base), self._print(exponent)])

    def _as_ordered_terms(self, expr: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        return positive_first(super()._as_ordered_terms(expr, order=order))
