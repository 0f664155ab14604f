"""Kinds of options that several commands have, and how their values are read."""

import csv
import io
import math
import re
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


def joined_names(names: Iterable[str]) -> str:
    """Names on one line, as `split_names` reads them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


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


def target_errors(values: Iterable[str] | None, targets: Sequence[str]) -> dict[str, str]:
    """Errors by target, from options such as ``u=u_error,v=0.1`` or one for all such as ``1%``.

    What follows a comma and begins with no target belongs to the errors before it: ``u=minus,plus`` are the errors of u
    below and above.
    """
    found: dict[str, list[str]] = {}
    for option in values or []:
        target = ""
        for part in next(csv.reader([option], skipinitialspace=True), []):
            name, sign, value = (piece.strip() for piece in part.partition("="))
            if sign and name in targets:
                if name in found:
                    raise ArgumentError(f"--error: errors of {name!r} are given twice")
                target, part = name, value
            if not target and "" in found and not found[""][-1:] == [option]:
                raise ArgumentError(f"--error: errors for all targets are given twice, the second time as {option!r}")
            if not part.strip():
                raise ArgumentError(f"--error: expected target=column or target=number, got {option!r}")
            found.setdefault(target, []).append(part.strip() if target else option)
    general = found.pop("", [])[:1]
    errors = {target: joined_names(parts) if len(parts) > 1 else parts[0] for target, parts in found.items()}
    return {target: errors.get(target, *general) for target in targets if target in errors or general}


def numbers_by_name(option: str, values: Iterable[str] | None) -> dict[str, float]:
    """Numbers from options such as ``A=1,tau=5``."""
    found: dict[str, float] = {}
    for part in (part.strip() for value in values or [] for part in value.split(",")):
        name, sign, text = (piece.strip() for piece in part.partition("="))
        number = _number(text)
        if not sign or number is None or not name:
            raise ArgumentError(f"{option}: expected name=number, got {part!r}")
        found[name] = number
    return found


_RANGE = re.compile(r"(?P<low>[^:]*):(?P<high>[^:]*)")
_BOUND = re.compile(r"(?P<name>[^<>=]+?)\s*(?P<sign>[<>]=?|=)\s*(?P<rest>[^<>=]+)")


def bounds_by_name(values: Iterable[str] | None) -> dict[str, tuple[float, float]]:
    """Ends of constants, infinite where there is none, from options such as ``tau=0:10,A>0``."""
    found: dict[str, tuple[float, float]] = {}
    for part in (part.strip() for value in values or [] for part in value.split(",")):
        read = _BOUND.fullmatch(part)
        ends = None if read is None else _ends(read["sign"], read["rest"].strip())
        if read is None or ends is None:
            raise ArgumentError(f"--bounds: expected name=low:high, name>number or name<number, got {part!r}")
        low, high = found.get(read["name"], (-math.inf, math.inf))
        found[read["name"]] = (max(low, ends[0]), min(high, ends[1]))
    return found


def _ends(sign: str, text: str) -> tuple[float, float] | None:
    """The ends that ``sign text`` sets; None where it cannot be read."""
    if sign == "=":
        both = _RANGE.fullmatch(text)
        if both is None:
            return None
        low, high = both["low"].strip(), both["high"].strip()
        ends = (_number(low) if low else -math.inf, _number(high) if high else math.inf)
    else:
        ends = (_number(text), math.inf) if sign[0] == ">" else (-math.inf, _number(text))
    low, high = ends
    return None if low is None or high is None else (low, high)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
