# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Formulas as modules of torch, to train further or to put into a network."""

import math
from collections.abc import Callable, Mapping

import sympy
import torch
from torch import Tensor, nn

from kansym.errors import ArgumentError
from kansym.export.dialect import ExportError
from kansym.export.program import Program, program_of
from kansym.export.torch_source import identify
from kansym.primitives.special import airy_ai, bessel_j0, bessel_j1
from kansym.symbolic.formula import Formula


class FormulaModule(nn.Module):
    """A formula with its fitted constants as parameters.

    Parameters
    ----------
    program : Program
    columns : tuple of str
        Names of the columns of the input, in order.

    Attributes
    ----------
    columns : tuple of str
    constants : dict of str to str
        Names of the constants in the formula, with those of the parameters.
    """

    def __init__(self, program: Program, columns: tuple[str, ...]) -> None:
        super().__init__()
        self.columns = columns
        self.constants = {one.constant.name: one.identifier for one in program.constants}
        self._places = {argument.identifier: columns.index(argument.name) for argument in program.arguments}
        self._body = program.body
        for one in program.constants:
            value = torch.tensor(one.constant.value, dtype=torch.float64)
            self.register_parameter(one.identifier, nn.Parameter(value))

    def forward(self, X: Tensor) -> Tensor:
        """Values of the formula, shape (n,), for rows `X` of shape (n, d); nan where it has no real value.

        Raises
        ------
        ArgumentError
            If `X` has another number of columns.
        """
        if X.ndim != 2 or X.shape[1] != len(self.columns):
            raise ArgumentError(
                f"X must have shape (n, {len(self.columns)}), the columns {list(self.columns)}, got {tuple(X.shape)}"
            )
        values: dict[str, Tensor] = {name: X[:, place] for name, place in self._places.items()}
        values |= {name: self.get_parameter(name) for name in self.constants.values()}
        result = _value(self._body, values, X)
        return result.expand(X.shape[0]) if result.ndim == 0 else result


def to_torch(formula: Formula) -> FormulaModule:
    """A module of torch that computes a formula.

    Parameters
    ----------
    formula : Formula

    Returns
    -------
    FormulaModule
        Takes tensors (n, d) with the columns in the order of ``formula.variables``, gives (n,). The fitted constants
        are parameters in double precision; ``module.float()`` makes them single.

    Raises
    ------
    ExportError
        If the formula holds a function that torch lacks.
    """
    program = program_of(formula, identify)
    module = FormulaModule(program, formula.variables)
    # What torch lacks is found out now, and not in the middle of a training.
    with torch.no_grad():
        module(torch.ones(1, len(formula.variables), dtype=torch.float64))
    return module


def _value(node: sympy.Expr, values: Mapping[str, Tensor], like: Tensor) -> Tensor:
    if isinstance(node, sympy.Symbol):
        return values[node.name]
    if node.is_number and not node.args:
        return torch.tensor(float(node), dtype=like.dtype, device=like.device)
    if isinstance(node, sympy.Pow):
        return _power(node, values, like)
    if isinstance(node, sympy.besselj):
        order, inside = node.args[0], _value(node.args[1], values, like)
        if order in (0, 1):
            return bessel_j0(inside) if order == 0 else bessel_j1(inside)
    parts = [_value(argument, values, like) for argument in node.args]
    name = type(node).__name__
    if name in ("Add", "Mul"):
        combine = torch.add if name == "Add" else torch.mul
        result = parts[0]
        for part in parts[1:]:
            result = combine(result, part)
        return result
    function = _FUNCTIONS.get(name)
    if function is None:
        raise ExportError(f"formula: torch has no function {name}; choose a formula of the front without it")
    return function(*parts)


def _power(node: sympy.Pow, values: Mapping[str, Tensor], like: Tensor) -> Tensor:
    base, exponent = _value(node.args[0], values, like), node.args[1]
    if exponent.is_Integer:
        return 1 / base if exponent == -1 else base ** int(exponent)
    if abs(exponent) == sympy.S.Half:
        root = torch.sqrt(base)
        return root if exponent > 0 else 1 / root
    return base ** (float(exponent) if exponent.is_Rational else _value(exponent, values, like))


def _log_exp_sum(u: Tensor, c: Tensor) -> Tensor:
    small = torch.exp(-u.abs())
    return torch.where(u > 0, u + torch.log((1 + c * small).abs()), torch.log((small + c).abs()))


def _gamma(x: Tensor) -> Tensor:
    reflected = math.pi / (torch.sin(math.pi * x) * torch.exp(torch.lgamma(1 - x)))
    return torch.where(x > 0, torch.exp(torch.lgamma(x)), reflected)


def _step(x: Tensor, at_zero: Tensor | None = None) -> Tensor:
    return torch.heaviside(x, x.new_tensor(0.5) if at_zero is None else at_zero.to(x))


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2")},
    **{name: getattr(torch, name) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sign", "erf")},
    "erfc": torch.erfc,
    "Abs": torch.abs,
    "Expm1": torch.expm1,
    "Log1p": torch.log1p,
    "Cbrt": lambda x: torch.sign(x) * x.abs() ** (1 / 3),
    "sinc": lambda x: torch.sinc(x / math.pi),
    "loggamma": torch.lgamma,
    "gamma": _gamma,
    "LogExpSum": _log_exp_sum,
    "LogExpm1": lambda u: torch.relu(u) + torch.log(torch.expm1(-u.abs()).abs()),
    "Heaviside": _step,
    "airyai": airy_ai,
}
