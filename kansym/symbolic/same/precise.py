# sympy's operations are typed as returning Basic or complex, and mpmath's contexts have no types at all.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Real values of a formula with many digits, each in bounded time."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy
from mpmath import libmp

from kansym.errors import ArgumentError
from kansym.symbolic.parametric import ParametricForm

Number = Any
"""An mpf of this thread's context."""

SPARE = 40
"""Bits beyond those asked for, for the rounding of single steps."""

LARGEST = 2**24
"""Binary exponents of values: e to some ten million. Towers of exponentials would fill the memory."""

LARGEST_ANGLE = 4000
"""Binary exponent of the largest angle: each bit of it is another bit of pi."""

LARGEST_ARGUMENT, LARGEST_ORDER = 17, 10
"""Binary exponents for Bessel and Airy functions, whose series grow long."""


class Undefined(ArithmeticError):
    """There is no real number of bounded size."""


_threads = threading.local()


def context(bits: int) -> Any:
    """mpmath with this many bits, in a context of this thread's own: no other thread changes its precision."""
    if not hasattr(_threads, "context"):
        _threads.context = mpmath.MPContext()  # pyright: ignore[reportPrivateImportUsage]
    _threads.context.prec = bits
    return _threads.context


def magnitude(value: Number) -> int:
    """The least e with |value| < 2^e; for zero that of the smallest number."""
    _, mantissa, exponent, bits = value._mpf_
    return exponent + bits if mantissa else -LARGEST


@cache
def warm_up() -> None:
    """Have mpmath work out pi and its kin once, to more digits than are used here.

    It keeps them in two steps, and a time limit that ends a thread between the two would leave wrong digits behind.
    """
    libmp.pi_fixed(2 * LARGEST_ANGLE + 12_000)
    for constant in (libmp.ln2_fixed, libmp.ln10_fixed, libmp.e_fixed):
        constant(12_000)
    libmp.euler_fixed(1000)


# -- functions --------------------------------------------------------------------------------------------------------

_BESSEL = ("besselj", "bessely", "besseli", "besselk")

_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "Abs": lambda mp, x: abs(x),
    "sign": lambda mp, x: mp.sign(x),
    "loggamma": lambda mp, x: mp.loggamma(x) if x > 0 else mp.nan,
    "erf": lambda mp, x: _more_digits(mp, mp.erf, x, 1),
    "erfc": lambda mp, x: _more_digits(mp, mp.erfc, x, 2),
    "LambertW": lambda mp, x, branch=0: mp.lambertw(x, int(branch)) if abs(branch) <= 1 else mp.nan,
    "Heaviside": lambda mp, x, at_zero=0.5: at_zero if x == 0 else mp.mpf(x > 0),
}
for _name in (
    *("exp", "log", "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "asinh", "acosh", "atanh"),
    *("atan2", "sinh", "cosh", "tanh", "sech", "csch", "coth", "sinc", "gamma", "airyai", "airybi", *_BESSEL),
):
    _FUNCTIONS[_name] = lambda mp, *arguments, _name=_name: getattr(mp, _name)(*arguments)

KNOWN = frozenset(_FUNCTIONS)
"""Names of the functions, those of their sympy classes."""

_LIMITS = {
    "exp": 24,
    **dict.fromkeys(("sin", "cos", "tan", "sec", "csc", "cot", "sinc", "loggamma", "LambertW"), LARGEST_ANGLE),
    **dict.fromkeys(("sinh", "cosh", "sech", "csch"), 23),
    **dict.fromkeys(("tanh", "coth"), 24),
    **{"erf": 12, "erfc": 11, "gamma": 20},
    **dict.fromkeys((*_BESSEL, "airyai", "airybi"), LARGEST_ARGUMENT),
}
"""Binary exponents of arguments beyond which a function is not computed."""

_FAR = {
    "exp": (0, None),
    "sech": (0, 0),
    "csch": (0, 0),
    "tanh": (-1, 1),
    "coth": (-1, 1),
    "erf": (-1, 1),
    "erfc": (2, 0),
}
"""What functions are beyond those limits, for negative and for positive arguments."""

# What mpmath raises for poles, complex results that it cannot give, and series that do not end.
_FAILURES = (ArithmeticError, ValueError, TypeError, NotImplementedError, libmp.NoConvergence)


def function_value(name: str, arguments: Sequence[Number], bits: int) -> Number:
    """A function of numbers, to about so many bits.

    Raises
    ------
    Undefined
    """
    mp = context(bits)
    # Bessel functions have their order first.
    argument = arguments[-1 if name in _BESSEL else 0]
    if magnitude(argument) > _LIMITS.get(name, LARGEST):
        far = _FAR.get(name, (None, None))[argument > 0]
        if far is None:
            raise Undefined
        return mp.mpf(far)
    if name in _BESSEL and magnitude(arguments[0]) > LARGEST_ORDER:
        raise Undefined
    try:
        return _tamed(mp, _FUNCTIONS[name](mp, *arguments))
    except _FAILURES as error:
        raise Undefined from error


def _more_digits(mp: Any, function: Callable[..., Number], argument: Number, times: int) -> Number:
    """Error functions: the alternating series loses digits, which mpmath does not provide for."""
    size = min(abs(float(argument)), 64.0)
    with mp.extraprec(times * (int(1.4427 * size * size) + 10)):
        return function(argument)


def _tamed(mp: Any, value: Any) -> Number:
    """The value itself; zero where it is too small, `Undefined` where it is too large, not finite or not real."""
    if isinstance(value, mp.mpc):
        if value.imag != 0:
            raise Undefined
        value = value.real
    value = mp.convert(value)
    size = magnitude(value)
    if size > LARGEST or not mp.isfinite(value):
        raise Undefined
    return value if size > -LARGEST else mp.zero


def _power(mp: Any, base: Number, exponent: Number) -> Number:
    """A real power: of negative numbers only where the exponent is whole."""
    if base == 0:
        if exponent < 0:
            raise Undefined
        return mp.one if exponent == 0 else mp.zero
    if base < 0 and not mp.isint(exponent):
        raise Undefined
    if magnitude(exponent) > 20 or abs(exponent) * (abs(magnitude(base)) + 1) > LARGEST:
        growth = exponent * mp.ln(abs(base))
        if magnitude(growth) > 24:
            if growth > 0:
                raise Undefined
            return mp.zero
        if magnitude(exponent) > 50:
            with mp.extraprec(60):
                return mp.exp(exponent * mp.ln(abs(base))) * (-1 if base < 0 and exponent % 2 else 1)
    return _tamed(mp, base**exponent)


_SATURATING = frozenset(("tanh", "coth", "sinh", "cosh", "sech", "csch"))


def _absorbed_by(name: str, argument: Number) -> float:
    """Bits by which the smallest part of a function's value is below the value: tanh(u) is 1 but for exp(-2u).

    Where the argument is small, those of the next term of its series at zero.
    """
    size = magnitude(argument)
    small = max(0.0, -2.0 * size)
    if size <= 0 or name not in _SATURATING | {"erf", "erfc"}:
        return small
    u = abs(float(argument)) if size < 60 else 1e18
    if name in _SATURATING:
        return 2.886 * u
    return 1.4427 * u * u if name == "erf" or argument < 0 else 0.0


def _sum(mp: Any, terms: Sequence[Number]) -> tuple[Number, float]:
    """The sum, and the bits by which its smallest term, or what cancellation left, is below the largest."""
    sizes = [magnitude(term) for term in terms if term != 0]
    if not sizes:
        return mp.zero, 0.0
    total = mp.fsum(terms)
    return total, float(max(sizes) - min(*sizes, magnitude(total) if total != 0 else min(sizes)))


# -- formulas ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """One value: `kind` is "input", "number", "sum", "product", "power", or the name of a function."""

    kind: str
    arguments: tuple[int, ...]
    payload: Any = None


@dataclass(frozen=True)
class Value:
    """A formula at a point.

    Attributes
    ----------
    number : Number
    absorbed : float
        Bits by which the smallest term of a sum in the formula, or what cancellation left of it, is below the largest.
        Digits fewer than that do not see it.
    """

    number: Number
    absorbed: float


class PreciseFormula:
    """A `ParametricForm` as a list of steps, of which equal ones are taken once.

    Parameters
    ----------
    form : ParametricForm

    Raises
    ------
    ArgumentError
        If the formula holds a symbol or a function that is not known.
    """

    def __init__(self, form: ParametricForm) -> None:
        self.form = form
        self._inputs = (*form.variables, *form.constants)
        self._steps: list[_Step] = []
        self._place_of: dict[sympy.Basic, int] = {}
        self._numbers: dict[int, dict[int, Number]] = {}
        waiting: list[tuple[sympy.Basic, bool]] = [(form.expression, False)]
        while waiting:
            node, arguments_done = waiting.pop()
            if node in self._place_of:
                continue
            if arguments_done:
                self._place_of[node] = len(self._steps)
                self._steps.append(self._step(node))
            else:
                waiting.append((node, True))
                waiting.extend((argument, False) for argument in reversed(node.args))

    @property
    def constants(self) -> tuple[Number, ...]:
        """The values of the constants."""
        return numbers(self.form.values)

    def value(self, point: Sequence[Number], constants: Sequence[Number], bits: int) -> Value:
        """The formula at one point (length d), with these constants (length k), to so many bits but for cancellation.

        Raises
        ------
        Undefined
            Where it is not real, or beyond a bounded size.
        """
        mp = context(bits + SPARE)
        inputs, leaves = (*point, *constants), self._numbers.setdefault(bits, {})
        found: list[Number] = []
        absorbed = 0.0
        for place, step in enumerate(self._steps):
            values = [found[argument] for argument in step.arguments]
            if step.kind == "input":
                number = inputs[step.payload]
            elif step.kind == "number":
                number = leaves.get(place)
                if number is None:
                    number = leaves[place] = _leaf(mp, step.payload)
            elif step.kind == "sum":
                number, lost = _sum(mp, values)
                absorbed = max(absorbed, lost)
            elif step.kind == "product":
                number = _tamed(mp, mp.fprod(values))
            elif step.kind == "power":
                number = _power(mp, *values)
            else:
                absorbed = max(absorbed, _absorbed_by(step.kind, values[-1 if step.kind in _BESSEL else 0]))
                number = function_value(step.kind, values, bits + SPARE)
            found.append(number)
        return Value(found[-1], absorbed)

    def effects(
        self, point: Sequence[Number], constants: Sequence[Number], sizes: Sequence[Number], bits: int
    ) -> tuple[Number, list[Number]]:
        """The value, and its derivatives by the constants, each times a size of the constant.

        They are difference quotients with twice the digits, and so as good as the value.

        Raises
        ------
        Undefined
        """
        value = self.value(point, constants, 2 * bits).number
        changes = []
        for index, (constant, size) in enumerate(zip(constants, sizes, strict=True)):
            step = context(2 * bits + SPARE).ldexp(size, -bits)
            moved = (*constants[:index], constant + step, *constants[index + 1 :])
            changed = self.value(point, moved, 2 * bits).number
            changes.append(context(2 * bits).ldexp(changed - value, bits))
        return value, changes

    def _step(self, node: sympy.Basic) -> _Step:
        arguments = tuple(self._place_of[argument] for argument in node.args)
        if isinstance(node, sympy.Symbol):
            if node not in self._inputs:
                raise ArgumentError(f"the formula contains {node.name!r}, which is not among its columns")
            return _Step("input", (), self._inputs.index(node))
        if node.is_Number or node.is_NumberSymbol or node in (sympy.I, sympy.zoo):
            return _Step("number", (), node)
        if node.is_Add or node.is_Mul:
            return _Step("sum" if node.is_Add else "product", arguments)
        if node.is_Pow:
            return _Step("exp", arguments[1:]) if node.args[0] is sympy.E else _Step("power", arguments)
        name = type(node).__name__
        if name not in KNOWN:
            raise ArgumentError(f"the formula contains {name}(...), a function that is not known")
        return _Step(name, arguments)


def numbers(values: np.ndarray) -> tuple[Number, ...]:
    """Doubles as numbers with many digits."""
    mp = context(SPARE + 53)
    return tuple(mp.mpf(float(value)) for value in values)


def sizes_of(constants: Sequence[Number]) -> tuple[Number, ...]:
    """The sizes of constants, and one for zeros."""
    return tuple(abs(constant) if constant != 0 else constant + 1 for constant in constants)


_NAMED = {"Pi": "pi", "Exp1": "e", "EulerGamma": "euler", "GoldenRatio": "phi"}


def _leaf(mp: Any, node: Any) -> Number:
    if isinstance(node, sympy.Rational):
        return mp.mpf(int(node.p)) / int(node.q)
    if isinstance(node, sympy.Float):
        return _tamed(mp, mp.make_mpf(node._mpf_))
    name = _NAMED.get(type(node).__name__)
    if name is None:
        raise Undefined
    return +getattr(mp, name)
