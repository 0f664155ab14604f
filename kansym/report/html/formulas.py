"""Formulas for pages: mathematics to read, text where that is not possible."""

import logging
from typing import Any

from markupsafe import Markup

from kansym.export import LANGUAGES, to_code, to_mathml
from kansym.export.languages import language_of
from kansym.report.html.markup import trusted_mathml
from kansym.run.finished import FinishedRun
from kansym.symbolic.formula import Formula
from kansym.symbolic.named import NamedFormula

logger = logging.getLogger(__name__)

LONGEST = 4000
"""Characters of a formula in plain text beyond which it is not set as mathematics."""


def formula_markup(
    formula: Formula | NamedFormula, *, with_target: bool = True, display: bool = False, digits: int | None = None
) -> Markup | None:
    """``target = formula`` in MathML; None where it cannot be set, which is logged.

    Parameters
    ----------
    formula : Formula or NamedFormula
    with_target : bool, default True
    display : bool, default False
        On a line of its own.
    digits : int or None, default None
        As in `Formula.latex`.
    """
    if isinstance(formula, NamedFormula):
        text = formula.text
    else:
        text = formula_text(formula, digits) if with_target else formula.text(digits)
    if len(text) > LONGEST:
        return None
    try:
        return trusted_mathml(to_mathml(formula, digits=digits, with_target=with_target), display=display, label=text)
    # As text it says the same: no formula must cost the report.
    except Exception as error:
        logger.warning("a formula of %d letters is shown as text: %s: %s", len(text), type(error).__name__, error)
        return None


def formula_text(formula: Formula, digits: int | None = None) -> str:
    """``target = formula`` in plain text, with the digits that the mathematics has."""
    return f"{formula.target} = {formula.text(digits)}"


def code_listings(run: FinishedRun) -> list[dict[str, Any]]:
    """The pick in plain text and in every language that it can be written in: key, name, what it is, and text."""
    formula = run.formula
    listings: list[dict[str, Any]] = [{"key": "text", "name": "Plain text", "about": "", "text": formula_text(formula)}]
    for language, about in LANGUAGES.items():
        try:
            text = to_code(formula, language, run=run)
        # A language may lack a function; the others are there.
        except Exception as error:
            logger.warning("the report has no %s: %s: %s", language, type(error).__name__, error)
            continue
        listings.append({"key": language, "name": language_of(language).title, "about": about, "text": text})
    return listings
