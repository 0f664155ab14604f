"""The link under which a target with a kink, a pole or an edge is smooth."""

from kansym import clock
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.structure.surrogate import Surrogate, fit_surrogate

ROUGH = 5e-4
"""Error of an interpolant without noise above which its target has a kink, a pole or an edge that a link may remove."""

FEW_ROWS = 500
"""Rows of the interpolants that links are compared with."""

PLAINLY = 0.2
"""Error of an interpolant under a link, in units of that without one, that says so."""


def smoother(problem: Problem, surrogate: Surrogate, *, seed: int, until: float) -> Problem | None:
    """The problem under the link that makes it smooth; None where it is, or where none does.

    Parameters
    ----------
    problem : Problem
    surrogate : Surrogate
        Of its target.
    seed : int
    until : float
        `kansym.clock.now` value to stop at.
    """
    if surrogate.error < ROUGH:
        return None
    best, lowest = None, PLAINLY * surrogate.error
    for link in usable_links(problem.t)[1:]:
        if clock.late(until):
            return None
        linked = link.apply(problem)
        if not linked.finite():
            continue
        own = fit_surrogate(
            linked.X,
            linked.t,
            log=surrogate.axes.log,
            weights=linked.fitting_weights(),
            seed=seed,
            rows=FEW_ROWS,
        )
        if own is not None and own.error < lowest:
            best, lowest = linked, own.error
    return best
