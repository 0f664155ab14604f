"""Where networks are trained: CPU or CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kansym.deferred import deferred_module
from kansym.errors import Argument, ArgumentError

if TYPE_CHECKING:
    import torch
else:
    torch = deferred_module("torch", globals())

CUDA_WORK = 1_000_000
"""Networks times rows times parameters of a training step from which "auto" takes a GPU.

A step of Levenberg-Marquardt with so much takes some 12 ms on one core, several times what its launches take on a card;
below a tenth of it the launches are all that a card does. `make bench-gpu` measures where the two meet on a machine.
"""

CHECKED_EVERY = 4
"""Iterations on a card between two looks at who has come to an end, for which the host waits."""


def choose_device(name: str, work: float) -> torch.device:
    """The torch device for a name, "auto" included.

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
        return torch.device("cuda" if torch.cuda.is_available() and work >= CUDA_WORK else "cpu")
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
    return device
