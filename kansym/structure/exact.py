# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""Laws of a problem that are exact on all rows, by linear algebra, as formulas for the user's y."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy

from kansym import clock
from kansym.provenance import signed, signing
from kansym.structure.algebraic import algebraic_law
from kansym.structure.exponentials import exponential_law
from kansym.structure.leaf import Solution, symbols
from kansym.structure.links import usable_links
from kansym.structure.mixed import mixed_laws
from kansym.structure.monomials import monomial_law
from kansym.structure.problem import Problem
from kansym.structure.rational import featured_laws, rational_laws
from kansym.structure.sparse import sparse_law

STAND_IN = sympy.Symbol("_s", real=True)


def laws_at_once(problem: Problem, *, any_function: bool) -> Iterator[sympy.Expr]:
    """Rational and algebraic laws, and products of powers and exponentials, in `symbols(problem.dimension)`.

    Parameters
    ----------
    problem : Problem
    any_function : bool
        Whether formulas may have roots and exponentials.
    """
    if problem.dimension == 0:
        return
    variables = symbols(problem.dimension)
    yield from signing("rational functions", lambda: rational_laws(problem.X, problem.t, variables))
    if any_function:
        yield from signing("monomials", lambda: _one(monomial_law(problem.X, problem.t, variables)))
        yield from signing("algebraic laws", lambda: _one(algebraic_law(problem.X, problem.t, variables)))


def _one(law: sympy.Expr | None) -> list[sympy.Expr]:
    return [] if law is None else [law]


def short_sums(problem: Problem, until: float) -> Iterator[Solution]:
    """Sums of a few products of functions, under links; of one column also of exponentials, waves and any powers.

    Parameters
    ----------
    problem : Problem
    until : float
        `kansym.clock.now` value to stop at.
    """
    variables = symbols(problem.dimension)
    for link in usable_links(problem.t):
        if clock.late(until):
            return
        linked = link.apply(problem)
        if not linked.finite():
            continue
        if problem.dimension == 1:
            yield from ((linked.compose(law, variables), linked) for law in _of_one_column(linked, variables[0]))
        found = partial(sparse_law, linked.X, linked.t, variables)
        yield from ((linked.compose(law, variables), linked) for law in _signed_sparse(found))


@signed("sparse sums")
def _signed_sparse(law: Callable[[], sympy.Expr | None]) -> Iterator[sympy.Expr]:
    yield from _one(law())


@signed("exponentials and waves")
def _of_one_column(problem: Problem, variable: sympy.Symbol) -> Iterator[sympy.Expr]:
    """Solutions of linear differential equations in the only column, its reciprocal, or its logarithm: sums of any
    powers."""
    x = problem.X[:, 0]
    columns = [(x, variable)]
    if (x > 0).all():
        columns += [(1 / x, 1 / variable), (np.log(x), sympy.log(variable))]
    for values, column in columns:
        law = exponential_law(values, problem.t, STAND_IN)
        if law is not None:
            yield law.xreplace({STAND_IN: column})


def featured(problem: Problem, until: float) -> Iterator[Solution]:
    """Sums of three products that hide each other, and rational laws in functions of columns."""
    variables = symbols(problem.dimension)
    found = _signed_sparse(lambda: sparse_law(problem.X, problem.t, variables, triples=True))
    others = signing(
        "rational functions of functions", partial(featured_laws, problem.X, problem.t, variables, until=until)
    )
    for one in itertools.chain(found, others):
        yield problem.compose(one, variables), problem


def beside(problem: Problem, until: float) -> Iterator[Solution]:
    """Laws with functions of columns beside the columns.

    Parameters
    ----------
    problem : Problem
    until : float
        `kansym.clock.now` value to stop at.
    """
    variables = symbols(problem.dimension)
    for law in signing("mixed laws", partial(mixed_laws, problem.X, problem.t, variables, until=until)):
        yield problem.compose(law, variables), problem
