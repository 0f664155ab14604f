# sympy's functions are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The functions of formulas: one table, from which parser, storage, printers, prices, numpy and torch take theirs.

It stands below both `kansym.primitives` and `kansym.symbolic`, of which only the former needs torch. A new function of
formulas is a line of `TABLE`; where numpy, torch or Python's `math` have none of its own, its code goes to
`kansym.symbolic.evaluation`, `kansym.primitives.evaluation` or `kansym.symbolic.parsed_numbers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy

USUAL_BITS = 9.5
"""Price of a function in description lengths, where nothing else is said."""


@dataclass(frozen=True)
class Function:
    """A function that formulas are built from.

    Attributes
    ----------
    kind : type
        sympy's class; its name is that of the function in formulas and in files.
    bits : float
        Its price in description lengths, see `kansym.symbolic.complexity.COSTS`.
    aliases : tuple of str
        Other names that the parser understands.
    on_paper : str
        Name in typeset formulas, where that is not sympy's.
    torch : str or None
        Name of torch's own function; None where it has none or no good one.
    reciprocal_of : type or None
        The function that it is one over, for those that numpy and torch lack.
    families : tuple of str
        Families of functions that algebra makes of each other, the narrowest first.
    stored : bool
        Whether formulas may hold it; others only come up in derivatives and in primitives of the user's own.
    """

    kind: type[sympy.Function]
    bits: float = USUAL_BITS
    aliases: tuple[str, ...] = ()
    on_paper: str = ""
    torch: str | None = None
    reciprocal_of: type[sympy.Function] | None = None
    families: tuple[str, ...] = ()
    stored: bool = True

    @property
    def name(self) -> str:
        """Name of the function in formulas."""
        return self.kind.__name__


SIGN, HARMONIC, CIRCULAR, EXPONENTIAL = "sign", "harmonic", "circular", "exponential"

TABLE: tuple[Function, ...] = (
    Function(sympy.Abs, aliases=("abs",), torch="abs", families=(SIGN,)),
    Function(sympy.sign, on_paper="sgn", torch="sign", families=(SIGN,)),
    Function(sympy.exp, 4.5, torch="exp", families=(EXPONENTIAL,)),
    Function(sympy.log, 5.5, ("ln",), on_paper="ln", torch="log"),
    Function(sympy.sin, 6.0, torch="sin", families=(HARMONIC, CIRCULAR)),
    Function(sympy.cos, 6.0, torch="cos", families=(HARMONIC, CIRCULAR)),
    Function(sympy.tan, 8.5, torch="tan", families=(CIRCULAR,)),
    Function(sympy.sec, reciprocal_of=sympy.cos, families=(CIRCULAR,)),
    Function(sympy.csc, reciprocal_of=sympy.sin, families=(CIRCULAR,)),
    Function(sympy.cot, 8.5, reciprocal_of=sympy.tan, families=(CIRCULAR,)),
    Function(sympy.asin, 10.5, ("arcsin",), on_paper="arcsin", torch="asin"),
    Function(sympy.acos, 10.5, ("arccos",), on_paper="arccos", torch="acos"),
    Function(sympy.atan, 10.5, ("arctan",), on_paper="arctan", torch="atan"),
    Function(sympy.atan2, aliases=("arctan2",)),
    Function(sympy.sinh, 8.5, torch="sinh", families=(EXPONENTIAL,)),
    Function(sympy.cosh, 8.5, torch="cosh", families=(EXPONENTIAL,)),
    Function(sympy.tanh, 8.5, torch="tanh", families=(EXPONENTIAL,)),
    Function(sympy.sech, reciprocal_of=sympy.cosh, families=(EXPONENTIAL,)),
    Function(sympy.csch, reciprocal_of=sympy.sinh, families=(EXPONENTIAL,)),
    Function(sympy.coth, 8.5, reciprocal_of=sympy.tanh, families=(EXPONENTIAL,)),
    Function(sympy.asinh, 10.5, ("arcsinh",), on_paper="arsinh", torch="asinh"),
    Function(sympy.acosh, 10.5, ("arccosh",), on_paper="arcosh", torch="acosh"),
    Function(sympy.atanh, 10.5, ("arctanh",), on_paper="artanh", torch="atanh"),
    # torch's has another normalisation.
    Function(sympy.sinc),
    Function(sympy.erf, torch="erf"),
    Function(sympy.erfc, torch="erfc"),
    Function(sympy.gamma, on_paper="Gamma"),
    Function(sympy.loggamma, torch="lgamma"),
    Function(sympy.besselj, 12.5, on_paper="J"),
    Function(sympy.bessely, 12.5, on_paper="Y"),
    Function(sympy.besseli, on_paper="I"),
    Function(sympy.besselk, on_paper="K"),
    # torch's is good to 1e-6 only, see `kansym.primitives.special`.
    Function(sympy.airyai, 12.5, on_paper="Ai"),
    Function(sympy.airybi, 12.5, on_paper="Bi"),
    Function(sympy.LambertW, on_paper="W"),
    Function(sympy.Heaviside, on_paper="Theta"),
    Function(sympy.acot, stored=False),
    Function(sympy.floor, torch="floor", stored=False),
    Function(sympy.airyaiprime, stored=False),
)
"""Every function that formulas or primitives may hold, in the order in which messages list them."""

FUNCTIONS: dict[str, type[sympy.Function]] = {function.name: function.kind for function in TABLE if function.stored}
"""Name to class of every function that formulas are built from; storage accepts no other."""

NUMBER_SYMBOLS: dict[str, sympy.Expr] = {
    "pi": sympy.pi,
    "E": sympy.E,
    "EulerGamma": sympy.EulerGamma,
    "GoldenRatio": sympy.GoldenRatio,
}
"""The irrational numbers that have a name."""

RECIPROCALS = {function.kind: function.reciprocal_of for function in TABLE if function.reciprocal_of is not None}
"""The functions that are one over another, and that one."""


def reciprocals(library: Any) -> dict[type, Callable[[Any], Any]]:
    """The functions of `RECIPROCALS` by those of numpy, torch or math, whichever `library` is."""
    return {kind: partial(_one_over, getattr(library, other.__name__)) for kind, other in RECIPROCALS.items()}


def _one_over(function: Callable[[Any], Any], u: Any) -> Any:
    return 1 / function(u)


def family_of(kind: type) -> frozenset[type]:
    """The functions that algebra makes of one, itself among them; empty where it makes none."""
    families = next((function.families for function in TABLE if function.kind is kind), ())
    return frozenset(function.kind for function in TABLE if set(families[:1]) & set(function.families))
