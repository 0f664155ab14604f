"""The tables of the benchmark, and what counts as saying more than they do."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import only_the_data
from kansym.validation.certificate import certify
from tests.fitting.test_exponents import drag, found


def test_tables_follow_from_their_seed_and_have_errors():
    for draw in (only_the_data.walk_table, lambda k, seed: only_the_data.power_table(k, seed, right=False)):
        first, again, other = draw(0, 3), draw(0, 3), draw(0, 4)
        assert np.array_equal(first.y, again.y) and not np.array_equal(first.y, other.y)
        assert first.y_error is not None
    for index, (_, right, wrong) in enumerate(only_the_data.GUESSES):
        data, guess, lacking = only_the_data.guess_table(index, 1)
        assert (guess, lacking) == (right, wrong) and np.isfinite(data.y).all()


def test_an_exponent_is_denied_by_the_data_alone():
    x, y, error = drag(0)
    wrong, free = (found(text, x, y, y_error=error) for text in ("3.1*x + 0.5*x**(5/3)", "3.1*x + 0.5*x**1.7"))
    assert only_the_data.denied(wrong) and only_the_data.written(wrong)
    assert not only_the_data.denied(free) and not only_the_data.written(free)


@pytest.mark.parametrize(
    ("kind", "chi2_p", "over"), [("law", 0.5, True), ("good description", 1e-9, True), ("good description", 0.5, False)]
)
def test_a_walk_is_overstated(kind, chi2_p, over, rng):
    x = np.linspace(1, 5, 60)
    certificate = certify(found("1.7*x", x, 1.7 * x + 0.2 * rng.normal(size=60), y_error=0.2))
    changed = replace(
        certificate,
        verdict=replace(certificate.verdict, kind=kind),
        fit=replace(certificate.fit, chi2_p=chi2_p, one_minus_r2=0.1),
        residual_tests=(),
    )
    assert only_the_data.overstated(changed) == over


def test_counts_are_said_of_how_many():
    assert only_the_data.headlines({"a": [True, False, True]}) == {"a": "2 of 3"}
