# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A formula as people write it: what stands above and below a fraction bar, which factor and which term comes first.

A physicist writes ``1/n^2`` and not ``n^-2``, ``m c^2`` and not ``c^2 m``, ``1 - v^2/c^2`` and not ``-v^2/c^2 + 1``.
"""

from collections.abc import Collection, Iterable, Sequence

import sympy

from kansym.functions import TABLE
from kansym.symbolic.layout import (
    ONE,
    Bars,
    Call,
    Fraction,
    Name,
    Node,
    Number,
    Other,
    Power,
    Product,
    Root,
    Special,
    Sum,
    is_long,
    negative,
    tall,
    with_inline_fractions,
)
from kansym.symbolic.text import Digits, split_number, with_whole_numbers

LONGEST_EXPONENT = 14
"""Characters of an exponent of e; longer ones are set as exp(...)."""

LONGEST_ARGUMENT = 16
"""Characters of an argument with a slash, ``sin(x/2)``; longer ones get a bar."""

NAMES_ON_PAPER = {function.name: function.on_paper for function in TABLE if function.on_paper}

SPECIAL = {
    sympy.pi: "pi",
    sympy.E: "e",
    sympy.EulerGamma: "gamma",
    sympy.GoldenRatio: "phi",
    sympy.I: "i",
    sympy.oo: "infinity",
    sympy.zoo: "infinity",
    sympy.nan: "nan",
}


def arrange(expression: sympy.Expr, digits: Digits = 6, constants: Collection[str] = ()) -> Node:
    """The tree that is written.

    Parameters
    ----------
    expression : sympy.Expr
    digits : int or mapping, default 6
        Significant digits of constants, or their standard errors by value, see
        `kansym.symbolic.text.split_number`.
    constants : collection of str, optional
        Names of symbols that stand where a number would.
    """
    return _Arranger(digits, frozenset(constants)).node(with_whole_numbers(expression, digits))


def _minus(node: Node) -> Node:
    return Sum(((True, node),))


def _split(node: Node) -> tuple[bool, Node]:
    """Whether there is a minus in front, and the rest."""
    return (True, node.terms[0][1]) if isinstance(node, Sum) and negative(node) else (False, node)


def _product(factors: Sequence[Node]) -> Node:
    flat = [part for factor in factors for part in (factor.factors if isinstance(factor, Product) else (factor,))]
    kept = [factor for factor in flat if factor != ONE]
    return ONE if not kept else kept[0] if len(kept) == 1 else Product(tuple(kept))


class _Arranger:
    """One walk over the tree; `inline` is for exponents, where fractions are set with a slash."""

    def __init__(self, digits: Digits, constants: frozenset[str]) -> None:
        self.digits, self.constants = digits, constants

    def node(self, expr: sympy.Basic, inline: bool = False) -> Node:
        if isinstance(expr, sympy.Symbol):
            return Name(expr.name)
        if expr in SPECIAL:
            return Special(SPECIAL[expr])
        if expr is sympy.S.NegativeInfinity:
            return _minus(Special("infinity"))
        if isinstance(expr, sympy.Float):
            return self.number(float(expr))
        if isinstance(expr, sympy.Integer):
            whole = Number(str(abs(int(expr))))
            return _minus(whole) if expr < 0 else whole
        if isinstance(expr, sympy.Rational):
            ratio = Fraction(Number(str(abs(int(expr.p)))), Number(str(expr.q)), inline)
            return _minus(ratio) if expr < 0 else ratio
        if isinstance(expr, sympy.Add):
            return self.sum(expr, inline)
        if isinstance(expr, sympy.Mul):
            return self.product(expr, inline)
        if isinstance(expr, sympy.exp):
            return self.exponential(expr.args[0], inline)
        if isinstance(expr, sympy.Pow):
            return self.product(expr, inline) if _below(expr) else self.power(expr.args[0], expr.args[1], inline)
        if isinstance(expr, sympy.Abs):
            return Bars(self.node(expr.args[0], inline))
        if isinstance(expr, sympy.Function):
            return self.call(expr, inline)
        return Other(sympy.latex(expr), str(expr))

    def is_number(self, expr: sympy.Basic) -> bool:
        """Whether it is a number, or made of constants that stand for one."""
        return all(symbol.name in self.constants for symbol in expr.free_symbols)

    def number(self, value: float) -> Node:
        mantissa, order = split_number(value, self.digits)
        if mantissa in ("nan", "inf", "-inf"):
            return Special("nan" if mantissa == "nan" else "infinity")
        return _minus(Number(mantissa[1:], order)) if mantissa.startswith("-") else Number(mantissa, order)

    def call(self, expr: sympy.Function, inline: bool) -> Node:
        kind = type(expr).__name__
        name, arguments = NAMES_ON_PAPER.get(kind, kind), expr.args
        order = None
        if kind.startswith("bessel"):
            order, arguments = self.node(arguments[0], True), arguments[1:]
        elif kind == "LambertW" and len(arguments) == 2:
            order, arguments = self.node(arguments[1], True), arguments[:1]
        elif kind == "Heaviside":
            arguments = arguments[:1]
        return Call(name, tuple(self.argument(argument, inline) for argument in arguments), order=order)

    def argument(self, expr: sympy.Basic, inline: bool) -> Node:
        """``sin(n x/2)`` with a slash, ``tanh`` of a long fraction with a bar."""
        small = self.node(expr, True)
        return small if inline or not is_long(small, LONGEST_ARGUMENT) else self.node(expr)

    def exponential(self, exponent: sympy.Expr, inline: bool) -> Node:
        small = self.node(exponent, True)
        if small == ONE:
            return Special("e")
        if not inline and is_long(small, LONGEST_EXPONENT):
            return Call("exp", (self.node(exponent),))
        return Call("exp", (small,)) if inline else Power(Special("e"), small)

    def power(self, base: sympy.Expr, exponent: sympy.Expr, inline: bool) -> Node:
        if isinstance(exponent, sympy.Rational) and exponent.p == 1 and exponent.q == 2:
            return Root(self.node(base, inline))
        below = self.node(base, inline)
        whole = isinstance(exponent, sympy.Integer) and exponent > 1
        if whole and isinstance(below, Call) and below.name != "exp" and len(below.arguments) == 1:
            return Call(below.name, below.arguments, int(exponent), below.order)
        return Power(below, self.node(exponent, True))

    def sum(self, expr: sympy.Add, inline: bool) -> Node:
        terms = [(*_split(self.node(term, inline)), term) for term in expr.as_ordered_terms()]
        numbers = [term for term in terms if self.is_number(term[2])]
        rest = [term for term in terms if not self.is_number(term[2])]
        if all(_below(factor) or factor.is_number for term in rest for factor in sympy.Mul.make_args(term[2])):
            # In sympy's order of powers 1/y comes before 1/x.
            rest.reverse()
        if rest and rest[0][0]:
            rest.sort(key=lambda term: term[0])
        if not rest:
            ordered = sorted(numbers, key=lambda term: term[0])
        elif _leads(numbers, rest):
            ordered = numbers + rest
        else:
            ordered = rest + numbers
        return Sum(tuple((sign, node) for sign, node, _ in ordered))

    def product(self, expr: sympy.Expr, inline: bool) -> Node:
        return _Factors(self, inline).of(expr)


def _leads(numbers: list, rest: list) -> bool:
    """Whether the number comes first: ``1 - x^2``, and ``1 + x^2``, but ``x + 1`` and ``e^x + 1``."""
    if len(numbers) != 1 or numbers[0][0]:
        return False
    if all(sign for sign, _, _ in rest):
        return True
    return numbers[0][2] is sympy.S.One and len(rest) == 1 and not _starts_a_line(rest[0][2])


def _starts_a_line(term: sympy.Expr) -> bool:
    """Terms that stand before a one: a letter alone, and exponentials."""
    return term.is_Symbol or any(
        isinstance(factor, sympy.exp) or (factor.is_Pow and not factor.exp.is_number)
        for factor in sympy.Mul.make_args(term)
    )


def _below(expr: sympy.Expr) -> bool:
    """Whether a factor stands below the fraction bar."""
    return expr.is_Pow and not isinstance(expr, sympy.exp) and _is_negative(expr.args[1])


def _is_negative(exponent: sympy.Expr) -> bool:
    return bool(exponent.as_coeff_Mul()[0].is_negative) if not exponent.is_Add else False


class _Factors:
    """The factors of a product, sorted by where they stand."""

    def __init__(self, arranger: _Arranger, inline: bool) -> None:
        self.arranger, self.inline = arranger, inline
        self.negative = False
        self.p, self.q = 1, 1
        self.numbers: list[Node] = []
        self.above: list[tuple[tuple, Node]] = []
        self.below: list[tuple[tuple, Node]] = []
        self.roots_above: list[sympy.Expr] = []
        self.roots_below: list[sympy.Expr] = []

    def of(self, expr: sympy.Expr) -> Node:
        factors = list(_flat(expr))
        cube = _real_roots(factors)
        for factor in factors:
            self.add(factor)
        for inside, degree in cube:
            self.above.append(((3,), Root(self.arranger.node(inside, self.inline), degree)))
        result = self.written()
        return _minus(result) if self.negative else result

    def add(self, factor: sympy.Expr) -> None:
        if isinstance(factor, sympy.Rational):
            self.negative ^= bool(factor < 0)
            self.p *= abs(int(factor.p))
            self.q *= int(factor.q)
        elif isinstance(factor, sympy.Float) or (factor.is_Symbol and factor.name in self.arranger.constants):
            sign, node = _split(self.arranger.node(factor))
            self.negative ^= sign
            self.numbers.append(node)
        elif factor.is_Pow and not isinstance(factor, sympy.exp) and abs(factor.args[1]) == sympy.S.Half:
            (self.roots_above if factor.args[1] > 0 else self.roots_below).append(factor.args[0])
        elif _below(factor):
            base, exponent = factor.args
            self.below.append((_rank(base, -exponent), self.node(base, -exponent)))
        else:
            base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, sympy.S.One)
            sign, node = _split(self.arranger.node(factor, self.inline))
            self.negative ^= sign
            self.above.append((_rank(base, exponent), node))

    def node(self, base: sympy.Expr, exponent: sympy.Expr) -> Node:
        if exponent is sympy.S.One:
            return self.arranger.node(base, self.inline)
        return self.arranger.power(base, exponent, self.inline)

    def written(self) -> Node:
        self._clear_roots()
        above = [node for _, node in sorted(self.above, key=lambda pair: pair[0])]
        below = [node for _, node in sorted(self.below, key=lambda pair: pair[0])]
        root = self._root(above, below)
        if self._is_power_law(below):
            above += [Power(node.base, _minus(node.exponent)) for node in below if isinstance(node, Power)]
            below = []
        upper = [*([Number(str(self.p))] if self.p != 1 else []), *self.numbers]
        lower = [Number(str(self.q))] if self.q != 1 else []
        if not below and not lower:
            return _product([*upper, *above, *root])
        if self.inline:
            # Nothing follows a slash: x/2 y would be read as x/(2 y).
            return Fraction(_product([*upper, *above, *root]), _product([*lower, *below]), True)
        if below:
            # Fractions in a fraction are set with a slash: sqrt(1 - v^2/c^2).
            above = [with_inline_fractions(node) for node in above]
            below = [with_inline_fractions(node, long=True) for node in below]
        if not below and not root and (len(above) <= 1 or all(isinstance(n, Name | Special) for n in above)):
            return _beside(upper, above, lower)
        if not below:
            # Half m v^2, and no bar under all of it.
            return _product([_over(upper, lower), *above, *root])
        # A tall factor stands beside the fraction, unless what is below is tall as well.
        outside = [] if any(map(tall, below)) else [node for node in above if tall(node)]
        inside = [node for node in above if node not in outside]
        return _product([_over([*upper, *inside], [*lower, *below]), *outside, *root])

    def _clear_roots(self) -> None:
        """x/sqrt(2) for sympy's sqrt(2) x/2."""
        for inside in list(self.roots_above):
            if isinstance(inside, sympy.Integer) and self.q % int(inside) == 0:
                self.q //= int(inside)
                self.roots_above.remove(inside)
                self.roots_below.append(inside)

    def _root(self, above: list[Node], below: list[Node]) -> list[Node]:
        """One root for all of them; a root of a fraction stands by itself."""
        if self.roots_above and self.roots_below:
            inside = sympy.Mul(*self.roots_above, *(1 / base for base in self.roots_below), evaluate=False)
            node = self.arranger.node(inside, self.inline)
            return [Root(node)]
        if self.roots_above and all(isinstance(inside, sympy.Integer) for inside in self.roots_above):
            # Part of the coefficient.
            self.numbers.append(Root(self.arranger.node(sympy.Mul(*self.roots_above))))
            self.roots_above.clear()
        for roots, place in ((self.roots_above, above), (self.roots_below, below)):
            if roots:
                inside = roots[0] if len(roots) == 1 else sympy.Mul(*roots, evaluate=False)
                node = Root(self.arranger.node(inside, self.inline))
                # After letters and numbers, before sums and functions.
                at = next((i for i, one in enumerate(place) if isinstance(one, Sum | Call)), len(place))
                place.insert(at, node)
        return []

    def _is_power_law(self, below: list[Node]) -> bool:
        """A fitted exponent alone below the bar: ``5.2 x^{-1.53}``."""
        return (
            bool(below)
            and self.q == 1
            and all(isinstance(node, Power) and _is_decimal(node.exponent) for node in below)
        )


def _is_decimal(node: Node) -> bool:
    return isinstance(node, Number) and "." in node.mantissa


def _over(upper: list[Node], lower: list[Node]) -> Node:
    return Fraction(_product(upper), _product(lower))


def _beside(upper: list[Node], above: list[Node], lower: list[Node]) -> Node:
    """All over a number; what is tall stands beside it."""
    if above and tall(above[0]):
        return _product([_over(upper, lower), *above])
    return _over([*upper, *above], lower)


def _flat(expr: sympy.Expr) -> Iterable[sympy.Expr]:
    if isinstance(expr, sympy.Mul):
        for factor in expr.args:
            yield from _flat(factor)
    else:
        yield expr


def _real_roots(factors: list[sympy.Expr]) -> list[tuple[sympy.Expr, int]]:
    """Takes pairs |u|^(1/n) sign(u) out of the factors: the n-th root of u, n odd."""
    found = []
    for factor in list(factors):
        if not (factor.is_Pow and isinstance(factor.args[0], sympy.Abs) and factor.args[1].is_Rational):
            continue
        inside, exponent = factor.args[0].args[0], factor.args[1]
        sign = next((one for one in factors if isinstance(one, sympy.sign) and one.args[0] == inside), None)
        if sign is not None and exponent.p == 1 and exponent.q % 2:
            factors.remove(factor)
            factors.remove(sign)
            found.append((inside, int(exponent.q)))
    return found


def _rank(base: sympy.Expr, exponent: sympy.Expr) -> tuple:
    """Numbers, pi, letters, their powers, roots, sums, exponentials, other functions; each in sympy's order."""
    kind = 2
    if base.is_number:
        kind = 0 if base.is_Number else 1
    elif base.is_Symbol:
        kind = 2 if exponent is sympy.S.One else 3
        if not exponent.is_number:
            kind = 6
    elif base.is_Add:
        kind = 5
    elif isinstance(base, sympy.exp):
        kind = 6
    elif isinstance(base, sympy.Function):
        kind = 4 if isinstance(base, sympy.Abs) else 7
    return kind, str(base.sort_key())
