"""Where to measure next, in words."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from kansym.forms.constants_next import MOST_STEPS
from kansym.forms.next_measurement import DECIDED, MOST_READINGS, NextMeasurement, Reading
from kansym.numbers import chance, short
from kansym.report.constants import WIDTH
from kansym.units.words import after_number

DIGITS = 4
"""Of the values of a row: a place is set to a thousandth at best."""

HARDLY = 0.5
"""Errors up to which two forms are not said to differ."""

NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class NextWords:
    """What is said.

    Attributes
    ----------
    forms : tuple of str
        The leading forms with their probabilities.
    decide : tuple of str
        Which rows tell them apart; a sentence where none does.
    constants : tuple of str
        Which rows the constants need.
    """

    forms: tuple[str, ...]
    decide: tuple[str, ...]
    constants: tuple[str, ...]


def next_words(found: NextMeasurement) -> NextWords:
    """Sentences about a next measurement."""
    forms = tuple(f"{one.text} ({chance(one.probability)})" for one in found.leading)
    return NextWords(forms, tuple(_decide(found)), tuple(_constants(found)))


def next_lines(found: NextMeasurement) -> list[str]:
    """The same in lines of plain text."""
    said = next_words(found)
    lines = ["Leading forms"]
    lines += [f"  {letter}: {words}" for letter, words in zip("ABCDEFGH", said.forms, strict=False)]
    lines.append("To tell them apart")
    for words in said.decide:
        lines += _wrapped(words)
    if said.constants:
        lines.append("For the constants")
        for words in said.constants:
            lines += _wrapped(words)
    return lines


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def place(at: Mapping[str, float], units: Mapping[str, str | None]) -> str:
    """``t = 41 s, x = 0.3``."""
    return ", ".join(f"{name} = {value:.{DIGITS}g}{after_number(units.get(name))}" for name, value in at.items())


def _decide(found: NextMeasurement) -> Iterator[str]:
    if len(found.leading) < 2:
        yield "There is no second form to tell it from."
        return
    if found.inside is None and found.beyond is None:
        yield "The leading forms have the same values, or none, at all rows that were looked at."
        return
    if found.inside is not None:
        yield _of_reading(found, found.inside)
    if found.beyond is not None:
        yield _of_reading(found, found.beyond)


def _of_reading(found: NextMeasurement, reading: Reading) -> str:
    where = place(reading.at, found.units)
    beyond = " (beyond the data)" if reading.beyond else ""
    among = found.outside == reading.beyond
    most = float(np.nanmax(found.apart[among]))
    if most < HARDLY:
        where = "beyond the data" if reading.beyond else "within the range of the data"
        return f"No reading {where} tells the two leading forms apart: they differ by {short(most)} errors at most."
    apart = f"the two leading forms differ by {reading.apart:.1f} errors"
    if reading.readings is None:
        count = f"more than {MOST_READINGS} readings there would be needed for {DECIDED:.0f} bits"
    else:
        number = NUMBERS[reading.readings] if reading.readings < len(NUMBERS) else str(reading.readings)
        verb = "reading decides" if reading.readings == 1 else "readings decide"
        count = f"{number} {verb} ({reading.decides:.0f} bits)"
    return f"Measure {found.target} at {where}{beyond}: {apart}; {count}."


def _constants(found: NextMeasurement) -> Iterator[str]:
    for one in found.constants:
        better = 1.0 - one.after / one.error if one.error > 0 else 0.0
        gain = f"by {100 * better:.2g} %" if better < 0.995 else "to next to nothing"
        words = f"{one.name}: one reading at {place(one.at, found.units)} lowers its error of {short(one.error)} {gain}"
        if one.halving is None:
            yield f"{words}; more than {MOST_STEPS} rows would be needed to halve it."
        else:
            rows = (
                "one row there halves it"
                if one.halving == 1
                else f"{one.halving} rows, each where it then helps most, halve it"
            )
            yield f"{words}; {rows}."
    if found.jointly is not None and len(found.constants) > 1:
        yield f"All constants together gain most from a reading at {place(found.jointly, found.units)}."
