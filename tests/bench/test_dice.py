import math

import numpy as np
import pytest

from kansym.bench.dice import ROUND, Dice, text_of
from kansym.symbolic.parser import parse_expression


@pytest.fixture
def dice():
    return Dice(np.random.default_rng(5))


def test_choices_follow_their_ranges_and_weights(dice):
    wholes = [dice.whole(2, 5) for _ in range(2000)]
    assert set(wholes) == {2, 3, 4, 5} and min(wholes.count(k) for k in (2, 3, 4, 5)) > 400
    picks = [dice.pick("abc", (0.7, 0.0, 0.3)) for _ in range(2000)]
    assert set(picks) == {"a", "c"} and picks.count("a") == pytest.approx(1400, abs=100)
    sizes = np.array([dice.size(1e-3, 1e3) for _ in range(2000)])
    assert sizes.min() >= 1e-3 and sizes.max() <= 1e3
    assert np.mean(np.log10(sizes)) == pytest.approx(0, abs=0.15)
    assert sorted(dice.shuffled("kansym")) == sorted("kansym")
    assert len({"".join(dice.shuffled("abc")) for _ in range(200)}) == 6
    assert sum(dice.chance(0.25) for _ in range(2000)) == pytest.approx(500, abs=80)


def test_constants_are_floats_of_few_digits_within_their_range(dice):
    texts = [dice.constant(0.02, 700.0) for _ in range(500)]
    for text in texts:
        number = parse_expression(text)
        # A whole number without a point would be exact, and part of the form.
        assert number.is_Float and 0.019 < float(number) < 701
        assert float(f"{float(number):.5g}") == float(number)
    assert {float(text) for text in texts} >= set(ROUND)


@pytest.mark.parametrize(("value", "text"), [(3.0, "3.0"), (0.25, "0.25"), (1e-7, "1e-07"), (1234567.0, "1234567.0")])
def test_numbers_are_spelled_with_a_point_or_an_exponent(value, text):
    assert text_of(value) == text and math.isclose(float(text), value)


def test_the_stream_is_that_of_the_generator():
    # Nothing but doubles is drawn: numpy may change how it makes whole numbers of its stream, not the doubles.
    numbers = np.random.default_rng(9).random(3)
    dice = Dice(np.random.default_rng(9))
    assert [dice.unit(), dice.between(2, 4), dice.whole(0, 9)] == [
        numbers[0],
        2 + 2 * numbers[1],
        int(10 * numbers[2]),
    ]
