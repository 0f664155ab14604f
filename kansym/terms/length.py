"""Description lengths of sums, in nats, for ranking them while they grow.

The residual alone fills a beam with long approximants, which on short ranges reach 1e-10; and the sum that will be the
law explains little before its last term is there. So candidates are ranked several times, as if the noise were larger
than it is: under a coarse floor the short sums win, whatever they leave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import sympy

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.symbolic.complexity import formula_bits
from kansym.terms.arguments import NODES, Argument
from kansym.terms.factors import FACTORS, NUMBER
from kansym.terms.slots import Slots

ROUNDING = 1e-11
"""Residual, in units of the target's root mean square, that is rounding: no sum gets shorter below it."""

NOISE = 1e-4
"""Errors that count as noise, in units of the target's root mean square."""

NODE_NATS = 1.3
"""Nats of a node: operators and functions of formulas of science have some two bits."""

TERM_NODES = 3
"""Nodes that every term has: its coefficient, a product, a sum."""


class Lengths:
    """Description lengths for a table.

    Parameters
    ----------
    arguments : sequence of Argument
    number : int
        Rows of the whole table, which decide what a constant costs.
    noise : float
        Standard deviation of the noise in units of the target's root mean square; zero where it is not known.
    device : torch.device
    blocks : int, default 1
        Blocks of rows, each of which has coefficients of its own.
    """

    def __init__(
        self, arguments: Sequence[Argument], number: int, noise: float, device: torch.device, *, blocks: int = 1
    ) -> None:
        self.number, self.blocks = number, blocks
        self.floor = max(ROUNDING, noise)
        self._levels = torch.tensor([NODES[argument.level] for argument in arguments], device=device)
        self._factors = torch.tensor([factor.nodes for factor in FACTORS], device=device)

    @property
    def term_cost(self) -> float:
        """Nats of a term besides its product: the coefficient and how it joins the sum."""
        return NODE_NATS * TERM_NODES + 0.5 * self.blocks * math.log(self.number / self.blocks)

    def of_formula(self, formula: sympy.Expr, size: float, error: float, dimension: int) -> float:
        """Length of y with the help of a formula, whose error is in units of the target's size, a number of y's unit.

        Infinite where numbers of the formula leave double precision, as those that sympy joins may: ``exp(a*u + b)``.
        """
        try:
            bits = formula_bits(formula, self.number, dimension)
        except ArgumentError:
            return math.inf
        return self.number * math.log(size * math.hypot(error, self.floor)) + math.log(2) * bits

    def nodes(self, slots: Slots) -> Tensor:
        """Nodes of each product, (...,) without the axis of slots."""
        there = slots.factor > 0
        # An argument itself is no power.
        plain = (slots.factor == NUMBER["power"]) & (slots.theta[..., 0] == 1)
        return (self._factors[slots.factor] - plain.long() + self._levels[slots.argument] * there).sum(-1)

    def cost(self, slots: Slots) -> Tensor:
        """Nats of each product: its nodes and its constants."""
        constants = slots.free.sum((-1, -2))
        return NODE_NATS * self.nodes(slots) + 0.5 * math.log(self.number) * constants

    def of(self, slots: Slots, square: Tensor, rows: int, *, floor: float = 0.0, count: int | None = None) -> Tensor:
        """Lengths of the sums of a table (B, K, F).

        Parameters
        ----------
        slots : Slots
        square : Tensor (B,)
            Sum of squared residuals over `rows` rows.
        floor : float, default 0
            Noise that is pretended, in units of the target's root mean square.
        count : int, optional
            Rows that residuals count for; default `rows`.
        """
        count = rows if count is None else count
        least = max(floor, self.floor)
        misfit = 0.5 * count * torch.log(square / rows + least**2)
        return misfit + self.cost(slots).sum(-1) + self.term_cost * slots.terms
