"""Whole runs on the smallest laws, in this process and in others."""

import importlib.util

import pytest

from kansym.bench import outcome, runner
from kansym.bench.records import Job, Settings
from kansym.comparison.peers import PEERS, Peer
from kansym.comparison.request import PeerError

SETTINGS = Settings("feynman", rows=100, seconds=10.0)


@pytest.fixture
def product():
    return Job(SETTINGS, "I.12.1", 0)


def test_the_product_of_two_columns_is_recovered(product):
    record = runner.run_job(product)
    assert record["failure"] is None
    assert record["recovered"] and record["srbench"] and record["front_recovered"], record
    assert record["stage"] == outcome.RECOVERED and record["formula"] == "x0*x1"
    assert (record["nodes"], record["law_nodes"], record["law"]) == (3, 3, "I.12.1")
    assert record["elapsed"] > 0


def test_tools_get_the_chosen_primitives_only(monkeypatch):
    asked = {}

    class Recorder:
        def __init__(self, peer):
            self.name = peer.name

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def ask(self, request):
            asked[self.name] = request.functions
            raise PeerError("enough")

    def discover(dataset, options):
        asked["kansym"] = tuple(options.primitives)
        raise ValueError("enough")

    monkeypatch.setattr("kansym.bench.runner.PeerProcess", Recorder)
    monkeypatch.setattr("kansym.bench.runner.discover", discover)
    settings = Settings("feynman", rows=100, seconds=10.0, primitives=("x", "sqrt"))
    for tool in ("kansym", "operon"):
        assert "enough" in runner.run_job(Job(settings, "I.12.1", 0, tool))["failure"]
    assert {tool: set(names) for tool, names in asked.items()} == {
        "kansym": {"x", "sqrt"},
        "operon": {"x", "sqrt"},
    }


def test_a_tool_that_raises_is_a_failed_row(product, monkeypatch):
    def broken(dataset, options):
        raise ValueError("two\nlines")

    monkeypatch.setattr("kansym.bench.runner.discover", broken)
    record = runner.run_job(product)
    assert record["failure"] == "ValueError: two lines" and record["stage"] == outcome.FAILED
    assert not record["recovered"]


def test_an_interrupted_discovery_interrupts_the_benchmark(product, monkeypatch):
    monkeypatch.setattr(
        "kansym.search.pipeline.Study.search", lambda self, *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        runner.run_job(product)


@pytest.mark.long
def test_a_worker_process_answers_like_this_process():
    # One job, since every worker takes seconds to start.
    (record,) = runner.run([Job(SETTINGS, "I.12.1", 0)], workers=2)
    assert record["formula"] == "x0*x1"
    (record,) = runner.run([Job(SETTINGS, "nothing", 0)])
    assert "no law 'nothing'" in record["failure"]


def test_a_peer_that_crashes_is_a_failed_row(monkeypatch):
    monkeypatch.setitem(PEERS, "nothing", Peer("nothing", "Nothing", "numpy", "", "kansym.comparison.workers.nothing"))
    record = runner.run_job(Job(SETTINGS, "I.12.1", 0, "nothing"))
    assert "MissingPeerError: No module named" in record["failure"]
    assert record["stage"] == outcome.FAILED


@pytest.mark.skipif(importlib.util.find_spec("pyoperon") is None, reason="pyoperon is not installed")
@pytest.mark.long
def test_operon_answers():
    record = runner.run_job(Job(Settings("feynman", rows=100, seconds=1.0), "I.12.1", 0, "operon"))
    assert record["failure"] is None
    assert record["inside"] < 1e-3 and record["tool"] == "operon" and record["elapsed"] > 0
