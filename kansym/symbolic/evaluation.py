# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""How numpy evaluates a formula, and its derivatives: in real symbols, and without exponentials that overflow.

Planck's law, for one: its logarithm holds log(exp(u) - 1) with u up to hundreds, and its derivatives
exp(u)/(exp(u) - 1)^2, infinity over infinity. Both are harmless numbers, and exp(u) + c is
rewritten so that they come out.
"""

import numpy as np
import sympy
from sympy.core.function import ArgumentIndexError

from kansym.errors import ArgumentError
from kansym.functions import reciprocals


class RealAbs(sympy.Function):
    """|u| of a real u. sympy's Abs differentiates into re, im and Derivative unless it can prove u real."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative with respect to the argument: its sign."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return RealSign(self.args[0])


class RealSign(sympy.Function):
    """Sign of a real u; its derivative is taken as zero, which holds wherever the sign is differentiable."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative with respect to the argument: zero."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sympy.Integer(0)


NUMPY_FUNCTIONS = {
    "RealAbs": np.abs,
    "RealSign": np.sign,
    **{kind.__name__: function for kind, function in reciprocals(np).items()},
    "DiracDelta": lambda argument, *order: np.zeros_like(argument),
}
"""Names that lambdify has to be told about, before numpy's and scipy's own."""


def real_functions(expression: sympy.Expr) -> sympy.Expr:
    """The expression with Abs and sign replaced by `RealAbs` and `RealSign`, ready to be differentiated."""
    return expression.replace(sympy.Abs, RealAbs).replace(sympy.sign, RealSign)


class LogExpSum(sympy.Function):
    """log|exp(u) + c| as a function of u and c."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivatives; neither is infinity over infinity for large or small u."""
        u, c = self.args
        if argindex == 1:
            return 1 / (1 + c * sympy.exp(-u))
        if argindex == 2:
            return 1 / (sympy.exp(u) + c)
        raise ArgumentIndexError(self, argindex)


def log_exp_sum(u: np.ndarray, c: np.ndarray) -> np.ndarray:
    """`LogExpSum` of arrays."""
    small = np.exp(-np.abs(u))
    return np.where(np.asarray(u) > 0, u + np.log(np.abs(1 + c * small)), np.log(np.abs(small + c)))


def stable_logarithms(expression: sympy.Expr) -> sympy.Expr:
    """The expression with every ``log(... (exp(u) + c)^n ...)`` as ``n LogExpSum(u, c) + log(...)``."""
    return _replaced(expression, inverse_powers=False)


def stable_powers(expression: sympy.Expr) -> sympy.Expr:
    """`stable_logarithms`, and every ``(exp(u) + c)^-n`` as an exponential too, for derivatives."""
    return _replaced(expression, inverse_powers=True)


def _replaced(node: sympy.Expr, *, inverse_powers: bool) -> sympy.Expr:
    if not node.has(sympy.exp):
        return node
    arguments = [_replaced(argument, inverse_powers=inverse_powers) for argument in node.args]
    if isinstance(node, sympy.log):
        # Looked for in what was there: its own powers may have been rewritten by now.
        return _logarithm(node.args[0], arguments[0])
    if inverse_powers and node.is_Pow and node.args[1].is_Integer and node.args[1] < 0:
        parts = exponential_and_rest(node.args[0])
        if parts is not None:
            power = node.args[1]
            size = sympy.exp(power * LogExpSum(*parts))
            return size * RealSign(sympy.exp(parts[0]) + parts[1]) if power % 2 else size
    return node.func(*arguments) if list(node.args) != arguments else node


def _logarithm(argument: sympy.Expr, rewritten: sympy.Expr) -> sympy.Expr:
    terms, rest = [], []
    for factor in sympy.Mul.make_args(argument):
        base, power = factor.as_base_exp() if factor.is_Pow else (factor, sympy.S.One)
        parts = exponential_and_rest(base) if power.is_Integer else None
        if parts is None:
            rest.append(factor)
            continue
        terms.append(power * LogExpSum(*parts))
        if power % 2:
            rest.append(RealSign(base))
    if not terms:
        return sympy.log(rewritten)
    return sympy.Add(*terms, sympy.log(sympy.Mul(*rest)))


def exponential_and_rest(node: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """u and c of ``exp(u) + c``, where there is just one exponential."""
    if not node.is_Add:
        return None
    exponentials = [term for term in node.args if isinstance(term, sympy.exp)]
    rest = sympy.Add(*(term for term in node.args if not isinstance(term, sympy.exp)))
    if len(exponentials) != 1 or rest.has(sympy.exp):
        return None
    return exponentials[0].args[0], rest


MODULES = [{**NUMPY_FUNCTIONS, "LogExpSum": log_exp_sum}, "scipy", "numpy"]
"""What lambdify takes functions from."""


def finite_column(result: object, n: int) -> np.ndarray:
    """A float64 array (n,) with nan for everything that is not a finite real number."""
    array = np.asarray(result)
    if np.iscomplexobj(array):
        array = np.where(array.imag == 0, array.real, np.nan)
    array = np.asarray(array, dtype=np.float64)
    array = np.where(np.isfinite(array), array, np.nan)
    return array if array.shape == (n,) else np.broadcast_to(array, (n,)).copy()


def with_real_symbols(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
) -> tuple[sympy.Expr, list[sympy.Symbol], list[sympy.Symbol]]:
    """The expression in real symbols with harmless names, fit for derivatives and for numpy."""
    x = [sympy.Symbol(f"x{i}", real=True) for i in range(len(variables))]
    c = [sympy.Symbol(f"k{i}", real=True) for i in range(len(constants))]
    mapping: dict = dict(zip((*variables, *constants), (*x, *c), strict=True))
    unknown = expression.free_symbols - set(mapping)
    if unknown:
        names = sorted(symbol.name for symbol in unknown)
        raise ArgumentError(f"expression contains symbols that are not among its variables: {names}")
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return sympy.nan, x, c
    # numpy turns integers beyond 64 bits into slow object arrays.
    for integer in expression.atoms(sympy.Integer):
        if abs(int(integer)) > 2**53:
            mapping[integer] = sympy.Float(float(integer))
    return real_functions(expression.xreplace(mapping)), x, c
