"""Where networks are trained: CPU or CUDA."""

from __future__ import annotations

from kansym.deferred import torch
from kansym.errors import Argument, ArgumentError

CUDA_WORK = 1_000_000
"""Networks times rows times parameters of a training step from which "auto" takes a GPU.

A step of Levenberg-Marquardt with so much takes some 12 ms on one core, several times what its launches take on a card;
below a tenth of it the launches are all that a card does. `make bench-gpu` measures where the two meet on a machine.
"""

CHECKED_EVERY = 4
"""Iterations on a card between two looks at who has come to an end, for which the host waits."""


def choose_device(name: str, work: float) -> str:
    """The name of a torch device that is there, for one that may be "auto".

    torch is asked only where a GPU is wanted.

    Parameters
    ----------
    name : str
        "cpu", "cuda" (or "cuda:1", ...), or "auto".
    work : float
        Networks times rows times parameters of the largest training step; "auto" takes a GPU, where there is one, from
        `CUDA_WORK`.

    Raises
    ------
    ArgumentError
        If the name is not a device of this machine.
    """
    if name == "auto":
        return "cuda" if work >= CUDA_WORK and torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return name
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ArgumentError(Argument("device"), f" must be 'auto', 'cpu' or 'cuda', got {name!r}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ArgumentError(
            Argument("device"), f"={name!r} needs a CUDA device and none is available; use 'auto' or 'cpu'"
        )
    if device.type not in ("cpu", "cuda"):
        raise ArgumentError(Argument("device"), f" must be 'auto', 'cpu' or 'cuda', got {name!r}")
    return name
