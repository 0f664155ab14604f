"""A primitive of the user's own, from a sympy expression."""

from __future__ import annotations

from typing import cast

import mpmath
import sympy

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.primitives.evaluation import TorchFunction, torch_function
from kansym.primitives.primitive import ARGUMENT, Domain, Primitive
from kansym.primitives.probing import find_domain, find_parity, find_redundant

_TAYLOR_DEGREE = 16
_TAYLOR_DIGITS = 40
_TAYLOR_RADIUS = 0.4
_TAYLOR_HALVINGS = 6


class _FromExpression(Primitive):
    """A primitive that pickle makes anew from its expression; closures cannot be stored."""

    def __reduce_ex__(self, protocol: object) -> tuple:
        arguments = (self.name, self.expression, self.complexity, self.domain, self.period)
        state = {k: v for k, v in self.__dict__.items() if k not in ("function", "derivative", "shape_derivative")}
        return _rebuilt, arguments, state


def _rebuilt(name: str, expression: sympy.Expr, complexity: int, domain: Domain, period: float | None) -> Primitive:
    return primitive_from_expression(name, expression, complexity=complexity, domain=domain, period=period)


def primitive_from_expression(
    name: str,
    expression: sympy.Expr,
    *,
    complexity: int | None = None,
    domain: Domain | None = None,
    period: float | None = None,
) -> Primitive:
    """Make a primitive from a sympy expression in one symbol.

    Parameters
    ----------
    name : str
        Unique name, e.g. ``"langevin"``.
    expression : sympy.Expr
        E.g. ``coth(z) - 1/z`` for any symbol z, which is read as real. A removable singularity is filled in.
    complexity : int, optional
        Cost in the choice between primitives; one more than the number of operations by default.
    domain : Domain, optional
        Where the function is defined. By default its ends and poles are found numerically, for arguments up to 1e6 in
        magnitude and poles up to 20; give it when they lie elsewhere or are closer than 0.01 to each other.
    period : float, optional
        Period, for functions whose fit should start from the spectrum of the curve.

    Returns
    -------
    Primitive
        With derivative, parity and redundant constants worked out. Add it with ``library.with_primitive(...)``.

    Raises
    ------
    ArgumentError
        If `expression` is not a sympy expression (text is never parsed), does not have exactly one free symbol, is
        nowhere real and finite, or holds a function that torch cannot evaluate.

    Examples
    --------
    >>> import sympy
    >>> z = sympy.Symbol("z")
    >>> primitive_from_expression("langevin", sympy.coth(z) - 1 / z).parity
    'odd'
    """
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"name: expected a non-empty string, got {name!r}")
    if not isinstance(expression, sympy.Expr):
        raise ArgumentError(
            f"expression: expected a sympy expression, got {type(expression).__name__}; build it with sympy functions"
        )
    if len(expression.free_symbols) != 1:
        found = ", ".join(sorted(map(str, expression.free_symbols))) or "none"
        raise ArgumentError(f"expression: expected exactly one free symbol, got {found}")
    if complexity is not None and complexity < 1:
        raise ArgumentError(f"complexity: expected at least 1, got {complexity}")
    (symbol,) = expression.free_symbols
    expression = cast(sympy.Expr, expression.xreplace({symbol: ARGUMENT}))
    slope = expression.diff(ARGUMENT)
    function, derivative = torch_function(expression, ARGUMENT), torch_function(slope, ARGUMENT)
    found, removable = find_domain(function)
    for point in removable:
        function = _filled(function, expression, point)
        derivative = _filled(derivative, slope, point)
    domain = domain or found
    return _FromExpression(
        name=name,
        function=lambda z, p: function(z),
        derivative=lambda z, p: derivative(z),
        expression=expression,
        domain=domain,
        complexity=int(1 + sympy.count_ops(expression)) if complexity is None else complexity,
        redundant=find_redundant(function, domain),
        parity=find_parity(function, domain),
        period=period,
    )


def _filled(function: TorchFunction, expression: sympy.Expr, point: float) -> TorchFunction:
    """The function with its Taylor polynomial around a removable singularity, where the plain formula cancels."""
    fit = _taylor(expression, point)
    if fit is None:
        return function
    coefficients, radius = fit

    def evaluate(z: Tensor) -> Tensor:
        offset = z - point
        total = torch.zeros_like(z)
        for coefficient in reversed(coefficients):
            total = total * offset + coefficient
        return torch.where(offset.abs() < radius, total, function(z))

    return evaluate


def _taylor(expression: sympy.Expr, point: float) -> tuple[list[float], float] | None:
    """Polynomial through high-precision values around `point`, and the radius where it is exact to rounding."""

    def value(offset):
        number = expression.evalf(_TAYLOR_DIGITS, subs={ARGUMENT: sympy.Float(point + offset, _TAYLOR_DIGITS)})
        return mpmath.mpf(str(number))

    radius = _TAYLOR_RADIUS
    with mpmath.workdps(_TAYLOR_DIGITS):
        for _ in range(_TAYLOR_HALVINGS):
            nodes = [
                radius * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * _TAYLOR_DEGREE + 2))
                for k in range(_TAYLOR_DEGREE + 1)
            ]
            # The middle Chebyshev node would be the singular point itself.
            nodes = [node if abs(node) > radius / 1000 else mpmath.mpf(radius) / 50 for node in nodes]
            matrix = mpmath.matrix([[node**power for power in range(_TAYLOR_DEGREE + 1)] for node in nodes])
            solution = mpmath.lu_solve(matrix, mpmath.matrix([value(node) for node in nodes]))
            coefficients = [float(c) if abs(c) > mpmath.mpf(10) ** -25 else 0.0 for c in solution]
            tests = [mpmath.mpf(radius) * t for t in (-0.9, -0.37, 0.21, 0.83)]
            exact = [value(t) for t in tests]
            errors = [abs(mpmath.polyval(list(reversed(solution)), t) - e) for t, e in zip(tests, exact, strict=True)]
            if max(errors) <= 1e-17 * max(map(abs, exact)):
                return coefficients, radius
            radius /= 2
    return None
