# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Absolute values that the data never use."""

from collections.abc import Sequence

import numpy as np
import sympy

from kansym.symbolic.parametric import parametrize


def drop_absolute(expression: sympy.Expr, variables: Sequence[sympy.Symbol], X: np.ndarray) -> sympy.Expr:
    """Replace |g| by g or -g where g has one sign on all rows.

    The root of a square comes out of algebra as an absolute value. Where the data lie on one side of its kink there is
    no evidence for the kink, and the smooth law is what continues beyond the data.

    Parameters
    ----------
    expression : sympy.Expr
    variables : sequence of Symbol, length d
    X : ndarray, shape (n, d)
    """
    replacements = {}
    for absolute in expression.atoms(sympy.Abs):
        inner = absolute.args[0]
        values = parametrize(inner, tuple(variables)).evaluate(X)
        if not np.isfinite(values).all():
            continue
        if (values >= 0).all():
            replacements[absolute] = inner
        elif (values <= 0).all():
            replacements[absolute] = -inner
    return expression.xreplace(replacements) if replacements else expression
