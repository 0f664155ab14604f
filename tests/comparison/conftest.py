from pathlib import Path

import numpy as np
import pytest

from kansym.comparison.peers import PEERS, Peer
from kansym.comparison.request import Request


@pytest.fixture
def faulty(monkeypatch):
    """Registers the misbehaving peer, and returns a function that sets its fault."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    peer = Peer("faulty", "Faulty", "numpy", "pip install faulty", "faulty_worker", start_up_limit=300.0)
    monkeypatch.setitem(PEERS, "faulty", peer)

    def with_fault(fault: str) -> Peer:
        monkeypatch.setenv("FAULT", fault)
        return peer

    return with_fault


@pytest.fixture
def request_of(tmp_path):
    """A request for y = 2 x + 1."""

    def make(seconds: float = 120.0) -> Request:
        X = np.linspace(0, 1, 30)[:, None]
        return Request(X, 2 * X[:, 0] + 1, None, X, (None,), None, ("x", "exp"), seconds, 0, tmp_path)

    return make
