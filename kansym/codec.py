"""Values in JSON types and back: frozen dataclasses by their annotations."""

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from kansym.errors import StorageError

Record = TypeVar("Record")


def to_json(value: Any) -> Any:
    """A value in JSON types: dataclasses as objects, tuples as lists, and "nan", "inf", "-inf" as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    return value


def finite_json(value: Any) -> Any:
    """A value for other programs: tuples as lists, and None for numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): finite_json(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [finite_json(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_json(kind: type[Record], record: Any) -> Record:
    """The inverse of `to_json` for a dataclass.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are float, int, bool, str, enumerations of str, dataclasses, tuples of one of these of
        any length, or one of these or None. Fields that have a default may be missing: older files lack them.
    record : dict

    Raises
    ------
    StorageError
        If a key is missing or has the wrong type.
    """
    try:
        return _read(kind, record)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)[:100]
        raise StorageError(f"the {kind.__name__.lower()} cannot be read: {reason}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (part for part in get_args(kind) if part is not type(None))
        return _read(inner, value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError(f"expected a list, got {str(value)[:40]!r}")
        return tuple(_read(get_args(kind)[0], entry) for entry in value)
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TypeError(f"expected an object, got {str(value)[:40]!r}")
        optional = {field.name for field in fields(kind) if field.default is not MISSING} - set(value)
        given = {name: _read(hint, value[name]) for name, hint in _hints(kind).items() if name not in optional}
        return kind(**given)  # type: ignore[operator]
    if kind is float and (type(value) in (int, float) or value in ("nan", "inf", "-inf")):
        return float(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        return kind(value)
    if kind in (int, bool, str) and type(value) is kind:
        return value
    raise TypeError(f"expected {getattr(kind, '__name__', kind)}, got {str(value)[:40]!r}")
