import json
import math

import pytest

from benchmarks.speed import protocol
from benchmarks.speed.protocol import Spread, as_records, best, compare, comparisons, error_after, time_to


def run(tool, trace, **more):
    variants = {"update_grid": False} if tool == "pykan" else {"population": 1}
    return {"kind": "training", "tool": tool, "dtype": "float64", "problem": "p", "seed": 0, **variants, **more} | {
        "trace": trace
    }


def test_comparison_is_made_at_the_best_error_of_the_peer(traces):
    slow, fast = traces
    found = compare(run("pykan", slow), run("kansym", fast))
    assert found.target == 0.05
    assert (found.peer_seconds, found.own_seconds) == (6.0, 0.2)
    assert found.speedup == pytest.approx(30.0)
    assert found.cpu_speedup == pytest.approx(3.0 / 0.1)
    # Twice the target: 0.1, reached after 4 s and after 0.1 s.
    assert found.near_speedup == pytest.approx(40.0)
    # 0.2 s is less than the peer's first step of 2 s, which it is granted.
    assert found.peer_error == 0.3
    assert found.own_best == 0.01


def test_a_target_that_is_not_reached_counts_as_never(traces):
    slow, fast = traces
    found = compare(run("pykan", slow), run("kansym", fast[:2]))
    assert found.own_seconds == math.inf
    assert found.speedup == 0.0
    assert math.isnan(found.peer_error)
    (record,) = as_records([found])
    assert record["own_seconds"] is None
    json.dumps(record, allow_nan=False)


def test_only_runs_on_the_same_rows_are_compared(traces):
    slow, fast = traces
    runs = [run("pykan", slow), run("kansym", fast, seed=1), run("kansym", fast, problem="q")]
    assert comparisons(runs) == []
    assert len(comparisons([*runs, run("kansym", fast), run("kansym", fast, population=4)])) == 2


def test_error_after_a_time_is_the_best_so_far(traces):
    slow, _ = traces
    assert error_after(slow, 5.0) == 0.1
    assert error_after(slow, 100.0) == 0.05


def test_errors_that_are_not_finite_never_count():
    trace = [(0.0, 0.0, math.nan), (1.0, 1.0, 0.5), (2.0, 2.0, math.nan)]
    assert best(trace) == 0.5
    assert time_to(trace, 0.5) == 1.0
    assert best(trace[:1]) == math.inf


def test_spread_takes_infinities_as_the_slowest():
    assert Spread.of([math.inf, 1.0, 2.0]) == Spread(2.0, 1.0, math.inf)


def test_both_tools_get_the_same_problems_and_seeds():
    requests = protocol.requests(protocol.Settings(seeds=2, kinds=("training",)))
    rows = {(request["tool"], request["dtype"]): set() for request in requests}
    for request in requests:
        rows[request["tool"], request["dtype"]] |= {(job["problem"], job["seed"]) for job in request["jobs"]}
    assert len(rows) == 3
    assert len({frozenset(row) for row in rows.values()}) == 1
    assert {seed for row in rows.values() for _, seed in row} == {0, 1}


def test_kinds_restrict_the_jobs():
    for kind in ("training", "matching"):
        requests = protocol.requests(protocol.Settings(kinds=(kind,)))
        assert {job["kind"] for request in requests for job in request["jobs"]} == {kind}
