"""Formulas as presentation MathML, which browsers draw without scripts and fonts from elsewhere.

The same tree as `kansym.symbolic.latex`: the order of terms, digits, Greek letters and subscripts agree.
"""

import itertools
from xml.sax.saxutils import escape

import sympy

from kansym.symbolic.arrange import arrange
from kansym.symbolic.formula import Formula
from kansym.symbolic.layout import (
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
    negative,
    tall,
)
from kansym.symbolic.named import NamedFormula
from kansym.symbolic.naming import LETTERS, is_letter, split_name
from kansym.symbolic.text import Digits

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

# fmt: off
LETTER = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "varepsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "varrho": "ϱ", "varsigma": "ς",
    "hbar": "ℏ", "ell": "ℓ",
}
# fmt: on
"""The characters that LaTeX draws for the words of `kansym.symbolic.naming.LETTERS`."""

_SPECIAL = {"pi": "π", "e": "e", "gamma": "γ", "phi": "φ", "i": "i", "infinity": "∞", "nan": "nan"}
_FUNCTIONS = {"Gamma": "Γ", "Theta": "Θ", "loggamma": "ln Γ"}
_MINUS, _TIMES, _APPLY = "\u2212", "\u2062", "\u2061"
_STROKE = '<mo lspace="0" rspace="0">/</mo>'


def to_mathml(
    formula_or_expression: "Formula | NamedFormula | sympy.Expr",
    *,
    digits: Digits | None = None,
    with_target: bool = False,
    display: bool = False,
) -> str:
    """A formula in presentation MathML, a ``<math>`` element.

    Parameters
    ----------
    formula_or_expression : Formula, NamedFormula or sympy.Expr
    digits : int, mapping or None, default None
        Significant digits of constants. None shows each constant of a `Formula` to two digits of its error with the
        others held, and those of an expression with six digits; a mapping gives errors by value.
    with_target : bool, default False
        Put ``target =`` in front; a bare expression has none.
    display : bool, default False
        Large and on a line of its own, as LaTeX's display style.

    Returns
    -------
    str
        Safe to put into a page as it is: names are escaped. ``alttext`` holds the formula in plain text.
    """
    front, constants = "", ()
    if isinstance(formula_or_expression, Formula):
        formula, expression = formula_or_expression, formula_or_expression.expression
        digits = formula.digits(digits) if digits is None or isinstance(digits, int) else digits
        alternative = f"{formula.target} = {formula.text()}" if with_target else formula.text()
        if with_target:
            front = f"{name_to_mathml(formula.target)}<mo>=</mo>"
    elif isinstance(formula_or_expression, NamedFormula):
        named, digits = formula_or_expression, 6
        expression, constants = named.expression, named.like_numbers
        alternative = named.text if with_target else named.text.removeprefix(f"{named.target} = ")
        if with_target:
            front = f"{name_to_mathml(named.target)}<mo>=</mo>"
    else:
        expression, digits = formula_or_expression, 6 if digits is None else digits
        alternative = str(expression)
    body = _write(arrange(expression, digits, constants))
    style = ' display="block"' if display else ""
    text = escape(alternative, {'"': "&quot;"})
    return f'<math xmlns="{NAMESPACE}"{style} alttext="{text}"><mrow>{front}{body}</mrow></math>'


def name_to_mathml(name: str) -> str:
    """A column name, which may be any string: ``<msub><mi>x</mi><mn>0</mn></msub>``."""
    found = split_name(name)
    if found is None:
        return f'<mi mathvariant="normal">{escape(name)}</mi>'
    word, subscript = found
    if subscript is None:
        return _word(word)
    words = "<mo>,</mo>".join(map(_word, subscript.split("_")))
    return f"<msub>{_word(word)}{_row(words) if '_' in subscript else words}</msub>"


def number_to_mathml(mantissa: str, order: int) -> str:
    """``1.2 × 10^-19``."""
    if order == 0:
        return f"<mn>{mantissa}</mn>"
    sign = f"<mo>{_MINUS}</mo>" if order < 0 else ""
    power = f"<msup><mn>10</mn>{_row(f'{sign}<mn>{abs(order)}</mn>')}</msup>"
    return power if mantissa == "1" else f"<mn>{mantissa}</mn><mo>×</mo>{power}"


def _word(word: str) -> str:
    if word.isdigit():
        return f"<mn>{word}</mn>"
    shown = LETTER[word] if word in LETTERS else word
    # One letter is slanted by itself, several are upright; capital Greek letters are upright in LaTeX.
    upright = ' mathvariant="normal"' if len(shown) == 1 and word in LETTERS and word[0].isupper() else ""
    return f"<mi{upright}>{escape(shown)}</mi>"


def _row(content: str) -> str:
    return f"<mrow>{content}</mrow>"


def _write(node: Node) -> str:
    match node:
        case Number(mantissa, order):
            return number_to_mathml(mantissa, order)
        case Name(name):
            return name_to_mathml(name)
        case Special(name):
            upright = ' mathvariant="normal"' if name == "e" else ""
            return f"<mi{upright}>{_SPECIAL[name]}</mi>"
        case Sum(terms):
            return _sum(terms)
        case Product(factors):
            return _product(factors)
        case Fraction(above, below, inline):
            if inline:
                return f"{_grouped(above, Sum)}{_STROKE}{_grouped(below, Sum, Product, Fraction)}"
            return f"<mfrac>{_row(_write(above))}{_row(_write(below))}</mfrac>"
        case Power(base, exponent):
            below, above = _base(base), _row(_write(exponent))
            if below.startswith("<msub>"):
                return f"<msubsup>{below[6:-7]}{above}</msubsup>"
            return f"<msup>{below}{above}</msup>"
        case Root(inside, degree):
            if degree == 2:
                return f"<msqrt>{_write(inside)}</msqrt>"
            return f"<mroot>{_row(_write(inside))}<mn>{degree}</mn></mroot>"
        case Bars(inside):
            bar = '<mo stretchy="true" fence="true">|</mo>'
            return _row(f"{bar}{_write(inside)}{bar}")
        case Call():
            return _call(node)
        case Other(_, text):
            return f"<mtext>{escape(text)}</mtext>"


def _sum(terms: tuple[tuple[bool, Node], ...]) -> str:
    pieces = []
    for place, (minus, term) in enumerate(terms):
        if place or minus:
            form = ' form="prefix"' if place == 0 else ""
            pieces.append(f"<mo{form}>{_MINUS if minus else '+'}</mo>")
        pieces.append(_grouped(term, Sum))
    return "".join(pieces)


def _product(factors: tuple[Node, ...]) -> str:
    pieces = [_factor(factors[0])]
    for before, factor in itertools.pairwise(factors):
        pieces += [_between(before, factor), _factor(factor)]
    return "".join(pieces)


def _factor(node: Node) -> str:
    return _parenthesised(node) if negative(node) else _grouped(node, Sum)


def _between(before: Node, after: Node) -> str:
    first = after.base if isinstance(after, Power) else after
    if isinstance(first, Number) and not isinstance(before, Fraction):
        return "<mo>·</mo>"
    words = _is_word(before) or _is_word(after) or isinstance(after, Call) or isinstance(before, Call)
    space = '<mspace width="0.17em"/>' if words else ""
    return f"<mo>{_TIMES}</mo>{space}"


def _is_word(node: Node) -> bool:
    if isinstance(node, Power):
        return _is_word(node.base)
    return isinstance(node, Name) and not is_letter(node.name)


def _base(node: Node) -> str:
    alone = isinstance(node, Name | Special | Bars) or (isinstance(node, Number) and not node.order)
    return _write(node) if alone else _row(_parenthesised(node))


def _call(node: Call) -> str:
    name = _FUNCTIONS.get(node.name, node.name)
    shown = f'<mi mathvariant="normal">{name}</mi>' if len(name) == 1 and node.order is None else f"<mi>{name}</mi>"
    order = None if node.order is None else _row(_write(node.order))
    power = None if node.power == 1 else f"<mn>{node.power}</mn>"
    if order is not None and power is not None:
        shown = f"<msubsup>{shown}{order}{power}</msubsup>"
    elif order is not None:
        shown = f"<msub>{shown}{order}</msub>"
    elif power is not None:
        shown = f"<msup>{shown}{power}</msup>"
    argument = node.arguments[0]
    bare = isinstance(argument, Special) or (isinstance(argument, Name) and is_letter(argument.name))
    if len(node.arguments) == 1 and bare and node.order is None and name.islower() and name not in ("erf", "erfc"):
        return _row(f'{shown}<mo>{_APPLY}</mo><mspace width="0.17em"/>{_write(argument)}')
    inside = "<mo>,</mo>".join(_row(_write(one)) for one in node.arguments)
    return _row(f"{shown}<mo>{_APPLY}</mo>{_parentheses(inside, any(map(tall, node.arguments)))}")


def _grouped(node: Node, *kinds: type) -> str:
    return _parenthesised(node) if isinstance(node, kinds) else _write(node)


def _parenthesised(node: Node) -> str:
    return _parentheses(_write(node), tall(node))


def _parentheses(content: str, grown: bool) -> str:
    stretchy = "true" if grown else "false"
    opening, closing = (f'<mo stretchy="{stretchy}">{sign}</mo>' for sign in "()")
    return _row(f"{opening}{content}{closing}")
