"""What a comparison says in sentences, for someone who has never used kansym."""

import math

from kansym.comparison.result import Comparison, ToolResult
from kansym.symbolic.same import Sameness

EXACT = 1e-9
"""Errors in units of the spread of y below which the smaller one says nothing."""

ALIKE = 1.1
"""Ratio of errors up to which they are called about as large."""


def sentences(result: ToolResult, comparison: Comparison) -> list[str]:
    """What a peer found beside kansym: the same function or another, how far off, and how long.

    Parameters
    ----------
    result : ToolResult
        Of a peer.
    comparison : Comparison
    """
    if result.failure:
        return [f"Has no result: {result.failure}."]
    if result.same is None:
        return [f"Predicts without a formula. {errors_sentence(result, comparison)}"]
    said = [same_sentence(result)]
    if result.same.kind is not Sameness.SAME:
        said.append(errors_sentence(result, comparison))
        said += _bits_sentence(result, comparison.kansym)
    return [*said, *_agreeing_sentence(result)]


def same_sentence(result: ToolResult) -> str:
    """Whether a pick is kansym's function, by evaluation and by algebra."""
    assert result.same is not None
    kind, reason = result.same.kind, result.same.reason
    if kind is Sameness.SAME:
        by_algebra = "" if not result.algebra else ", and by algebra"
        return f"Found the same function: {reason}{by_algebra}."
    if kind is Sameness.OTHER_CONSTANTS:
        return f"Found the same form with other constants: {reason}."
    if result.same_law and result.agreeing is not None:
        return f"Found kansym's law, but with numbers that were fitted where kansym has exact ones: {result.formula}."
    if kind is Sameness.SAME_ON_DATA:
        return f"Found another function that the rows do not tell from kansym's: {reason}."
    if kind is Sameness.UNDECIDED:
        return f"Whether it is the same function could not be decided: {reason}."
    return f"Found another function: {reason}."


def errors_sentence(result: ToolResult, comparison: Comparison) -> str:
    """The errors of a peer in units of kansym's, on rows that none has seen where there are any."""
    own = comparison.kansym
    unseen = comparison.held_out_rows > 0
    parts = [
        _ratio(result.held_out_rms, own.held_out_rms, comparison.spread, "on rows that no tool saw")
        if unseen
        else _ratio(result.rms, own.rms, comparison.spread, "on the rows"),
        _ratio(result.beyond_rms, own.beyond_rms, comparison.spread, "beyond the range of the others"),
    ]
    words = "; ".join(part for part in parts if part)
    return f"{words[0].upper()}{words[1:]}." if words else "There are no rows to compare errors on."


def _ratio(theirs: float | None, own: float | None, spread: float, where: str) -> str:
    if theirs is None or own is None:
        return ""
    if not math.isfinite(theirs):
        return f"{where} it has no value" if math.isfinite(own) else f"{where} neither has a value"
    if not math.isfinite(own):
        return f"{where} it has a value and kansym's has none"
    floor = EXACT * spread
    if max(theirs, own) <= floor:
        return f"{where} both are exact"
    ratio = max(theirs, floor) / max(own, floor) if floor > 0 else math.inf
    if 1 / ALIKE < ratio < ALIKE:
        return f"{where} its error is about as large as kansym's"
    more = "more than " if min(theirs, own) < floor else ""
    if ratio > 1:
        return f"{where} its error is {more}{_times(ratio)} times kansym's"
    return f"{where} its error is {more}{_times(1 / ratio)} times smaller than kansym's"


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 99.5 else f"{ratio:.0e}".replace("e+0", "e").replace("e+", "e")


def _bits_sentence(result: ToolResult, own: ToolResult) -> list[str]:
    if result.bits is None or own.bits is None:
        return []
    more = round(result.bits - own.bits)
    if more == 0:
        return ["With either formula the rows take as many bits to write down."]
    word = "more" if more > 0 else "fewer"
    return [f"With it the rows take {abs(more)} bits {word} to write down, formula included."]


def _agreeing_sentence(result: ToolResult) -> list[str]:
    row = result.agreeing
    if row is None or (row.formula == result.formula and not result.same_form):
        return []
    count = "" if row.own_complexity is None else f", of complexity {row.own_complexity:g} by its own count"
    exact = "kansym's function" if row.same.kind is Sameness.SAME else row.same.reason
    picked = "a longer one" if row.pick_complexity is None else f"one of complexity {row.pick_complexity:g}"
    return [f"Row {row.place} of its own list{count}, is {exact}: {row.formula}. It picked {picked}."]
