"""Terms that contribute nothing: found by leaving them out."""

from collections.abc import Callable, Iterator

import sympy

from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.parametric import ParametricForm, parametrize


def _additive_terms(expression: sympy.Expr) -> Iterator[tuple[sympy.Expr, sympy.Expr]]:
    """Every sum in the tree with each of its terms that varies, largest terms first."""
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Add):
            terms = [term for term in node.args if term.free_symbols]
            for term in sorted(terms, key=lambda term: -sympy.count_ops(term)):
                yield node, term


def drop_terms(form: ParametricForm, loss: Callable[[ParametricForm], float], *, allowed: float) -> ParametricForm:
    """The form without the terms that can be left out, no refit, at a loss of at most `allowed`.

    A product of edges that came out as good as zero over the data (``exp(-163 x^2) tanh(x)`` beside a law) is no part
    of the law. Constants are not at issue here: a term goes with all it holds.

    Parameters
    ----------
    form : ParametricForm
    loss : callable
        Loss of a form as it stands; inf where it is not finite.
    allowed : float
        Largest loss that counts as no change.
    """
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    while True:
        # Float constants in place: the sums of the form are those of the formula.
        expression = form.substituted()
        for node, term in _additive_terms(expression):
            reduced: sympy.Expr = expression.xreplace({node: node - term})  # pyright: ignore[reportAssignmentType]
            if not reduced.free_symbols & set(form.variables):
                continue
            candidate = parametrize(canonicalize(reduced, positive), form.variables)
            if loss(candidate) <= allowed:
                form = candidate
                break
        else:
            return form
