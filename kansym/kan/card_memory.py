"""How much of a card's memory one chunk of rows may take, learned from the card."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from kansym.deferred import torch
from kansym.kan.network import Network

P = ParamSpec("P")
R = TypeVar("R")

SHARE = 8
"""A chunk is an eighth of what is free at first: a product needs its factors, its result and what torch keeps aside."""

LEAST_BYTES = 2**20
"""Memory of a chunk that is not halved any more."""

_bytes: dict[torch.device, int] = {}


def chunk_bytes(device: torch.device) -> int:
    """Memory of one chunk on a card: a share of what was free when it was first asked for, less what was too much."""
    if device not in _bytes:
        _bytes[device] = max(torch.cuda.mem_get_info(device)[0] // SHARE, LEAST_BYTES)
    return _bytes[device]


def halving(function: Callable[Concatenate[Network, P], R]) -> Callable[Concatenate[Network, P], R]:
    """A function that works in chunks, tried again with chunks half as large where a card runs out of memory."""

    @wraps(function)
    def tried(network: Network, *args: P.args, **kwargs: P.kwargs) -> R:
        while True:
            try:
                return function(network, *args, **kwargs)
            except torch.cuda.OutOfMemoryError:
                size = chunk_bytes(network.device)
                if size <= LEAST_BYTES:
                    raise
                _bytes[network.device] = max(size // 2, LEAST_BYTES)
                torch.cuda.empty_cache()

    return tried
