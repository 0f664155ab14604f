# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Targets under links: a reciprocal, root or logarithm of y may be a sum of products where y is none.

Rows are weighted by |dy/dz|, so that small errors of z count as the errors of y that they are.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import sympy

from kansym.primitives.allowed import AllowedFunctions
from kansym.structure.links import Link, usable_links
from kansym.structure.problem import TARGET
from kansym.terms.effort import WIDE

POSITIVE = sympy.Symbol("z", positive=True)

LEAST = 1e-6
"""Smallest |y|, in units of its root mean square, under a link."""

BEYOND, LEAST_MODEL, MOST_MODEL = 5.0, 0.1, 2.0
"""Noise by which a y of one sign may be near zero or beyond it; and the least and the largest model of it, in units of
noise and of the largest |y|."""


class Way(Enum):
    """Ways to look for the sums of a target."""

    QUICK = "the likeliest terms one after another"
    SHORT = "terms of moderate length"
    AGAIN = "terms of moderate length on other rows"
    LONG = "terms of any length"


@dataclass(frozen=True, eq=False)
class Target:
    """What sums are fitted to.

    Attributes
    ----------
    name : str
    z : ndarray, shape (n,)
    slope : ndarray, shape (n,)
        |dy/dz|.
    back : sympy.Expr
        y, in `TARGET`, which stands for z.
    share : float
        Part of the time that is given to it.
    terms : int
        Most terms.
    way : Way
        How sums are looked for; one of a target that has begun is taken up again.
    near : callable, optional
        The target that z is to first order near a model of z, shape (n,), where noise of y is not small beside it.
    """

    name: str
    z: np.ndarray
    slope: np.ndarray
    back: sympy.Expr
    share: float
    terms: int
    way: Way = Way.SHORT
    near: Callable[[np.ndarray], "Target"] | None = None

    @property
    def linked(self) -> bool:
        return self.back != TARGET

    def formula(self, expression: sympy.Expr) -> sympy.Expr:
        """y from an expression for z."""
        return self.back.xreplace({TARGET: expression})


RESTARTS = 3
"""Most further beams on other rows."""

SHARES: Mapping[str, tuple[float, int]] = {
    "reciprocal": (0.13, 3),
    "log": (0.13, 3),
    "square": (0.1, 3),
    "root": (0.1, 2),
}
"""Links of y, in this order, with the part of the time that each has and the most terms under it."""


def permitted_links(y: np.ndarray, allowed: AllowedFunctions | None) -> list[Link]:
    """Links that a target allows and whose way back formulas may have."""
    return [one for one in usable_links(y) if allowed is None or allowed.permits(one.inverse(y).subs(TARGET, POSITIVE))]


def keeps_away(y: np.ndarray) -> bool:
    """Whether a target keeps away from zero, as one under a link has to."""
    return float(np.abs(y).min()) > LEAST * float(np.sqrt(np.mean(y**2)))


def plain_target(y: np.ndarray) -> Target:
    """y itself, as a sum of two terms."""
    return Target("identity", y, np.ones_like(y), TARGET, 0.4, 2)


def linked_targets(y: np.ndarray, allowed: AllowedFunctions | None, *, times: float = 1.0) -> list[Target]:
    """Functions of y for sums, in their order; none where y comes near zero."""
    if not keeps_away(y):
        return []
    known = {link.name: link for link in permitted_links(y, allowed)}
    return [_under(known[name], y, times * part, terms) for name, (part, terms) in SHARES.items() if name in known]


def noisy_targets(y: np.ndarray, allowed: AllowedFunctions | None, noise: float) -> list[Target]:
    """Functions of a y of one sign but for noise: as straight lines near a model of y, where that comes near zero.

    Noise that is not small beside y is none of mean zero under a link, and there may be no L(y). As in generalized
    linear models, L(y) is taken as the straight line that it is near a model of y, whose noise is that of y. Without
    one, y itself is the model as far as it is above the noise.

    References
    ----------
    McCullagh and Nelder, Generalized Linear Models (1989), section 2.5, doi:10.1201/9780203753736.
    """
    sign = 1.0 if y.sum() > 0 else -1.0
    least = float((sign * y).min())
    if least > BEYOND * noise:
        return linked_targets(y, allowed)
    if least < -BEYOND * noise:
        return []
    above = sign * np.maximum(sign * y, noise)
    known = {link.name: link for link in permitted_links(above, allowed)}
    return [_near(known[name], y, above, sign * LEAST_MODEL * noise) for name in SHARES if name in known]


def _near(link: Link, y: np.ndarray, model: np.ndarray, least: float) -> Target:
    """The target near a model of y, which is taken as no nearer to zero than `least`."""
    sign, most = math.copysign(1.0, least), MOST_MODEL * float(np.abs(y).max())
    at = sign * np.clip(np.nan_to_num(sign * model, nan=most), abs(least), most)
    back = link.inverse(at)
    inverse = sympy.lambdify(TARGET, back, "numpy")

    def near(z: np.ndarray) -> Target:
        with np.errstate(all="ignore"):
            return _near(link, y, inverse(z), least)

    return replace(_under(link, at, *SHARES[link.name]), z=link.near(y, at), near=near)


def targets(
    y: np.ndarray,
    allowed: AllowedFunctions | None,
    most_terms: int,
    *,
    noisy: bool = False,
    dimension: int = 1,
) -> list[Target]:
    """y with short sums first, then functions of it, and y with all there is time for.

    Functions of y are for targets of one sign that keep away from zero, and for functions that formulas may have. With
    noise sums for y come before functions of it: a short sum for one may be as good as the law, a sum for y more often
    than not. With one input sums for y come first as well, for which they are found soon.
    """
    alone = dimension == 1
    plain = plain_target(y)
    linked = linked_targets(y, allowed, times=2.0 if alone else 1.0)
    whole = replace(plain, share=0.45, terms=most_terms)
    again = replace(whole, share=0.35, way=Way.AGAIN)
    long = replace(whole, way=Way.LONG)
    # With noise no sum is known for the law before all are there, and a turn for short ones only parts a round.
    sums = replace(whole, share=0.8)
    first = [sums, *linked] if noisy else [plain, sums, *linked] if alone else [plain, *linked, whole]
    if dimension >= WIDE:
        # A product of functions of many inputs is one long term.
        first.insert(0 if noisy else 1, long)
    # What a beam meets depends on its rows: a sum that one seed misses, another finds as often as not.
    rest = [long, again] if alone else [again, long] if dimension < WIDE else [again]
    return [*first, *rest, *RESTARTS * [replace(again, share=1.0)]]


def _under(link: Link, y: np.ndarray, share: float, terms: int) -> Target:
    return Target(link.name, link.forward(y), link.slope_back(y), link.inverse(y), share, terms)
