"""Input columns that are called like the standard errors of another column: a hint for the reader, no more."""

import re
import shlex
from collections.abc import Sequence

from kansym.data.columns import quoted

_SIGN = r"u|unc|uncert|uncertainty|err|error|errors|sigma|sig|sd|std|stddev|se|stderr"
_PATTERNS = (
    re.compile(rf"(?:{_SIGN})[ _.-](?P<of>.+)", re.IGNORECASE),
    re.compile(rf"(?:{_SIGN}|σ)\((?P<of>.+)\)", re.IGNORECASE),
    re.compile(r"(?:σ|±|\+/?-)[ _]?(?P<of>.+)", re.IGNORECASE),
    re.compile(rf"(?P<of>.+)[ _.-](?:{_SIGN})", re.IGNORECASE),
    re.compile(r"(?P<of>.+?)(?:err|error)", re.IGNORECASE),
    re.compile(r"(?P<of>.+?) ?(?:±|\+/?-)", re.IGNORECASE),
)
"""``u_y``, ``u(y)``, ``σ_y``, ``y_err``, ``yerr``, ``y ±``; what is left must be the name of another column."""

_OF_TARGET = (
    re.compile(r"(?:d|e|delta)[ _]?(?P<of>.+)", re.IGNORECASE),
    re.compile(r"[δΔ][ _]?(?P<of>.+)", re.IGNORECASE),
)
"""``dy``, ``e_y``, ``Δy``: of an input these are more often steps and directions than errors."""

LOOKS_LIKE = "looks like the standard errors of"
"""What such a sentence says."""


def error_hints(inputs: Sequence[str], target: str) -> list[str]:
    """Sentences on inputs that may be the standard errors of the target or of another input.

    Parameters
    ----------
    inputs : sequence of str
        Columns that the formula may use.
    target : str
    """
    known = (*inputs, target)
    found = []
    for name in inputs:
        of = _owner(name, target, known)
        if of is None:
            continue
        option = f"--error {shown(name)}" if of == target else f"--x-error {shown(f'{of}={name}')}"
        argument = "y_error" if of == target else "x_error"
        found.append(
            f"Column {quoted(name)} {LOOKS_LIKE} {quoted(of)}, and is an input now; if it holds "
            f"errors, say {option} (in Python {argument})."
        )
    return found


def shown(text: str) -> str:
    """As a shell takes it."""
    if re.fullmatch(r"[\w.=+-]+", text):
        return text
    # Between double quotes shells read on for these.
    return shlex.quote(text) if set(text) & set('$`"\\!') else f'"{text}"'


def _owner(name: str, target: str, known: Sequence[str]) -> str | None:
    """The column that a name says it is the error of."""
    for pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        of = None if match is None else _column(match["of"].strip(), known)
        if of is not None and of != name:
            return of
    for pattern in _OF_TARGET:
        match = pattern.fullmatch(name)
        if match is not None and _column(match["of"].strip(), known) == target:
            return target
    return None


def _column(text: str, known: Sequence[str]) -> str | None:
    """The column of a name, in small or capital letters where that leaves one: ``T`` and ``t`` are two."""
    if text in known:
        return text
    alike = [name for name in known if name.casefold() == text.casefold()]
    return alike[0] if len(alike) == 1 else None
