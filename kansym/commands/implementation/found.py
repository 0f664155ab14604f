"""What was found for a target: its certificate, and everything for other programs."""

import logging
from collections.abc import Mapping
from typing import Any

from kansym.commands.output import write_note
from kansym.run.summary import RunSummary
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.validation.certificate import Certificate, certify

logger = logging.getLogger(__name__)


def certificate_of(
    discovery: Discovery,
    options: DiscoveryOptions,
    again: Mapping[str, Any],
    *,
    quiet: bool,
) -> Certificate | None:
    """The certificate of a formula; None with a note where it fails, for the formula stands."""
    try:
        # Other seeds must find it on their own.
        return certify(discovery, options=options.unguessed, **again)
    except Exception as problem:
        logger.warning("the certificate failed", exc_info=True)
        write_note(f"The certificate failed ({type(problem).__name__}: {problem}); the formula stands.", quiet=quiet)
        return None


def summary_json(summary: RunSummary) -> dict[str, Any]:
    """A run for other programs: its formula in several notations, and everything that is stored."""
    return {
        "text": str(summary.formula),
        "named": summary.formula.named().text,
        "latex": summary.formula.latex(with_target=True),
        **summary.to_dict(),
    }
