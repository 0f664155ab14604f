"""Who proposed what: finders sign what they yield, and a formula carries the signature of who first wrote it.

A finder is a generator with the decorator `signed`. While a search runs, a `Book` notes the last signature, the work
that each finder has taken, and what a benchmark wants to know. Where finders are nested, the innermost signs: who only
hands on what another has written adds nothing. Outside a search, decorated generators are as they were.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

from kansym import clock

Arguments = ParamSpec("Arguments")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Origin:
    """Who wrote a formula, and who changed it since; ``str(origin)`` says it in words.

    Attributes
    ----------
    finder : str
        Who first wrote it, such as "rational functions".
    work : float
        Seconds of work (`kansym.clock`) of the search until then.
    changes : tuple of str
        What has changed it since, first to last.
    """

    finder: str
    work: float = 0.0
    changes: tuple[str, ...] = ()

    def changed(self, by: str) -> "Origin":
        """The origin of what `by` has made of the formula; the same where it was that finder's last."""
        return self if self.changes[-1:] == (by,) else replace(self, changes=(*self.changes, by))

    def __str__(self) -> str:
        return ", then ".join((f"{self.finder} after {self.work:.1f} s of work", *self.changes))

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types."""
        return {"finder": self.finder, "work": self.work, "changes": list(self.changes)}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Origin":
        """The origin of a dictionary made by `to_dict`."""
        return cls(str(record["finder"]), float(record["work"]), tuple(map(str, record["changes"])))


class Book:
    """What the finders of one search have done.

    Parameters
    ----------
    withholds : callable, optional
        Maps a formula to whether the search is not to see it: a benchmark that asks which finders would have found a
        law, each as if no other had, keeps back what is right.

    Attributes
    ----------
    last : Origin or None
        The last signature.
    signatures : int
        How many there were.
    spent : dict of str to float
        Seconds of work of each finder itself, those beneath it not counted.
    """

    def __init__(self, withholds: Callable[[Any], bool] | None = None) -> None:
        self.withholds = withholds
        self.last: Origin | None = None
        self.signatures = 0
        self.spent: dict[str, float] = {}
        self._open: list[str] = []
        self._since = clock.now()

    def sign(self, origin: Origin) -> None:
        """Take a signature for what is handed on next."""
        self.last, self.signatures = origin, self.signatures + 1

    def add(self, spent: dict[str, float]) -> None:
        """Take over the work of finders that a book of a part of the search has noted."""
        for finder, work in spent.items():
            self.spent[finder] = self.spent.get(finder, 0.0) + work

    @contextmanager
    def at_work(self, finder: str) -> Iterator[None]:
        """Work until the end of the block is that of a finder."""
        self._count()
        self._open.append(finder)
        try:
            yield
        finally:
            self._count()
            self._open.pop()

    def _count(self) -> None:
        now = clock.now()
        if self._open:
            self.spent[self._open[-1]] = self.spent.get(self._open[-1], 0.0) + now - self._since
        self._since = now


_book: ContextVar[Book | None] = ContextVar("book", default=None)


def current() -> Book | None:
    """The book of the search that is running here."""
    return _book.get()


@contextmanager
def keeping(book: Book | None = None, *, anew: bool = False) -> Iterator[Book]:
    """Finders sign into a book until the end of the block: the one that is open already unless `anew`, `book`, or a new
    one."""
    if (running := _book.get()) is not None and not anew:
        yield running
        return
    book = book if book is not None else Book()
    token = _book.set(book)
    try:
        yield book
    finally:
        _book.reset(token)


def last() -> Origin | None:
    """Who wrote what is at hand; None outside a search."""
    book = _book.get()
    return None if book is None else book.last


def withheld(formula: Any) -> bool:
    """Whether the search that is running here is not to see a formula, see `Book`."""
    book = _book.get()
    return book is not None and book.withholds is not None and book.withholds(formula)


def credit(origin: Origin | None, *, changed: str = "") -> None:
    """Say who wrote what is handed on next, where that is not who wrote last, and what has changed it."""
    book = _book.get()
    if book is not None and origin is not None:
        book.sign(origin.changed(changed) if changed else origin)


def sign(finder: str) -> None:
    """Sign what is handed on next."""
    credit(Origin(finder, clock.now()))


def signed(
    finder: str,
) -> Callable[[Callable[Arguments, Iterable[Item]]], Callable[Arguments, Iterator[Item]]]:
    """Decorator of a generator of proposals, which signs each unless a finder beneath it has.

    Parameters
    ----------
    finder : str
        Its name, for users.
    """

    def decorated(function: Callable[Arguments, Iterable[Item]]) -> Callable[Arguments, Iterator[Item]]:
        @functools.wraps(function)
        def proposals(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Item]:
            yield from signing(finder, lambda: function(*args, **kwargs))

        return proposals

    return decorated


def signing(finder: str, source: Callable[[], Iterable[Item]]) -> Iterator[Item]:
    """What a source yields, each item signed unless a finder beneath it has signed meanwhile."""
    book = _book.get()
    if book is None:
        yield from source()
        return
    with book.at_work(finder):
        items = iter(source())
    while True:
        before = book.signatures
        with book.at_work(finder):
            try:
                item = next(items)
            except StopIteration:
                return
        if book.signatures == before:
            book.sign(Origin(finder, clock.now()))
        yield item
