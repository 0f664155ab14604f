"""Kinds of options that several commands have."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter, Token

Names = Annotated[list[str] | None, Parameter(negative=(), n_tokens=1, accepts_keys=False)]
LawNames = Annotated[
    list[str] | None, Parameter(name=("--laws", "--only"), negative=(), n_tokens=1, accepts_keys=False)
]
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def whole_number(kind: type, tokens: Sequence[Token]) -> int:
    """Converter for whole numbers; by default 1.5 would become 1 without a word."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"expected a whole number, got {tokens[0].value!r}") from None
