"""Formulas beside the front, for the certificate."""

import numpy as np

from kansym import DiscoveryOptions, certify, discover, load_dataset
from kansym.results import near_rivals


def test_moseleys_square_is_named_as_a_rival():
    found = discover(load_dataset("moseley", target="wavenumber"), DiscoveryOptions(max_seconds=3))
    shown = {formula.expression for formula in found.front}
    assert found.rivals and all(rival.expression not in shown for rival in found.rivals)
    lengths = [rival.description_length for rival in found.rivals]
    assert lengths == sorted(lengths) and lengths[-1] < found.formula.description_length + 15
    squares = [
        formula for formula in (*found.front, *found.rivals) if "**2" in str(formula) and "Z - 1.5" in str(formula)
    ]
    assert squares
    verdict = certify(found).verdict
    assert verdict.kind == "good description" and "nearly as good" in verdict.reason


def test_nothing_is_kept_twice():
    found = discover(load_dataset("boyle", target="pressure"), DiscoveryOptions(max_seconds=2))
    again = near_rivals([*found.front, *found.rivals, *found.rivals], found.front)
    assert [one.expression for one in again] == [one.expression for one in found.rivals]
    assert np.isfinite([one.description_length for one in again]).all()
