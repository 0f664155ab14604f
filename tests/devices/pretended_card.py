"""A pretended CUDA card: what runs on it would run on a real one, as far as devices go.

Tensors "on cuda:0" wrap tensors of the CPU, so values are those of the CPU. Every call into torch is checked by the
rules of CUDA: tensors on different devices do not mix, but for numbers and indices from the host, and ``.numpy()``
raises. What would cost time on a card is counted: launches of kernels, moments in which the host waits (an ``.item()``,
an ``if`` on a tensor, a boolean index), and uploads.

What it cannot show: how fast a card is, how its arithmetic rounds, and its memory. Views and factories without a value
count as nothing, a composite such as ``einsum`` as the kernels it is made of on the CPU.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten

WAITS = {
    aten._local_scalar_dense.default, aten.nonzero.default, aten._unique2.default, aten.unique_dim.default,
    aten.unique_consecutive.default, aten.masked_select.default, aten.equal.default, aten.repeat_interleave.Tensor,
}  # fmt: skip
"""Operations whose result or its size the host has to know."""

INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
"""Operations that take indices from the host too."""

VIEWS = {
    "view", "_unsafe_view", "expand", "permute", "transpose", "select", "slice", "unsqueeze", "squeeze", "t", "alias",
    "detach", "as_strided", "unbind", "split", "split_with_sizes", "diagonal", "lift_fresh", "_reshape_alias", "unfold",
    "empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided",
}  # fmt: skip
"""Operations without a kernel."""


class MixedDevicesError(RuntimeError):
    """What real CUDA raises as a plain RuntimeError."""


@dataclass
class Counts:
    """What a card would have been asked for.

    Attributes
    ----------
    launches, waits, uploads : int
        Kernels, times that the host waits for the card, and copies from the host.
    waits_at, uploads_at : Counter of str
        Lines of kansym that they came from.
    """

    launches: int = 0
    waits: int = 0
    uploads: int = 0
    waits_at: Counter[str] = field(default_factory=Counter)
    uploads_at: Counter[str] = field(default_factory=Counter)

    def wait(self) -> None:
        self.waits += 1
        self.waits_at[_caller()] += 1

    def upload(self) -> None:
        self.uploads += 1
        self.uploads_at[_caller()] += 1


def _caller() -> str:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        _, found, place = frame.f_code.co_filename.rpartition("/kansym/")
        if found:
            return f"{place}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere"


class CardTensor(torch.Tensor):
    """A tensor that says it is on cuda:0. To torch itself it is on "meta", the one device without a backend."""

    inner: torch.Tensor
    card: "PretendedCard"

    @staticmethod
    def __new__(cls, inner: torch.Tensor, card: "PretendedCard") -> "CardTensor":
        return torch.Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=inner.dtype,
            layout=inner.layout, device=torch.device("meta"), requires_grad=False,
        )  # fmt: skip

    def __init__(self, inner: torch.Tensor, card: "PretendedCard") -> None:
        self.inner, self.card = inner, card

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]
    device = property(lambda self: torch.device("cuda:0"))  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]
    is_cpu = property(lambda self: False)  # type: ignore[assignment]
    is_meta = property(lambda self: False)  # type: ignore[assignment]

    def __repr__(self, **_: Any) -> str:
        return f"CardTensor({self.inner!r})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):  # type: ignore[override]
        card = next(one for one in tree_leaves((args, kwargs)) if isinstance(one, CardTensor)).card
        return card.call(func, args, kwargs or {})

    def cpu(self) -> torch.Tensor:  # type: ignore[override]
        return self.to("cpu")

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self.numpy()

    def new_tensor(self, data: Any, **options: Any) -> torch.Tensor:  # type: ignore[override]
        return torch.tensor(data, **{"dtype": self.dtype, "device": self.device, **options})

    def __getitem__(self, index: Any) -> torch.Tensor:
        return super().__getitem__(self._on_host(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(self._on_host(index), value)

    @staticmethod
    def _on_host(index: Any) -> Any:
        """Lists as tensors: torch would put them on the device that it takes this tensor to be on."""
        if isinstance(index, tuple):
            return tuple(CardTensor._on_host(one) for one in index)
        if not isinstance(index, list | range):
            return index
        return torch.tensor(list(index), dtype=None if len(index) else torch.int64)


class PretendedCard(TorchDispatchMode):
    """The card, while it is entered; `counts` are its counts so far, `largest` the bytes that one tensor may have."""

    def __init__(self) -> None:
        super().__init__()
        self.counts, self.largest = Counts(), 2**40

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[override]
        return self.call(func, args, kwargs or {})

    @contextmanager
    def counting(self) -> Iterator[Counts]:
        """Counts of a block alone."""
        outside, self.counts = self.counts, Counts()
        try:
            yield self.counts
        finally:
            self.counts = outside

    def call(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """One operation of torch, on the card where its tensors are there or it is asked to put something there."""
        if func is torch.ops.prim.device.default:
            return torch.device("cuda:0")
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
        here = any(isinstance(one, CardTensor) for one in tensors)
        asked = kwargs.get("device")
        # To torch the tensors are on "meta", and so it sometimes says.
        there = here if asked is None else torch.device(asked).type in ("cuda", "meta")
        if not here and not there:
            return func(*args, **kwargs)
        if there and asked is not None:
            kwargs = {**kwargs, "device": torch.device("cpu")}
        if func is aten._to_copy.default:
            return self._copied(args, kwargs, here, there)
        self._check(func, args, tensors)
        self._count(func, args)
        return self._wrapped(func, func(*tree_map(_inner, args), **tree_map(_inner, kwargs)), tensors, there)

    def _copied(self, args: tuple, kwargs: dict, here: bool, there: bool) -> torch.Tensor:
        if here and not there:
            self.counts.wait()
        elif there and not here:
            self.counts.upload()
        else:
            self.counts.launches += 1
        inner = aten._to_copy.default(_inner(args[0]), **{**kwargs, "non_blocking": False, "pin_memory": None})
        return CardTensor(inner, self) if there else inner

    def _check(self, func: Any, args: tuple, tensors: list[torch.Tensor]) -> None:
        """Refuse what CUDA refuses."""
        strangers = [one for one in tensors if not isinstance(one, CardTensor) and one.dim() > 0]
        if strangers and func is aten.copy_.default:
            self.counts.upload() if isinstance(args[0], CardTensor) else self.counts.wait()
            return
        if strangers and func in INDEXING and isinstance(args[0], CardTensor):
            self.counts.upload()
            # Only the indices may come from the host, not what is written.
            strangers = [one for one in args[2:3] if not isinstance(one, CardTensor) and one.dim() > 0]
        if strangers:
            raise MixedDevicesError(
                f"Expected all tensors to be on the same device, but found cuda:0 and cpu! ({func})"
            )

    def _count(self, func: Any, args: tuple) -> None:
        if func in WAITS:
            self.counts.wait()
        if func in INDEXING and any(
            isinstance(one, torch.Tensor) and one.dtype in (torch.bool, torch.uint8) for one in args[1]
        ):
            # A single number under a mask is filled in without asking where.
            filled = len(args) > 2 and args[2].numel() == 1 and len(args[1]) == 1
            if not filled:
                self.counts.wait()
        if func.overloadpacket.__name__ not in VIEWS:
            self.counts.launches += 1

    def _wrapped(self, func: Any, result: Any, tensors: list[torch.Tensor], there: bool) -> Any:
        # What is changed in place comes back as the tensor that came in.
        known = (
            {id(one.inner): one for one in tensors if isinstance(one, CardTensor)} if func._schema.is_mutable else {}
        )

        def wrap(one: Any) -> Any:
            if not isinstance(one, torch.Tensor):
                return one
            if id(one) in known:
                return known[id(one)]
            if there and one.untyped_storage().nbytes() > self.largest:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory")
            return CardTensor(one, self) if there else one

        return tree_map(wrap, result)


def _inner(one: Any) -> Any:
    return one.inner if isinstance(one, CardTensor) else one


class FirstCard(TorchFunctionMode):
    """ "cuda" is "cuda:0": torch would ask the driver which card is in use."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[override]
        if func is torch.device:
            return func(*args, **(kwargs or {}))
        return func(*map(_first, args), **{name: _first(one) for name, one in (kwargs or {}).items()})


def _first(one: Any) -> Any:
    if isinstance(one, str | torch.device) and str(one) == "cuda":
        return torch.device("cuda:0")
    return one


class _InThread(TorchDispatchMode):
    """The card in another thread: torch keeps modes for each thread of its own."""

    def __init__(self, card: PretendedCard) -> None:
        super().__init__()
        self.card = card

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[override]
        return self.card.call(func, args, kwargs or {})


@contextmanager
def pretended_card() -> Iterator[PretendedCard]:
    """A machine with one card, for the length of a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "_lazy_init", lambda: None)
        patch.setattr(torch.cuda, "mem_get_info", lambda device=None: (2**33, 2**34))
        patch.setattr(torch.Tensor, "cuda", lambda self, *_, **__: self.to("cuda:0"))
        run = threading.Thread.run
        card = PretendedCard()

        def with_card(thread: threading.Thread) -> None:
            with _without_driver(), FirstCard(), _InThread(card):
                run(thread)

        patch.setattr(threading.Thread, "run", with_card)
        with _without_driver(), FirstCard(), card:
            yield card


@contextmanager
def _without_driver() -> Iterator[None]:
    """The two switches that torch's own FakeTensor uses to live without a card, for this thread."""
    torch._C._ensureCUDADeviceGuardSet()
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)
    try:
        yield
    finally:
        torch._C._set_only_lift_cpu_tensors(before)
