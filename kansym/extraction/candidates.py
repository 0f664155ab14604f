"""The primitives under trial, with their domains as tensors so that a mixed batch is checked at once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kansym.errors import ArgumentError
from kansym.primitives.primitive import Domain, Primitive


@dataclass(frozen=True)
class Candidates:
    """Primitives and, row by row, what the batched fit needs to know about them.

    Attributes
    ----------
    primitives : tuple of Primitive
        P primitives.
    lower, upper : Tensor (P,)
        Least and greatest argument inside the domain.
    floor, ceiling : Tensor (P,)
        Closed ends of the domain, infinite where an end is open.
    anchor : Tensor (P,)
        The one end or pole of the domain, for domains with a single one; nan for the others.
    poles, pole_periods : Tensor (P, K)
        Poles, padded with nan, and their periods, infinite for single poles.
    kinks : Tensor (P,)
        Argument that the data must lie on both sides of; nan for none.
    steps : Tensor (P, 2, 3)
        0 or 1: which of (a, b, p) each of the two components of a step moves.
    """

    primitives: tuple[Primitive, ...]
    lower: Tensor
    upper: Tensor
    floor: Tensor
    ceiling: Tensor
    anchor: Tensor
    poles: Tensor
    pole_periods: Tensor
    kinks: Tensor
    steps: Tensor

    @classmethod
    def from_primitives(cls, primitives: Sequence[Primitive], device: torch.device) -> "Candidates":
        """Collect the table on a device."""
        domains = [primitive.domain for primitive in primitives]
        widest = max(len(domain.poles) for domain in domains)
        poles = [[*domain.poles, *[math.nan] * (widest - len(domain.poles))] for domain in domains]
        steps = torch.zeros(len(primitives), 2, 3, dtype=torch.float64, device=device)
        for k, primitive in enumerate(primitives):
            for row, name in enumerate(free_constants(primitive)):
                steps[k, row, "abp".index(name)] = 1.0

        def column(values: list) -> Tensor:
            return torch.tensor(values, dtype=torch.float64, device=device)

        return cls(
            primitives=tuple(primitives),
            lower=column([d.lower if d.lower_closed else math.nextafter(d.lower, math.inf) for d in domains]),
            upper=column([d.upper if d.upper_closed else math.nextafter(d.upper, -math.inf) for d in domains]),
            floor=column([d.lower if d.lower_closed else -math.inf for d in domains]),
            ceiling=column([d.upper if d.upper_closed else math.inf for d in domains]),
            anchor=column([_anchor(d) for d in domains]),
            poles=column(poles).reshape(len(primitives), widest),
            pole_periods=column([[d.pole_period or math.inf] * widest for d in domains]).reshape(
                len(primitives), widest
            ),
            kinks=column([math.nan if p.kink is None else p.kink for p in primitives]),
            steps=steps,
        )

    def __len__(self) -> int:
        return len(self.primitives)

    def blocks(self, kind: Tensor) -> Iterator[tuple[Primitive, slice]]:
        """Each primitive with its contiguous block in a sorted `kind`."""
        ends = torch.searchsorted(kind, torch.arange(len(self), device=kind.device), right=True).tolist()
        for primitive, start, end in zip(self.primitives, [0, *ends[:-1]], ends, strict=True):
            if end > start:
                yield primitive, slice(start, end)

    def cover(self, kind: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Boolean tensor: between `first` and `last` no argument leaves the domain, no pole lies, but any kink does."""
        low, high = torch.minimum(first, last), torch.maximum(first, last)
        inside = (low >= self.lower[kind]) & (high <= self.upper[kind]) & torch.isfinite(high - low)
        for pole, period in zip(self.poles.unbind(-1), self.pole_periods.unbind(-1), strict=True):
            pole, period = pole[kind], period[kind]
            turn = torch.where(torch.isinf(period), 0.0, period) * torch.ceil((low - pole) / period)
            inside = inside & ~((pole + turn >= low) & (pole + turn <= high))
        kink = self.kinks[kind]
        return inside & (torch.isnan(kink) | ((low < kink) & (kink < high)))


def _anchor(domain: Domain) -> float:
    ends = [*(end for end in (domain.lower, domain.upper) if math.isfinite(end)), *domain.poles]
    return ends[0] if len(ends) == 1 and domain.pole_period is None else math.nan


def free_constants(primitive: Primitive) -> tuple[str, ...]:
    """Inner constants that the fit varies, at most two of ("a", "b", "p")."""
    names = tuple(name for name in ("a", "b") if name not in primitive.redundant)
    names += ("p",) if primitive.has_shape else ()
    if len(names) > 2:
        raise ArgumentError(
            f"primitives: {primitive.name!r} has three free inner constants; mark 'a' or 'b' as redundant"
        )
    return names
