"""How much is tried, by the number of inputs: the dictionary grows with them, and each of its columns says less."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

LINKED_WIDTH = 8
"""Least width of the beam for functions of y."""

QUICK_WIDTH = 10
"""Width of the beam, and plain first terms, where only the likeliest terms are tried."""


@dataclass(frozen=True)
class Effort:
    """Sizes of a pursuit.

    Attributes
    ----------
    rows : int
        Rows that terms are looked for on, without noise.
    width : int
        Sums in the beam.
    first_cost : float
        Nats of the longest terms before terms of any length are tried.
    seeds, linked_seeds : int
        Plain first terms beside which all columns are tried, for y and for functions of y.
    functions : int
        Functions of one input beside which they are, for y.
    """

    rows: int
    width: int
    first_cost: float
    seeds: int
    linked_seeds: int
    functions: int

    def linked(self) -> "Effort":
        """The effort for functions of y: most laws are for y."""
        width = max(LINKED_WIDTH, self.width // 4)
        return replace(self, width=width, seeds=self.linked_seeds, functions=0)

    def quick(self) -> "Effort":
        """The effort for the likeliest terms one after another."""
        return replace(self, width=QUICK_WIDTH, seeds=QUICK_WIDTH, functions=0)


_ONE = Effort(
    rows=80,
    width=56,
    first_cost=19.5,
    seeds=100,
    linked_seeds=40,
    functions=0,
)
_TWO = replace(_ONE, rows=144, width=28, seeds=40, linked_seeds=20, functions=100)
_MORE = replace(_TWO, rows=192, width=16, seeds=30, linked_seeds=10, functions=40)

EFFORTS: Mapping[int, Effort] = {
    1: _ONE,
    2: _TWO,
    3: _MORE,
    4: replace(_MORE, rows=224),
    5: replace(_MORE, rows=256),
}
"""By the number of inputs, up to the most that a pursuit takes."""

WIDE = 3
"""Inputs from which on the dictionary is kept small: sparse grids, and few arguments and monomials of two inputs."""
