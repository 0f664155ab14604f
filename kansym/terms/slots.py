"""The slot table: sums of products of factors as tensors, and their values and gradients.

A batch of sums is a table of slots (B, K, F): K terms of at most F factors. A slot holds a factor's number, the
argument it is applied to, two constants, and which of them are fitted. Slots are sorted by factor and each factor is
one elementwise call, however many sums there are. Empty slots have number 0, are one, and are never evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Self, TypeAlias

import numpy as np
import sympy

from kansym.deferred import Tensor, torch
from kansym.terms.arguments import Argument
from kansym.terms.factors import FACTORS, NUMBER, exact
from kansym.terms.grids import Atom

MOST_FACTORS = 7
"""Factors of a term."""

Index: TypeAlias = int | slice | Tensor | list[int] | tuple[slice | int | list[int] | None, ...] | None
"""What picks products out of a table, along its leading axes."""

Key = int
"""Hash of what a sum is but for the values of its fitted constants; the order of terms and factors does not matter."""


@dataclass(frozen=True, eq=False)
class Slots:
    """Products of factors, with any leading axes.

    Attributes
    ----------
    factor, argument : Tensor (..., F) of int64
        Places in `FACTORS` and in the list of arguments.
    theta : Tensor (..., F, 2)
        Constants a and b.
    free : Tensor (..., F, 2) of bool
        Which constants are fitted.
    """

    factor: Tensor
    argument: Tensor
    theta: Tensor
    free: Tensor

    @classmethod
    def of(cls, products: Sequence[Sequence[tuple[Atom, int]]], device: torch.device, dtype: torch.dtype) -> Slots:
        """Products of atoms of arguments, one row each."""
        width = max((len(product) for product in products), default=1) or 1
        empty = (0, 0, 0.0, 0.0, False, False)
        rows = []
        for product in products:
            row = []
            for (name, a, b), number in product:
                constants = FACTORS[NUMBER[name]].constants
                # Zero is exact: log(u), and functions that are centred where their argument vanishes.
                a_free = constants > 0 and not (a == 0 and name in ("log", "abs"))
                b_free = constants > 1 and not (b == 0 and name in ("gaussian", "tanh", "fermi", "softplus"))
                row.append((NUMBER[name], number, a, b, a_free, b_free))
            rows.append(row + [empty] * (width - len(row)))
        table = torch.tensor(rows, dtype=torch.float64, device=device).reshape(len(rows), width, 6)
        factor, argument = table[..., 0].long(), table[..., 1].long()
        return cls(factor, argument, table[..., 2:4].to(dtype), table[..., 4:6].bool())

    def map(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same change of all four tensors, of their leading axes."""
        return type(self)(*(change(getattr(self, field.name)) for field in fields(self)))

    def __getitem__(self, index: Index) -> Self:
        return self.map(lambda tensor: tensor[index])

    def __len__(self) -> int:
        return len(self.factor)

    @property
    def terms(self) -> int:
        """K, of a table with axes (B, K, F)."""
        return self.factor.shape[1]

    def widened(self, width: int) -> Self:
        """At least so many slots a product, the last ones empty."""
        missing = width - self.factor.shape[-1]
        if missing <= 0:
            return self

        axis = self.factor.ndim - 1

        def pad(tensor: Tensor) -> Tensor:
            shape = list(tensor.shape)
            shape[axis] = missing
            return torch.cat([tensor, tensor.new_zeros(shape)], axis)

        return self.map(pad)

    def packed(self) -> Self:
        """Empty slots last, and as few of them as the longest product allows."""
        order = torch.argsort((self.factor == 0).to(torch.int8), dim=-1, stable=True)
        width = max(int((self.factor > 0).sum(-1).max()) if self.factor.numel() else 1, 1)
        axis = self.factor.ndim - 1

        def gather(tensor: Tensor) -> Tensor:
            index = order if tensor.ndim == order.ndim else order[..., None].expand(*order.shape, 2)
            return torch.gather(tensor, axis, index).narrow(axis, 0, width)

        return self.map(gather)

    def keys(self, *, decimals: int | None = None) -> np.ndarray:
        """The structure of each sum of a table (B, K, F), as hashes (B,).

        Parameters
        ----------
        decimals : int, optional
            Fitted constants count too, with so many decimals.
        """
        theta = self.theta.round(decimals=2 if decimals is None else decimals)
        if decimals is None:
            theta = torch.where(self.free, torch.zeros_like(theta), theta)
        constants = theta.cpu().numpy() + 0.0  # -0.0 and 0.0 are one number
        kind = (self.factor * 4 + self.free[..., 0] * 2 + self.free[..., 1]).cpu().numpy().astype(np.uint64)
        slots = _mixed(kind * np.uint64(1 << 32) + self.argument.cpu().numpy().astype(np.uint64))
        for which in (0, 1):
            slots = _mixed(slots + np.ascontiguousarray(constants[..., which]).view(np.uint64))
        slots[self.factor.cpu().numpy() == 0] = 0
        # Sums of hashes do not depend on an order; they wrap around.
        return _mixed(slots.sum(-1, dtype=np.uint64)).sum(-1, dtype=np.uint64)


def _mixed(x: np.ndarray) -> np.ndarray:
    """A hash of 64 bits of each number (the finalizer of SplitMix64, doi:10.1145/2714064.2660195)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def joined(tables: Sequence[Slots], axis: int = 0) -> Slots:
    """Tables one after another, along a leading axis or that of the slots."""
    if axis != tables[0].factor.ndim - 1:
        width = max(table.factor.shape[-1] for table in tables)
        tables = [table.widened(width) for table in tables]
    return Slots(*(torch.cat([getattr(table, field.name) for table in tables], axis) for field in fields(Slots)))


def beside(state: Slots | None, terms: Slots) -> Slots:
    """A sum (K, F) beside each of some terms (M, L, F), as a table (M, K + L, F)."""
    if state is None:
        return terms
    repeated = state.map(lambda tensor: tensor[None].expand(len(terms), *tensor.shape))
    return joined([repeated, terms], axis=1)


def values(slots: Slots, columns: Tensor) -> Tensor:
    """Values of the factors, (..., F, n), for columns (A, n) of the arguments; empty slots are one."""
    flat = slots.factor.reshape(-1)
    found = torch.ones(len(flat), columns.shape[1], device=columns.device, dtype=columns.dtype)
    argument, theta = slots.argument.reshape(-1), slots.theta.reshape(-1, 2)
    for factor, index in _sorted(flat):
        a, b = theta[index, :1], theta[index, 1:]
        found[index] = FACTORS[factor].value(columns[argument[index]], a, b)
    return found.reshape(*slots.factor.shape, -1)


def values_and_slopes(slots: Slots, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Values of the factors, their derivatives by the free constants, and where those stand.

    Returns
    -------
    values : Tensor (..., F, n)
    slopes : Tensor (P, n)
    place : Tensor (P,) of int64
        Place of each derivative's constant in `slots.free.reshape(-1)`.
    """
    flat = slots.factor.reshape(-1)
    found = torch.ones(len(flat), columns.shape[1], device=columns.device, dtype=columns.dtype)
    argument, theta, free = slots.argument.reshape(-1), slots.theta.reshape(-1, 2), slots.free.reshape(-1, 2)
    slopes, places = [columns.new_zeros(0, columns.shape[1])], [flat.new_zeros(0)]
    for number, index in _sorted(flat):
        factor, u, a, b = FACTORS[number], columns[argument[index]], theta[index, :1], theta[index, 1:]
        value = factor.value(u, a, b)
        found[index] = value
        for which, slope in enumerate(factor.slopes(u, a, b, value)):
            fitted = free[index, which]
            slopes.append(slope[fitted])
            places.append(2 * index[fitted] + which)
    return found.reshape(*slots.factor.shape, -1), torch.cat(slopes), torch.cat(places)


def _sorted(flat: Tensor) -> list[tuple[int, Tensor]]:
    """The places of each factor that occurs."""
    order = torch.argsort(flat, stable=True)
    counts = torch.bincount(flat, minlength=len(FACTORS)).tolist()
    return [(factor, index) for factor, index in enumerate(torch.split(order, counts)) if factor > 0 and counts[factor]]


def expression(slots: Slots, coefficients: Sequence[float], arguments: Sequence[Argument]) -> sympy.Expr:
    """The formula of one sum, a table (K, F), in the inputs of its arguments."""
    total: sympy.Expr = sympy.S.Zero
    for k, coefficient in enumerate(coefficients):
        term: sympy.Expr = sympy.Float(coefficient, 17)
        for number, argument, (a, b), (a_free, b_free) in zip(
            slots.factor[k].tolist(),
            slots.argument[k].tolist(),
            slots.theta[k].tolist(),
            slots.free[k].tolist(),
            strict=True,
        ):
            factor = FACTORS[number]
            if number:
                # What is not fitted is a rational number wherever it can be.
                first = sympy.Float(a, 17) if a_free else exact(a)
                second = sympy.Float(b, 17) if b_free else exact(b)
                term = term * factor.expression(arguments[argument].expression, first, second)
        total = total + term
    return total
