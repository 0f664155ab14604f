"""Primitives in a network file: their names, and enough besides to notice when a name means something else.

A function cannot be stored without storing code. A file holds the name of each primitive, the text of its expression,
which is shown in errors and never parsed, and its values at a few points, which the library's must equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from kansym.deferred import torch
from kansym.errors import MissingPrimitiveError, StorageError
from kansym.primitives.primitive import Primitive

_PROBES = (-1.7, -0.4, 0.3, 0.9, 2.6)


def describe(primitive: Primitive) -> dict[str, object]:
    """The JSON record of one primitive."""
    return {"name": primitive.name, "expression": str(primitive.expression), "values": _probe(primitive)}


def short(value: object) -> str:
    """What a file says, fit for one line of an error message."""
    text = repr(value) if not isinstance(value, Exception) else " ".join(str(value).split())
    return text if len(text) <= 120 else text[:117] + "..."


def _probe(primitive: Primitive) -> list[float | None]:
    """Values at fixed points that tell one function from another; None where it is not finite."""
    z = torch.tensor(_PROBES, dtype=torch.float64)
    values = primitive.function(z, torch.full_like(z, 1.5)).tolist()
    return [value if math.isfinite(value) else None for value in values]


def _same_function(primitive: Primitive, stored: object) -> bool:
    found = _probe(primitive)
    if not isinstance(stored, list) or len(stored) != len(found):
        return False
    for value, old in zip(found, stored, strict=True):
        if value is None or old is None:
            if value is not old:
                return False
        elif not isinstance(old, float) or not math.isclose(value, old, rel_tol=1e-6, abs_tol=1e-9):
            return False
    return True


def find_all(stored: object, library: Mapping[str, Primitive], path: Path) -> tuple[Primitive, ...]:
    """The primitives of a file's record, in its order.

    Raises
    ------
    StorageError
        If the record is damaged.
    MissingPrimitiveError
        If a name is missing in `library` or means another function there.
    """
    if not isinstance(stored, list):
        raise StorageError(f"{path} is damaged: it has no list of primitives")
    found: dict[str, Primitive] = {}
    for entry in stored:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or len(name) > 200 or name in found:
            raise StorageError(f"{path} is damaged: {short(entry)} is not a primitive")
        if name not in library:
            raise MissingPrimitiveError(
                f"{path} uses the primitive {short(name)}, {short(entry.get('expression'))}, which is not in the "
                f"library: pass library=default_library().with_primitive(...)"
            )
        found[name] = library[name]
        if not _same_function(found[name], entry.get("values")):
            raise MissingPrimitiveError(
                f"{path} uses the primitive {short(name)} for {short(entry.get('expression'))}, but in the library "
                f"it is {short(str(found[name].expression))}: pass a library with the function of the file"
            )
    return tuple(found.values())
