"""What the host knows of a tensor, so that it does not ask a card again and again.

An ``if`` on a tensor makes the host wait until a card has done all that it was asked for. Which modes a layer has, or
where its primitives are, changes far more rarely than it is needed.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Hashable, MutableMapping
from typing import Any, TypeVar

from kansym.deferred import Tensor

T = TypeVar("T")


@functools.cache
def _known() -> MutableMapping[Tensor, dict[str, tuple[tuple, tuple, Any]]]:
    """Answers by the tensor that they are about; torch has the only mapping that compares tensors by identity."""
    return importlib.import_module("torch.utils.weak").WeakTensorKeyDictionary()


def remembered(what: str, tensor: Tensor, *others: Tensor, find: Callable[[], T], about: Hashable = None) -> T:
    """The result of `find`, kept as long as `tensor` lives and none of the tensors is changed in place.

    It must not be a view of `tensor`, which would then live forever.

    Parameters
    ----------
    what : str
        Name of the question, one of several about the same tensors.
    tensor, others : Tensor
        What the answer depends on; torch counts changes in place.
    find : callable without arguments
    about : hashable, optional
        What else it depends on. The answer to another one is forgotten.
    """
    if tensor.is_inference():  # whose changes torch does not count
        return find()
    answers = _known().get(tensor)
    if answers is None:
        answers = _known()[tensor] = {}
    versions = (about, tensor._version, *(one._version for one in others))
    known = answers.get(what)
    if known is None or known[1] != versions or any(a is not b for a, b in zip(known[0], others, strict=True)):
        known = answers[what] = (others, versions, find())
    return known[2]
