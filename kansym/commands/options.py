"""Kinds of options that several commands have, and how their values are read."""

import csv
from collections.abc import Iterable, Sequence
from typing import Annotated

from cyclopts import Group, Parameter, Token

from kansym.errors import ArgumentError


def whole_number(kind: type, tokens: Sequence[Token]) -> int:
    """Converter for whole numbers; by default 1.5 would become 1 without a word."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"expected a whole number, got {tokens[0].value!r}") from None


SEVERAL = Parameter(negative=(), n_tokens=1, accepts_keys=False)
"""For lists: the option may be given again, each time with one value."""

WHOLE = Parameter(converter=whole_number)

ADVANCED = Parameter(group=Group("Advanced", sort_key=1))
"""For options that few calls need: helps show them last."""

Names = Annotated[list[str] | None, SEVERAL]
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Quiet = Annotated[Flag, Parameter(name=("--quiet", "-q"))]
AsJson = Annotated[Flag, Parameter(name="--json")]


def split_names(values: Iterable[str] | None) -> list[str]:
    """Names from options that hold one or several, separated by commas; quoted names may hold commas themselves."""
    names = [name.strip() for row in csv.reader(values or [], skipinitialspace=True) for name in row]
    return [name for name in names if name]


def input_errors(values: Iterable[str] | None) -> dict[str, str | float]:
    """Input columns with the column of their errors or a number, from options such as ``t=t_error,u=0.1``."""
    errors: dict[str, str | float] = {}
    for part in (part.strip() for option in values or [] for part in option.split(",")):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not value:
            raise ArgumentError(f"--x-error: expected column=column or column=number, got {part!r}")
        try:
            errors[name] = float(value)
        except ValueError:
            errors[name] = value
    return errors
