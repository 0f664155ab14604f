"""Whether a lost law has a longer description than the pick."""

import json

import pytest

from benchmarks.excess import law_excess, main, pairs
from kansym.bench.records import append

RECORD = {
    "catalogue": "feynman",
    "rows": 200,
    "seconds": 1.0,
    "noise": 0.05,
    "dummies": 0,
    "primitives": [],
    "without": [],
    "law": "I.12.1",
    "seed": 0,
    "tool": "kansym",
    "recovered": False,
}


@pytest.mark.parametrize(("formula", "longer"), [("x0*x1", 0.0), ("x0 + x1", -1), ("0.9*x0*x1 + 0.1*x0*x1**1.1", -1)])
def test_bits_between_law_and_pick(formula, longer):
    excess = law_excess({**RECORD, "formula": formula})
    assert excess == pytest.approx(0.0, abs=1e-6) if longer == 0 else excess < longer


def test_a_run(tmp_path, capsys):
    append(tmp_path, {**RECORD, "formula": "x0 + x1"})
    append(tmp_path, {**RECORD, "law": "I.12.5", "recovered": True, "formula": "x0*x1"})
    main(tmp_path)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("I.12.1 ") and printed[-1] == "0 of 1 lost laws are no shorter than the pick"


def test_pairs(tmp_path, capsys):
    path = tmp_path / "records.jsonl"
    known = {"entry": "losses/drude-conductivity/low noise", "state": "now", "noise": 0.01}
    records = [
        {**known, "right": False, "formula": "x0 + x1", "stopped": "time is up"},
        {
            **known,
            "entry": "losses/skin-depth/low noise",
            "right": True,
            "formula": "x0",
            "stopped": "every shape was tried",
        },
        {**known, "entry": "losses/skin-depth/clean", "noise": 0.0, "right": False, "formula": "x0", "stopped": ""},
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    pairs(path, "now")
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("2 noisy searches: 1 right, 1 with a law")
    assert second.startswith("1 that ended before their time: 1 right, 0 with a law")
    assert third.startswith("1 of these with a short formula: 1 right, 0 with a law")
