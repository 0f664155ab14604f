# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Interval arithmetic on many boxes at once: bounds of an expression that hold for every point of a box.

Bounds are rounded outward by a few units in the last place after every operation, which covers what numpy's and
scipy's functions round; they are as safe as those functions are accurate. Where an argument leaves the domain of a
function, the bounds are those over the part of it within: `kansym.validation.domain` asks for the domain itself.
Moore, Kearfott, Cloud, Introduction to Interval Analysis (SIAM 2009), doi:10.1137/1.9780898717716.
"""

from collections.abc import Callable, Mapping

import numpy as np
import scipy.special
import sympy

ULPS = 8.0
"""Outward rounding after every operation, in units in the last place."""

LARGEST_ANGLE = 1e7
"""Beyond it sine and cosine are bounded by one and no better."""

Interval = tuple[np.ndarray, np.ndarray]
"""Lower and upper bounds, each (m,)."""


def interval(expression: sympy.Expr, bounds: Mapping[sympy.Symbol, Interval]) -> Interval:
    """Bounds of an expression over boxes.

    Parameters
    ----------
    expression : sympy.Expr
        Of numbers, the symbols of `bounds`, and the functions of `kansym.functions`; a function that is not
        known here is bounded by nothing.
    bounds : mapping of Symbol to (lower (m,), upper (m,))

    Returns
    -------
    lower, upper : array (m,)
    """
    m = len(next(iter(bounds.values()))[0]) if bounds else 1
    with np.errstate(all="ignore"):
        return _Walk(bounds, m).visit(expression)


class _Walk:
    def __init__(self, bounds: Mapping[sympy.Symbol, Interval], m: int) -> None:
        self.m = m
        # Parts that occur twice are bounded once.
        self.known: dict[sympy.Basic, Interval] = dict(bounds)

    def visit(self, node: sympy.Basic) -> Interval:
        if node not in self.known:
            self.known[node] = self.evaluate(node)
        return self.known[node]

    def evaluate(self, node: sympy.Basic) -> Interval:
        if node.is_number and not node.is_real:
            return np.full(self.m, -np.inf), np.full(self.m, np.inf)
        if node.is_number and not node.args:
            value = np.full(self.m, float(node))
            return (value, value) if float(node).is_integer() and node.is_Integer else _outward(value, value)
        if node.is_Add:
            return self.fold(node, lambda a, b: (a[0] + b[0], a[1] + b[1]))
        if node.is_Mul:
            return self.fold(node, _product)
        if node.is_Pow:
            return self.power(node)
        arguments = [self.visit(argument) for argument in node.args]
        name = type(node).__name__
        if name in _FAMILIES and node.args[0].is_number:
            return _outward(*_FAMILIES[name](float(node.args[0]), *arguments[1]))
        if name == "exp" and len(arguments) == 1:
            return _outward(*_increasing(np.exp)(*arguments[0]), least=0.0)
        if name in _FUNCTIONS:
            return _outward(*_FUNCTIONS[name](*arguments[0]))
        return np.full(self.m, -np.inf), np.full(self.m, np.inf)

    def fold(self, node: sympy.Basic, operation: Callable[[Interval, Interval], Interval]) -> Interval:
        result = self.visit(node.args[0])
        for argument in node.args[1:]:
            result = _outward(*operation(result, self.visit(argument)))
        return result

    def power(self, node: sympy.Basic) -> Interval:
        base, exponent = self.visit(node.args[0]), node.args[1]
        if node.args[0] is sympy.E:
            return _outward(*_increasing(np.exp)(*self.visit(exponent)), least=0.0)
        if exponent.is_Integer:
            return _outward(*_integer_power(*base, int(exponent)))
        clipped = np.maximum(base[0], 0.0), np.maximum(base[1], 0.0)
        if exponent.is_number:
            p = float(exponent)
            low, high = clipped if p > 0 else clipped[::-1]
            return _outward(low**p, high**p, least=0.0)
        logarithm = _outward(np.log(clipped[0]), np.log(clipped[1]))
        product = _outward(*_product(logarithm, self.visit(exponent)))
        return _outward(np.exp(product[0]), np.exp(product[1]), least=0.0)


def _outward(low: np.ndarray, high: np.ndarray, *, least: float = -np.inf) -> Interval:
    """Bounds moved outward; what is not a number is bounded by nothing."""
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    bad = np.isnan(low) | np.isnan(high)
    low = np.where(np.isfinite(low), low - ULPS * np.spacing(np.abs(low)), low)
    high = np.where(np.isfinite(high), high + ULPS * np.spacing(np.abs(high)), high)
    return np.where(bad, -np.inf, np.maximum(low, least)), np.where(bad, np.inf, high)


def _product(a: Interval, b: Interval) -> Interval:
    corners = np.stack([a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]])
    # 0 times infinity: the zero is exact, and infinity only means that there is no bound.
    corners = np.where(np.isnan(corners), 0.0, corners)
    return corners.min(axis=0), corners.max(axis=0)


def _integer_power(low: np.ndarray, high: np.ndarray, p: int) -> Interval:
    if p < 0:
        return _reciprocal(*_integer_power(low, high, -p))
    a, b = low**p, high**p
    if p % 2:
        return a, b
    least = np.where((low <= 0) & (high >= 0), 0.0, np.minimum(a, b))
    return least, np.maximum(a, b)


def _reciprocal(low: np.ndarray, high: np.ndarray) -> Interval:
    across = (low < 0) & (high > 0)
    lower = np.where(high == 0, -np.inf, 1 / high)
    upper = np.where(low == 0, np.inf, 1 / low)
    return np.where(across, -np.inf, lower), np.where(across, np.inf, upper)


Bounds = Callable[[np.ndarray, np.ndarray], Interval]


def _increasing(function: Callable, low: float = -np.inf, high: float = np.inf) -> Bounds:
    """Bounds of a function that increases on [low, high], the domain."""
    return lambda a, b: (function(np.clip(a, low, high)), function(np.clip(b, low, high)))


def _decreasing(function: Callable, low: float = -np.inf, high: float = np.inf) -> Bounds:
    return lambda a, b: (function(np.clip(b, low, high)), function(np.clip(a, low, high)))


def _even(function: Callable, at_zero: float, *, increasing: bool) -> Bounds:
    """Bounds of an even function that increases, or decreases, with |u|."""

    def bounds(a: np.ndarray, b: np.ndarray) -> Interval:
        near = np.where((a <= 0) & (b >= 0), at_zero, function(np.minimum(np.abs(a), np.abs(b))))
        far = function(np.maximum(np.abs(a), np.abs(b)))
        return (near, far) if increasing else (far, near)

    return bounds


def _within(least: float, most: float) -> Bounds:
    return lambda a, b: (np.full_like(a, least), np.full_like(b, most))


def _cos(a: np.ndarray, b: np.ndarray) -> Interval:
    first, last = np.ceil(a / np.pi - 1e-9), np.floor(b / np.pi + 1e-9)
    several = last - first >= 1
    one = last == first
    even = np.mod(first, 2) == 0
    wild = ~((np.abs(a) < LARGEST_ANGLE) & (np.abs(b) < LARGEST_ANGLE))
    least = np.where(several | (one & ~even) | wild, -1.0, np.minimum(np.cos(a), np.cos(b)))
    most = np.where(several | (one & even) | wild, 1.0, np.maximum(np.cos(a), np.cos(b)))
    return least, most


def _sin(a: np.ndarray, b: np.ndarray) -> Interval:
    # The shift rounds; far from zero it loses digits that the outward rounding of the result does not cover.
    low, high = _outward(a - np.pi / 2, b - np.pi / 2)
    slack = 1e-16 * np.maximum(np.abs(a), np.abs(b)) + 1e-16
    least, most = _cos(low, high)
    return np.maximum(least - slack, -1.0), np.minimum(most + slack, 1.0)


def _tan(a: np.ndarray, b: np.ndarray) -> Interval:
    branch = np.floor((a - 1e-12) / np.pi + 0.5) == np.floor((b + 1e-12) / np.pi + 0.5)
    branch &= (np.abs(a) < LARGEST_ANGLE) & (np.abs(b) < LARGEST_ANGLE)
    return np.where(branch, np.tan(a), -np.inf), np.where(branch, np.tan(b), np.inf)


def _cot(a: np.ndarray, b: np.ndarray) -> Interval:
    branch = np.floor((a - 1e-12) / np.pi) == np.floor((b + 1e-12) / np.pi)
    branch &= (np.abs(a) < LARGEST_ANGLE) & (np.abs(b) < LARGEST_ANGLE)
    return np.where(branch, 1 / np.tan(b), -np.inf), np.where(branch, 1 / np.tan(a), np.inf)


def _over(function: Bounds) -> Bounds:
    return lambda a, b: _reciprocal(*_outward(*function(a, b)))


def _coth(a: np.ndarray, b: np.ndarray) -> Interval:
    return _reciprocal(*_outward(np.tanh(a), np.tanh(b)))


def _first_below(at: float, function: Callable, least: float) -> Bounds:
    """Bounds of a function that increases on (0, at] and lies between `least` and its value there beyond."""
    most = float(function(at))

    def bounds(a: np.ndarray, b: np.ndarray) -> Interval:
        a, b = np.maximum(a, 0.0), np.maximum(b, 0.0)
        rising = b <= at
        low = np.where(a <= 0, -np.inf, np.minimum(function(np.minimum(np.maximum(a, 1e-300), at)), least))
        return low, np.where(rising, function(np.maximum(b, 1e-300)), most)

    return bounds


def _gamma(a: np.ndarray, b: np.ndarray) -> Interval:
    # Bounded for positive arguments only, where the least value is at 1.4616.
    bottom, negative = 1.4616321449683623, a < 0
    a, b = np.maximum(a, 0.0), np.maximum(b, 0.0)
    across = (a <= bottom) & (b >= bottom)
    ends = np.stack([np.where(a > 0, scipy.special.gamma(a), np.inf), scipy.special.gamma(b)])
    least = np.where(across, 0.8856031944108886, ends.min(axis=0))
    return np.where(negative, -np.inf, least), np.where(negative, np.inf, ends.max(axis=0))


def _loggamma(a: np.ndarray, b: np.ndarray) -> Interval:
    bottom, negative = 1.4616321449683623, a < 0
    ends = np.stack([scipy.special.gammaln(np.maximum(end, 0.0)) for end in (a, b)])
    least = np.where((a <= bottom) & (b >= bottom), -0.12148629053584961, ends.min(axis=0))
    return np.where(negative, -np.inf, least), np.where(negative, np.inf, ends.max(axis=0))


def _airybi(a: np.ndarray, b: np.ndarray) -> Interval:
    # Increasing from -1.17 on; before that it swings between -0.4550 and 0.6155.
    rising = a >= -1.173
    low = np.where(rising, scipy.special.airy(a)[2], -0.4550)
    return low, np.maximum(np.where(b >= -1.173, scipy.special.airy(b)[2], 0.6155), np.where(rising, -np.inf, 0.6155))


def _lambert(a: np.ndarray, b: np.ndarray) -> Interval:
    least = -np.exp(-1.0)
    return tuple(np.real(scipy.special.lambertw(np.maximum(end, least))) for end in (a, b))  # type: ignore[return-value]


_FUNCTIONS: dict[str, Bounds] = {
    "Abs": _even(np.abs, 0.0, increasing=True),
    "sign": _increasing(np.sign),
    "Heaviside": _within(0.0, 1.0),
    "log": _increasing(np.log, 0.0),
    "cos": _cos,
    "sin": _sin,
    "tan": _tan,
    "cot": _cot,
    "sec": _over(_cos),
    "csc": _over(_sin),
    "asin": _increasing(np.arcsin, -1.0, 1.0),
    "acos": _decreasing(np.arccos, -1.0, 1.0),
    "atan": _increasing(np.arctan),
    "atan2": _within(-np.pi, np.pi),
    "sinh": _increasing(np.sinh),
    "cosh": _even(np.cosh, 1.0, increasing=True),
    "tanh": _increasing(np.tanh),
    "sech": _even(lambda u: 1 / np.cosh(u), 1.0, increasing=False),
    "csch": _over(_increasing(np.sinh)),
    "coth": _coth,
    "asinh": _increasing(np.arcsinh),
    "acosh": _increasing(np.arccosh, 1.0),
    "atanh": _increasing(np.arctanh, -1.0, 1.0),
    "sinc": _within(-0.2172336282, 1.0),
    "erf": _increasing(scipy.special.erf),
    "erfc": _decreasing(scipy.special.erfc),
    "gamma": _gamma,
    "loggamma": _loggamma,
    "airyai": _within(-0.41902, 0.53566),
    "airybi": _airybi,
    "LambertW": _lambert,
}


def _besselk(order: float, a: np.ndarray, b: np.ndarray) -> Interval:
    return _decreasing(lambda u: scipy.special.kv(order, u), 0.0)(a, b)


def _besseli(order: float, a: np.ndarray, b: np.ndarray) -> Interval:
    if order == 0:
        return _even(lambda u: scipy.special.iv(0, u), 1.0, increasing=True)(a, b)
    if order == 1:
        return _increasing(lambda u: scipy.special.iv(1, u))(a, b)
    return np.full_like(a, -np.inf), np.full_like(b, np.inf)


def _bessely(order: float, a: np.ndarray, b: np.ndarray) -> Interval:
    # Highest at the first maximum, lowest after it at the first minimum that follows (DLMF 10.21).
    if order == 0:
        return _first_below(2.1971413260, lambda u: scipy.special.yv(0, u), -0.3404)(a, b)
    if order == 1:
        return _first_below(3.6830228566, lambda u: scipy.special.yv(1, u), -0.3033)(a, b)
    return np.full_like(a, -np.inf), np.full_like(b, np.inf)


_FAMILIES: dict[str, Callable[[float, np.ndarray, np.ndarray], Interval]] = {
    # |J| <= 1 for real orders of at least zero (DLMF 10.14.1).
    "besselj": lambda order, a, b: _within(-1.0, 1.0)(a, b) if order >= 0 else _within(-np.inf, np.inf)(a, b),
    "bessely": _bessely,
    "besseli": _besseli,
    "besselk": _besselk,
}
