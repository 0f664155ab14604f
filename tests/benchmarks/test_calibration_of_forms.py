"""The calibration of forms: it finds the prices that made the tables, and its bins count what came true."""

import json

import numpy as np
import pytest

from benchmarks.calibration_of_forms.__main__ import headlines, read
from benchmarks.calibration_of_forms.fitting import Case, calibrated, cases_of, fitted_shares, probabilities
from benchmarks.calibration_of_forms.scores import bins_of, diagram, scores_of
from benchmarks.calibration_of_forms.tables import FEW, ROWS, table
from kansym.forms.calibration import calibration, shares_of
from kansym.forms.circumstances import Circumstances


def drawn(count, misfit=0.7, words=0.3, seed=0):
    """Tables whose law is one of five forms with the shares of such prices, or none of them where gains are low."""
    generator = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        m, w = generator.normal(0, 12, 5), generator.normal(0, 12, 5)
        m[0] = w[0] = 0.0
        noise = 10 ** generator.uniform(-2, -0.1)
        found = Circumstances(100, 1, 40.0, 3, noise, generator.uniform(0.05, 1), True)
        missing = generator.random() < 1 / (1 + np.exp(-(1.0 - 1.5 * found.signals(0.0)["gain"])))
        right = None if missing else int(generator.choice(5, p=shares_of(m, w, misfit, words)))
        cases.append(Case(m, w, right, found))
    return cases


def test_prices_are_found_again():
    assert fitted_shares(drawn(600)) == pytest.approx((0.7, 0.3), abs=0.1)


def test_probabilities_that_were_fitted_come_true_on_other_tables():
    known = calibrated(drawn(600))
    scores = scores_of(drawn(600, seed=1), known)
    for one in scores.picks:
        assert not one.count or abs(one.mean - one.share) < max(4 * one.error, 0.1)
    assert scores.brier < scores.brier_base and scores.log < scores.log_base
    assert known.signals["gain"] < 0


def test_bins_count_what_came_true():
    bins = bins_of(np.array([0.01, 0.5, 0.55, 0.97, 1.0]), np.array([0.0, 1.0, 0.0, 1.0, 1.0]))
    assert [(one.count, one.right) for one in bins if one.count] == [(1, 0), (2, 1), (2, 2)]
    assert bins[3].mean == pytest.approx(0.525) and bins[3].share == 0.5


def record(place, law="y", text="y = x"):
    """Of a table whose law is the form at a place."""
    forms = [
        {"bits": 5.0 * k, "words": 20.0, "constants": 2, "law": None if law is None else k == place, "text": text}
        for k in range(3)
    ]
    known = {"rows": 100, "columns": 1, "words": 20.0, "constants": 2, "noise": 0.05, "left_p": 0.5, "settled": True}
    return {"name": "1-000", "kind": "lab", "law": law, "verdict": "law", "circumstances": known, "forms": forms}


def test_of_forms_that_hold_the_law_the_one_with_the_fewest_constants_is_right():
    both = record(1)
    both["forms"][0] |= {"law": True, "constants": 3}
    (case,) = cases_of([both, {"failure": "DataError"}])
    assert case.right == 1
    assert cases_of([record(None, law=None)])[0].right is None


def test_records_are_read_up_to_a_line_that_was_cut(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(record(0)) + "\n" + '{"name": "1-0')
    assert len(read(path)) == 1 and read(tmp_path / "none.jsonl") == []


def test_what_is_quoted(tmp_path):
    records = [record(0), record(1), record(None, law=None)]
    cases = cases_of(records)
    scores = scores_of(cases, calibration())
    said = headlines(records, cases, scores)
    assert said["tables"] == "3" and said["called a law before the rule on forms, right in form"] == "1 of 2"
    diagram(scores, tmp_path / "bins.png")
    assert (tmp_path / "bins.png").stat().st_size > 5000
    own, missing = probabilities(cases[0], calibration())
    assert own.sum() + missing == pytest.approx(1.0)


def test_tables_follow_from_their_seed():
    first, again, other = table(3, 5), table(3, 5), table(3, 6)
    assert np.array_equal(first.dataset.y, again.dataset.y) and first.dataset.n_rows != other.dataset.n_rows
    for index in range(10):
        one = table(index, 5)
        assert (one.problem is None) == (index % 10 == 8)
        if one.problem is not None:
            assert 0.9 * ROWS[0] <= one.dataset.n_rows <= ROWS[1]
    assert FEW[0] <= table(0, 5, few=True).dataset.n_rows <= FEW[1]
