"""Networks that become formulas, without what they do not need."""

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.kan.layer import EdgeMode

X = np.random.default_rng(0).uniform(-1, 1, (800, 3))
OPTIONS = DiscoveryOptions(max_seconds=30, deterministic=True, structure=False, terms=False)


@pytest.mark.long
def test_a_law_is_read_from_a_network_without_its_spare_parts():
    table = make_dataset(X, np.sqrt(1 + X[:, 0] ** 2 + X[:, 2] ** 2), names=["a", "b", "c"], target="y")
    messages = []
    found = discover(table, OPTIONS, progress=lambda progress: messages.append(progress.message))
    assert str(found.formula) == "y = sqrt(a**2 + c**2 + 1)"
    assert any(message.startswith("reading the network") and " as [" in message for message in messages)
    # Every edge that is left has a function.
    modes = [mode for layer in found.reading.symbolic.layers for mode in layer.mode.flatten().tolist() if mode]
    assert modes and set(modes) == {EdgeMode.SYMBOLIC}


@pytest.mark.long
def test_what_is_no_law_is_written_down_all_the_same():
    # Waves that no edge of the library is: without noise nothing is exact, and the search still ends in a formula.
    y = np.sign(np.sin(9 * X[:, 0])) * np.abs(X[:, 1]) ** 0.3
    options = DiscoveryOptions(max_seconds=6, deterministic=True, structure=False, terms=False)
    found = discover(make_dataset(X, y, names=["a", "b", "c"], target="y"), options)
    assert np.isfinite(found.formula.predict(X)).all()
    assert found.formula.validation_loss < np.var(y)
