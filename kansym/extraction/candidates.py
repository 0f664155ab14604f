"""The primitives under trial, with their domains as tensors so that a mixed batch is checked at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.remembered import remembered
from kansym.primitives.primitive import Domain, Primitive


@dataclass(frozen=True)
class Batch:
    """Tensors, or batches of them, with a leading axis of primitives or of problems."""

    def __getitem__(self, index: Tensor) -> Self:
        """The rows at `index`, increasing integers, so that sorted fields stay sorted."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))

    def to(self, device: torch.device | str) -> Self:
        """The same on another device."""
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))


@dataclass(frozen=True)
class Rules(Batch):
    """What the batched fit needs to know of primitives, row by row.

    Attributes
    ----------
    bounds : Tensor (P, 2)
        Least and greatest argument inside the domain.
    closed : Tensor (P, 2)
        Closed ends of the domain, infinite where an end is open.
    anchor : Tensor (P,)
        The one end or pole of the domain, for domains with a single one; nan for the others.
    poles, turns : Tensor (P, K)
        Poles, padded with nan, and their periods, 0 for single poles.
    kinks : Tensor (P,)
        Argument that the data must lie on both sides of; nan for none.
    steps : Tensor (P, 2, 3)
        0 or 1: which of (a, b, p) each of the two components of a step moves.
    """

    bounds: Tensor
    closed: Tensor
    anchor: Tensor
    poles: Tensor
    turns: Tensor
    kinks: Tensor
    steps: Tensor

    @classmethod
    def of(cls, primitives: Sequence[Primitive], device: torch.device) -> Rules:
        """Collect them on a device."""
        domains = [primitive.domain for primitive in primitives]
        widest = max(len(domain.poles) for domain in domains)
        poles = [[*domain.poles, *[math.nan] * (widest - len(domain.poles))] for domain in domains]

        def column(values: list) -> Tensor:
            return torch.tensor(values, dtype=torch.float64, device=device)

        return cls(
            bounds=column([_bounds(domain) for domain in domains]),
            closed=column([_closed(domain) for domain in domains]),
            anchor=column([_anchor(d) for d in domains]),
            poles=column(poles).reshape(len(primitives), widest),
            turns=column([[d.pole_period or 0.0] * widest for d in domains]).reshape(len(primitives), widest),
            kinks=column([math.nan if p.kink is None else p.kink for p in primitives]),
            steps=column([_steps(primitive) for primitive in primitives]),
        )

    @cached_property
    def anchored(self) -> Tensor:
        """Which have an anchor."""
        return ~torch.isnan(self.anchor)

    @cached_property
    def pins(self) -> Tensor:
        """Closed ends (P, 2) of those without an anchor, infinite for others."""
        return torch.where(self.anchored[:, None], math.inf, self.closed)

    @cached_property
    def shift_only(self) -> Tensor:
        """Which keep their a."""
        return ~self.steps[..., 0].any(-1)

    @cached_property
    def periodic(self) -> Tensor:
        """Which poles come again and again."""
        return self.turns > 0

    def cover(self, ends: Tensor) -> Tensor:
        """Whether between two `ends` (..., 2) no argument leaves the domain, no pole lies, but any kink does."""
        low, high = torch.aminmax(ends, dim=-1)
        lower, upper = self.bounds.unbind(-1)
        inside = (low >= lower) & (high <= upper) & (high - low < math.inf)
        columns = (poles.unbind(-1) for poles in (self.poles, self.turns, self.periodic))
        for pole, turn, periodic in zip(*columns, strict=True):
            # The first pole at or above the lower end, where there are many.
            after = pole + torch.where(periodic, turn * torch.ceil((low - pole) / turn), 0.0)
            inside = inside & (after.clamp(low, high) != after)
        return inside & ~((self.kinks <= low) | (self.kinks >= high))


@dataclass(frozen=True)
class Candidates:
    """Primitives, and `Rules` with a row of each."""

    primitives: tuple[Primitive, ...]
    rules: Rules

    @classmethod
    def from_primitives(cls, primitives: Sequence[Primitive], device: torch.device) -> Candidates:
        """Collect the table on a device."""
        return cls(tuple(primitives), Rules.of(primitives, device))

    def __len__(self) -> int:
        return len(self.primitives)

    def blocks(self, kind: Tensor) -> Iterator[tuple[Primitive, slice]]:
        """Each primitive with its contiguous block in a sorted `kind`."""

        def find() -> list[int]:
            return torch.searchsorted(kind, torch.arange(len(self), device=kind.device), right=True).tolist()

        ends = remembered("blocks", kind, find=find)
        for primitive, start, end in zip(self.primitives, [0, *ends[:-1]], ends, strict=True):
            if end > start:
                yield primitive, slice(start, end)


def _bounds(domain: Domain) -> tuple[float, float]:
    return (
        domain.lower if domain.lower_closed else math.nextafter(domain.lower, math.inf),
        domain.upper if domain.upper_closed else math.nextafter(domain.upper, -math.inf),
    )


def _closed(domain: Domain) -> tuple[float, float]:
    return domain.lower if domain.lower_closed else -math.inf, domain.upper if domain.upper_closed else math.inf


def _anchor(domain: Domain) -> float:
    ends = [*(end for end in (domain.lower, domain.upper) if math.isfinite(end)), *domain.poles]
    return ends[0] if len(ends) == 1 and domain.pole_period is None else math.nan


def _steps(primitive: Primitive) -> list[list[float]]:
    names = (*free_constants(primitive), "", "")[:2]
    return [[float(name == constant) for constant in "abp"] for name in names]


def free_constants(primitive: Primitive) -> tuple[str, ...]:
    """Inner constants that the fit varies, at most two of ("a", "b", "p")."""
    names = tuple(name for name in ("a", "b") if name not in primitive.redundant)
    names += ("p",) if primitive.has_shape else ()
    if len(names) > 2:
        raise ArgumentError(
            f"primitives: {primitive.name!r} has three free inner constants; mark 'a' or 'b' as redundant"
        )
    return names
