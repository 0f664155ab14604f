"""Fractions on one line, ``v^2/c^2``: in exponents, in arguments of functions, and within other fractions."""

from kansym.symbolic.layout import Bars, Call, Fraction, Node, Power, Product, Root, Sum, tall, width

LONGEST_STROKE = 20
"""Characters of a fraction with a stroke within a fraction; longer ones get a line."""


def stroked(node: Node, *, long: bool = False) -> Node:
    """The node with short fractions among its terms set with a stroke, `long` ones with parentheses below it too."""
    match node:
        case Fraction(above, below):
            beside = Fraction(stroked(above, long=long), stroked(below, long=long), True)
            fits = not tall(beside) and width(beside) <= LONGEST_STROKE and (long or not has_long_stroke(beside))
            return beside if fits else node
        case Sum(terms):
            return Sum(tuple((sign, stroked(term, long=long)) for sign, term in terms))
        case Product(factors):
            # A fraction among the factors would take the next one below the stroke.
            return Product(tuple(one if isinstance(one, Fraction) else stroked(one, long=long) for one in factors))
        case Root(inside, degree):
            return Root(stroked(inside, long=long), degree)
        case Bars(inside):
            return Bars(stroked(inside, long=long))
        case Power(base, exponent):
            return Power(stroked(base, long=long), exponent)
        case Call(name, arguments, power, order):
            return Call(name, tuple(stroked(one, long=long) for one in arguments), power, order)
        case _:
            return node


def is_long(node: Node, longest: int) -> bool:
    return tall(node) or has_long_stroke(node) or width(node) > longest


def has_long_stroke(node: Node) -> bool:
    """Whether below a stroke there is more than one letter or number, which would need parentheses."""
    if isinstance(node, Fraction):
        return isinstance(node.below, Product | Sum | Fraction) or isinstance(node.above, Sum)
    if isinstance(node, Sum):
        return any(has_long_stroke(term) for _, term in node.terms) or (
            len(node.terms) > 1 and any(isinstance(term, Fraction) for _, term in node.terms)
        )
    return isinstance(node, Product) and any(isinstance(factor, Fraction) for factor in node.factors)
