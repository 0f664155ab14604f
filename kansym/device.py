"""Where networks are trained: CPU or CUDA."""

import torch

from kansym.errors import Argument, ArgumentError

CUDA_ROWS = 50_000
"""Rows from which "auto" takes a GPU: below, a step is launch overhead and the CPU is as fast."""


def choose_device(name: str, rows: int) -> torch.device:
    """The torch device for a name, "auto" included.

    Raises
    ------
    ArgumentError
        If the name is not a device of this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() and rows >= CUDA_ROWS else "cpu")
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
