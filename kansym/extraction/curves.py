"""Edge curves, standardised and thinned for matching."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from kansym.deferred import Tensor, torch

# Below this ratio of centre to half-width the origin of x stays where it is, so that an inner constant b of exactly 0
# (a domain end or a pole at x = 0, the usual case in physics) is represented without rounding. Beyond it, no such
# point is near the data and the coordinate is centred, which loses fewer digits.
_ORIGIN_RATIO = 3.0


@dataclass(frozen=True)
class Sample:
    """Points of each edge, ready for least squares.

    Attributes
    ----------
    v : Tensor (E, n)
        Coordinate x in units of the half-width of the edge's data.
    y : Tensor (E, n)
        Ordinates times the square root of the weights, centred, of unit norm (all zero for a constant sample).
    root_weight : Tensor (E, n)
        Square roots of weights that sum to one along each edge.
    mean, norm : Tensor (E,)
        Weighted mean and weighted standard deviation that were taken out of the ordinates.
    """

    v: Tensor
    y: Tensor
    root_weight: Tensor
    mean: Tensor
    norm: Tensor

    @classmethod
    def from_points(cls, v: Tensor, y: Tensor, weights: Tensor) -> Sample:
        """Normalise weights and ordinates."""
        weights = weights / weights.sum(-1, keepdim=True)
        root = weights.sqrt()
        mean = (weights * y).sum(-1)
        scaled = root * (y - mean[:, None])
        norm = torch.linalg.vector_norm(scaled, dim=-1)
        return cls(v, scaled / torch.where(norm > 0, norm, 1.0)[:, None], root, mean, norm)


@dataclass(frozen=True)
class Curves:
    """Edges in the coordinate ``v = (x - origin) / half``, sorted by x and thinned to quantile points.

    Attributes
    ----------
    x, v, y, weights : Tensor (E, n)
        Abscissa, coordinate, ordinate in units of `largest`, and weight of each point.
    low, high : Tensor (E,)
        Ends of the data in v.
    origin, half : Tensor (E,)
        The affine map back to x.
    largest : Tensor (E,)
        Largest magnitude of y.
    """

    x: Tensor
    v: Tensor
    y: Tensor
    weights: Tensor
    low: Tensor
    high: Tensor
    origin: Tensor
    half: Tensor
    largest: Tensor

    @classmethod
    def from_data(cls, x: Tensor, y: Tensor, weights: Tensor, max_points: int) -> Curves:
        """Sort, thin and standardise; every edge must have x of positive width."""
        # Three stable sorts: the result does not depend on the order of the rows even where x, or x and y, repeat.
        for key in (2, 1, 0):
            order = (x, y, weights)[key].argsort(dim=-1, stable=True)
            x, y, weights = (t.gather(-1, order) for t in (x, y, weights))
        keep = quantile_ranks(x.shape[-1], max_points, x.device)
        x, y, weights = x[:, keep], y[:, keep], weights[:, keep]
        low, high = x[:, 0], x[:, -1]
        half, middle = high / 2 - low / 2, high / 2 + low / 2
        origin = torch.where(middle.abs() <= _ORIGIN_RATIO * half, 0.0, middle)
        v = (x - origin[:, None]) / half[:, None]
        largest = y.abs().amax(-1)
        largest = torch.where(largest > 0, largest, 1.0)
        return cls(x, v, y / largest[:, None], weights, v[:, 0], v[:, -1], origin, half, largest)

    def to(self, device: torch.device | str) -> Curves:
        """The same on another device."""
        return Curves(*(getattr(self, field.name).to(device) for field in fields(self)))

    @property
    def middle(self) -> Tensor:
        """Centre of the data in v, shape (E,)."""
        return (self.low + self.high) / 2

    @property
    def zero(self) -> Tensor:
        """Where x = 0 lies in v, shape (E,)."""
        return -self.origin / self.half

    def sample(self, count: int | None = None) -> Sample:
        """All points, or about `count`: quantiles of x, the highest and lowest point, the sides of the largest jump."""
        if count is None or count >= self.v.shape[-1]:
            return Sample.from_points(self.v, self.y, self.weights)
        ranks = quantile_ranks(self.v.shape[-1], count - 4, self.v.device).expand(self.v.shape[0], -1)
        # The extra points keep features that are narrower than the spacing of the thinned points.
        jump = (self.y[:, 1:] - self.y[:, :-1]).abs().argmax(-1, keepdim=True)
        extremes = self.y.argmax(-1, keepdim=True), self.y.argmin(-1, keepdim=True)
        index = torch.cat([ranks, *extremes, jump, jump + 1], -1)
        weights = self.weights.gather(-1, index)
        # A thinned set can hold nothing but points of weight zero; equal weights serve for a first screening.
        weights = torch.where(weights.sum(-1, keepdim=True) > 0, weights, 1.0)
        return Sample.from_points(self.v.gather(-1, index), self.y.gather(-1, index), weights)

    def in_x(self) -> Curves:
        """The same curves with x itself as the coordinate."""
        zero = torch.zeros_like(self.half)
        return replace(self, v=self.x, low=self.x[:, 0], high=self.x[:, -1], origin=zero, half=zero + 1)


def quantile_ranks(total: int, count: int, device: torch.device) -> Tensor:
    """At most `count` evenly spaced ranks out of `total`, the first and the last among them."""
    if total <= count:
        return torch.arange(total, device=device)
    return torch.linspace(0, total - 1, count, dtype=torch.float64, device=device).round().long()
