"""What the host knows of a tensor, so that it does not ask a card again and again.

An ``if`` on a tensor makes the host wait until a card has done all that it was asked for. Which modes a layer has, or
where its primitives are, changes far more rarely than it is needed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

T = TypeVar("T")

_known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def remembered(what: str, tensor: Tensor, *others: Tensor, find: Callable[[], T]) -> T:
    """The result of `find`, kept as long as `tensor` lives and none of the tensors is changed in place.

    Parameters
    ----------
    what : str
        Name of the question, one of several about the same tensors.
    tensor, others : Tensor
        What the answer depends on; torch counts changes in place.
    find : callable without arguments
    """
    answers: dict[str, tuple[tuple, tuple[int, ...], Any]] | None = _known.get(tensor)
    if answers is None:
        answers = _known[tensor] = {}
    versions = (tensor._version, *(one._version for one in others))
    known = answers.get(what)
    if known is None or known[1] != versions or any(a is not b for a, b in zip(known[0], others, strict=True)):
        known = answers[what] = (others, versions, find())
    return known[2]
