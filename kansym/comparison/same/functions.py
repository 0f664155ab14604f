"""Real functions of numbers with many digits, each in bounded time.

Numbers are the tuples of mpmath's low-level library, and every call is told its precision: nothing here depends on a
precision that other threads may change. What leaves the range below, or is not real, is `Undefined`.
"""

import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import mpmath
from mpmath import libmp

Number = Any
"""Sign, mantissa, exponent and bits of the mantissa; mpmath's functions have no types that would fit."""

LARGEST = 2**24
"""Binary exponents of values: e to some ten million. Towers of exponentials would fill the memory."""

LARGEST_ANGLE = 4000
"""Binary exponent of the largest angle: each bit of it is another bit of pi."""

LARGEST_ORDER, LARGEST_ARGUMENT = 1000, 100_000
"""Of Bessel and Airy functions, whose series grow long."""

ZERO, ONE = libmp.fzero, libmp.fone


class Undefined(ArithmeticError):
    """There is no real number of bounded size."""


def magnitude(value: Number) -> int:
    """The least e with |value| < 2^e; for zero that of the smallest number."""
    return value[2] + value[3] if value[1] else -LARGEST


def tamed(value: Number) -> Number:
    """The value itself; zero where it is too small, and `Undefined` where it is too large or not finite."""
    if not value[1]:
        if value == ZERO:
            return value
        raise Undefined
    size = value[2] + value[3]
    if size > LARGEST:
        raise Undefined
    return value if size >= -LARGEST else ZERO


def power(base: Number, exponent: Number, bits: int) -> Number:
    """A real power: of negative numbers only where the exponent is whole."""
    if base == ZERO:
        if exponent == ZERO:
            return ONE
        if exponent[0]:
            raise Undefined
        return ZERO
    if exponent == ZERO:
        return ONE
    if exponent[2] >= 0 and magnitude(exponent) <= 53:
        whole = _whole(exponent)
        size = whole * (magnitude(base) - 1)
        if abs(size) > LARGEST + abs(whole):
            if size > 0:
                raise Undefined
            return ZERO
        return tamed(libmp.mpf_pow_int(base, whole, bits))
    if base[0]:
        raise Undefined
    logarithm = libmp.mpf_log(base, bits + 40)
    return exponential(libmp.mpf_mul(exponent, logarithm, bits + 40), bits)


def _whole(number: Number) -> int:
    return int(libmp.to_int(number))  # pyright: ignore[reportArgumentType]


def exponential(argument: Number, bits: int) -> Number:
    """e to a power."""
    if magnitude(argument) > 24:
        if argument[0]:
            return ZERO
        raise Undefined
    return tamed(libmp.mpf_exp(argument, bits))


def _bounded(function: Callable[..., Number], limit: int, *arguments: Any) -> Number:
    if magnitude(arguments[0]) > limit:
        raise Undefined
    return function(*arguments)


def _inverse(function: Callable[..., Number], *arguments: Any) -> Number:
    return libmp.mpf_div(ONE, function(*arguments), arguments[-1])


def _logarithm(argument: Number, bits: int) -> Number:
    if argument[0] or argument == ZERO:
        raise Undefined
    return libmp.mpf_log(argument, bits)


def _tanh(argument: Number, bits: int) -> Number:
    if magnitude(argument) > 24:
        return libmp.fnone if argument[0] else ONE
    return libmp.mpf_tanh(argument, bits)


def _sech(argument: Number, bits: int) -> Number:
    return ZERO if magnitude(argument) > 23 else _inverse(libmp.mpf_cosh, argument, bits)


def _csch(argument: Number, bits: int) -> Number:
    return ZERO if magnitude(argument) > 23 else _inverse(libmp.mpf_sinh, argument, bits)


def _spare(argument: Number) -> int:
    """Bits that the alternating series of the error function loses, which mpmath does not provide for."""
    size = min(abs(libmp.to_float(argument)), 64.0)
    return int(1.4427 * size * size) + 10


def _erf(argument: Number, bits: int) -> Number:
    if magnitude(argument) > 12 or 1.4427 * libmp.to_float(argument) ** 2 > bits + 4:
        return libmp.fnone if argument[0] else ONE
    return libmp.mpf_erf(argument, bits + _spare(argument))


def _erfc(argument: Number, bits: int) -> Number:
    if magnitude(argument) > 11:
        return libmp.ftwo if argument[0] else ZERO
    return tamed(libmp.mpf_erfc(argument, bits + 2 * _spare(argument)))


def _loggamma(argument: Number, bits: int) -> Number:
    if argument[0]:
        raise Undefined
    return libmp.mpf_loggamma(argument, bits)


def _sinc(argument: Number, bits: int) -> Number:
    if argument == ZERO:
        return ONE
    return libmp.mpf_div(_bounded(libmp.mpf_sin, LARGEST_ANGLE, argument, bits), argument, bits)


def _sign(argument: Number, bits: int) -> Number:
    return libmp.from_int(libmp.mpf_sign(argument))


def _heaviside(argument: Number, *more: Any) -> Number:
    if argument == ZERO:
        return more[0] if len(more) == 2 else libmp.fhalf
    return ZERO if argument[0] else ONE


_contexts = threading.local()


def _context(bits: int) -> Any:
    """mpmath with a precision of this thread's own."""
    if not hasattr(_contexts, "own"):
        # At the package's top level, but not in its stubs.
        _contexts.own = mpmath.MPContext()  # pyright: ignore[reportAttributeAccessIssue]
    _contexts.own.prec = bits
    return _contexts.own


def _special(name: str, *arguments: Any) -> Number:
    *numbers, bits = arguments
    if (
        magnitude(numbers[-1]) > LARGEST_ARGUMENT.bit_length()
        or magnitude(numbers[0]) > (LARGEST_ORDER if len(numbers) == 2 else LARGEST_ARGUMENT).bit_length()
    ):
        raise Undefined
    context = _context(bits)
    return _real_part(getattr(context, name)(*map(context.make_mpf, numbers)))


def _lambert(argument: Number, *more: Any) -> Number:
    context = _context(more[-1])
    branch = _whole(more[0]) if len(more) == 2 else 0
    if magnitude(argument) > LARGEST_ANGLE or abs(branch) > 1:
        raise Undefined
    return _real_part(context.lambertw(context.make_mpf(argument), branch))


def _real_part(value: Any) -> Number:
    if hasattr(value, "_mpc_"):
        real, imaginary = value._mpc_
        if imaginary != ZERO:
            raise Undefined
        return real
    return value._mpf_


_TABLE: dict[str, Callable[..., Number]] = {
    "Abs": lambda argument, bits: libmp.mpf_abs(argument),
    "sign": _sign,
    "exp": exponential,
    "log": _logarithm,
    **{name: partial(_bounded, getattr(libmp, f"mpf_{name}"), LARGEST_ANGLE) for name in ("sin", "cos", "tan")},
    "sec": partial(_inverse, partial(_bounded, libmp.mpf_cos, LARGEST_ANGLE)),
    "csc": partial(_inverse, partial(_bounded, libmp.mpf_sin, LARGEST_ANGLE)),
    "cot": partial(_inverse, partial(_bounded, libmp.mpf_tan, LARGEST_ANGLE)),
    **{name: getattr(libmp, f"mpf_{name}") for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    "atan2": libmp.mpf_atan2,
    "sinh": partial(_bounded, libmp.mpf_sinh, 23),
    "cosh": partial(_bounded, libmp.mpf_cosh, 23),
    "tanh": _tanh,
    "sech": _sech,
    "csch": _csch,
    "coth": partial(_inverse, _tanh),
    "sinc": _sinc,
    "erf": _erf,
    "erfc": _erfc,
    "gamma": partial(_bounded, libmp.mpf_gamma, 20),
    "loggamma": partial(_bounded, _loggamma, LARGEST_ANGLE),
    **{name: partial(_special, name) for name in ("besselj", "bessely", "besseli", "besselk", "airyai", "airybi")},
    "LambertW": _lambert,
    "Heaviside": _heaviside,
}

KNOWN = frozenset(_TABLE)
"""Names of the functions."""

# What mpmath raises for complex results, poles, and series that do not end.
_FAILURES = (ArithmeticError, ValueError, NotImplementedError, libmp.NoConvergence)


def function_value(name: str, arguments: tuple[Number, ...], bits: int) -> Number:
    """A function of numbers, to about so many bits.

    Raises
    ------
    Undefined
    """
    try:
        return tamed(_TABLE[name](*arguments, bits))
    except _FAILURES as error:
        raise Undefined from error


_SATURATING = frozenset(("tanh", "coth", "sinh", "cosh", "sech", "csch"))


def absorbed_bits(name: str, argument: Number) -> float:
    """Bits by which the smallest part of a function's value is below the value: tanh(u) is 1 but for exp(-2u).

    The next term of its series at zero where the argument is small.
    """
    size = magnitude(argument)
    small = max(0.0, -2.0 * size)
    if size <= 0 or name not in _SATURATING | {"erf", "erfc"}:
        return small
    u = abs(libmp.to_float(argument)) if size < 60 else 1e18
    if name in _SATURATING:
        return 2.886 * u
    return 1.4427 * u * u if name == "erf" or argument[0] else 0.0


@cache
def warm_up() -> None:
    """Have mpmath work out pi and its kin once, to more digits than are used here.

    It keeps them in two steps, and a time limit that ends a thread between the two would leave wrong digits behind.
    """
    libmp.pi_fixed(2 * LARGEST_ANGLE + 6000)
    for constant in (libmp.ln2_fixed, libmp.ln10_fixed, libmp.e_fixed):
        constant(6000)
    libmp.euler_fixed(1000)


CONSTANTS: dict[str, Callable[[int], Number]] = {
    "Pi": libmp.mpf_pi,
    "Exp1": libmp.mpf_e,
    "EulerGamma": libmp.mpf_euler,
    "GoldenRatio": libmp.mpf_phi,
}
"""Named numbers by the names of their sympy classes."""
