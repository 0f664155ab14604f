"""The networks that a search has trained, and which of them to read next."""

import math
from collections.abc import Iterator

from kansym.kan.growth import Candidate
from kansym.search.networks import PROMISING, Networks

CLOSE = 1e-6
"""Validation RMSE, in spreads of y, below which a network without noise is precise though finer grids do not bring it
nearer: splines may be all that its law has."""

NEAR = 1e-3
"""The same of a network of one hidden level that finer grids do bring nearer. Deeper ones come nearer to any law with
finer grids, and take long to read."""

ELBOW = 1.1
"""Larger networks that lower the validation RMSE by less than this factor have not bettered a smaller one."""

LARGER = 2
"""Larger networks that must not have bettered one with noise; without it the law is likelier to have a larger shape."""

ROUGH = 3.0
"""Times the least error from which on a network that a person could read says too little."""


class HeldNetworks:
    """Networks from the smallest up.

    Parameters
    ----------
    networks : Networks
    promising : float, default 0.03
        Validation RMSE, in spreads of y, below which a network is precise.

    Attributes
    ----------
    all : list of Candidate
    """

    def __init__(self, networks: Networks, promising: float = PROMISING) -> None:
        self.all: list[Candidate] = []
        self._networks, self._promising = networks, promising
        self._glanced, self._read = set[int](), set[int]()

    def mark(self, candidate: Candidate, *, done: bool) -> None:
        """Say that a network was looked at, or that there is nothing more to read in it."""
        self._glanced.add(id(candidate))
        if done:
            self._read.add(id(candidate))

    def next(self, best_loss: float, *, noisy: bool) -> Candidate | None:
        """The network to read now, if any.

        That is the latest one where it is precise; where no network is, the smallest one that some larger ones have not
        bettered: what it leaves is noise, as far as anyone can see, or all that splines can do.

        Parameters
        ----------
        best_loss : float
            Of the formulas that there are.
        noisy : bool
            Whether y is known to have noise.
        """
        latest, loss = self.all[-1], self._networks.loss
        if self._precise(latest, noisy) and loss(latest) < 0.5 * best_loss:
            return latest
        best = min(candidate.validation_loss for candidate in self.all)
        place, elbow = next((k, c) for k, c in enumerate(self.all) if c.validation_loss < ELBOW**2 * best)
        larger = LARGER if noisy else LARGER + 1
        known = id(elbow) in self._read | self._glanced
        return elbow if place < len(self.all) - larger and not known and loss(elbow) < 0.9 * best_loss else None

    def rest(self, *, unread: bool) -> Iterator[tuple[Candidate, bool]]:
        """What was left aside, and whether to read it thoroughly: the smallest network within a tenth of the best
        error, then the best ones."""
        readable = self._readable() if unread else None
        if readable is not None:
            yield readable, False
        best = min((candidate.validation_loss for candidate in self.all), default=0.0)
        close = [candidate for candidate in self.all if candidate.validation_loss < 1.2**2 * best]
        rest = sorted((c for c in self.all if c not in close), key=lambda candidate: candidate.validation_loss)
        for candidate in close[:3] + rest[:2]:
            if id(candidate) not in self._read:
                yield candidate, True

    def _readable(self) -> Candidate | None:
        """The best network that a person could still read, unless others are far better."""
        best = min((candidate.validation_loss for candidate in self.all), default=0.0)
        return self._networks.readable([one for one in self.all if one.validation_loss < ROUGH**2 * best])

    def _precise(self, candidate: Candidate, noisy: bool) -> bool:
        """Whether a network is near the noise, or without noise near its law.

        A network of the wrong shape may come near a law without noise. Reading it takes longer than training a few
        larger ones, so those come first.
        """
        shallow = len(candidate.network.shape) <= 3
        close = NEAR if shallow and candidate.converges else CLOSE
        promising = self._promising if noisy else min(self._promising, close)
        return math.sqrt(candidate.validation_loss) < max(promising, 3 * self._networks.floor)
