"""Catalogues that are drawn from a seed: ``random:7`` has a hundred laws that nobody has seen before.

The same seed gives the same laws on every machine. Seeds below 1000 are for work on the search; a seed from 1000 up is
looked at once, for a report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kansym.bench import lab_tables, mixtures, random_laws, sampling
from kansym.bench.law import Law
from kansym.errors import ArgumentError

COUNT = 100
"""Laws of a seed."""


@dataclass(frozen=True)
class Kind:
    """Laws of one kind.

    Attributes
    ----------
    name, title, source : str
    draw : callable
        Makes a law from random numbers and its name.
    """

    name: str
    title: str
    source: str
    draw: Callable[[np.random.Generator, str], Law]

    def names(self, seed: int) -> tuple[str, ...]:
        """Names of the laws of a seed: 7-001, 7-002, ..."""
        return tuple(f"{seed}-{number:03d}" for number in range(1, COUNT + 1))

    def law(self, name: str) -> Law:
        """The law of a name; each is drawn by itself, so that none needs those before it.

        Raises
        ------
        ArgumentError
            If it is no such name.
        """
        seed, _, number = name.partition("-")
        if not (seed.isdecimal() and number.isdecimal() and name in self.names(int(seed))):
            raise ArgumentError(f"laws: {name!r} is no law of {self.name}; their names are like 7-001")
        return _law(self, name)


@lru_cache(maxsize=1024)
def _law(kind: Kind, name: str) -> Law:
    seed, _, number = name.partition("-")
    return kind.draw(sampling.generator(f"{kind.name} {int(number)}", int(seed)), name)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("random", "random laws of ten shapes", random_laws.SOURCE, random_laws.random_law),
        Kind("sums", "random sums of two to four terms", random_laws.SOURCE, random_laws.random_sum),
        Kind("mixture", "sums of functions of two inputs each", mixtures.SOURCE, mixtures.mixture),
        Kind("lab", "tables as a laboratory has them", lab_tables.SOURCE, lab_tables.lab_table),
    )
}
"""Kinds of laws by the name of their catalogue."""
