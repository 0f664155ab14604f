"""The log of a search, as text and stored with a run."""

from dataclasses import replace

import numpy as np

from kansym import DiscoveryOptions, discover
from kansym.data.dataset import make_dataset
from kansym.run.summary import RunSummary
from kansym.search.events import Event, explanation, merged

ONE = Event(0.1, 0.1, "sums", 1, "the table", 0.5, "", 0.0)


def test_turns_without_a_proposal_are_one():
    log = [ONE, replace(ONE, at=0.2), replace(ONE, at=0.3, came="x"), replace(ONE, at=0.4), replace(ONE, engine="b")]
    found = merged(log)
    assert [(one.engine, round(one.work, 9), one.came) for one in found] == [
        ("sums", 0.3, "x"),
        ("sums", 0.1, ""),
        ("b", 0.1, ""),
    ]
    assert sum(one.work for one in found) == sum(one.work for one in log)


def test_the_text_says_who_made_the_pick_shorter():
    text = explanation([ONE, replace(ONE, at=0.7, came="2*x", bits=-12.5)])
    assert "12.5 bits  sums of the table: 2*x" in text and "in    2 turns  sums" in text
    assert "has no log" in explanation([])


def test_a_run_keeps_its_log(rng):
    X = rng.uniform(1, 3, (60, 2))
    found = discover(make_dataset(X, X[:, 0] ** 2 * X[:, 1]), DiscoveryOptions(max_seconds=3))
    assert found.log and any(event.better for event in found.log)
    assert np.all(np.diff([event.at for event in found.log]) >= 0)
    summary = RunSummary.of(found)
    record = summary.to_dict()
    assert RunSummary.from_dict(record).log == summary.log == found.log
    # A record of a version that kept none.
    del record["log"]
    assert RunSummary.from_dict(record).log == ()
