"""Probabilities of forms: what follows from the bits, and what a discovery and a run say."""

import datetime
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kansym
from kansym.errors import StorageError
from kansym.forms.calibration import calibration, shares_of
from kansym.forms.circumstances import Circumstances, circumstances
from kansym.forms.distinct import distinct_forms
from kansym.forms.result import Forms
from kansym.forms.weighing import forms_of
from kansym.run.finished import FinishedRun
from kansym.search.guess_outcome import GuessOutcome
from kansym.search.results import StopReason
from kansym.validation.certificate import certify

KNOWN = Circumstances(200, 1, 30.0, 3, 0.05, 0.5, True)


def test_bits_that_count_in_full_are_powers_of_two():
    shares = shares_of(np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 0.0]), 1.0, 1.0)
    assert shares == pytest.approx(np.array([1, 2**-2, 2**-3]) / (1 + 2**-2 + 2**-3))


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=8), st.sampled_from([0.05, 0.4, 2.0]))
def test_shares_are_shares_whatever_the_bits(bits, price):
    shares = shares_of(np.array(bits), np.zeros(len(bits)), price, price)
    assert shares.sum() == pytest.approx(1.0) and (shares >= 0).all()
    assert np.argmax(shares) == np.argmin(bits) or shares.max() == shares[int(np.argmin(bits))]


def test_the_coefficients_say_where_they_are_from_and_mean_what_they_should():
    known = calibration()
    assert datetime.date.fromisoformat(known.date) and known.command and known.tables >= 60
    assert 0.1 < known.misfit < 1.5 and 0.1 < known.words < 1.5
    assert set(known.signals) <= set(KNOWN.signals(0.5))


def test_structure_in_the_residuals_makes_a_form_that_was_not_tried_more_probable():
    known, shares = calibration(), np.array([0.9, 0.1])
    right = known.not_tried(KNOWN, shares)
    assert 0.0 < right < 0.5
    noise = known.not_tried(replace(KNOWN, noise=0.98, left_p=0.001, settled=False, words=60.0), shares)
    assert noise > 0.7


def test_the_probabilities_of_all_forms_and_of_none_have_the_sum_one(decay):
    found = decay()
    forms = found.forms
    assert forms is found.forms  # Worked out once.
    assert forms.probabilities.sum() + forms.not_tried == pytest.approx(1.0)
    assert forms.pick.formula is found.formula and forms.pick.behind == 0.0
    others = [one.probability for one in forms[1:]]
    assert others == sorted(others, reverse=True)


def test_more_rows_tell_more(decay):
    few, many = decay(rows=40).forms, decay(rows=600).forms
    assert many.pick.probability > few.pick.probability + 0.1


def test_a_guess_that_stands_does_not_pay_for_its_length(decay):
    found = decay()
    pick = found.formula
    outcome = GuessOutcome("A*exp(-x/L) + c", "confirmed", "", formula=pick, bits=0.0, as_written=True)
    guessed = replace(found, guesses=(outcome,))
    assert guessed.forms.pick.probability > found.forms.pick.probability
    assert distinct_forms(guessed)[0].words == 0.0


def test_rivals_beside_the_front_are_among_the_forms(decay):
    found = decay()
    rival = next(one for one in found.front if len(one.constants) == 3 and one is not found.formula)
    alone = replace(found, front=type(found.front)([found.formula]))
    assert len(forms_of(alone)) == 1 and len(forms_of(replace(alone, rivals=(rival,)))) == 2


def test_circumstances_are_those_of_the_pick(decay):
    found = decay()
    said = circumstances(replace(found, stopped=StopReason.AS_GOOD_AS_DATA), distinct_forms(found)[0])
    assert (said.rows, said.columns, said.constants, said.settled) == (60, 1, 3, True)
    residual = found.dataset.y - found.formula.predict(found.dataset.X)
    assert said.noise == pytest.approx(np.sqrt(np.mean(residual**2)) / np.std(found.dataset.y), rel=1e-3)
    assert said.left_p > 0.01
    assert not circumstances(replace(found, stopped=StopReason.OUT_OF_TIME), distinct_forms(found)[0]).settled


def test_the_line_names_what_is_probable_and_counts_the_others(decay):
    forms = decay().forms
    text = forms.text()
    assert text.startswith(f"this form {forms.pick.probability:.2f}; ") and str(forms) == text
    assert f"not tried {forms.not_tried:.2f}" in text and "\n" not in text
    shown = Forms([replace(one, probability=1e-9) for one in forms], 1.0)
    assert f"{len(forms) - 1} others <0.01" in shown.text()
    assert "other" not in Forms(forms[:1], 0.1).text()


def test_forms_are_stored_and_read_again(decay):
    forms = decay().forms
    again = Forms.from_dict(json.loads(json.dumps(forms.to_dict())))
    assert again.text() == forms.text() and np.array_equal(again.probabilities, forms.probabilities)
    for record in ({}, {"forms": [], "not_tried": 0.5}, {"forms": [{"formula": 3}], "not_tried": 0.5}):
        with pytest.raises(StorageError, match="forms cannot be read"):
            Forms.from_dict(record)
    table = forms.to_frame()
    assert list(table.columns) == ["probability", "bits_behind", "complexity", "equation", "form"]
    assert len(table) == len(forms) and math.isclose(table["probability"].sum() + forms.not_tried, 1.0)


def test_a_run_keeps_them_with_its_certificate(decay, tmp_path):
    found = decay()
    certificate = certify(found, options=kansym.DiscoveryOptions(max_seconds=5))
    assert certificate.odds is not None
    run = FinishedRun.of(found, certificate=certificate)
    assert run.certificate is certificate
    assert run.forms.pick.probability == pytest.approx(certificate.odds.probability)
    kansym.save_run(found, tmp_path / "run", certificate=certificate)
    loaded = kansym.load_run(tmp_path / "run")
    assert loaded.forms.text() == run.forms.text() and loaded.certificate is not None
    assert loaded.certificate.odds == certificate.odds
    report = (tmp_path / "run" / "report.txt").read_text()
    assert "Probability of the form" in report and f"this form {certificate.odds.probability:.2f}" in report
    with pytest.raises(kansym.ArgumentError, match="no probabilities of forms"):
        _ = replace(run, summary=replace(run.summary, forms=None)).forms
