import json

import numpy as np
import pytest

from benchmarks import no_law
from kansym.errors import StorageError


@pytest.mark.parametrize("kind", no_law.KINDS, ids=lambda kind: kind.__name__)
def test_tables_of_every_kind_can_be_searched(kind):
    for seed in range(4):
        X, y = kind(no_law.generator(kind.__name__, seed))
        assert X.ndim == 2
        assert y.shape == (len(X),)
        assert len(y) >= 8
        assert np.isfinite(X).all()
        assert np.isfinite(y).all()
        assert np.ptp(y) > 0
        again = kind(no_law.generator(kind.__name__, seed))
        np.testing.assert_array_equal(y, again[1])


def test_gaps_of_primes_are_gaps_of_primes():
    sizes = []
    for seed in range(6):
        X, y = no_law.primes(np.random.default_rng(seed))
        sizes.append((X[0, 0], X[1, 0] - X[0, 0]))
        if y.max() < 60:
            primes = [p for p in range(2, 40_000) if all(p % q for q in range(2, int(p**0.5) + 1))]
            first = int(X[0, 0])
            np.testing.assert_array_equal(y[:10], np.diff(primes)[first : first + 10])
    assert all(step == 1 for _, step in sizes)


def test_collatz():
    assert [no_law._collatz(k) for k in (1, 6, 27)] == [0, 8, 111]


def test_a_tenth_more_tables_leave_the_others_as_they_are():
    few, many = list(no_law.lawless(9, 3)), list(no_law.lawless(20, 3))
    assert len({table.name for table in many}) == 20
    for first, second in zip(few, many, strict=False):
        np.testing.assert_array_equal(first.y, second.y)
    assert not np.array_equal(next(no_law.lawless(1, 4)).y, few[0].y)


def test_laws_are_drawn_and_judged():
    tables = list(no_law.lawful(10, 0))
    assert sum(table.kind == "law, measured" for table in tables) == 2
    assert {table.kind for table in tables} == {"law, noise 0", "law, noise 0.01", "law, measured"}
    judged = [table for table in tables if table.right is not None]
    assert len(judged) == 8
    for table in tables:
        assert (table.y_error is None) or table.name in ("firas", "mercury")


RECORD = {"name": "n", "kind": "noise", "seed": 0, "seconds": 5.0, "verdict": "law", "reason": "", "against": [],
          "formula": "y = x0", "elapsed": 1.0, "rows": 9, "columns": 1, "right": None}  # fmt: skip


def test_counts():
    records = [
        RECORD,
        RECORD | {"name": "m", "verdict": "no closed form found"},
        RECORD | {"name": "l", "kind": "law, noise 0", "right": True},
        RECORD | {"name": "k", "kind": "law, noise 0", "right": False, "verdict": "good description"},
    ]
    text = "\n".join(no_law.summary(records))
    assert 'without a law: 1 of 2 certified "law", 1 "no closed form found"' in text
    assert 'of 1 formulas that are the law 1 certified "law"; of 1 that are not 0' in text
    assert "(not the law)" in no_law.line(records[3])


def test_results_are_read_again_but_for_failures_and_other_settings(tmp_path):
    lines = [RECORD, RECORD | {"name": "m", "verdict": "failed"}, RECORD | {"name": "l", "seed": 1}]
    path = tmp_path / no_law.FILE
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"name": "half', encoding="utf-8")
    assert [record["name"] for record in no_law.read(tmp_path, 5.0, 0)] == ["n"]
    assert path.read_text(encoding="utf-8").endswith("}\n")
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(StorageError, match="line 1"):
        no_law.read(tmp_path, 5.0, 0)


def test_the_command(tmp_path, monkeypatch, capsys):
    verdicts = iter(["no closed form found", "law"])

    def examine(table, *, seconds, seed):
        return RECORD | {"name": table.name, "kind": table.kind, "seconds": seconds, "verdict": next(verdicts)}

    monkeypatch.setattr(no_law, "examine", examine)
    with pytest.raises(SystemExit) as end:
        no_law.main(tables=1, laws=0, seconds=5.0, out=tmp_path)
    assert end.value.code == 0
    # The second time only the table without a result is searched; a false law is the exit status.
    with pytest.raises(SystemExit) as end:
        no_law.main(tables=2, laws=0, seconds=5.0, out=tmp_path)
    assert end.value.code == 1
    assert 'without a law: 1 of 2 certified "law"' in capsys.readouterr().out


def test_an_error_of_one_table_does_not_end_the_run(monkeypatch):
    def broken(table, seconds, seed):
        raise RuntimeError("out of\nluck")

    monkeypatch.setattr(no_law, "_certified", broken)
    record = no_law.examine(next(no_law.lawless(1, 0)), seconds=1.0, seed=0)
    assert (record["verdict"], record["reason"]) == ("failed", "RuntimeError: out of luck")


def test_noise_is_examined_in_earnest():
    g = np.random.default_rng(5)
    table = no_law.Table("noise", "noise", g.uniform(0, 1, (15, 1)), g.normal(size=15))
    record = no_law.examine(table, seconds=1.0, seed=0)
    assert record["verdict"] == "no closed form found", record
