"""What a table does not notice, asked of a discovery."""

import numpy as np

import kansym


def test_a_discovery_says_what_its_target_does_not_notice():
    X = np.random.default_rng(0).uniform(1, 3, (150, 2))
    table = kansym.make_dataset(X, np.sin(X[:, 0] - X[:, 1]), names=["a", "b"])
    found = kansym.discover(table, kansym.DiscoveryOptions(max_seconds=2, deterministic=True))
    first = found.symmetries[0]
    assert str(first.verdict) == "holds" and {str(one) for one in first.through} <= {"a - b", "-a + b"}
    assert found.symmetries is found.symmetries


def test_a_table_of_few_rows_cannot_tell():
    x = np.linspace(1, 2, 8)
    table = kansym.make_dataset(np.column_stack([x, x**2]), x**3, names=["a", "b"])
    found = kansym.discover(table, kansym.DiscoveryOptions(max_seconds=1, deterministic=True))
    assert all(str(one.verdict) != "fails" for one in found.symmetries)
