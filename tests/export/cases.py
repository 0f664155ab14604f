"""Formulas that every exporter is asked for."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.primitives import default_library
from kansym.primitives.primitive import ARGUMENT, EXPONENT
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression

NASTY = (
    "λ (nm)", "温度", "x*/y", 'a"""b', "ends with \\", "2x", "T", "t", "lambda", "if", "real", "double", "function",
    "E", "I", "N", "pi", "np", "exp", "c0", "value", "new\nline", "$x_1$", "*)", "??/", "x" * 90, "x" * 91, "%",
    "Gamma", "half", "train", "square", "dp", "x_1", "x1", "#{1+1}",
)  # fmt: skip
"""Names of columns that are keywords, clash, break comments, or are no identifiers in any language."""


@dataclass(frozen=True, eq=False)
class Case:
    """A formula with rows of the arguments that its code takes."""

    name: str
    formula: Formula
    X: np.ndarray
    tolerance: float = 1e-12

    @property
    def rows(self):
        """The table with all columns."""
        full = np.ones((len(self.X), len(self.formula.variables)))
        used = [k for k, name in enumerate(self.formula.variables) if plain_symbol(name) in self.symbols]
        full[:, used] = self.X
        return full

    @property
    def symbols(self):
        return self.formula.expression.free_symbols


def formula_of(expression, names, constants=(), target="y"):
    return Formula(expression, tuple(names), target, 5, 0.0, 0.0, 0.0, tuple(constants))


def case(name, text, columns, **rows):
    names = list(rows)
    expression = text if isinstance(text, sympy.Expr) else parse_expression(text, [*names, *columns])
    return Case(name, formula_of(expression, [*columns, *names]), np.column_stack(list(rows.values())))


def primitive_cases():
    """Every function that an edge can turn out to be, with fitted constants."""
    generator = np.random.default_rng(0)
    cases = []
    for primitive in default_library().values():
        z = 0.37 * plain_symbol("x") + 0.05 + max(primitive.domain.lower, 0.0)
        expression = primitive.expression.xreplace({ARGUMENT: z, EXPONENT: sympy.Float(1.37)})
        x = generator.uniform(0.1, 2.0, 12)
        cases.append(Case(primitive.name, formula_of(1.23456789 * expression - 0.71, ["x"]), x[:, None]))
    return cases


SINGLE = np.array([-2.7, -1.3, -0.4, -1e-9, 1e-12, 0.3, 0.77, 1.9, 4.2, 30.0])
UNIT = np.array([-0.9, -0.3, -1e-9, 0.2, 0.6, 0.95])
POSITIVE = np.array([1e-6, 0.3, 0.9, 1.7, 6.4, 40.0])
ABOVE_ONE = np.array([1.0001, 1.5, 3.0, 80.0])

FUNCTIONS = {
    "Abs": SINGLE, "sign": SINGLE, "exp": SINGLE, "log": POSITIVE, "sin": SINGLE, "cos": SINGLE, "tan": SINGLE,
    "sec": SINGLE, "csc": SINGLE, "cot": SINGLE, "asin": UNIT, "acos": UNIT, "atan": SINGLE, "sinh": SINGLE,
    "cosh": SINGLE, "tanh": SINGLE, "sech": SINGLE, "csch": SINGLE, "coth": SINGLE, "asinh": SINGLE, "acosh": ABOVE_ONE,
    "atanh": UNIT, "sinc": SINGLE, "erf": SINGLE, "erfc": SINGLE[:-1], "gamma": np.array([0.1, 1.0, 2.5, 7.3, 25.5]),
    "loggamma": np.array([0.1, 0.7, 2.5, 7.3, 1e5]), "airyai": np.array([-12.3, -8.1, -2.0, 0.5, 1.7, 6.0]),
    "airybi": np.array([-3.0, 0.5, 2.0]), "LambertW": np.array([-0.3, 0.1, 2.0, 50.0]), "Heaviside": SINGLE,
}  # fmt: skip
"""Every function of one argument that a formula may hold, with places."""

ORDERS = {"besselj": (0, 1, 3), "bessely": (0, 2), "besseli": (0, 1), "besselk": (0, 1)}

LACKING = {
    "python": set(),
    "torch": {"airybi", "LambertW", "bessely", "besseli", "besselk", "besselj 3"},
    "c": {"airybi", "LambertW", "besseli", "besselk"},
    "fortran": {"airybi", "LambertW", "besseli", "besselk"},
    "javascript": {"airybi", "LambertW", "bessely", "besseli", "besselk", "besselj 3"},
    "julia": set(),
    "mathematica": set(),
}
"""What a language has no function for, and kansym no source."""


def function_cases():
    x = plain_symbol("x")
    known = {name: getattr(sympy, name) for name in (*FUNCTIONS, *ORDERS)}
    cases = [
        Case(name, formula_of(known[name](x, evaluate=False), ["x"]), places[:, None])
        for name, places in FUNCTIONS.items()
    ]
    places = np.array([0.2, 1.1, 5.0, 24.0, 31.0])
    for name, orders in ORDERS.items():
        for order in orders:
            expression = known[name](order, x, evaluate=False)
            cases.append(Case(f"{name} {order}", formula_of(expression, ["x"]), places[:, None]))
    return cases


def other_cases():
    x = np.array([0.3, 1.2, 2.9, 4.1])
    y = np.array([1.7, 0.4, 1.1, 2.2])
    decades = np.logspace(-9, 2.8, 40)
    cases = [
        case("planck", "2.5*x^3/(exp(0.7*x) - 1)", [], x=decades),
        case("planck logarithm", "log(x^3/(exp(x) - 1))", [], x=np.logspace(-9, 3.5, 40)),
        case("bose slope", "exp(x)/(exp(x) - 1)^2", [], x=np.logspace(-6, 2.8, 30)),
        case("fermi slope", "exp(x)/(exp(x) + 1)^2", [], x=np.linspace(-700, 700, 30)),
        case("small saturation", "1 - exp(-x)", [], x=decades),
        case("small angle", "3 - 3*cos(x)", [], x=decades),
        case("small angle, negative", "y*(cos(x*y) - 1)", [], x=x * 1e-7, y=y),
        case("small logarithm", "log(1 + x)", [], x=decades),
        case("softplus", "log(exp(x) + 2.5)", [], x=np.linspace(-900, 900, 25)),
        case("coth", "coth(x) - 1/x", [], x=x),
        case("cube root", "cbrt(x)*y", [], x=np.array([-8.0, -0.1, 0.5, 30.0]), y=y),
        case("half powers", "x^(3/2)*y^(-1/2)/sqrt(2) + x^(-5/2)", [], x=x, y=y),
        case("third powers", "2^(1/3)*x^(1/3) - y^(-2/3)/3", [], x=x, y=y),
        case("variable powers", "x^y + 2^x - 1.5^(-y) + (x + y)^(x/3)", [], x=x, y=y),
        case("whole powers", "x^2 - y^3 + x^7/y^4 - (x - y)^2 - 1/(x + y)^3", [], x=x, y=y),
        case("large whole numbers", "100000000000000000000*x + 7*y/30000000000", [], x=x, y=y),
        case("extreme constants", "6.62607015e-34*x/1.380649e-23 + 1.7e300*y*1e-305", [], x=x, y=y),
        case("named numbers", "pi*x + E*y + EulerGamma - GoldenRatio", [], x=x, y=y),
        case("signs", "-(x - y)*(-2)/(-3*x - y) - (-x)^3", [], x=x, y=y),
        case("fractions", "1/(1/x + 1/y) - x/(y/(x + 1)) + 1/3 - 2/(3*x)", [], x=x, y=y),
        case("two arguments", "atan2(y, x) + atan2(-y, x*x)", [], x=x, y=y),
        case("numbers alone", "sqrt(2) + exp(1/3)*sin(2)*x", [], x=x),
        case("nested", "exp(-sqrt(1 + log(1 + x)^2))*cos(2*x + 0.3)/(1 + tanh(y - 1)^2)", [], x=x, y=y),
        case("absolute values", "abs(x - y)^1.5*sign(x - y)", [], x=x, y=y),
        case(
            "long", " + ".join(f"{1.1 + k / 7}*sin({k + 0.123456789}*x)*y^{k % 5 + 1}" for k in range(30)), [], x=x, y=y
        ),
    ]
    constant = formula_of(parse_expression("2.5", ["x"]), ["x"])
    cases.append(Case("constant alone", constant, np.zeros((3, 0))))
    cases.append(nasty_case())
    generator = np.random.default_rng(1)
    some = parse_expression("c0*x^2*1.2345678901234567 + c1", ["c0", "c1", "x"])
    fitted = (Constant("c0", 1.2345678901234567, 0.1, unit="m"), Constant("x", 0.2))
    cases.append(
        Case("constants called like columns", formula_of(some, ["x", "c0", "c1"], fitted), generator.random((4, 3)))
    )
    return cases


def nasty_case():
    symbols = [plain_symbol(name) for name in NASTY]
    total = sympy.Add(*((k + 1.25) * symbol**2 for k, symbol in enumerate(symbols)))
    X = np.random.default_rng(2).uniform(1, 2, (3, len(NASTY)))
    return Case("nasty names", formula_of(total, NASTY, target='the "*/ target\\'), X)


def all_cases():
    return [*primitive_cases(), *function_cases(), *other_cases()]
