"""One-dimensional functions that an edge can turn out to be."""

from kansym.primitives.custom import primitive_from_expression as primitive_from_expression
from kansym.primitives.library import PrimitiveLibrary as PrimitiveLibrary
from kansym.primitives.library import default_library as default_library
from kansym.primitives.primitive import ARGUMENT as ARGUMENT
from kansym.primitives.primitive import EXPONENT as EXPONENT
from kansym.primitives.primitive import Domain as Domain
from kansym.primitives.primitive import Primitive as Primitive
