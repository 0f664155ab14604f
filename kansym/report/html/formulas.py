"""Formulas for pages: mathematics to read, text where that is not possible."""

import logging

from markupsafe import Markup

from kansym.export.mathml import to_mathml
from kansym.formula import Formula
from kansym.report.html.markup import trusted_mathml

logger = logging.getLogger(__name__)

LONGEST = 4000
"""Characters of a formula in plain text beyond which it is not set as mathematics."""


def formula_markup(
    formula: Formula, *, with_target: bool = True, display: bool = False, digits: int | None = None
) -> Markup | None:
    """``target = formula`` in MathML; None where it cannot be set, which is logged.

    Parameters
    ----------
    formula : Formula
    with_target : bool, default True
    display : bool, default False
        On a line of its own.
    digits : int or None, default None
        As in `Formula.latex`.
    """
    text = formula_text(formula, digits) if with_target else formula.text(digits)
    if len(text) > LONGEST:
        return None
    try:
        return trusted_mathml(to_mathml(formula, digits=digits, with_target=with_target), display=display, label=text)
    # As text it says the same: no formula must cost the report.
    except Exception as error:
        logger.warning(
            "a formula of %d nodes is shown as text: %s: %s", formula.complexity, type(error).__name__, error
        )
        return None


def formula_text(formula: Formula, digits: int | None = None) -> str:
    """``target = formula`` in plain text, with the digits that the mathematics has."""
    return f"{formula.target} = {formula.text(digits)}"


def code_listings(formula: Formula) -> list[tuple[str, str, str]]:
    """The formula in languages to copy: key, name and text."""
    return [("text", "Plain text", formula.text())]
