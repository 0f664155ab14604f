"""The rules: from what was measured to "law", "good description" or "no closed form found", with the grounds.

A closed form was **found** if the formula is more than chance and describes y. It is more than chance if it saves bits
over the mean of y with its own length paid for (`SAVED`), or if y depends on the inputs by a test that no search has
touched (`kansym.fitting.predictability`) and the formula predicts left-out rows as well as any smooth function does
(`AS_SMOOTH`). It describes y if it has values on all rows and leaves no more than the known errors, or less than half
of the variance; and where structure is left, or a network predicts better, less than a hundredth of it. What leaves
more than `FAR_OFF` times what the errors allow, or than a network does, or has more than `MOST_OF_ALL` constants,
or has more constants than a law may have and still leaves more than the errors allow, describes y only where it is off
by less than `SMALL`. Otherwise there is **no closed form**.

It is a **law** only if nothing speaks against it that could be measured:

1. it saves bits far beyond chance (`LAW_SAVED`), and gains several bits for each that it costs (`LAW_RATIO`);
2. it accounts for the data: exactly, or within the errors of the table, or else but for a tenth of the variance;
3. nothing is left: residuals without structure, no lack of fit against repeated points, no smooth function that
   predicts them, no network that does better held out, no function of the formula that the data move. That these leave
   each function where it is supports a law only where they could have moved it (`SURE`, `POWER`);
4. the data determine every constant, and there are few of them (`MOST_CONSTANTS`) unless the fit is exact; no real
   exponent was fitted, except in a plain power law, and no function or high power stands inside another function,
   unless the fit is exact: over a short range these imitate many a function;
5. rivals were looked for, unless the fit is exact; none that says something else comes near (`NEAR`, for polynomials
   with what choosing a form is worth, `CHOSEN`), and no closed form of about its length that says something else fits
   as well;
6. it is defined between the rows, predicts those at the ends of every column when it is fitted without them, continues
   sanely around them, and its units, where the table has any, go together;
7. where it was asked, other seeds and rows drawn anew find the same, and no other tool finds a formula that predicts
   unseen rows better;
8. no other form that the search has met is clearly more probable (`MORE`). What was not tried is told, and is no
   ground: its probability was measured on drawn laws, which are harder to find than most of physics, and would take
   the word from Planck's law on the spectrum of the cosmic background.

What is neither is a **good description**. The thresholds in bits and probabilities are the odds they stand for. The
rules on real exponents, functions and high powers within functions, and agreement with smooth functions were added
after measured tables and noisy laws had shown forms that imitate others, and good curves of few rows that bits alone
would refuse.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kansym.fitting.all_rows import AllRows, MeansAlong
from kansym.fitting.predictability import Dependence, Leftover
from kansym.numbers import chance, percent, probability, short, with_error
from kansym.validation.agreement import Agreement
from kansym.validation.description_length import Explained
from kansym.validation.domain import DEFINED, UNDEFINED, Domain
from kansym.validation.extrapolation import Extrapolation
from kansym.validation.fit import Fit
from kansym.validation.form import CheckedConstants, FormFacts
from kansym.validation.form_odds import FormOdds
from kansym.validation.freed_edges import FreedEdges
from kansym.validation.grounds import Ground, Topic, Verdict
from kansym.validation.left_out_ends import LeftOutEnd
from kansym.validation.peers import BETTER, PeerFinding
from kansym.validation.residual_tests import LackOfFit, ResidualTest
from kansym.validation.rivals import NEAR, Rival

LAW, DESCRIPTION, NOTHING = "law", "good description", "no closed form found"

LEVEL = 0.01
"""Probability of each objection where there is nothing to object to."""

CHI2_LEVEL = 1e-3
"""The same for chi-squared: published errors are seldom better known than to a few percent."""

SAVED = 10.0
"""Bits saved, for a closed form: one in a thousand tables without any would let a formula save as many."""

LAW_SAVED = 20.0
"""Bits saved, for a law: one in a million."""

LAW_RATIO = 2.0
"""Bits gained per bit of formula, for a law: what is half as long as what it explains is half a table."""

MOST_CONSTANTS = 4
"""Fitted constants of a law that is not exact: "with four parameters I can fit an elephant" (von Neumann, by Dyson,
Nature 427 (2004) 297, doi:10.1038/427297a). That is a curve: each column more is a direction more in which the data
check a formula, and allows for one constant more."""

FEWEST_FREE = 4
"""Least rows less constants, for a law."""

AS_SMOOTH = 1.5
"""Most left-out variance of a description, in units of what the best smooth function leaves."""

HALF, TENTH, HUNDREDTH = 0.5, 0.1, 0.01
"""Shares of the variance that may be left for a description; for a law without known errors; where structure is left.
"""

SMALL = 1e-4
"""Share of the variance below which structure in what is left is called a correction: a percent of the spread."""

NETWORK_BETTER = 1.1
"""Ratio of held-out errors from which a network that is better beyond chance counts as better."""

NETWORK_NEAR = 2.0
"""Times the formula's error up to which that of a network that leaves more than a tenth of the variance says something:
where noise is most of the variance, nothing leaves less."""

SURE = 0.1
"""Probability of what a test has seen, were there nothing, above which the test speaks for the formula; between it and
`LEVEL`, which one in eleven right formulas comes to by chance, it speaks neither for nor against."""

POWER = 0.8
"""Least probability with which a test must see a deviation that matters, for its silence to count: four in five, as is
the custom (Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, section 2.4)."""

FAR_OFF = 3.0
"""Residuals of no description, in units of the errors of the table, or of what a network leaves."""

MOST_OF_ALL = 10
"""Fitted constants of any closed form with noise."""

LIKELY = 0.5
"""Probability of the form from which on it counts for a law: more than everything else together."""

MORE = 3.0
"""Times as probable as the pick's form, from which another form speaks against it: with less, the pick is right in one
case of four or more, and the other rules have looked at it closer."""

AGREES = 0.5
"""Share of other seeds, and of tables of rows drawn anew, that must find the same, for a law."""


@dataclass(frozen=True)
class Evidence:
    """All that was measured; see the modules for each. `consistent` is of the units, None where the table has none;
    `forms_tried` counts the forms that the search fitted, and `challenged` says whether it looked for rivals."""

    fit: Fit
    explained: Explained
    residual_tests: tuple[ResidualTest, ...]
    leftover: Leftover | None
    lack_of_fit: LackOfFit | None
    constants: CheckedConstants
    rival: Rival | None
    domain: Domain
    extrapolation: Extrapolation
    agreement: Agreement | None
    dependence: Dependence | None
    form: FormFacts
    consistent: bool | None = None
    left_out_end: LeftOutEnd | None = None
    forms_tried: int = 0
    freed: FreedEdges | None = None
    all_rows: AllRows | None = None
    bootstrap: Agreement | None = None
    odds: FormOdds | None = None
    challenged: bool = True


def judge(evidence: Evidence) -> Verdict:
    """Apply the rules."""
    grounds = tuple(replace(ground, topic=topic) for topic, rule in RULES for ground in rule(evidence))
    missing = _no_closed_form(evidence)
    if missing:
        return Verdict(NOTHING, missing, grounds)
    against = [ground for ground in grounds if not ground.supports]
    if not against:
        return Verdict(LAW, _law_reason(evidence), grounds)
    first, left = against[0].words, evidence.fit.one_minus_r2
    if left <= SMALL and all(ground.topic in (Topic.RESIDUALS, Topic.FUNCTIONS) for ground in against):
        reason = f"it describes all but {left:.1g} of the variance; in that, {first}: a small correction is missing"
        return Verdict(DESCRIPTION, f"{reason}, or errors of the rows are not independent", grounds)
    more = f" ({len(against) - 1} more ground{'s'[: len(against) > 2]} below)" if len(against) > 1 else ""
    return Verdict(DESCRIPTION, f"it describes the data, but {first}{more}", grounds)


def with_peers(verdict: Verdict, peers: tuple[PeerFinding, ...]) -> Verdict:
    """The verdict with what other tools say, in place of what they said before."""
    kept = [ground for ground in verdict.grounds if ground.topic is not Topic.PEERS]
    new = list(_of_peers(peers))
    against = [ground.words for ground in new if not ground.supports]
    grounds = (*kept, *new)
    if verdict.kind == LAW and against:
        return replace(verdict, kind=DESCRIPTION, reason=f"it describes the data, but {against[0]}", grounds=grounds)
    if verdict.kind == DESCRIPTION and all(ground.supports for ground in grounds):
        # Only what other tools had said before stood against it.
        return replace(verdict, kind=LAW, reason="no test speaks against it", grounds=grounds)
    return replace(verdict, grounds=grounds)


def with_topics(verdict: Verdict, peers: tuple[PeerFinding, ...]) -> Verdict:
    """The verdict of a stored certificate, whose grounds have no topics if an older version wrote it.

    What is needed later is which grounds come from `peers`; these were always the last.
    """
    if any(ground.topic is not Topic.UNKNOWN for ground in verdict.grounds):
        return verdict
    said = len(list(_of_peers(peers)))
    first = len(verdict.grounds) - said
    marked = (replace(ground, topic=Topic.PEERS) for ground in verdict.grounds[first:])
    return replace(verdict, grounds=(*verdict.grounds[:first], *marked)) if said else verdict


def network_better(fit: Fit) -> bool:
    """Whether the network predicts held-out rows better than the formula, beyond chance."""
    if fit.exact or fit.at_noise_floor or fit.network_rms is None or fit.network_p is None:
        return False
    return fit.network_p < LEVEL and fit.held_out_rms > NETWORK_BETTER * fit.network_rms


def network_can_tell(fit: Fit) -> bool:
    """Whether the network has learned enough of the table for its error to say something about the formula's."""
    if fit.network_rms is None or not fit.spread > 0:
        return False
    return (fit.network_rms / fit.spread) ** 2 <= TENTH or fit.network_rms <= NETWORK_NEAR * fit.held_out_rms


def accounts_for_errors(fit: Fit) -> bool:
    """Whether chi-squared is what the table's errors allow."""
    return fit.chi2_p is not None and fit.chi2_p >= CHI2_LEVEL


def as_good_as_smooth(evidence: Evidence) -> bool:
    """Whether y depends on the inputs, and the formula predicts left-out rows about as well as any smooth function."""
    found = evidence.dependence
    if found is None or not found.p_value < LEVEL:
        return False
    return evidence.explained.left <= AS_SMOOTH * max(found.left, 1e-12)


def structure_left(evidence: Evidence) -> bool:
    """Whether residuals show structure, by any of the tests."""
    left = evidence.leftover is not None and evidence.leftover.objection
    lack = evidence.lack_of_fit is not None and evidence.lack_of_fit.p_value < LEVEL
    everywhere = evidence.all_rows is not None and evidence.all_rows.least_p < LEVEL
    return left or lack or everywhere or any(test.objection for test in evidence.residual_tests)


def structure_beyond_doubt(evidence: Evidence) -> bool:
    """Whether it does so with a probability by chance that is as small as that from which errors are disbelieved."""
    found = [test.adjusted_p for test in evidence.residual_tests if test.objection]
    found += [] if evidence.lack_of_fit is None else [evidence.lack_of_fit.p_value]
    found += [] if evidence.all_rows is None else [evidence.all_rows.least_p]
    return min(found, default=1.0) < CHI2_LEVEL


def within_noise(evidence: Evidence) -> bool:
    """Whether what is left is noise: no more than the errors or the known scatter, and without structure beyond doubt.

    Where a table has errors, chi-squared says so, and not a residual that is half as large again.
    """
    fit = evidence.fit
    small = fit.at_noise_floor if fit.chi2_p is None else accounts_for_errors(fit)
    return small and not structure_beyond_doubt(evidence)


def most_constants(evidence: Evidence) -> int:
    """Fitted constants that a law of so many columns may have unless it is exact."""
    return MOST_CONSTANTS + max(evidence.form.columns - 1, 0)


def _no_closed_form(evidence: Evidence) -> str:
    """Why there is no closed form, or nothing."""
    fit, saved = evidence.fit, evidence.explained.saved
    if fit.rows == 0:
        return "the formula has no finite value on any row"
    if fit.undefined_rows:
        return f"the formula has no finite value on {fit.undefined_rows} of {fit.rows + fit.undefined_rows} rows"
    if not evidence.form.depends_on_inputs:
        return "no formula describes the target better than its mean"
    if not (saved >= SAVED or as_good_as_smooth(evidence)):
        return (
            f"the formula saves {max(saved, 0.0):.0f} bits over the mean alone, which some formula or other would do "
            "by chance"
        )
    if fit.exact or within_noise(evidence):
        return ""
    left = max(fit.one_minus_r2, fit.held_out_one_minus_r2)
    if left > SMALL:
        constants = len(evidence.constants.constants)
        if constants > MOST_OF_ALL:
            return f"{constants} fitted constants are a table in another form"
        if fit.chi2 is not None and fit.chi2 > FAR_OFF**2 * fit.freedom:
            return f"chi-squared is {fit.chi2:.4g} for {fit.freedom} degrees of freedom: much is missing"
        if constants > most_constants(evidence) and fit.chi2_p is not None and not accounts_for_errors(fit):
            chance = probability(fit.chi2_p)
            return f"with {constants} fitted constants chi-squared is still more than the errors allow ({chance})"
        if network_better(fit) and fit.network_rms is not None and fit.held_out_rms > FAR_OFF * fit.network_rms:
            factor = fit.held_out_rms / fit.network_rms
            return f"held out, a network is better by a factor of {short(factor)}: much is missing"
    if not left <= HALF:
        return f"the formula follows a tendency and leaves {percent(left)} of the variance"
    if left > HUNDREDTH and (structure_left(evidence) or network_better(fit)):
        what = "a network predicts the target better" if network_better(fit) else "what it leaves is not noise"
        return f"the formula leaves {percent(left)} of the variance, and {what}"
    return ""


def _law_reason(evidence: Evidence) -> str:
    constants = len(evidence.constants.constants)
    how = "exactly" if evidence.fit.exact else "as well as noise allows"
    words = f"{constants} fitted constant{'s'[: constants != 1]}" if constants else "no fitted constant"
    tried = f"; it is the best of {evidence.forms_tried} forms tried" if evidence.forms_tried > 1 else ""
    return f"it describes {evidence.fit.rows} rows {how} with {words}, and no test speaks against it{tried}"


def _of_size(e: Evidence) -> Iterator[Ground]:
    saved, ratio = e.explained.saved, e.explained.ratio
    amount = f"{saved:.0f}" if saved >= LAW_SAVED else f"only {saved:.0f}" if saved >= 1 else "no"
    yield Ground(saved >= LAW_SAVED, f"it saves {amount} bits over the mean alone, its own length paid for")
    if not ratio >= LAW_RATIO:
        yield Ground(False, f"it explains {max(ratio, 0.0):.1f} bits for each bit of its own length")
    if e.fit.freedom < FEWEST_FREE:
        yield Ground(False, f"only {e.fit.freedom} rows more than fitted constants")


def _of_fit(e: Evidence) -> Iterator[Ground]:
    fit = e.fit
    if fit.undefined_rows:
        yield Ground(False, f"it has no finite value on {fit.undefined_rows} rows")
        return
    if fit.exact:
        yield Ground(True, "the fit is exact: what is left is the rounding of double precision")
        return
    if fit.chi2 is not None and fit.chi2_p is not None:
        words = f"chi-squared is {fit.chi2:.4g} for {fit.freedom} degrees of freedom ({probability(fit.chi2_p)})"
        yield Ground(accounts_for_errors(fit), words)
    elif fit.at_noise_floor:
        yield Ground(True, "residuals are as small as the known noise")
    else:
        left = max(fit.one_minus_r2, fit.held_out_one_minus_r2)
        amount = f"{left:.2g}" if left < 1 else "all"
        yield Ground(left <= TENTH, f"it leaves {amount} of the variance")
    if fit.network_rms is not None:
        if network_better(fit):
            factor = fit.held_out_rms / fit.network_rms
            yield Ground(False, f"held out, a network is better by a factor of {short(factor)}")
        elif network_can_tell(fit):
            yield Ground(True, "held out, no network is better beyond chance")


def _of_residuals(e: Evidence) -> list[Ground]:
    if e.fit.exact:
        return []
    found = [
        Ground(False, f"{test.words} ({probability(test.adjusted_p, 1)})")
        for test in e.residual_tests
        if test.objection
    ]
    if e.leftover is not None and e.leftover.objection:
        share = f"{percent(e.leftover.share)} of the variance of the residuals"
        found.append(Ground(False, f"{e.leftover.smoother} predicts {share} ({probability(e.leftover.p_value)})"))
    if e.lack_of_fit is not None and e.lack_of_fit.p_value < LEVEL:
        chance = probability(e.lack_of_fit.p_value, 1)
        words = f"means of repeated points are off by more than their spread allows ({chance})"
        found.append(Ground(False, words))
    everything = e.all_rows
    if everything is not None and everything.worst is not None and everything.least_p < LEVEL:
        words = f"over all {everything.rows} rows, {off_zero(everything.worst)} ({probability(everything.least_p, 1)})"
        found.append(Ground(False, words))
    if not found:
        tested = bool(e.residual_tests) or e.leftover is not None
        found.append(
            Ground(True, "the residuals show no structure")
            if tested
            else Ground(False, "there are too few rows to test the residuals")
        )
    return found


def off_zero(worst: MeansAlong) -> str:
    """Where the means of residuals are the farthest from zero."""
    where = f"from {worst.low:.4g} to {worst.high:.4g} of {worst.along}"
    return f"the residuals {where} are {with_error(worst.mean, worst.error)} on average"


def _of_functions(e: Evidence) -> Iterator[Ground]:
    found = e.freed
    if found is None or e.fit.exact or all(one.failure for one in found.functions):
        return
    moved = next((one for one in found.functions if one.text == found.named), None)
    if moved is None:
        if found.least_p > SURE and found.least_power >= POWER:
            yield Ground(True, "the data leave each of its functions where it is")
        return
    others = f", or {_listed(found.alike)}" if found.alike else ""
    yield Ground(False, f"the data move {moved.text}{others} ({probability(moved.adjusted_p, 1)})")


def _of_constants(e: Evidence) -> list[Ground]:
    count = len(e.constants.constants)
    found = []
    if e.constants.undetermined:
        found.append(Ground(False, f"the data do not determine {_listed(e.constants.undetermined)}"))
    if e.constants.weak:
        found.append(Ground(False, f"the error exceeds the value of {_listed(e.constants.weak)}"))
    if count > most_constants(e) and not e.fit.exact:
        found.append(Ground(False, f"{count} fitted constants are enough for many a curve"))
    if e.form.real_exponents and not e.form.power_law and not e.fit.exact:
        found.append(Ground(False, "an exponent that is no whole or half number imitates many a function"))
    if e.form.nested and not e.fit.exact:
        found.append(Ground(False, "a function or a high power inside another function imitates many a function"))
    if not found:
        found.append(Ground(True, "every constant is determined" if count else "no constant is fitted"))
    return found


def _of_rival(e: Evidence) -> Iterator[Ground]:
    if not e.challenged and not e.fit.exact:
        yield Ground(False, "no case was made against it: no search has looked for rivals of it")
    if e.rival is None:
        return
    margin = e.rival.margin
    if not e.rival.near and e.rival.untold:
        yield Ground(False, f"the data do not tell it from {e.rival.words}, {margin:.0f} bits longer")
    elif not e.rival.near:
        yield Ground(True, f"the nearest rival is {margin:.0f} bits longer")
    elif margin < 0:
        shorter = f"a shorter description, by {bits(-margin)}" if margin < -0.05 else "as short a description"
        yield Ground(False, f"{e.rival.words} is {shorter}")
    elif margin < NEAR:
        odds = f"{margin:.1f} bits longer, odds of {e.rival.odds:.2g} to one"
        yield Ground(False, f"{e.rival.words} is nearly as good: {odds}")
    else:
        words = f"{e.rival.words}, {margin:.0f} bits longer, may be all that the data ask for"
        yield Ground(False, f"{words}: a form chosen among so many is near by chance")


def _of_form(e: Evidence) -> Iterator[Ground]:
    if e.odds is None:
        return
    words = f"its form has a probability of {chance(e.odds.probability)}"
    if MORE * e.odds.probability >= e.odds.other_probability:
        if e.odds.probability >= LIKELY:
            yield Ground(True, words)
        return
    missing = f"that of a form that was not tried is {chance(e.odds.not_tried)}"
    other = f"that of {e.odds.other} is {chance(e.odds.other_probability)}" if e.odds.other else ""
    # What weighs more is said first.
    said = [missing, other] if e.odds.not_tried >= e.odds.other_probability else [other, missing]
    yield Ground(False, f"{words}; {', '.join(one for one in said if one)}")


def bits(amount: float) -> str:
    """Bits in words, with a decimal where few."""
    return f"{amount:.1f} bits" if amount < 10 else f"{amount:.0f} bits"


def _of_units(e: Evidence) -> Iterator[Ground]:
    if e.consistent is not None:
        yield Ground(e.consistent, "its units go together" if e.consistent else "its units do not go together")


def _of_domain(e: Evidence) -> Iterator[Ground]:
    if e.domain.status == DEFINED:
        yield Ground(True, "it is defined everywhere in the box of the data")
    # A resonance has its pole between the rows; where the fit is exact, the rows say that it is there.
    elif e.domain.status == UNDEFINED and e.domain.among_rows and not e.fit.exact:
        yield Ground(False, f"it is undefined between the rows ({e.domain.reason})")


def _of_extrapolation(e: Evidence) -> Iterator[Ground]:
    if e.left_out_end is not None:
        end = e.left_out_end
        where = f"the {end.rows} rows of the {end.end} {end.column}"
        if end.p_value < CHI2_LEVEL:
            words = f"{short(end.ratio)} times as far as errors allow ({probability(end.p_value, 1)})"
            yield Ground(False, f"fitted without {where}, it misses them, {words}")
        else:
            yield Ground(True, "fitted without the rows at either end of a column, it predicts them within errors")
    if e.extrapolation.absurd and not e.fit.exact:
        yield Ground(False, "around the data it is undefined or explodes")


def _of_agreement(e: Evidence) -> Iterator[Ground]:
    for found, which in ((e.agreement, "from other seeds"), (e.bootstrap, "of rows drawn anew")):
        if found is not None and found.reruns:
            same, of = found.same_values, len(found.reruns)
            yield Ground(same >= AGREES * of, f"{same} of {of} searches {which} find the same")


def _of_peers(findings: Sequence[PeerFinding]) -> Iterator[Ground]:
    agreeing = tuple(finding.tool for finding in findings if finding.agrees)
    if agreeing:
        yield Ground(True, f"{_listed(agreeing)} found the same", Topic.PEERS)
    for finding in findings:
        if finding.formula and not finding.agrees and finding.better >= BETTER:
            words = f"{finding.tool} found another formula ({finding.complexity} nodes)"
            words = f"{words} whose error on unseen rows is {short(finding.better)} times smaller"
            yield Ground(False, words, Topic.PEERS)


RULES: tuple[tuple[Topic, Callable[[Evidence], Iterable[Ground]]], ...] = (
    (Topic.SIZE, _of_size),
    (Topic.FIT, _of_fit),
    (Topic.RESIDUALS, _of_residuals),
    (Topic.FUNCTIONS, _of_functions),
    (Topic.CONSTANTS, _of_constants),
    (Topic.RIVAL, _of_rival),
    (Topic.FORM, _of_form),
    (Topic.UNITS, _of_units),
    (Topic.DOMAIN, _of_domain),
    (Topic.EXTRAPOLATION, _of_extrapolation),
    (Topic.AGREEMENT, _of_agreement),
)
"""What gives grounds, in the order in which they are listed: to add a rule, write its function and add a line here."""


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
