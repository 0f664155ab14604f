"""One type for every one-dimensional function an edge can turn out to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sympy

from kansym.deferred import Tensor, deferred_module

if TYPE_CHECKING:
    import torch
else:
    torch = deferred_module("torch", globals())

ARGUMENT = sympy.Symbol("z", real=True)
"""The argument of `Primitive.expression`."""

EXPONENT = sympy.Symbol("p", real=True)
"""The shape parameter of `Primitive.expression`, for the free power x^p; other primitives do not have it."""


@dataclass(frozen=True)
class Domain:
    """The set of arguments where a primitive is defined: an interval less isolated poles.

    Attributes
    ----------
    lower, upper : float
        Ends of the interval; infinite by default.
    lower_closed, upper_closed : bool
        Whether an end belongs to the domain (sqrt: yes, log: no).
    poles : tuple of float
        Points inside the interval where the function is infinite. Data on both sides of a pole are refused
        by the matcher: a measured edge is one continuous curve.
    pole_period : float or None
        When given, every pole repeats with this period over the whole interval (tan).
    """

    lower: float = -math.inf
    upper: float = math.inf
    lower_closed: bool = True
    upper_closed: bool = True
    poles: tuple[float, ...] = ()
    pole_period: float | None = None

    def contains(self, z: Tensor) -> Tensor:
        """Boolean tensor of the shape of `z`: is each point inside the domain?"""
        above = z >= self.lower if self.lower_closed else z > self.lower
        below = z <= self.upper if self.upper_closed else z < self.upper
        inside = above & below & torch.isfinite(z)
        for pole in self.poles:
            distance = z - pole if self.pole_period is None else torch.remainder(z - pole, self.pole_period)
            inside = inside & (distance != 0)
        return inside

    def covers(self, low: Tensor, high: Tensor) -> Tensor:
        """Boolean tensor: does the whole interval from `low` to `high` lie inside, with no pole in it?"""
        above = low >= self.lower if self.lower_closed else low > self.lower
        below = high <= self.upper if self.upper_closed else high < self.upper
        inside = above & below & torch.isfinite(low) & torch.isfinite(high)
        for pole in self.poles:
            if self.pole_period is None:
                inside = inside & ((low > pole) | (high < pole))
            else:
                first, last = (low - pole) / self.pole_period, (high - pole) / self.pole_period
                inside = inside & (first.floor() == last.floor()) & (first.floor() != first)
        return inside


@dataclass(frozen=True)
class Primitive:
    """A named one-dimensional function, fitted to edges as ``c * f(a * x + b) + d``.

    Attributes
    ----------
    name : str
        Unique name, e.g. ``"sin"``, ``"x^2"``, ``"gaussian"``.
    function : callable ``(z, p) -> Tensor``
        Elementwise on float64 tensors, broadcasting `z` against `p`; nan or inf outside the domain, never an
        exception. `p` is the shape parameter and is ignored by primitives that have none.
    derivative : callable ``(z, p) -> Tensor``
        d function / d z.
    shape_derivative : callable ``(z, p) -> Tensor`` or None
        d function / d p; None when the primitive has no shape parameter.
    expression : sympy.Expr
        The function in `ARGUMENT` (and `EXPONENT` when there is a shape parameter).
    domain : Domain
        Where it is defined.
    complexity : int
        Cost in the choice between primitives that fit alike: 1 for the identity, about one more per operation.
    redundant : frozenset of {"a", "b"}
        Inner constants that the outer ones (or the shape parameter's gauge) absorb: for powers "a" (into c), for
        log "a" (into d), for exp "b" (into c), for the identity both. A redundant "a" is held at +1 or -1, a
        redundant "b" at 0.
    parity : {"even", "odd", "none"}
        Symmetry of f about z = 0: the sign of a is then a matter of convention and is taken positive.
    period : float or None
        Period in z for periodic functions; starts for `a` come from the spectrum of the curve.
    kink : float or None
        Argument where f is not smooth (0 for ``|x|``). Data on one side of it do not show this primitive but a plain
        one, so the matcher refuses such a fit.
    starts : tuple of float
        Values of a (in units of one over the half-width of the data) from which the fit starts.
    end_starts : tuple of float
        Arguments to put at the two ends of the data, in all pairs, as further starts: for oscillations without
        symmetry or period (Ai), one value per radian of phase.
    shape_starts : tuple of float
        Values of p from which the fit starts; empty without a shape parameter.
    equivalent_to : str or None
        Name of the canonical primitive that is the same function up to inner and outer affine maps (cos and sin^2
        are sin, logistic and fermi are tanh, acos is asin). The matcher leaves such duplicates out when the
        canonical primitive is offered as well.
    """

    name: str
    function: Callable[[Tensor, Tensor], Tensor]
    derivative: Callable[[Tensor, Tensor], Tensor]
    expression: sympy.Expr
    domain: Domain = field(default_factory=Domain)
    complexity: int = 2
    redundant: frozenset[str] = frozenset()
    parity: str = "none"
    period: float | None = None
    starts: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 4.0)
    kink: float | None = None
    shape_derivative: Callable[[Tensor, Tensor], Tensor] | None = None
    shape_starts: tuple[float, ...] = ()
    equivalent_to: str | None = None
    end_starts: tuple[float, ...] = ()

    def __repr__(self) -> str:
        return f"<Primitive {self.name}: {self.expression}>"

    @property
    def has_shape(self) -> bool:
        """Whether the primitive has a shape parameter p (the free power)."""
        return self.shape_derivative is not None

    def sympy(self, argument: sympy.Expr, p: sympy.Expr | float | None = None) -> sympy.Expr:
        """The function applied to a sympy expression."""
        substitution: dict = {ARGUMENT: argument}
        if self.has_shape:
            substitution[EXPONENT] = sympy.sympify(p)
        return self.expression.subs(substitution, simultaneous=True)
