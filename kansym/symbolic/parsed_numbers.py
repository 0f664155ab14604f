# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""What the numbers in a formula come to in double precision, in bounded time, before sympy sees them.

sympy evaluates numbers on sight and to any size: ``exp(10**9*log(9))`` becomes an integer of a thousand million
digits. What double precision cannot hold is refused before that.
"""

import math
from collections.abc import Callable

import scipy.special
import sympy

from kansym.functions import TABLE, reciprocals

LARGEST_BITS = 4096
"""Bits of an exact number; 9**9**9 has more than a thousand million."""


def _lambert(u: float, branch: float = 0.0) -> float:
    value = complex(scipy.special.lambertw(u, k=int(branch)))
    return value.real if value.imag == 0.0 and branch in (0.0, -1.0) else math.nan


def _step(u: float, at_zero: float = 0.5) -> float:
    return at_zero if u == 0.0 else float(u > 0.0)


def _log(u: float, base: float | None = None) -> float:
    return math.log(u) if base is None else math.log(u) / math.log(base)


_OWN: dict[str, Callable[..., float]] = {
    "Abs": math.fabs,
    "sign": lambda u: float((u > 0) - (u < 0)),
    "log": _log,
    # Not the inverse of cosh, which overflows where sech is merely small.
    "sech": lambda u: 2.0 * math.exp(-abs(u)) / (1.0 + math.exp(-2.0 * abs(u))),
    "csch": lambda u: math.copysign(2.0, u) * math.exp(-abs(u)) / -math.expm1(-2.0 * abs(u)),
    "sinc": lambda u: math.sin(u) / u if u else 1.0,
    "loggamma": lambda u: math.lgamma(u) if u > 0 else math.nan,
    "besselj": lambda order, u: float(scipy.special.jv(order, u)),
    "bessely": lambda order, u: float(scipy.special.yv(order, u)),
    "besseli": lambda order, u: float(scipy.special.iv(order, u)),
    "besselk": lambda order, u: float(scipy.special.kv(order, u)),
    "airyai": lambda u: float(scipy.special.airy(u)[0]),
    "airybi": lambda u: float(scipy.special.airy(u)[2]),
    "LambertW": _lambert,
    "Heaviside": _step,
}
"""Functions that `math` lacks."""


_BY_MATH = {kind.__name__: function for kind, function in reciprocals(math).items()}


def _double(name: str) -> Callable[..., float]:
    return _OWN.get(name) or _BY_MATH.get(name) or getattr(math, name)


DOUBLES: dict[str, Callable[..., float]] = {
    **{name: _double(one.name) for one in TABLE if one.stored for name in (one.name, *one.aliases)},
    "log10": math.log10,
    "log2": math.log2,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "sqrt": math.sqrt,
    "cbrt": math.cbrt,
    "square": lambda u: u * u,
}
"""Every function of the parser, for numbers."""

UNDERFLOWING = frozenset(
    ("exp", "erfc", "sech", "csch", "gamma", "besselj", "besseli", "besselk", "airyai", "square", "Abs")
)
"""Functions that are zero in double precision where they are not zero."""


def double_of_call(name: str, arguments: list[float]) -> float:
    """Value of a function of numbers; nan where it is not real, not finite, or too small to be told from zero."""
    try:
        value = float(DOUBLES[name](*arguments))
    except (ArithmeticError, ValueError):
        return math.nan
    if value == 0.0 and name in UNDERFLOWING and all(arguments):
        return math.nan
    return value if math.isfinite(value) else math.nan


def double_of(number: sympy.Expr) -> float:
    """Value of an expression without symbols, in double precision; nan where it is not a finite real number.

    Meant for small expressions: a recursion over the tree.
    """
    try:
        if number.is_Rational:
            # Whole numbers are divided exactly, however many digits they have.
            value = int(number.p) / int(number.q)
            return math.nan if value == 0.0 and number.p else value
        if number.is_Float or number.is_NumberSymbol:
            return float(number)
        parts = [double_of(part) for part in number.args]
        if not parts or any(math.isnan(part) for part in parts):
            return math.nan
        if number.is_Add:
            return _finite(math.fsum(parts))
        if number.is_Mul:
            return _finite(math.prod(parts))
        if number.is_Pow:
            value = parts[0] ** parts[1]
            return math.nan if isinstance(value, complex) else _finite(value)
    except (ArithmeticError, ValueError):
        return math.nan
    name = type(number).__name__
    return double_of_call(name, parts) if name in DOUBLES else math.nan


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def is_larger_than(expression: sympy.Expr, nodes: int) -> bool:
    """Whether the tree has more nodes; looks at no more than that many."""
    stack, seen = [expression], 0
    while stack:
        seen += 1
        if seen > nodes:
            return True
        stack.extend(stack.pop().args)
    return False


def power_bits(base: sympy.Expr, exponent: sympy.Expr) -> float:
    """Bound on the bits of the exact numbers that sympy would write out for a power; 0 for an irrational exponent."""
    if not exponent.is_Rational:
        return 0.0
    size = abs(int(exponent.p)) / int(exponent.q) if exponent.q.bit_length() < 1000 else 0.0
    return _factor_bits(base) * size if size else 0.0


def exponential_bits(argument: sympy.Expr) -> float:
    """The same for the exponential function, which turns ``exp(n*log(u))`` into ``u**n``."""
    most = 0.0
    for term in sympy.Add.make_args(argument):
        factors = sympy.Mul.make_args(term)
        inside = sum(_factor_bits(factor.args[0]) for factor in factors if isinstance(factor, sympy.log))
        if inside:
            numbers = [double_of(factor) for factor in factors if factor.is_number and not factor.has(sympy.log)]
            size = abs(math.prod(number for number in numbers if not math.isnan(number)))
            most = max(most, inside * size)
    return most


def rational_bits(number: sympy.Expr) -> int:
    """Bits of numerator and denominator of a rational number that is not of size 1; 0 for everything else."""
    if not number.is_Rational or abs(number) == 1:
        return 0
    return max(abs(int(number.p)).bit_length(), int(number.q).bit_length())


def _factor_bits(base: sympy.Expr) -> float:
    """Bits of the rational numbers among the factors of an expression, those under roots included."""
    total = 0.0
    for factor in sympy.Mul.make_args(base):
        if factor.is_Pow and factor.args[1].is_Rational:
            total += power_bits(factor.args[0], factor.args[1])
        elif isinstance(factor, sympy.exp):
            total += exponential_bits(factor.args[0])
        else:
            total += rational_bits(factor)
    return total
