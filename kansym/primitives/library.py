"""The table of primitives that edges are matched against."""

import copyreg
import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from kansym.errors import ArgumentError
from kansym.primitives.primitive import Primitive

LISTED = "`kansym primitives` and kansym.default_library() list them all"


class PrimitiveLibrary(Mapping[str, Primitive]):
    """Immutable mapping from names to primitives, ordered by complexity (ties in order of registration).

    Parameters
    ----------
    primitives : iterable of Primitive
        Primitives with distinct names.

    Raises
    ------
    ArgumentError
        If two primitives share a name.
    """

    __slots__ = ("_by_name",)

    def __init__(self, primitives: Iterable[Primitive]):
        by_name: dict[str, Primitive] = {}
        for primitive in sorted(primitives, key=lambda primitive: primitive.complexity):
            if primitive.name in by_name:
                raise ArgumentError(
                    f"primitives: the name {primitive.name!r} is taken; give the new primitive another name"
                )
            by_name[primitive.name] = primitive
        self._by_name = by_name

    def __getitem__(self, name: str) -> Primitive:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(self._unknown(name)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"PrimitiveLibrary({', '.join(self._by_name)})"

    def get(self, name: str) -> Primitive:  # type: ignore[override]  # an unknown name is an error here, never None
        """The primitive of that name.

        Raises
        ------
        ArgumentError
            If there is none; the message lists close names.
        """
        if name not in self._by_name:
            raise ArgumentError(self._unknown(name))
        return self._by_name[name]

    def with_primitive(self, primitive: Primitive) -> "PrimitiveLibrary":
        """A new library with one primitive more, e.g. one made by `primitive_from_expression`."""
        return PrimitiveLibrary([*self._by_name.values(), primitive])

    def without(self, *names: str) -> "PrimitiveLibrary":
        """A new library less the named primitives."""
        dropped = {self.get(name).name for name in names}
        return PrimitiveLibrary(p for p in self._by_name.values() if p.name not in dropped)

    def only(self, *names: str) -> "PrimitiveLibrary":
        """A new library of the named primitives alone."""
        if not names:
            raise ArgumentError(f"names of primitives are missing; {LISTED}")
        return PrimitiveLibrary(self.get(name) for name in dict.fromkeys(names))

    def distinct(self) -> list[Primitive]:
        """Those that matching needs: without any that another one of them gives by scale and shift."""
        return [one for one in self.values() if one.equivalent_to is None or one.equivalent_to not in self]

    def _unknown(self, name: object) -> str:
        close = difflib.get_close_matches(str(name), self._by_name, n=3, cutoff=0.4)
        hint = f"close names: {', '.join(close)}" if close else f"known names: {', '.join(self._by_name)}"
        # A library that was restricted has fewer.
        everything = f"; {LISTED}" if len(self) == len(default_library()) else ""
        return f"there is no primitive {name!r}; {hint}{everything}"


@cache
def default_library() -> PrimitiveLibrary:
    """The built-in primitives."""
    # Their expressions take a tenth of a second to build, and a run is read without them.
    from kansym.primitives.builtin import BUILT_IN

    return PrimitiveLibrary(BUILT_IN)


def _reduce(primitive: Primitive) -> object:
    """How pickle and copy see a primitive: one of the library by its name, since its functions cannot be stored."""
    if primitive.name in default_library() and default_library()[primitive.name] is primitive:
        return _built_in, (primitive.name,)
    return object.__reduce_ex__(primitive, 4)


def _built_in(name: str) -> Primitive:
    return default_library()[name]


copyreg.pickle(Primitive, _reduce)  # pyright: ignore[reportArgumentType]
