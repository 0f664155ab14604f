import collections
import itertools
import math
import random
import re
import runpy
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy

from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import Sameness

HERE = Path(__file__).parent
HELPERS = runpy.run_path(str(HERE / "same_helpers.py"))
rows, values, judged, compared, real = (HELPERS[name] for name in ("rows", "values", "judged", "compared", "real"))
PAIRS = runpy.run_path(str(HERE / "equal_pairs.py"))["PAIRS"]
MISSES = runpy.run_path(str(HERE / "near_misses.py"))["MISSES"]

NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)")
KINDS = {
    "constants": Sameness.OTHER_CONSTANTS,
    "data": Sameness.SAME_ON_DATA,
    "different": Sameness.DIFFERENT,
}


FEW_LOOKS = {46: 100, 47: 250}
"""Near misses of which every step is dear: with all looks, each would take a minute."""


class Tally:
    """Verdicts, counted and printed at the end; `pytest -s` shows them."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)

    def judge(self, group, *arguments, **options):
        verdict = compared(*arguments, **options)
        self.counts[group][str(verdict.kind)] += 1
        return verdict


@pytest.fixture(scope="module")
def tally():
    found = Tally()
    yield found
    for group, counts in found.counts.items():
        words = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        sys.stdout.write(f"\n{group}: {words}")


# -- the test data are what they say they are -------------------------------------------------------------------------


def exact_function(text, names):
    """With fractions for all decimal numbers, in mpmath."""

    def fraction(match):
        number = Fraction(match.group())
        return f"({number.numerator}/{number.denominator})"

    expression = parse_expression(NUMBER.sub(fraction, text), names)
    return sympy.lambdify([sympy.Symbol(name) for name in names], expression, modules="mpmath")


def random_points(box, count, generator, low=0.0, high=1.0):
    for _ in range(count):
        share = [low + (high - low) * generator.random() for _ in box]
        ends = zip(share, box.values(), strict=True)
        yield [mpmath.mpf(a) + mpmath.mpf(t) * (mpmath.mpf(b) - mpmath.mpf(a)) for t, (a, b) in ends]


def test_there_are_two_hundred_of_each():
    for data in (PAIRS, MISSES):
        assert len({(*entry[:2], str(entry.box)) for entry in data}) == len(data) == 200
        columns = collections.Counter(len(entry.box) for entry in data)
        assert columns[1] > 0 and columns[2] > 0 and columns[3] + columns[4] > 0


def test_no_equal_pair_is_equal_by_being_read():
    for number in range(200):
        first, second, _ = as_compared(number)
        assert first != second, PAIRS[number]


def test_equal_pairs_are_identities():
    generator = random.Random(3)
    with mpmath.workdps(60):
        for pair in PAIRS:
            first, second = (exact_function(text, list(pair.box)) for text in pair[:2])
            for point in random_points(pair.box, 5, generator):
                a, b = real(first, point), real(second, point)
                assert a is not None and b is not None, pair
                assert abs(a - b) <= mpmath.mpf(10) ** -30 * max(abs(a), abs(b)), pair


def test_near_misses_are_not():
    """They differ in the box, beyond it, or near zero: analytic functions that differ anywhere differ everywhere."""
    generator = random.Random(3)
    with mpmath.workdps(500):
        for miss in MISSES:
            first, second = (exact_function(text, list(miss.box)) for text in miss[:2])
            inside = random_points(miss.box, 4, generator)
            beyond = random_points(miss.box, 100, generator, -0.3, 1.3)
            near_zero = ([entry / 1000 for entry in point] for point in random_points(miss.box, 4, generator))
            for point in itertools.chain(inside, beyond, near_zero):
                a, b = real(first, point), real(second, point)
                if (a is None) != (b is None) or (
                    a is not None and b is not None and abs(a - b) > mpmath.mpf(10) ** -450 * max(abs(a), abs(b))
                ):
                    break
            else:
                pytest.fail(f"equal: {miss}")


# -- the judgement ----------------------------------------------------------------------------------------------------


def rounded(text, generator):
    """The text with random errors of 1e-10 in its decimal numbers and pi."""

    def error():
        return 1 + 1e-10 * generator.uniform(-1, 1)

    text = NUMBER.sub(lambda match: repr(float(match.group()) * error()), text)
    return re.sub(r"\bpi\b", lambda match: repr(math.pi * error()), text)


def as_compared(number):
    pair = PAIRS[number]
    generator = random.Random(number)
    texts = [rounded(text, generator) if pair.rounded else text for text in pair[:2]]
    names = list(pair.box)
    return *(parse_expression(text, names) for text in texts), names


@pytest.mark.parametrize("number", range(200))
def test_equal_pairs(number, tally):
    pair = PAIRS[number]
    first, second, names = as_compared(number)
    verdict = tally.judge("equal pairs", first, second, rows(pair.box), None, names)
    assert verdict.kind is Sameness.SAME, (pair, verdict)


def looks_for(number):
    return {"looks": FEW_LOOKS[number]} if number in FEW_LOOKS else {}


LONG = {46, 137, 172}
"""Near misses of which the other two hundred are not told apart as slowly."""


@pytest.mark.parametrize("number", [pytest.param(n, marks=[pytest.mark.long] * (n in LONG)) for n in range(200)])
def test_near_misses(number, tally):
    miss = MISSES[number]
    names = list(miss.box)
    first, second = (parse_expression(text, names) for text in miss[:2])
    verdict = tally.judge("near misses", first, second, rows(miss.box), None, names, **looks_for(number))
    assert verdict.kind is not Sameness.SAME, (miss, verdict)
    if miss.kind:
        assert verdict.kind is KINDS[miss.kind], (miss, verdict)


# All that may be the same, and some of those that may not.
@pytest.mark.parametrize("number", [n for n in range(200) if MISSES[n].kind in ("constants", "") or n % 8 == 0])
def test_near_misses_with_exact_data(number, tally):
    """Fitted to values of the first formula, only those may be the same whose constants agree to single precision."""
    miss = MISSES[number]
    names = list(miss.box)
    first, second = (parse_expression(text, names) for text in miss[:2])
    X = rows(miss.box)
    y, other = values(first, names, X), values(second, names, X)
    if not np.isfinite(y).all():
        pytest.skip("no value on some rows")
    verdict = tally.judge("near misses with data", first, second, X, y, names, **looks_for(number))
    if verdict.kind is Sameness.SAME:
        assert miss.kind in ("constants", "")
        assert np.sqrt(np.mean((other - y) ** 2)) <= 1e-6 * np.std(y), (miss, verdict)


def test_physical_constants_of_any_size():
    box = {"q": (1e-20, 5e-19), "r": (1e-11, 1e-9)}
    assert judged("8.9875e9*q**2/r**2", "q**2/(4*pi*8.85424e-12*r**2)", box).kind is Sameness.OTHER_CONSTANTS
    assert judged("8.9875e9*q**2/r**2", "(q/r)**2*8.9875e9", box).kind is Sameness.SAME
    assert judged("1e300*x", "1e300*x*(sin(x)**2 + cos(x)**2)", {"x": (0.5, 2)}).kind is Sameness.SAME
    assert judged("1e300*x", "1.0001e300*x", {"x": (0.5, 2)}).kind is Sameness.OTHER_CONSTANTS
