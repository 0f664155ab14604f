# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportAttributeAccessIssue=false
"""Which formulas may be, where primitives are left out: structure and algebra know other functions than edges do."""

from collections.abc import Iterable, Sequence

import sympy

from kansym.functions import family_of
from kansym.primitives.library import PrimitiveLibrary, default_library
from kansym.primitives.primitive import Primitive


class AllowedFunctions:
    """The functions of a library; sums, products, quotients and whole powers are always allowed.

    Parameters
    ----------
    expressions : iterable of sympy.Expr
        Of the primitives.
    own : sequence of Primitive, optional
        Those that the user has added, which engines propose as they do their own functions.
    anything : bool, default False
        Whether all functions are allowed, as where nothing was left out of the default library.
    """

    def __init__(
        self, expressions: Iterable[sympy.Expr], *, own: Sequence[Primitive] = (), anything: bool = False
    ) -> None:
        self.own, self._anything = tuple(own), anything
        self._functions: set[type] = set()
        self._roots = self._real_powers = False
        for expression in expressions:
            self.allow(expression)

    def allow(self, expression: sympy.Expr) -> None:
        """Add what an expression is made of, as a guess that the user wrote down."""
        for function in expression.atoms(sympy.Function):
            kind = type(function)
            self._functions.add(kind)
            self._functions |= family_of(kind)
        for power in expression.atoms(sympy.Pow):
            self._roots |= _is_root(power)
            self._real_powers |= _is_real(power)

    def permits(self, expression: sympy.Expr) -> bool:
        """Whether an expression has no other function; its constants may be symbols."""
        if self._anything:
            return True
        if any(type(function) not in self._functions for function in expression.atoms(sympy.Function)):
            return False
        for power in expression.atoms(sympy.Pow):
            if power.base.is_number:
                continue
            if not self._real_powers and (_is_real(power) or (_is_root(power) and not self._roots)):
                return False
        return True

    @property
    def elementary(self) -> bool:
        """Whether the elementary functions are all there, as where only rare ones were left out."""
        x = sympy.Symbol("x", positive=True)
        return self.permits(sympy.exp(x) * sympy.log(x) * sympy.sin(x) * sympy.sqrt(x))


def allowed_functions(library: PrimitiveLibrary) -> AllowedFunctions | None:
    """What the primitives of a library allow; None where it is the default library."""
    default = set(default_library())
    own = [library[name] for name in library if name not in default and not library[name].has_shape]
    if default <= set(library):
        return AllowedFunctions((), own=own, anything=True) if own else None
    return AllowedFunctions((library[name].expression for name in library), own=own)


def _is_root(power: sympy.Pow) -> bool:
    return bool(power.exp.is_Rational and not power.exp.is_Integer)


def _is_real(power: sympy.Pow) -> bool:
    return not power.exp.is_Rational
