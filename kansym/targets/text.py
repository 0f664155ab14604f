"""The report of several targets in plain text: every formula, and what they have in common."""

import math
import textwrap
from collections.abc import Iterable, Iterator

from kansym.numbers import measured, probability
from kansym.report.constants import WIDTH, constant_line, note_lines
from kansym.report.values import agreement_lines, ended
from kansym.targets.common import Common, RelationKind, SharedConstant
from kansym.targets.finished import FinishedTarget, FinishedTargets
from kansym.validation.text import verdict_lines


def targets_text(finished: FinishedTargets) -> str:
    """A report to read in a terminal; each target's own report says more.

    Parameters
    ----------
    finished : FinishedTargets
    """
    blocks = [_target(one) for one in finished.targets]
    blocks += [_section("In common", common_lines(finished.common))]
    return "\n".join(block for block in blocks if block)


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"  {line}".rstrip() for line in lines)
    return f"{title}\n{body}\n" if body else ""


def _target(one: FinishedTarget) -> str:
    if one.summary is None:
        return _section(f"{one.name}: no result", textwrap.wrap(one.failure, WIDTH - 2))
    summary = one.summary
    lines = [constant_line(constant) for constant in summary.formula.constants]
    if summary.certificate is not None:
        lines += verdict_lines(summary.certificate)
    lines.append(agreement_lines(summary)[0])
    if one.source:
        lines.append(f"The form was suggested by the formula of {one.source}.")
    return _section(str(summary.formula), [*lines, *note_lines(summary.notes), ended(summary)])


def common_lines(common: Common) -> Iterator[str]:
    """What the targets share, one thing a line."""
    if not common:
        return
    yield from (f"{formula.target} = {formula.text}" for formula in common.formulas)
    for part in common.parts:
        yield f"{part.name} = {part.text}, in {_listed(part.targets)}"
    for constant in common.constants:
        alone = place_words(constant)
        beside = f" (alone {', '.join(alone)})" if alone else ""
        yield f"{constant_line(constant.constant)}, in {_listed(constant.targets)}{beside}"
    for own in common.own:
        yield f"{constant_line(own.constant)}, in {own.target} alone"
    for relation in common.relations:
        yield relation.text
    yield from textwrap.wrap(joint_words(common), WIDTH - 2)
    for relation in common.relations:
        if relation.kind == RelationKind.RESPONSE:
            first, second = relation.targets
            yield f"{first} and {second} are magnitude and phase of one complex response."


def place_words(constant: SharedConstant) -> list[str]:
    """What each target says of a shared constant by itself: ``u: 2.51(3)``, ``v: -2.49(3) = -a``."""
    words = []
    for place in constant.places:
        if not math.isnan(place.value):
            error = None if math.isnan(place.error) else place.error
            made_of = "" if place.made_of == constant.name else f" = {place.made_of}"
            words.append(f"{place.target}: {measured(place.value, error)}{made_of}")
    return words


def joint_words(common: Common) -> str:
    """How well one value for each shared constant describes all targets; empty where none is shared."""
    if common.added_chi2 is None:
        return ""
    fewer = f"{common.saved} constant{'s' * (common.saved != 1)} fewer"
    if common.p_value is None:
        return f"One joint fit of all targets, with {fewer}, is as exact as the separate ones."
    if common.added_chi2 == 0:
        return f"One joint fit of all targets, with {fewer}, has no larger chi-squared than the separate ones."
    return (
        f"One joint fit of all targets, with {fewer}, adds {common.added_chi2:.3g} to chi-squared "
        f"({probability(common.p_value)})."
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
