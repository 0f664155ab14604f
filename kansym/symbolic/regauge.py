# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The other gauge of a scaled sum: ``A*(u + b)**p`` against ``A'*(1 + u/b)**p``."""

from collections.abc import Iterator

import numpy as np
import sympy
from sympy import Add, Mul, Pow

from kansym.symbolic.parametric import ParametricForm


def regauged(form: ParametricForm) -> Iterator[tuple[ParametricForm, sympy.Symbol]]:
    """Equal forms in which a sum with a fitted offset is scaled to the offset 1 or -1.

    The canonical gauge scales the leading term of a sum to 1. Where the law is ``1/(1 + 0.3*x)`` that hides the two
    ones in ``3.33/(x + 3.33)``. Number of constants and function are the same.

    Yields
    ------
    ParametricForm
    sympy.Symbol
        The prefactor, which may now be a simple number.
    """
    constants = set(form.constants)
    values = dict(zip(form.constants, form.values, strict=True))
    for node in sympy.preorder_traversal(form.expression):
        if not isinstance(node, Mul):
            continue
        prefactors = [factor for factor in node.args if factor in constants]
        if len(prefactors) != 1:
            continue
        for factor in node.args:
            base, exponent = factor.as_base_exp()
            if not base.is_Add or not exponent.is_number:
                continue
            offsets = [term for term in base.args if term in constants]
            if len(offsets) != 1 or form.expression.count(offsets[0]) != 1:
                continue
            if form.expression.count(prefactors[0]) != 1 or values[offsets[0]] == 0:
                continue
            prefactor, offset = prefactors[0], offsets[0]
            b = float(values[offset])
            rest = Add(*(term for term in base.args if term is not offset))
            # Distributed, so that a coefficient of the sum itself does not hide.
            scaled = Pow(Add(1 if b > 0 else -1, sympy.expand_mul(offset * rest)), exponent)
            others = [argument for argument in node.args if argument is not factor]
            changed = {prefactor: values[prefactor] * abs(b) ** float(exponent), offset: 1 / abs(b)}
            new_values = np.array([changed.get(symbol, values[symbol]) for symbol in form.constants])
            if not np.isfinite(new_values).all():
                continue
            expression = form.expression.xreplace({node: Mul(*others, scaled)})
            yield ParametricForm(expression, form.variables, form.constants, new_values), prefactor
