"""`certify`: everything that can be measured about a formula, and the verdict."""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.codec import from_json, to_json
from kansym.data.dataset import Dataset
from kansym.data.sample_points import box_of, extended
from kansym.errors import ArgumentError
from kansym.fitting.all_rows import AllRows
from kansym.fitting.predictability import Dependence, Leftover, dependence, leftover
from kansym.fitting.residuals import residuals_of
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import folded
from kansym.validation.agreement import Agreement
from kansym.validation.description_length import Explained, explained, loo
from kansym.validation.domain import Domain, check_domain
from kansym.validation.extrapolation import Extrapolation, extrapolation
from kansym.validation.fit import Fit, measure_fit, with_all_rows
from kansym.validation.form import CheckedConstants, FormFacts, check_constants, form_facts
from kansym.validation.form_odds import FormOdds
from kansym.validation.freed_edges import FreedEdges, freed_edges
from kansym.validation.grounds import Verdict, WithoutRows
from kansym.validation.left_out_ends import LeftOutEnd, worst_left_out_end
from kansym.validation.peers import PeerFinding
from kansym.validation.residual_tests import LackOfFit, ResidualTest, check_residuals, lack_of_fit
from kansym.validation.rivals import Rival, nearest_rival
from kansym.validation.verdict import DESCRIPTION, LAW, SAVED, Evidence, judge, with_peers, with_topics

if TYPE_CHECKING:
    from kansym.search.options import DiscoveryOptions
    from kansym.search.progress import ProgressCallback
    from kansym.search.results import Discovery

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the stored form."""

CERTIFYING = 0.06
"""Share of a time budget that is kept for the certificate, where search and certificate have one."""


@dataclass(frozen=True)
class Certificate:
    """What was measured about a formula, and what follows.

    Attributes
    ----------
    formula, target : str
        In plain text.
    names : tuple of str
        Columns.
    verdict : Verdict
        "law", "good description" or "no closed form found", why, and the grounds for and against.
    fit : Fit
        Errors of formula and network, R^2, chi-squared, noise floor.
    explained : Explained
        Bits saved over the mean of y.
    residual_tests : tuple of ResidualTest
        Empty for an exact fit and for very few rows.
    leftover : Leftover or None
        Whether a smooth function of the inputs predicts the residuals; None where that could not be asked.
    lack_of_fit : LackOfFit or None
        Against the spread of repeated points, where there are any.
    constants : CheckedConstants
    rival : Rival or None
        The nearest formula of another form.
    domain, domain_beyond : Domain
        In the box of the data, and in the box that is 30 % larger on every side.
    extrapolation : Extrapolation
    dependence : Dependence or None
        Whether y depends on the inputs at all, and what any smooth function leaves; None below eight rows, and for an
        exact fit that saves more bits than chance gives.
    form : FormFacts
        What kind of formula it is.
    agreement : Agreement or None
        Searches from other seeds; None where they were not asked for.
    outliers_left_out : int
        Rows that a robust fit counts as outliers; everything above is of the others.
    peers : tuple of PeerFinding
        What other tools made of the table, where that was asked; see `with_peers`.
    left_out_end : LeftOutEnd or None
        The end of a column whose rows the formula predicts worst when it is fitted without them.
    forms_tried : int
        Forms that the search fitted; 0 where that is not known.
    freed : FreedEdges or None
        Which functions of the formula the data would rather have otherwise; None in older certificates.
    all_rows : AllRows or None
        Of a long table, what the formula leaves on all rows; tests of residuals and what follows them are of a sample.
    bootstrap : Agreement or None
        Searches of rows drawn anew; None where they were not asked for.
    odds : FormOdds or None
        How probable the form is; None in older certificates.
    challenged : bool
        Whether rivals of the formula were looked for; True in older certificates.
    """

    formula: str
    target: str
    names: tuple[str, ...]
    verdict: Verdict
    fit: Fit
    explained: Explained
    residual_tests: tuple[ResidualTest, ...]
    leftover: Leftover | None
    lack_of_fit: LackOfFit | None
    constants: CheckedConstants
    rival: Rival | None
    domain: Domain
    domain_beyond: Domain
    extrapolation: Extrapolation
    dependence: Dependence | None
    form: FormFacts
    agreement: Agreement | None
    outliers_left_out: int = 0
    peers: tuple[PeerFinding, ...] = ()
    left_out_end: LeftOutEnd | None = None
    forms_tried: int = 0
    freed: FreedEdges | None = None
    all_rows: AllRows | None = None
    bootstrap: Agreement | None = None
    odds: FormOdds | None = None
    challenged: bool = True

    @property
    def is_law(self) -> bool:
        """Whether nothing that was measured speaks against a law."""
        return self.verdict.kind == LAW

    @property
    def found(self) -> bool:
        """Whether there is a closed form: a law or a good description."""
        return self.verdict.kind in (LAW, DESCRIPTION)

    def with_peers(self, findings: Iterable[PeerFinding]) -> "Certificate":
        """The certificate with the answers of other tools, in place of those it had; they count for the verdict."""
        peers = tuple(findings)
        return replace(self, peers=peers, verdict=with_peers(self.verdict, peers))

    def text(self) -> list[str]:
        """The certificate in lines of plain text."""
        return surface("certificate_text")(self)

    def __str__(self) -> str:
        return "\n".join(self.text())

    def _repr_html_(self) -> str:
        return surface("certificate_html")(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types; exact."""
        return {"format": FORMAT, **to_json(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Certificate":
        """The inverse of `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        found = from_json(cls, record)
        verdict = with_topics(found.verdict, found.peers)
        return found if verdict is found.verdict else replace(found, verdict=verdict)


def certify(
    discovery: "Discovery",
    *,
    seeds: int = 0,
    seconds: float = 60.0,
    seconds_each: float | None = None,
    options: "DiscoveryOptions | None" = None,
    progress: "ProgressCallback | None" = None,
    resamples: int = 0,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Certificate:
    """Measure what speaks for and against the picked formula of a discovery.

    Without `seeds` this takes seconds, and nothing is searched again. The formula was picked by all rows, the
    held-out ones included, so nothing here replaces rows of your own that the search never saw.

    Parameters
    ----------
    discovery : Discovery
    seeds : int, default 0
        Searches from other seeds, to see whether they find the same; 0 asks for none. Four say much already.
    seconds : float, default 60
        Time for all of them together.
    seconds_each : float, optional
        Time for each; default what `options` say, or else as long as the discovery itself took.
    options : DiscoveryOptions, optional
        Those of the discovery: the searches use them, the seeds follow on theirs, and random choices here come from
        their seed. Default: `DiscoveryOptions()`.
    progress : callable, optional
        Called with the progress of the searches.
    resamples : int, default 0
        Searches of rows that are drawn anew from the table (bootstrap), to see how often the same form comes back; 0
        asks for none. Twenty tell a half from all.
    jobs : int, default 1
        Worker processes, one thread each, for the searches; what they find does not depend on it.
    executor : concurrent.futures.Executor, optional
        Where the searches run instead, as in `kansym.sweep`.

    Raises
    ------
    ArgumentError
        If `seeds` or `resamples` is negative, or `seconds` or `jobs` is not positive.
    """
    # What searches is imported here: a certificate is read with every run, and that needs none of it.
    from kansym.search.options import DiscoveryOptions
    from kansym.threads import threads_for
    from kansym.validation.reruns import agreement, bootstrap

    for name, count in (("seeds", seeds), ("resamples", resamples)):
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
            raise ArgumentError(f"{name} must be a number of searches, 0 or more, got {count!r}")
    if jobs < 1:
        raise ArgumentError(f"jobs must be at least 1, got {jobs!r}")
    if not seconds > 0:
        raise ArgumentError(f"seconds must be a positive number, got {seconds!r}")
    if seconds_each is not None and not seconds_each > 0:
        raise ArgumentError(f"seconds_each must be a positive number, got {seconds_each!r}")
    if seconds_each is None and options is None:
        seconds_each = max(1.0, discovery.seconds)
    options = options or DiscoveryOptions()
    searches: dict[str, Any] = {
        "options": options,
        "seconds_each": seconds_each,
        "progress": progress,
        "jobs": jobs,
        "executor": executor,
    }
    again = drawn = None
    if seeds:
        others = range(options.seed + 1, options.seed + 1 + int(seeds))
        again = agreement(discovery.dataset, discovery.formula, others, seconds=seconds, **searches)
        seconds -= again.seconds
    if resamples:
        drawn = bootstrap(discovery.dataset, discovery.formula, int(resamples), seconds=seconds, **searches)
    with threads_for(discovery.dataset.n_rows):
        return _measure(discovery, options, again, drawn)


def _units_tell(formula: Formula, dataset: Dataset) -> bool | None:
    """Whether the units go together; None where those of the target or of a column that occurs are not known."""
    used = {str(symbol) for symbol in formula.expression.free_symbols}
    units = [dataset.y_units, *(unit for name, unit in zip(dataset.names, dataset.units, strict=True) if name in used)]
    # What is wrong for some units is wrong; what a column without one would need is not known.
    return None if formula.consistent and None in units else formula.consistent


def _measure(
    discovery: "Discovery", options: "DiscoveryOptions", again: Agreement | None, drawn: Agreement | None
) -> Certificate:
    # Rows that a robust fit has set aside are not what the formula claims to describe.
    aside = [] if options.loss == "linear" else [outlier.row for outlier in discovery.outliers]
    if aside:
        kept = np.delete(np.arange(discovery.dataset.n_rows), aside)
        discovery = replace(discovery, dataset=discovery.dataset.take(kept))
    evidence, verdict = _judged(discovery, options, again, drawn)
    if discovery.interrupted and verdict.kind != LAW:
        reason = f"{verdict.reason}; the search was interrupted, and a longer one may find more"
        verdict = replace(verdict, reason=reason)
    if verdict.kind != LAW and options.loss == "linear":
        verdict = _without_far_rows(discovery, options, verdict)
    dataset, formula, seed = discovery.dataset, discovery.formula, options.seed
    box = box_of(dataset.X)
    logger.info("certificate: %s", verdict.kind)
    return Certificate(
        formula=str(formula),
        target=formula.target,
        names=dataset.names,
        verdict=verdict,
        **{field.name: getattr(evidence, field.name) for field in fields(evidence) if field.name != "consistent"},
        domain_beyond=check_domain(formula.expression, dataset.names, extended(box), rows=dataset.X, seed=seed),
        outliers_left_out=len(aside),
    )


def _judged(
    discovery: "Discovery", options: "DiscoveryOptions", again: Agreement | None, drawn: Agreement | None
) -> tuple[Evidence, Verdict]:
    """All that is measured on the rows of a discovery, and what follows."""
    dataset, formula, seed = discovery.dataset, discovery.formula, options.seed
    residuals = residuals_of(formula, dataset)
    box, everything = box_of(dataset.X), discovery.all_rows
    fit = measure_fit(discovery, residuals, validation_fraction=options.validation_fraction)
    of_rows = explained(residuals, discovery.noise_floor, discovery.own_functions)
    # That y depends on the inputs is no question where a formula gives every digit of it and costs less than they do.
    beyond_doubt = residuals.exact and of_rows.saved >= SAVED
    evidence = Evidence(
        fit=fit if everything is None else with_all_rows(fit, everything, residuals.k),
        explained=of_rows,
        residual_tests=check_residuals(residuals, dataset.names, seed=seed),
        leftover=leftover(residuals, dataset.names, seed=seed),
        lack_of_fit=lack_of_fit(residuals),
        constants=check_constants(formula, residuals),
        rival=nearest_rival(discovery, residuals, seed=seed),
        domain=check_domain(formula.expression, dataset.names, box, rows=dataset.X, seed=seed),
        extrapolation=extrapolation(discovery, seed=seed),
        agreement=again,
        bootstrap=drawn,
        dependence=None if beyond_doubt else dependence(residuals, dataset.names, seed=seed),
        form=form_facts(folded(residuals.form, discovery.own_functions)),
        consistent=_units_tell(formula, dataset),
        left_out_end=worst_left_out_end(residuals, dataset.names),
        forms_tried=discovery.forms_tried,
        freed=freed_edges(residuals, seed=seed),
        all_rows=everything,
        challenged=discovery.challenged,
    )
    left_p = None if evidence.leftover is None else evidence.leftover.p_value
    evidence = replace(evidence, odds=FormOdds.of(surface("forms")(discovery, left_p=left_p)))
    return evidence, judge(evidence)


def _without_far_rows(discovery: "Discovery", options: "DiscoveryOptions", verdict: Verdict) -> Verdict:
    """The verdict with what it would be without the few rows that are farther off than chance allows."""
    from kansym.search.final_fit import MOST_MISTAKES, far_rows, refitted

    dataset = discovery.dataset
    if discovery.all_rows is not None:
        return verdict
    formula, kept, far = discovery.formula, dataset, ()
    # A row that pulls the formula to itself hides others, and shows what is right as far off: twice.
    for _ in range(2):
        far = far_rows(formula, dataset)
        if not 0 < len(far) <= max(MOST_MISTAKES * dataset.n_rows, 1):
            return verdict
        kept = dataset.take(np.delete(np.arange(dataset.n_rows), [one.row for one in far]))
        formula = refitted(discovery.formula, kept)[0]
    left = residuals_of(formula, kept)
    formula = replace(formula, train_loss=left.rms**2, validation_loss=loo(left))
    # Networks and other searches were of all rows.
    rest = replace(discovery, dataset=kept, formula=formula, network=None, outliers=())
    evidence = _judged(rest, options, None, None)[0]
    # How the search ended says nothing of one without these rows.
    kind = judge(replace(evidence, odds=None)).kind
    if kind == verdict.kind or kind not in (LAW, DESCRIPTION):
        return verdict
    places = (
        ", ".join(f"{name} = {value:g}" for name, value in zip(dataset.names, dataset.X[one.row], strict=True))
        for one in far
    )
    without = WithoutRows(tuple(one.row for one in far), tuple(places), kind)
    return replace(verdict, reason=f"{verdict.reason}; {without}", without=without)
