# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Formulas for torch: as a source file, and as modules to train further or to put into a network."""

from collections.abc import Callable, Mapping, Sequence

import sympy
from sympy.printing.pytorch import TorchPrinter as SympyTorchPrinter
from torch import Tensor, nn

from kansym.deferred import torch
from kansym.errors import ArgumentError
from kansym.export.languages import CodeLanguage
from kansym.export.printer import ExportError, SourcePrinter
from kansym.export.program import Program, program_of
from kansym.export.python import docstring
from kansym.export.sources import torch_functions
from kansym.export.writing import argument_line, returned, value_and_unit
from kansym.primitives.special import airy_ai, bessel_j0, bessel_j1
from kansym.symbolic.formula import Formula


class TorchPrinter(SourcePrinter, SympyTorchPrinter):
    """Functions of torch take no plain numbers, so that sqrt(2) is written as a number."""

    language = "torch"
    functions = {
        **{kind.__name__: name for kind, name in SympyTorchPrinter.mapping.items() if kind is not sympy.Pow},
        "sqrt": "torch.sqrt", "tanh": "torch.tanh", "expm1": "torch.expm1", "log1p": "torch.log1p",
        "erfc": "torch.erfc", "sinc": "sinc", "Cbrt": "cbrt", "gamma": "gamma", "Heaviside": "heaviside",
        "LogExpSum": "log_exp_sum", "LogExpm1": "log_expm1", "airyai": "airy_ai", "besselj": "bessel_j",
    }  # fmt: skip
    power = "**"
    orders = sympy.FiniteSet(0, 1)
    definitions = "torch_functions.py"

    def _print(self, expr: sympy.Basic, **kwargs: object) -> str:
        if expr.args and expr.is_number and not isinstance(expr, sympy.Rational):
            return self.number(float(expr))
        return super()._print(expr, **kwargs)


class Torch(CodeLanguage):
    """A module of torch with the constants as parameters."""

    title = "PyTorch"
    suffix = ".py"
    printer = TorchPrinter
    keywords = " ".join(("torch", "math", "nn", "Tensor", "float", "self", *dir(nn.Module())))

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        if not program.arguments and not program.constants:
            code = f"torch.tensor({code}, dtype=torch.float64)"
        helpers = printer.helpers
        lines = [*docstring(head), ""]
        if any("math." in helper for helper in helpers):
            lines += ["import math", ""]
        if helpers or program.constants or "torch." in code:
            lines.append("import torch")
        lines += ["from torch import Tensor, nn", "", ""]
        for helper in helpers:
            lines += [helper, "", ""]
        about = "The fitted constants are parameters in double precision; inputs are tensors of one shape."
        lines.append(f"class {program.name[:1].upper()}{program.name[1:]}(nn.Module):")
        lines += [*docstring([head[0], "", about], "    "), ""]
        lines += ["    def __init__(self) -> None:", "        super().__init__()"]
        for one in program.constants:
            value = f"torch.tensor({one.constant.value!r}, dtype=torch.float64)"
            lines += [f"        # {value_and_unit(one)}", f"        self.{one.identifier} = nn.Parameter({value})"]
        parameters = "".join(f", {argument.identifier}: Tensor" for argument in program.arguments)
        lines += ["", f"    def forward(self{parameters}) -> Tensor:"]
        if program.arguments:
            opening, closing = docstring(["; ".join(map(argument_line, program.arguments)) + "."], "        ")
            lines.append(opening + closing.strip())
        lines += [f"        {one.identifier} = self.{one.identifier}" for one in program.constants]
        return [*lines, *returned(code, "        ")]


LANGUAGE = Torch()


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
    program = program_of(formula, LANGUAGE.identify)
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


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    **{
        kind: getattr(torch if name.startswith("torch.") else torch_functions, name.removeprefix("torch."))
        for kind, name in TorchPrinter.functions.items()
        if isinstance(name, str) and kind != "besselj"
    },
    "airyai": airy_ai,
}
"""The functions behind the names in exported files; Ai with the gradient of kansym's primitive."""
