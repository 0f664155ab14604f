"""How probable each of the forms is that a search has met."""

from dataclasses import replace

from kansym.forms.calibration import calibration
from kansym.forms.circumstances import circumstances
from kansym.forms.distinct import distinct_forms
from kansym.forms.result import FormProbability, Forms
from kansym.search.results import Discovery

MOST_FORMS = 30
"""Forms that are kept, the most probable first."""


def forms_of(discovery: Discovery, *, left_p: float | None = None) -> Forms:
    """The forms of a discovery with their probabilities.

    Formulas that are the same function are one form. A form has the weight 2^-(description length), with the prices of
    `kansym.forms.calibration`; the chance that the law's form was never met comes from what the search knows: whether
    it saw anything left, what a smooth function predicts of the residuals, the length of the pick and what it gains,
    the number of rows, and what the other forms weigh.

    Parameters
    ----------
    discovery : Discovery
    left_p : float, optional
        Probability by chance of what smooth functions predict of the residuals of the pick, where it is known already.

    References
    ----------
    Guimera et al., Science Advances 6 (2020) eaav6971, doi:10.1126/sciadv.aav6971, weigh formulas by their description
    lengths; what is measured here is how much these are worth.
    """
    met, known = distinct_forms(discovery), calibration()
    shares = known.shares(met)
    not_tried = known.not_tried(circumstances(discovery, met[0], left_p), shares)
    probabilities = (1.0 - not_tried) * shares
    forms = [
        FormProbability(one.formula, float(p), one.bits - met[0].bits)
        for one, p in zip(met, probabilities, strict=True)
    ]
    first, *rest = forms
    rest = sorted(rest, key=lambda one: (-one.probability, one.behind))
    # What is dropped has next to nothing, which goes to what is kept.
    kept, lost = [first, *rest[: MOST_FORMS - 1]], sum(one.probability for one in rest[MOST_FORMS - 1 :])
    scale = (1.0 - not_tried) / (1.0 - not_tried - lost) if lost else 1.0
    return Forms([replace(one, probability=one.probability * scale) for one in kept], not_tried)
