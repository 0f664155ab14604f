"""Formulas as a source file for torch."""

from collections.abc import Sequence

from torch import nn

from kansym.export.dialect import Dialect, SourcePrinter
from kansym.export.identifiers import namer
from kansym.export.javascript import bessel
from kansym.export.program import Program
from kansym.export.python import escaped
from kansym.export.sources import source
from kansym.export.writing import argument_line, folded, header, value_and_unit

SUFFIX = ".py"

_TORCH = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos",
    "atan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh",
    "atanh": "atanh", "sqrt": "sqrt", "Abs": "abs", "sign": "sign", "Expm1": "expm1", "Log1p": "log1p", "erf": "erf",
    "erfc": "erfc", "loggamma": "lgamma",
}  # fmt: skip
_HELPERS = {
    "log_exp_sum": "log_exp_sum.torch", "log_expm1": "log_expm1.torch", "cbrt": "cbrt.torch",
    "gamma": "gamma.torch", "heaviside": "heaviside.torch", "airy_ai": "airy_ai.torch",
    "bessel_j": "bessel_j.torch",
}  # fmt: skip

DIALECT = Dialect(
    language="torch",
    functions={
        **{name: f"torch.{function}" for name, function in _TORCH.items()},
        "atan2": "torch.atan2",
        "sinc": lambda x: f"torch.sinc(({x})/math.pi)",
        "Cbrt": "cbrt",
        "gamma": "gamma",
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "Heaviside": lambda x, at_zero="0.5": f"heaviside({x}, {at_zero})",
        "airyai": "airy_ai",
        "besselj": bessel("torch", "bessel_j"),
    },
    number=repr,
    power="**",
    helpers={name: source(file) for name, file in _HELPERS.items()},
    fold_numbers=True,
)

RESERVED = ("torch", "math", "nn", "Tensor", "float", "self", *dir(nn.Module()), *_HELPERS)

identify = namer(RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A module of torch with the constants as parameters."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    lines = [
        '"""' + "\n".join(escaped(line) for line in header(program, text, made)).rstrip(),
        '"""',
        "",
        *(["import math", ""] if "math." in body or any("math." in one for one in printer.helpers) else []),
        *(
            ["import torch"]
            if "torch." in body or program.constants or printer.helpers or not program.arguments
            else []
        ),
        "from torch import Tensor, nn",
        "",
        "",
    ]
    for helper in printer.helpers:
        lines += [helper, "", ""]
    names = [argument.identifier for argument in program.arguments]
    kind = program.name[:1].upper() + program.name[1:]
    lines += [
        f"class {kind}(nn.Module):",
        f'    """{escaped(text)}',
        "",
        "    The fitted constants are parameters in double precision; inputs are tensors of one shape.",
        '    """',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
    ]
    for one in program.constants:
        lines.append(f"        # {value_and_unit(one)}")
        lines.append(
            f"        self.{one.identifier} = nn.Parameter(torch.tensor({one.constant.value!r}, dtype=torch.float64))"
        )
    parameters = "".join(f", {name}: Tensor" for name in names)
    lines += ["", f"    def forward(self{parameters}) -> Tensor:"]
    if names:
        lines.append(f'        """{escaped("; ".join(map(argument_line, program.arguments)))}."""')
    lines += [f"        {one.identifier} = self.{one.identifier}" for one in program.constants]
    if not names and not program.constants:
        body = f"torch.tensor({body}, dtype=torch.float64)"
    returned = folded(body, "            ", first=len("return "))
    lines += (
        [f"        return {returned[0].strip()}"]
        if len(returned) == 1
        else ["        return (", *returned, "        )"]
    )
    return "\n".join([*lines, ""])
