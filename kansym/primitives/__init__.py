"""One-dimensional functions that an edge can turn out to be."""

from typing import TYPE_CHECKING

from kansym.deferred import deferred_names

if TYPE_CHECKING:
    from kansym.primitives.custom import primitive_from_expression as primitive_from_expression
    from kansym.primitives.library import PrimitiveLibrary as PrimitiveLibrary
    from kansym.primitives.library import default_library as default_library
    from kansym.primitives.primitive import ARGUMENT as ARGUMENT
    from kansym.primitives.primitive import EXPONENT as EXPONENT
    from kansym.primitives.primitive import Domain as Domain
    from kansym.primitives.primitive import Primitive as Primitive

_HOMES = {
    "primitive_from_expression": "kansym.primitives.custom",
    "PrimitiveLibrary": "kansym.primitives.library",
    "default_library": "kansym.primitives.library",
    "ARGUMENT": "kansym.primitives.primitive",
    "EXPONENT": "kansym.primitives.primitive",
    "Domain": "kansym.primitives.primitive",
    "Primitive": "kansym.primitives.primitive",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__ = deferred_names(__name__, _HOMES)
