"""The forms of a run, and where to measure next, as the page says it."""

import logging
from typing import Any

from kansym.forms.result import Forms
from kansym.numbers import chance
from kansym.report.html.formulas import formula_markup
from kansym.report.next_measurement import NextWords, next_words
from kansym.run.finished import FinishedRun

logger = logging.getLogger(__name__)

MOST_ROWS = 8
"""Forms of the table; of the others it says how many there are and how probable they are together."""

LEAST = 0.005
"""Probability of a form in the table, which would be 0.01 there; the pick and the next are in any case."""


def forms_values(run: FinishedRun) -> dict[str, Any] | None:
    """Rows of the table of forms, and sentences about a next measurement; None where the run has none."""
    forms = run.summary.forms
    if forms is None:
        return None
    said = _next(run)
    return {
        **forms_table(forms),
        "decide": [] if said is None else said.decide,
        "constants": [] if said is None else said.constants,
    }


def forms_table(forms: Forms) -> dict[str, Any]:
    """The most probable forms, what the others are together, and what was not tried."""
    listed = [one for place, one in enumerate(forms) if place < 2 or one.probability >= LEAST][:MOST_ROWS]
    others = [one for one in forms if one not in listed]
    rows = [
        {
            "markup": formula_markup(one.formula.named(), with_target=False),
            "text": one.text,
            "probability": chance(one.probability),
            "share": round(100 * one.probability, 1),
            "behind": "" if one is forms.pick else f"{one.behind:+.1f}".replace("-", "\u2212"),
            "picked": one is forms.pick,
        }
        for one in listed
    ]
    together = sum(one.probability for one in others)
    return {
        "target": forms.pick.formula.target,
        "rows": rows,
        "others": len(others),
        "others_chance": chance(together),
        "others_share": round(100 * together, 1),
        "not_tried": chance(forms.not_tried),
        "not_tried_share": round(100 * forms.not_tried, 1),
    }


def _next(run: FinishedRun) -> NextWords | None:
    """None where it cannot be worked out, which costs the page nothing else."""
    if run.dataset is None:
        return None
    try:
        return next_words(run.next_measurement())
    except Exception as error:
        logger.warning("where to measure next is left out: %s: %s", type(error).__name__, error)
        return None
