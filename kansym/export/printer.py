# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportIncompatibleMethodOverride=false, reportAssignmentType=false
"""Expressions in a programming language: what kansym asks of sympy's code printers, whatever the language.

sympy's printers know what languages call functions. They are not used for numbers, powers and products: they round to
15 or 17 digits, evaluate what is held in a form that loses no digits, divide whole numbers, and write what a language
lacks in terms of other functions.
"""

from collections.abc import Callable, Mapping

import sympy
from sympy.functions.special.bessel import BesselBase
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kansym.errors import KansymError
from kansym.export.sources import functions_in, needed
from kansym.functions import FUNCTIONS
from kansym.symbolic.text import positive_first

Spelling = str | Callable[..., str]
"""A function's name in a language, or a function of the printed arguments that writes the call."""


class ExportError(KansymError, NotImplementedError):
    """A language has no way to write a function; the message names both."""


class SourcePrinter(CodePrinter):
    """Goes in front of sympy's printer of a language: ``class CPrinter(SourcePrinter, C99CodePrinter)``.

    Attributes
    ----------
    functions : mapping of str to (str or callable)
        What sympy's printer does not know or spells otherwise, by the names of sympy's classes and those of
        `kansym.export.lowering`, and ``sqrt``, ``pow``, ``square`` and ``cube``.
    power : str
        The operator; empty where powers are the function ``pow``, and ``square`` and ``cube`` if there are such.
    brackets : str, default "()"
        Around arguments.
    orders : sympy.Set, default all real numbers
        Of Bessel functions.
    definitions : str
        The file of `kansym.export.sources` with functions that the language lacks.
    called : set of str
        The functions of the language in what was printed.
    """

    functions: Mapping[str, Spelling] = {}
    power = ""
    brackets = "()"
    orders: sympy.Set = sympy.S.Reals
    definitions = ""

    def __init__(self) -> None:
        super().__init__({"user_functions": dict(self.functions)})
        self.called: set[str] = set()

    @property
    def helpers(self) -> list[str]:
        """Sources of the functions that were called and that the language lacks."""
        return needed(self.definitions, self.called) if self.definitions else []

    @classmethod
    def vocabulary(cls) -> set[str]:
        """Names of the functions that code may call, which nothing else may be called."""
        printer = cls()
        spellings = [printer.spelling(name) for name in (*FUNCTIONS, *cls.functions)]
        return {one for one in spellings if isinstance(one, str)} | set(
            functions_in(cls.definitions) if cls.definitions else ()
        )

    def code(self, expr: sympy.Expr) -> str:
        """The expression as code; functions of the language are added to `called`."""
        return self._print(expr)

    def number(self, value: float) -> str:
        """A double that reads back as itself."""
        return repr(value)

    def integer(self, value: int) -> str:
        """A whole number that is no exponent; as a double where it has more than 53 bits."""
        return str(value) if abs(value) <= 2**53 else self.number(float(value))

    def spelling(self, name: str) -> Spelling | None:
        """What the language calls a function."""
        # sympy may have several spellings with conditions, C's fabs and abs; the first is that of real numbers.
        known = self.known_functions.get(name)
        return known[0][1] if isinstance(known, list) else known

    def call(self, name: str, *arguments: str) -> str:
        """A call of a function by its name in sympy."""
        known = self.spelling(name)
        if known is None:
            raise ExportError(
                f"formula: {self.language} has no function {name}, and kansym has no source of it; "
                "export to python, julia or mathematica, or choose a formula of the front without it"
            )
        if not isinstance(known, str):
            return known(*arguments)
        self.called.add(known)
        return f"{known}{self.brackets[0]}{', '.join(arguments)}{self.brackets[1]}"

    def _print(self, expr: sympy.Basic, **kwargs: object) -> str:
        # Functions do not go to methods of sympy's printers by their names.
        return self._print_Function(expr) if isinstance(expr, sympy.Function) else super()._print(expr, **kwargs)

    def _print_Function(self, expr: sympy.Function) -> str:
        name, arguments = type(expr).__name__, [self._print(argument) for argument in expr.args]
        if isinstance(expr, BesselBase) and self.orders != sympy.S.Reals and self.spelling(name):
            order = expr.args[0]
            if self.orders.contains(order) is not sympy.true:
                raise ExportError(
                    f"formula: kansym writes {name} for {self.language} with orders in {self.orders} only, "
                    f"got {order}; export to python, julia or mathematica, or choose a formula of the front without it"
                )
            # Orders are whole numbers in the languages that have no others.
            arguments[0] = str(order)
        return self.call(name, *arguments)

    def _print_Symbol(self, expr: sympy.Symbol) -> str:
        # Names were made for the language already.
        return expr.name

    def _print_Float(self, expr: sympy.Float) -> str:
        return self.number(float(expr))

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return self.integer(int(expr))

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"{self.integer(int(expr.p))}/{self.integer(int(expr.q))}"

    def _print_NumberSymbol(self, expr: sympy.NumberSymbol) -> str:
        return self.number(float(expr))

    _print_One = _print_Zero = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational
    _print_Pi = _print_Exp1 = _print_EulerGamma = _print_GoldenRatio = _print_NumberSymbol
    # Products as they are: the methods of sympy's code printers evaluate them.
    _print_Add, _print_Mul = StrPrinter._print_Add, StrPrinter._print_Mul

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            below = base if exponent == -1 else sympy.Pow(base, -exponent, evaluate=False)
            return f"{self.integer(1)}/{self.parenthesize(below, PRECEDENCE['Mul'], strict=True)}"
        if exponent == sympy.S.Half:
            return self.call("sqrt", self._print(base))
        if self.power:
            # 2.0 is no exponent where 2 would do.
            shown = str(exponent) if exponent.is_Integer else self.parenthesize(exponent, PRECEDENCE["Pow"])
            return f"{self.parenthesize(base, PRECEDENCE['Pow'])}{self.power}{shown}"
        short = {2: "square", 3: "cube"}.get(exponent)
        if short in self.functions:
            return self.call(short, self._print(base))
        return self.call("pow", self._print(base), self._print(exponent))

    def _as_ordered_terms(self, expr: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        return positive_first(super()._as_ordered_terms(expr, order=order))
