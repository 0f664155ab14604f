"""A formula as a tree of what stands on paper: fractions, roots, signs and the order of terms and factors.

`kansym.symbolic.arrange` makes the tree, `kansym.symbolic.latex` and `kansym.export.mathml` write it, so that both say
the same. Nodes hold no sign but for `Sum`; a sum of one term with a minus is a negative number or product.
"""

from dataclasses import dataclass

from kansym.symbolic.naming import is_letter


@dataclass(frozen=True)
class Number:
    """A positive number: ``Number("1.602", -19)``."""

    mantissa: str
    order: int = 0


@dataclass(frozen=True)
class Name:
    """A column or a constant."""

    name: str


@dataclass(frozen=True)
class Special:
    """A number with a name, or a sign such as infinity: pi, e, gamma, phi, i, infinity, nan."""

    name: str


@dataclass(frozen=True)
class Sum:
    """Terms with their signs, True for a minus."""

    terms: tuple[tuple[bool, "Node"], ...]


@dataclass(frozen=True)
class Product:
    """Factors side by side; a sum among them stands in parentheses."""

    factors: tuple["Node", ...]


@dataclass(frozen=True)
class Fraction:
    """One over the other, or beside each other with a slash (`inline`), as in exponents."""

    above: "Node"
    below: "Node"
    inline: bool = False


@dataclass(frozen=True)
class Power:
    """A power; the exponent is never 1/2."""

    base: "Node"
    exponent: "Node"


@dataclass(frozen=True)
class Root:
    """The root of a degree, 2 for the square root."""

    inside: "Node"
    degree: int = 2


@dataclass(frozen=True)
class Call:
    """A function: ``Call("sin", (x,), power=2)`` is sin squared, ``Call("J", (x,), order=0)`` is J_0."""

    name: str
    arguments: tuple["Node", ...]
    power: int = 1
    order: "Node | None" = None


@dataclass(frozen=True)
class Bars:
    """An absolute value."""

    inside: "Node"


@dataclass(frozen=True)
class Other:
    """What formulas of kansym do not hold; written as sympy writes it."""

    latex: str
    text: str


Node = Number | Name | Special | Sum | Product | Fraction | Power | Root | Call | Bars | Other

ONE = Number("1")


def negative(node: Node) -> bool:
    """Whether the node is a single term with a minus."""
    return isinstance(node, Sum) and len(node.terms) == 1


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes right below."""
    match node:
        case Sum(terms):
            return tuple(term for _, term in terms)
        case Product(factors):
            return factors
        case Fraction(above, below):
            return above, below
        case Power(base, exponent):
            return base, exponent
        case Root(inside) | Bars(inside):
            return (inside,)
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def tall(node: Node) -> bool:
    """Whether it is higher than a line, so that parentheses must grow."""
    if isinstance(node, Fraction) and not node.inline:
        return True
    if isinstance(node, Power):
        return tall(node.base)
    return isinstance(node, Other) or any(tall(part) for part in parts(node))


def width(node: Node) -> int:
    """About how many characters are seen on the line."""
    match node:
        case Number(mantissa, order):
            return len(mantissa) + (3 + len(str(order)) if order else 0)
        case Name(name):
            # A subscript is small, and a word needs space.
            return 1 + len(name) // 6 if is_letter(name) else len(name) + 4
        case Fraction(above, below, inline):
            return width(above) + 1 + width(below) if inline else max(width(above), width(below))
        case Sum(terms):
            return sum(width(term) + 1 for _, term in terms)
        case Call(name, arguments):
            return len(name) + 2 + sum(map(width, arguments))
        case Other(_, text):
            return len(text)
        case _:
            return sum(map(width, parts(node))) + (0 if isinstance(node, Product) else 1)


LONGEST_INLINE = 20
"""Characters of a fraction with a slash within a fraction; longer ones get a bar."""


def with_inline_fractions(node: Node, *, long: bool = False) -> Node:
    """The node with short fractions among its terms set with a slash, `long` ones with parentheses below it too."""
    match node:
        case Fraction(above, below):
            beside = Fraction(with_inline_fractions(above, long=long), with_inline_fractions(below, long=long), True)
            fits = not tall(beside) and width(beside) <= LONGEST_INLINE and (long or not has_long_inline(beside))
            return beside if fits else node
        case Sum(terms):
            return Sum(tuple((sign, with_inline_fractions(term, long=long)) for sign, term in terms))
        case Product(factors):
            # A fraction among the factors would take the next one below the slash.
            return Product(
                tuple(one if isinstance(one, Fraction) else with_inline_fractions(one, long=long) for one in factors)
            )
        case Root(inside, degree):
            return Root(with_inline_fractions(inside, long=long), degree)
        case Bars(inside):
            return Bars(with_inline_fractions(inside, long=long))
        case Power(base, exponent):
            return Power(with_inline_fractions(base, long=long), exponent)
        case Call(name, arguments, power, order):
            return Call(name, tuple(with_inline_fractions(one, long=long) for one in arguments), power, order)
        case _:
            return node


def is_long(node: Node, longest: int) -> bool:
    """Whether it needs a fraction bar: too high, with parentheses below a slash, or wider than `longest`."""
    return tall(node) or has_long_inline(node) or width(node) > longest


def has_long_inline(node: Node) -> bool:
    """Whether below a slash there is more than one letter or number, which would need parentheses."""
    if isinstance(node, Fraction):
        return isinstance(node.below, Product | Sum | Fraction) or isinstance(node.above, Sum)
    if isinstance(node, Sum):
        return any(has_long_inline(term) for _, term in node.terms) or (
            len(node.terms) > 1 and any(isinstance(term, Fraction) for _, term in node.terms)
        )
    return isinstance(node, Product) and any(isinstance(factor, Fraction) for factor in node.factors)
