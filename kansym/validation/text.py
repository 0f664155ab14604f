"""A certificate in lines of plain text."""

import math
from collections.abc import Iterator

from kansym.fitting.all_rows import AllRows
from kansym.numbers import percent, probability, short, with_error
from kansym.validation.agreement import Agreement
from kansym.validation.certificate import Certificate
from kansym.validation.domain import DEFINED, UNDEFINED, Domain
from kansym.validation.freed_edges import SEEN
from kansym.validation.peers import peer_lines
from kansym.validation.residual_tests import LEVEL
from kansym.validation.verdict import NOTHING, POWER, bits, network_can_tell, off_zero

WIDTH = 19
"""Of the first column."""

ALWAYS_SHOWN = ("mean", "distribution")
"""Tests that have a line of their own; the others have one where they fail."""

ROUNDING = 1e-9
"""Noise floor in units of the target's spread up to which it is rounding alone."""


def certificate_lines(certificate: Certificate) -> list[str]:
    """All lines of a certificate, the verdict first."""
    return [f"{certificate.formula}", "", *verdict_lines(certificate), "", *measurement_lines(certificate)]


def verdict_lines(certificate: "Certificate") -> list[str]:
    """The verdict and its grounds."""
    verdict = certificate.verdict
    lines = [f"Verdict: {verdict.kind}.", f"  {sentence(verdict.reason)}"]
    if verdict.kind == NOTHING:
        lines.append(f"  {network_still(certificate)}")
    if verdict.supporting:
        lines += ["For:", *(f"  + {words}" for words in verdict.supporting)]
    if verdict.against:
        lines += ["Against:", *(f"  - {words}" for words in verdict.against)]
    return lines


def measurement_lines(certificate: "Certificate") -> list[str]:
    """What was measured, one number or two a line."""
    return [f"{label:<{WIDTH}}{words}" for label, words in certificate_rows(certificate)]


def sentence(words: str) -> str:
    """With a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def network_still(certificate: Certificate) -> str:
    """Whether the network predicts where no formula does."""
    fit = certificate.fit
    if fit.network_rms is None:
        return "There is no network with held-out rows to predict with instead."
    share = (fit.network_rms / fit.spread) ** 2 if fit.spread > 0 else float("inf")
    if share > 0.9:
        left = f"leaves {percent(share)} of the variance" if share < 1 else "is farther off than the mean"
        return f"Nor does the network predict: held out, it {left}."
    formula = f", the formula {fit.held_out_one_minus_r2:.2g}" if math.isfinite(fit.held_out_one_minus_r2) else ""
    return f"The network predicts: held out, it leaves {share:.2g} of the variance{formula}."


def certificate_rows(c: Certificate) -> Iterator[tuple[str, str]]:
    """What was measured, label and words; the label is empty where a line goes on with the one before."""
    if c.outliers_left_out:
        yield "outliers", f"{c.outliers_left_out} row{'s'[: c.outliers_left_out != 1]} left out of all that follows"
    yield from _fit(c)
    yield (
        "bits",
        (
            f"gains {c.explained.gained:.0f} over the mean of {c.target}, costs {c.explained.cost:.0f}, saves "
            f"{c.explained.saved:.0f}{_chance(c.explained.saved)}"
        ),
    )
    if c.dependence is not None:
        left = f"the best smooth function leaves {c.dependence.left:.2g}, the formula {c.explained.left:.2g}"
        yield "left-out variance", f"{left} (no dependence: {probability(c.dependence.p_value)})"
    yield from _residuals(c)
    yield from _freed(c)
    yield from _constants(c)
    yield from _rival(c)
    if c.odds is not None:
        yield "form", f"probability {c.odds}"
    yield "domain", _domain(c.domain, c.names, "in the box of the data")
    yield "", _domain(c.domain_beyond, c.names, "30 % beyond it")
    yield from _extrapolation(c)
    yield "other seeds", "not asked" if c.agreement is None else _same_in(c.agreement)
    if c.bootstrap is not None:
        yield "rows drawn anew", _same_in(c.bootstrap)
    for number, line in enumerate(peer_lines(c.peers)):
        yield "" if number else "other tools", line


def _same_in(found: Agreement) -> str:
    done = len(found.reruns)
    words = f"the same formula in {found.same_form} of {done} searches"
    if found.same_values > found.same_form:
        words += f", the same values in {found.same_values}"
    return words + (f" ({found.asked} were asked for)" if done < found.asked else "")


def _fit(c: Certificate) -> Iterator[tuple[str, str]]:
    fit = c.fit
    how = f"{fit.held_out_rows} held-out rows" if fit.held_out_rows else "leave-one-out"
    weights = "" if fit.chi2 is None else "; weighted by 1/error^2"
    yield "residual", f"{fit.rms:.3g} rms over {fit.rows} rows; {fit.held_out_rms:.3g} ({how}){weights}"
    if fit.network_rms is not None:
        poor = "" if network_can_tell(fit) else ": too poor to compare with"
        yield "network", f"{fit.network_rms:.3g} held out{poor}"
    yield "1 - R^2", f"{fit.one_minus_r2:.3g}; held out {fit.held_out_one_minus_r2:.3g}"
    if fit.chi2 is not None and fit.chi2_p is not None:
        yield "chi-squared", f"{fit.chi2:.4g} for {fit.freedom} degrees of freedom, {probability(fit.chi2_p)}"
    untold = fit.noise_floor <= ROUNDING * fit.spread
    yield "noise floor", f"{fit.noise_floor:.3g}{' (rounding: the table itself tells no noise)' if untold else ''}"


def _chance(saved: float) -> str:
    if saved <= 0:
        return ""
    return f"; by chance in one of {2.0**saved:.1g} tables at most" if saved < 60 else "; not by chance"


def _residuals(c: Certificate) -> Iterator[tuple[str, str]]:
    if c.fit.exact:
        yield "residuals", "at the level of rounding, so they say nothing and are not tested"
        return
    if not c.residual_tests and c.leftover is None:
        yield "residuals", "too few rows to test them"
    label, count = "residuals", len(c.residual_tests)
    of = f" corrected for {count} tests" if count > 1 else ""
    for test in c.residual_tests:
        if test.adjusted_p < LEVEL or test.name in ALWAYS_SHOWN:
            tail = f"{test.statistic_name} = {test.statistic:.3g}, {probability(test.adjusted_p)}{of}"
            yield label, f"{test.words} ({tail})"
            label = ""
    passed = [test for test in c.residual_tests if test.adjusted_p >= LEVEL and test.name not in ALWAYS_SHOWN]
    if passed:
        kinds = ", ".join(dict.fromkeys(test.name for test in passed))
        number = "1 other test" if len(passed) == 1 else f"{len(passed)} other tests"
        yield label, f"{number} passed ({kinds}), least {probability(min(t.adjusted_p for t in passed))}"
    if c.leftover is not None:
        if c.leftover.objection:
            share = f"{c.leftover.smoother} predicts {percent(c.leftover.share)} of their variance"
            yield "anything left", f"yes: {share}, {probability(c.leftover.p_value)}"
        else:
            yield "anything left", f"no smooth function of the inputs predicts them ({probability(c.leftover.p_value)})"
    if c.all_rows is not None:
        yield from _all_rows(c.all_rows)
    if c.lack_of_fit is not None:
        test = c.lack_of_fit
        ratio = f"F({test.freedom}, {test.pure_freedom}) = {test.statistic:.3g}, {probability(test.p_value)}"
        yield "repeated points", f"spread {test.pure_error:.3g}; lack of fit {ratio}"


def _all_rows(found: AllRows) -> Iterator[tuple[str, str]]:
    """Means over all rows of a long table; the lines before are of a sample."""
    worst = found.worst
    if worst is None:
        return
    if found.least_p < LEVEL:
        yield "all rows", f"{off_zero(worst)} ({probability(found.least_p)})"
    else:
        count = f"{worst.stretches} stretches of every column"
        yield "all rows", f"residuals are zero on average in {count}, least {probability(found.least_p)}"


def _freed(c: Certificate) -> Iterator[tuple[str, str]]:
    found, label = c.freed, "freed functions"
    if found is None:
        return
    if found.skipped:
        yield label, found.skipped
        return
    free = [one for one in found.functions if not one.failure]
    if found.moved:
        for one in sorted(found.moved, key=lambda one: (one.text != found.named, one.text not in found.alike)):
            words = f"{one.text} by {share_of(one.move)} of its spread ({probability(one.adjusted_p)})"
            if one.text == found.named:
                yield label, f"the data move {words}"
                label = ""
            else:
                yield "", f"or {words}, which explains {'as much' if one.text in found.alike else 'less'}"
    elif free:
        count = "the function" if len(free) == 1 else f"any of {len(free)} functions"
        yield label, f"the data do not move {count}, least {probability(found.least_p)}"
        label = ""
        if found.least_power < POWER and not math.isnan(min(one.power for one in free)):
            yield "", f"(which says little: a change by {percent(SEEN)} would be seen in {percent(found.least_power)})"
    for one in found.functions:
        if one.failure:
            yield label, f"{one.text} cannot be freed: {one.failure}"
            label = ""


def share_of(part: float) -> str:
    """A share in percent with two digits, ``1.1 %``."""
    return f"{100 * part:.2g} %" if math.isfinite(part) else "an unknown part"


def _constants(c: Certificate) -> Iterator[tuple[str, str]]:
    count = len(c.constants.constants)
    if not count:
        yield "constants", "none fitted"
        return
    yield "constants", f"{count} fitted, {c.constants.rank} determined by the data"
    for constant in c.constants.constants:
        if not constant.determined:
            words = f"{constant.value:.6g}, not determined: others make up for any change"
        elif constant.error is None:
            words = f"{constant.value:.10g}, error unknown"
        else:
            words = with_error(constant.value, constant.error)
            words += ", error larger than value" if constant.weak else ""
        yield "", f"{constant.name} = {words}"


def _rival(c: Certificate) -> Iterator[tuple[str, str]]:
    rival = c.rival
    if rival is None:
        yield "nearest rival", "none"
        return
    yield "nearest rival", rival.words
    odds = f"odds of {2.0 ** abs(rival.margin):.2g} to one" if abs(rival.margin) < 60 else "odds beyond doubt"
    if rival.margin >= 0:
        yield "", f"{bits(rival.margin)} longer: {odds} for the pick"
    else:
        yield "", f"{bits(-rival.margin)} shorter: {odds} against the pick"
    yield "", f"each row predicted from the others: {rival.rms:.3g} rms, by the pick {rival.pick_rms:.3g}"
    yield "", f"the rival is closer in {percent(rival.better)} of resampled tables"


def _domain(domain: Domain, names: tuple[str, ...], where: str) -> str:
    if domain.status == DEFINED:
        return f"finite and real everywhere {where}, {domain.reason or 'proved by interval arithmetic'}"
    place = ", ".join(f"{name} = {value:.4g}" for name, value in zip(names, domain.example, strict=True))
    if domain.status == UNDEFINED:
        rows = ", between rows" if domain.among_rows else ", where no rows are"
        return f"not defined {where}: {domain.reason}, at {place}{rows}"
    return f"undecided {where}, in a share of {domain.undecided_share:.1g}: {domain.reason}, near {place}"


def _extrapolation(c: Certificate) -> Iterator[tuple[str, str]]:
    e = c.extrapolation
    if e.inside is not None and e.beyond is not None:
        yield (
            "against network",
            (f"median difference {e.inside:.2g} of the spread of {c.target} inside, {e.beyond:.2g} up to 30 % beyond"),
        )
        yield "", "(a network continues about linearly: a difference beyond is information, not proof)"
    if c.left_out_end is not None:
        end = c.left_out_end
        words = f"{end.rows} rows of the {end.end} {end.column}, predicted from the others"
        off = f"off by {short(end.ratio)} times what the errors allow"
        yield "ends left out", f"worst {words}: {off} ({probability(end.p_value)})"
    words = f"largest value {e.largest:.3g} times that of the data"
    if e.undefined:
        words += f"; undefined at {percent(e.undefined)} of the points"
    if e.exploding:
        words += f"; explodes at {percent(e.exploding)}"
    yield "30 % beyond", words
