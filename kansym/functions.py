# sympy's functions are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The functions of formulas: one table, from which storage, parser, numpy and torch take theirs.

It stands below both `kansym.primitives` and `kansym.symbolic`, of which only the former needs torch. A new function of
formulas is a line of `TABLE`; where torch has none of its own, its code goes to `kansym.primitives.evaluation`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy


@dataclass(frozen=True)
class Function:
    """A function that formulas are built from.

    Attributes
    ----------
    kind : type
        sympy's class; its name is that of the function in formulas and in files.
    torch : str or None
        Name of torch's own function; None where it has none or no good one.
    quotient : callable ``(library, u)`` or None
        The function by others of numpy or torch, whichever `library` is; for those that both lack.
    families : tuple of str
        Families of functions that algebra makes of each other, the narrowest first.
    stored : bool
        Whether formulas may hold it; others only come up in derivatives and in primitives of the user's own.
    """

    kind: type[sympy.Function]
    torch: str | None = None
    quotient: Callable[[Any, Any], Any] | None = None
    families: tuple[str, ...] = ()
    stored: bool = True

    @property
    def name(self) -> str:
        """Name of the function in formulas."""
        return self.kind.__name__


SIGN, HARMONIC, CIRCULAR, EXPONENTIAL = "sign", "harmonic", "circular", "exponential"

TABLE: tuple[Function, ...] = (
    Function(sympy.Abs, torch="abs", families=(SIGN,)),
    Function(sympy.sign, torch="sign", families=(SIGN,)),
    Function(sympy.exp, torch="exp", families=(EXPONENTIAL,)),
    Function(sympy.log, torch="log"),
    Function(sympy.sin, torch="sin", families=(HARMONIC, CIRCULAR)),
    Function(sympy.cos, torch="cos", families=(HARMONIC, CIRCULAR)),
    Function(sympy.tan, torch="tan", families=(CIRCULAR,)),
    Function(sympy.sec, quotient=lambda library, u: 1 / library.cos(u), families=(CIRCULAR,)),
    Function(sympy.csc, quotient=lambda library, u: 1 / library.sin(u), families=(CIRCULAR,)),
    Function(sympy.cot, quotient=lambda library, u: 1 / library.tan(u), families=(CIRCULAR,)),
    Function(sympy.asin, torch="asin"),
    Function(sympy.acos, torch="acos"),
    Function(sympy.atan, torch="atan"),
    Function(sympy.atan2),
    Function(sympy.sinh, torch="sinh", families=(EXPONENTIAL,)),
    Function(sympy.cosh, torch="cosh", families=(EXPONENTIAL,)),
    Function(sympy.tanh, torch="tanh", families=(EXPONENTIAL,)),
    Function(sympy.sech, quotient=lambda library, u: 1 / library.cosh(u), families=(EXPONENTIAL,)),
    Function(sympy.csch, quotient=lambda library, u: 1 / library.sinh(u), families=(EXPONENTIAL,)),
    Function(sympy.coth, quotient=lambda library, u: 1 / library.tanh(u), families=(EXPONENTIAL,)),
    Function(sympy.asinh, torch="asinh"),
    Function(sympy.acosh, torch="acosh"),
    Function(sympy.atanh, torch="atanh"),
    # torch's has another normalisation.
    Function(sympy.sinc),
    Function(sympy.erf, torch="erf"),
    Function(sympy.erfc, torch="erfc"),
    Function(sympy.gamma),
    Function(sympy.loggamma, torch="lgamma"),
    Function(sympy.besselj),
    Function(sympy.bessely),
    Function(sympy.besseli),
    Function(sympy.besselk),
    # torch's is good to 1e-6 only, see `kansym.primitives.special`.
    Function(sympy.airyai),
    Function(sympy.airybi),
    Function(sympy.LambertW),
    Function(sympy.Heaviside),
    Function(sympy.acot, stored=False),
    Function(sympy.floor, torch="floor", stored=False),
    Function(sympy.airyaiprime, stored=False),
)
"""Every function that formulas or primitives may hold, in the order in which messages list them."""


def family_of(kind: type) -> frozenset[type]:
    """The functions that algebra makes of one, itself among them; empty where it makes none."""
    families = next((function.families for function in TABLE if function.kind is kind), ())
    return frozenset(function.kind for function in TABLE if set(families[:1]) & set(function.families))
