"""PySR's notation: its formulas in Julia as text of kansym's, and which of its operators write a primitive."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kansym.errors import DataError

DEEPEST = 100
"""Parentheses and functions inside each other; PySR's own formulas have at most some thirty."""

LONGEST = 10_000
"""Characters of a formula, before and after; as many as the parser takes."""

# fmt: off
SAME = frozenset(
    (
        "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "sech",
        "csch", "coth", "asinh", "acosh", "atanh", "exp", "log", "sqrt", "abs", "sign", "log10", "log2",
        "log1p", "expm1", "cbrt", "square", "erf", "erfc", "gamma", "loggamma", "airyai", "airybi",
    )
)
# fmt: on
"""Functions of one argument that the parser knows by the same name."""

_POSITIVE = "Heaviside({0}, 0)"
"""1 where it is above zero and else 0, exactly as Julia's (x > 0)."""

_WRITTEN: dict[tuple[str, int], str] = {
    ("inv", 1): "(1/({0}))",
    ("cube", 1): "(({0})**3)",
    ("neg", 1): "(-({0}))",
    ("-", 1): "(-({0}))",
    ("relu", 1): f"(({{0}})*{_POSITIVE})",
    # Julia's sinc is sin(pi x)/(pi x), the parser's sin(x)/x.
    ("sinc", 1): "sinc(pi*({0}))",
    ("sinpi", 1): "sin(pi*({0}))",
    ("cospi", 1): "cos(pi*({0}))",
    ("exp2", 1): "(2**({0}))",
    ("exp10", 1): "(10**({0}))",
    ("abs2", 1): "(({0})**2)",
    ("besselj0", 1): "besselj(0, {0})",
    ("besselj1", 1): "besselj(1, {0})",
    ("bessely0", 1): "bessely(0, {0})",
    ("bessely1", 1): "bessely(1, {0})",
    # Of older versions; they do what they did there.
    ("sqrt_abs", 1): "sqrt(abs({0}))",
    ("log_abs", 1): "log(abs({0}))",
    ("log2_abs", 1): "log2(abs({0}))",
    ("log10_abs", 1): "log10(abs({0}))",
    ("log1p_abs", 1): "log(abs({0}) + 1)",
    ("acosh_abs", 1): "acosh(abs({0}) + 1)",
    ("pow_abs", 2): "(abs({0})**({1}))",
    ("+", 2): "(({0}) + ({1}))",
    ("-", 2): "(({0}) - ({1}))",
    ("*", 2): "(({0})*({1}))",
    ("/", 2): "(({0})/({1}))",
    ("plus", 2): "(({0}) + ({1}))",
    ("sub", 2): "(({0}) - ({1}))",
    ("mult", 2): "(({0})*({1}))",
    ("div", 2): "(({0})/({1}))",
    ("pow", 2): "(({0})**({1}))",
    ("atan", 2): "atan2({0}, {1})",
    ("hypot", 2): "sqrt(({0})**2 + ({1})**2)",
    ("max", 2): "((({0}) + ({1}) + abs(({0}) - ({1})))/2)",
    ("min", 2): "((({0}) + ({1}) - abs(({0}) - ({1})))/2)",
    ("greater", 2): "Heaviside(({0}) - ({1}), 0)",
    ("less", 2): "Heaviside(({1}) - ({0}), 0)",
    ("greater_equal", 2): "Heaviside(({0}) - ({1}), 1)",
    ("less_equal", 2): "Heaviside(({1}) - ({0}), 1)",
    ("cond", 2): "(({1})*Heaviside({0}, 0))",
    ("logical_or", 2): "(1 - (1 - Heaviside({0}, 0))*(1 - Heaviside({1}, 0)))",
    ("logical_and", 2): "(Heaviside({0}, 0)*Heaviside({1}, 0))",
    ("fma", 3): "(({0})*({1}) + ({2}))",
    ("muladd", 3): "(({0})*({1}) + ({2}))",
    # Where it has a value in both: |x| < 1. Beyond, atanh_clip repeats itself and atanh has none.
    ("atanh_clip", 1): "atanh({0})",
}
"""Functions that the parser lacks, by name and number of arguments, written out."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eEfF][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^(),]))"
)
_WHOLE = re.compile(r"(\d{1,3})\.0*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class FormulaTextError(DataError):
    """A formula of PySR's cannot be written in kansym's words; the message says what it holds."""


def names_in(text: str) -> tuple[str, ...]:
    """The names of columns in a formula, in the order they first occur.

    Raises
    ------
    FormulaTextError
    """
    reader = _Reader(text, None)
    reader.formula()
    return tuple(dict.fromkeys(reader.names))


def translated(text: str, columns: Mapping[str, str]) -> str:
    """A formula for `kansym.symbolic.parser.parse_expression`.

    Parameters
    ----------
    text : str
        As PySR writes it: ``(x0 ^ 2.0) * inv(x1)``. A sign before a number or a parenthesis belongs to it, also
        where a power follows: PySR writes the constant -2 to the power n as ``-2.0 ^ n``, and the negative of x,
        squared, as ``-(x) ^ 2.0``; this is what its losses are computed with.
    columns : mapping
        What each name in it is called in the table.

    Raises
    ------
    FormulaTextError
        If it holds a function, a name or a number that the parser has no word for.
    """
    return _Reader(text, columns).formula()


@dataclass
class _Reader:
    """Recursive descent; every method returns text."""

    text: str
    columns: Mapping[str, str] | None
    """None to collect the names only."""
    names: list[str] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            raise FormulaTextError(f"longer than {LONGEST} characters")
        self.tokens = []
        position, end = 0, len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None or match.lastgroup is None:
                raise FormulaTextError(f"holds {self.text[position:].strip()[:1]!r}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
            if match.lastgroup == "number" and self.text[position : position + 1].isalnum():
                number_is_complex = self.text.startswith("im", position)
                raise FormulaTextError("holds complex numbers" if number_is_complex else f"holds {match[0].strip()}...")

    @property
    def sign(self) -> str:
        """The present token if it is an operator or a parenthesis."""
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        return text if kind == "sign" else ""

    def take(self, *signs: str) -> str:
        """The present token if it is one of these, which is then consumed."""
        found = self.sign
        if found and found in signs:
            self.at += 1
            return found
        return ""

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise FormulaTextError(f"lacks a {sign!r}")

    def formula(self) -> str:
        """The whole text."""
        result = self.sum(0)
        if self.at < len(self.tokens):
            raise FormulaTextError(f"goes on with {self.tokens[self.at][1][:20]!r} where it should end")
        return result

    def sum(self, depth: int) -> str:
        return self.chain(depth, self.product, ("+", "-"))

    def product(self, depth: int) -> str:
        return self.chain(depth, self.signed, ("*", "/"))

    def chain(self, depth: int, operand: Callable[[int], str], signs: tuple[str, ...]) -> str:
        if depth > DEEPEST:
            raise FormulaTextError(f"nested more than {DEEPEST} deep")
        parts = [operand(depth)]
        while sign := self.take(*signs):
            parts += [sign, operand(depth)]
        return " ".join(parts)

    def signed(self, depth: int) -> str:
        if depth > DEEPEST:
            raise FormulaTextError(f"nested more than {DEEPEST} deep")
        if self.sign in ("-", "+") and self.kind(1) == "name":
            return self.take("-", "+") + self.signed(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> str:
        base = self.atom(depth)
        if not self.take("^", "**"):
            return base
        if base.startswith(("-", "+")):
            base = f"({base})"
        exponent = self.signed(depth + 1)
        # The parser takes 2.0 for a fitted number, and sympy x**2.0 for no polynomial.
        whole = _WHOLE.fullmatch(exponent.lstrip("-+"))
        if whole:
            exponent = ("-" if exponent.startswith("-") else "") + whole[1]
        return f"{base}**{exponent}"

    def kind(self, ahead: int) -> str:
        return self.tokens[self.at + ahead][0] if self.at + ahead < len(self.tokens) else "end"

    def atom(self, depth: int) -> str:
        sign = self.take("-", "+")
        if sign and self.kind(0) == "number":
            return sign + self.number()
        if self.take("("):
            inner = self.sum(depth + 1)
            self.expect(")")
            return f"{sign}({inner})"
        kind = self.kind(0)
        if kind == "number":
            return self.number()
        if sign or kind != "name":
            raise FormulaTextError("ends early" if kind == "end" else f"has {self.sign!r} where a number should be")
        name = self.tokens[self.at][1]
        self.at += 1
        return self.call(name, depth) if self.sign == "(" else self.column(name)

    def number(self) -> str:
        self.at += 1
        return re.sub("[fF]", "e", self.tokens[self.at - 1][1])

    def column(self, name: str) -> str:
        if name in ("NaN", "Inf", "NaN32", "Inf32"):
            raise FormulaTextError(f"holds {name}")
        self.names.append(name)
        if self.columns is None:
            return name
        if name not in self.columns:
            raise FormulaTextError(f"holds the unknown name {name}")
        column = self.columns[name]
        return column if _PLAIN.fullmatch(column) or "`" in column else f"`{column}`"

    def call(self, name: str, depth: int) -> str:
        self.expect("(")
        arguments = [self.sum(depth + 1)]
        while self.take(","):
            arguments.append(self.sum(depth + 1))
        self.expect(")")
        result = _call(name.removeprefix("safe_"), arguments)
        if len(result) > LONGEST:
            raise FormulaTextError(f"longer than {LONGEST} characters when written out")
        return result


def _call(name: str, arguments: list[str]) -> str:
    if len(arguments) == 1 and name in SAME:
        return f"{name}({arguments[0]})"
    if name in ("max", "min") and len(arguments) > 2:
        return _call(name, [_call(name, arguments[:-1]), arguments[-1]])
    if name == "clamp" and len(arguments) == 3:
        return _call("max", [_call("min", [arguments[0], arguments[2]]), arguments[1]])
    form = _WRITTEN.get((name, len(arguments)))
    if form is None:
        count = f" of {len(arguments)} arguments" if len(arguments) > 1 else ""
        raise FormulaTextError(f"uses {name}{count}, which kansym's formulas do not have")
    return form.format(*arguments)


POWER = "^"

OPERATORS: dict[str, tuple[str, ...]] = {
    "x": (),
    "x^2": ("square",),
    "x^3": ("cube",),
    "x^4": ("square",),
    "x^5": ("square",),
    "x^6": ("square", "cube"),
    "x^-1": (),
    "x^-2": ("square",),
    "x^-3": ("cube",),
    "x^-4": ("square",),
    "x^-5": ("square",),
    "x^1.5": ("sqrt",),
    "x^p": (POWER,),
    "sqrt": ("sqrt",),
    "1/sqrt": ("sqrt",),
    "cbrt": ("cbrt",),
    "abs": ("abs",),
    "sign": ("sign",),
    "exp": ("exp",),
    "log": ("log",),
    "xlogx": ("log",),
    "gaussian": ("exp", "square"),
    "logistic": ("exp",),
    "fermi": ("exp",),
    "bose": ("exp",),
    "sin": ("sin",),
    "cos": ("cos",),
    "sin^2": ("sin", "square"),
    "sinc": ("sin",),
    "tan": ("tan",),
    "asin": ("asin",),
    "acos": ("acos",),
    "atan": ("atan",),
    "sinh": ("sinh",),
    "cosh": ("cosh",),
    "tanh": ("tanh",),
    "sech": ("cosh",),
    "atanh": ("atanh",),
    "asinh": ("asinh",),
    "acosh": ("acosh",),
    "softplus": ("exp", "log"),
    "erf": ("erf",),
    "lorentzian": ("square",),
    "sqrt(1+x^2)": ("sqrt", "square"),
    "sqrt(1-x^2)": ("sqrt", "square"),
    "1/sqrt(1+x^2)": ("sqrt", "square"),
    "1/sqrt(1-x^2)": ("sqrt", "square"),
}
"""What PySR needs, beside arithmetic, to write a primitive of kansym's; those not listed it cannot write."""
