"""Input columns that are called like the standard errors of another column: a hint for the reader, no more."""

import re
from collections.abc import Sequence

from kansym.data.columns import quoted

_SIGN = r"u|unc|uncert|uncertainty|err|error|errors|sigma|sig|sd|std|stddev|se|stderr"
_PATTERNS = (
    re.compile(rf"(?:{_SIGN})[ _.-](?P<of>.+)"),
    re.compile(rf"(?:{_SIGN}|σ)\((?P<of>.+)\)"),
    re.compile(r"(?:σ|±|\+/?-)[ _]?(?P<of>.+)"),
    re.compile(rf"(?P<of>.+)[ _.-](?:{_SIGN})"),
    re.compile(r"(?P<of>.+?)(?:err|error)"),
    re.compile(r"(?P<of>.+?) ?(?:±|\+/?-)"),
)
"""``u_y``, ``u(y)``, ``σ_y``, ``y_err``, ``yerr``, ``y ±``; what is left must be the name of another column."""

_OF_TARGET = (
    re.compile(r"(?:d|e|delta)[ _]?(?P<of>.+)"),
    re.compile(r"[δΔ][ _]?(?P<of>.+)"),
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
    known = {name.casefold(): name for name in (*inputs, target)}
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
    return text if re.fullmatch(r"[\w.=+-]+", text) else f'"{text}"'


def _owner(name: str, target: str, known: dict[str, str]) -> str | None:
    """The column that a name says it is the error of."""
    plain = name.casefold()
    for pattern in _PATTERNS:
        match = pattern.fullmatch(plain)
        of = None if match is None else known.get(match["of"].strip())
        if of is not None and of != name:
            return of
    for pattern in _OF_TARGET:
        match = pattern.fullmatch(plain)
        if match is not None and match["of"].strip() == target.casefold():
            return target
    return None
