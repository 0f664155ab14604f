"""Laws planted without noise come back exactly, end to end.

The laws are those of the AI Feynman collection that are products of powers or nearly so, with its ranges (Udrescu and
Tegmark, Science Advances 6 (2020) eaay2631, doi:10.1126/sciadv.aay2631), and the example of the KAN paper
(Liu et al., arXiv:2404.19756).
"""

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, make_dataset

PI = np.pi
LAWS = {
    # name: (law, range of every column)
    "I.12.2": (lambda q1, q2, e, r: q1 * q2 * r / (4 * PI * e * r**3), [(1, 5)] * 4),
    "I.39.11": (lambda g, p, v: p * v / (g - 1), [(2, 5), (1, 5), (1, 5)]),
    "I.43.43": (lambda g, k, a, v: k * v / ((g - 1) * a), [(2, 5), (1, 5), (1, 5), (1, 5)]),
    "I.47.23": (lambda g, p, rho: np.sqrt(g * p / rho), [(1, 5)] * 3),
    "II.38.14": (lambda y, s: y / (2 * (1 + s)), [(1, 5)] * 2),
    "III.19.51": (
        lambda m, q, h, n, e: -m * q**4 / (2 * (4 * PI * e) ** 2 * (h / (2 * PI)) ** 2) / n**2,
        [(1, 5)] * 5,
    ),
    "exp(sin(pi x) + y^2)": (lambda x, y: np.exp(np.sin(PI * x) + y**2), [(-1, 1)] * 2),
}


def rows_of(ranges, rows, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(low, high, rows) for low, high in ranges])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * name.startswith("exp")) for name in LAWS]
)
def test_the_law_is_found_exactly(name, work_clock):
    law, ranges = LAWS[name]
    X = rows_of(ranges, 300, seed=1)
    found = discover(make_dataset(X, law(*X.T)), DiscoveryOptions(max_seconds=150, deterministic=True))
    fresh = rows_of(ranges, 5000, seed=2)
    np.testing.assert_allclose(found.formula.predict(fresh), law(*fresh.T), rtol=1e-9)
    assert found.stopped == "the formula is as good as the data"
    # An exact law ends the run before its work is done.
    assert work_clock.now() < 100
