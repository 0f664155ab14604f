"""`kansym app` as a command."""

import gc

import pytest

from kansym.commands import process
from kansym.commands.implementation import app as module


@pytest.fixture
def collector():
    """The collector as it was, after a test that keeps it away."""
    yield
    gc.unfreeze()
    gc.enable()
    process._kept_away.clear()


def test_garbage_is_collected_while_a_page_is_served(collector, monkeypatch, tmp_path):
    said = []
    monkeypatch.setattr(module, "require_packages", lambda: None)
    monkeypatch.setattr(module, "load_run", lambda _: None)
    monkeypatch.setattr(module, "serve", lambda *_, **__: said.append(gc.isenabled()))
    process.import_without_collecting()
    assert not gc.isenabled()
    module.app(directory=tmp_path, start=None, port=0, browser=False)
    assert said == [True]
