"""Tables without a law, and tables with one: does the certificate tell them apart?

Fifty tables have no closed form: noise, Weierstrass functions, lookup tables, random walks, random Fourier series,
measured tables with their targets shuffled, chaotic iterates, gaps of primes. None of them may be certified a "law".
Tables with laws, from the Feynman catalogue without noise and with 1 %, and the measured ones, show that the verdict is
not "no" to everything::

    python -m benchmarks.no_law                         # 50 tables and 20 laws, 20 s each
    python -m benchmarks.no_law --tables 10 --laws 0    # only some without a law
    python -m benchmarks.no_law --out runs/no_law       # keeps results, and goes on where it stopped
"""

import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import make_problem
from kansym.bench.strict import strict
from kansym.data.catalogue import dataset_names, load_dataset
from kansym.data.dataset import make_dataset
from kansym.errors import StorageError
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.validation.certificate import certify
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING

app = App(name="python -m benchmarks.no_law", help="Tables without a law.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

FILE = "no_law.jsonl"

NOISES = (0.0, 0.01)
"""Noise of the laws, in units of the RMS of the clean target."""

LAW_ROWS = 300

FAILED = "failed"

MEASURED = ("boyle", "capacitor", "firas", "hydrogen", "kepler", "mercury")
"""Measured tables whose law is beyond dispute at the precision of the table, or nearly so."""

Record = dict[str, Any]
"""Of a table: "name", "kind", "seed", "seconds" (the budget), "verdict", "reason", "against", "formula", "elapsed",
"rows", "columns", and "right": whether the formula is the law, None where there is none or nobody can say."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table to be searched.

    Attributes
    ----------
    name, kind : str
    X : array (n, d)
    y : array (n,)
    y_error : array (n,) or None
    right : function of a sympy expression, or None
        Whether a formula is the law.
    """

    name: str
    kind: str
    X: np.ndarray
    y: np.ndarray
    y_error: np.ndarray | None = None
    right: Callable[[Any], bool] | None = None


Drawn = tuple[np.ndarray, np.ndarray]


def noise(g: np.random.Generator) -> Drawn:
    """Noise that knows nothing of its one to three inputs: normal, uniform, or with long tails."""
    n, d = int(g.choice([12, 25, 60, 150, 400])), int(g.integers(1, 4))
    y = [g.normal(size=n), g.uniform(1, 2, n), g.standard_t(3, n)][int(g.integers(3))]
    return g.uniform(1, 5, (n, d)), y


def weierstrass(g: np.random.Generator) -> Drawn:
    """A sum of a^k cos(b^k pi x): continuous, and smooth nowhere."""
    x = np.sort(g.uniform(0, 2, int(g.integers(60, 400))))
    a, b, phase = g.uniform(0.5, 0.9), g.uniform(2.2, 5.0), g.uniform(0, 2)
    return x[:, None], np.sum([a**k * np.cos(b**k * np.pi * (x + phase)) for k in range(20)], axis=0)


def steps(g: np.random.Generator) -> Drawn:
    """A lookup table: random levels between random places."""
    x = np.sort(g.uniform(0, 10, int(g.integers(30, 300))))
    places = np.sort(g.uniform(0, 10, int(g.integers(4, 15))))
    return x[:, None], g.normal(size=len(places) + 1)[np.searchsorted(places, x)]


def integers(g: np.random.Generator) -> Drawn:
    """A lookup table: a random integer for each of a few places, or for each cell of a grid."""
    if g.random() < 0.5:
        n = int(g.integers(8, 40))
        return np.arange(1.0, n + 1)[:, None], g.integers(0, 20, n).astype(float)
    side = int(g.integers(4, 9))
    grid = np.stack(np.meshgrid(np.arange(1.0, side + 1), np.arange(1.0, side + 1)), axis=-1).reshape(-1, 2)
    return grid, g.integers(0, 10, len(grid)).astype(float)


def walk(g: np.random.Generator) -> Drawn:
    """A random walk against its time."""
    n = int(g.integers(15, 300))
    return np.arange(1.0, n + 1)[:, None], np.cumsum(g.normal(size=n)) + g.uniform(5, 50)


def fourier(g: np.random.Generator) -> Drawn:
    """A random Fourier series of one or two inputs, of many terms: smooth, exact, and without a short form."""
    d, terms = int(g.integers(1, 3)), int(g.integers(15, 60))
    X = g.uniform(0, 1, (int(g.integers(60, 500)), d))
    waves = g.normal(scale=float(g.choice([3.0, 8.0, 20.0])), size=(terms, d))
    return X, np.cos(X @ waves.T + g.uniform(0, 2 * np.pi, terms)) @ g.normal(size=terms)


def shuffled(g: np.random.Generator) -> Drawn:
    """A measured table with its target in random order."""
    names = [name for name in dataset_names() if name != "kepler"]
    table = load_dataset(str(g.choice(names)))
    return table.X, g.permutation(table.y)


def chaos(g: np.random.Generator) -> Drawn:
    """Iterates of a chaotic map against their number: the logistic map, or the tent map."""
    n, x = int(g.integers(20, 250)), g.uniform(0.1, 0.9)
    logistic, values = g.random() < 0.5, []
    r = g.uniform(3.8, 4.0)
    for _ in range(n):
        values.append(x)
        x = r * x * (1 - x) if logistic else 1.9999 * min(x, 1 - x)
    return np.arange(1.0, n + 1)[:, None], np.array(values)


def primes(g: np.random.Generator) -> Drawn:
    """Gaps between successive primes, or lengths of Collatz sequences, against their number."""
    n, first = int(g.integers(30, 200)), int(g.integers(10, 2000))
    index = np.arange(first, first + n)
    if g.random() < 0.5:
        return index[:, None].astype(float), np.array([_collatz(int(k)) for k in index], dtype=float)
    sieve = np.ones(40_000, dtype=bool)
    sieve[:2] = False
    for p in range(2, 200):
        if sieve[p]:
            sieve[p * p :: p] = False
    gaps = np.diff(np.flatnonzero(sieve))[index]
    return index[:, None].astype(float), gaps.astype(float)


def _collatz(k: int) -> int:
    steps = 0
    while k != 1:
        k, steps = (k // 2 if k % 2 == 0 else 3 * k + 1), steps + 1
    return steps


KINDS: tuple[Callable[[np.random.Generator], Drawn], ...] = (
    noise, weierstrass, steps, integers, walk, fourier, shuffled, chaos, primes,
)  # fmt: skip


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers of a table: other tables do not change them."""
    digest = hashlib.sha256(f"{name} {seed}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def lawless(count: int, seed: int) -> Iterator[Table]:
    """Tables without a law, kind after kind."""
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        name = f"{kind.__name__}-{index // len(KINDS)}"
        yield Table(name, kind.__name__, *kind(generator(name, seed)))


def lawful(count: int, seed: int) -> Iterator[Table]:
    """Tables with a law: a fifth measured, the others from the Feynman catalogue, without noise and with it in turn."""
    g = generator("laws", seed)
    measured = min(count // 5, len(MEASURED))
    laws = load_catalogue("feynman").laws
    drawn = g.choice(len(laws), size=min(count - measured, len(laws)), replace=False)
    for place, index in enumerate(drawn):
        level = NOISES[place % len(NOISES)]
        problem = make_problem(laws[int(index)], rows=LAW_ROWS, seed=seed, noise=level)
        name = f"{laws[int(index)].name}, noise {level:g}"

        def right(expression: Any, problem: Any = problem) -> bool:
            return strict(expression, problem).right

        yield Table(name, f"law, noise {level:g}", problem.X, problem.y, right=right)
    for name in g.permutation(MEASURED)[:measured]:
        table = load_dataset(str(name))
        yield Table(str(name), "law, measured", table.X, table.y, table.y_error)


def examine(table: Table, *, seconds: float, seed: int) -> Record:
    """Search a table and certify what is found; an error gives a record with the verdict "failed".

    Raises
    ------
    KeyboardInterrupt
        Also where the search itself ended early and handed back what it had.
    """
    start = time.perf_counter()
    try:
        found = _certified(table, seconds, seed)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        found = {"verdict": FAILED, "reason": reason[:500], "against": [], "formula": "", "right": None}
    record = {"name": table.name, "kind": table.kind, "seed": seed, "seconds": seconds}
    rows, columns = table.X.shape
    return record | found | {"elapsed": time.perf_counter() - start, "rows": rows, "columns": columns}


def _certified(table: Table, seconds: float, seed: int) -> Record:
    dataset = make_dataset(table.X, table.y, y_error=table.y_error)
    options = DiscoveryOptions(max_seconds=seconds, seed=seed, device="cpu")
    discovery = discover(dataset, options)
    if discovery.interrupted:
        raise KeyboardInterrupt
    certificate = certify(discovery, options=options)
    return {
        "verdict": certificate.verdict.kind,
        "reason": certificate.verdict.reason,
        "against": list(certificate.verdict.against),
        "formula": certificate.formula,
        "right": None if table.right is None else bool(table.right(discovery.formula.expression)),
    }


def summary(records: Sequence[Record]) -> list[str]:
    """The table of verdicts by kind, and the counts that matter."""
    verdicts = (LAW, DESCRIPTION, NOTHING, FAILED)
    row = "{:<18}{:>8}{:>8}{:>20}{:>24}{:>8}"
    lines = [row.format("", "tables", *verdicts)]
    kinds = list(dict.fromkeys(record["kind"] for record in records))
    for kind in kinds:
        found = [record["verdict"] for record in records if record["kind"] == kind]
        lines.append(row.format(kind, len(found), *(found.count(verdict) for verdict in verdicts)))
    without = [record for record in records if not record["kind"].startswith("law")]
    if without:
        false = sum(record["verdict"] == LAW for record in without)
        nothing = sum(record["verdict"] == NOTHING for record in without)
        lines.append("")
        lines.append(f'without a law: {false} of {len(without)} certified "{LAW}", {nothing} "{NOTHING}"')
    judged = [record for record in records if record["right"] is not None]
    if judged:
        right = [record for record in judged if record["right"]]
        wrong = [record for record in judged if not record["right"]]
        certified = [sum(record["verdict"] == LAW for record in part) for part in (right, wrong)]
        lines.append(
            f'with a law: of {len(right)} formulas that are the law {certified[0]} certified "{LAW}"; of {len(wrong)} '
            f"that are not {certified[1]}"
        )
    measured = [record for record in records if record["kind"] == "law, measured"]
    if measured:
        certified_measured = sum(record["verdict"] == LAW for record in measured)
        lines.append(f'measured tables: {certified_measured} of {len(measured)} certified "{LAW}"')
    return lines


def headlines(records: Sequence[Record]) -> dict[str, str]:
    """Verdicts on tables without a law, and how many of the others are called a law."""
    figures = {}
    without = [record["verdict"] for record in records if not record["kind"].startswith("law")]
    for words, verdict in (("certified a law", LAW), (DESCRIPTION, DESCRIPTION), (NOTHING, NOTHING)):
        figures[f"without a law, {words}"] = f"{without.count(verdict)} of {len(without)}"
    parts = {
        "laws found": [record for record in records if record["right"] is True],
        "laws not found": [record for record in records if record["right"] is False],
        "measured tables": [record for record in records if record["kind"] == "law, measured"],
    }
    for name, part in parts.items():
        if part:
            figures[f"{name}, certified a law"] = f"{sum(r['verdict'] == LAW for r in part)} of {len(part)}"
    return figures


def line(record: Record) -> str:
    """One result in one line."""
    right = {None: "", True: " (right)", False: " (not the law)"}[record["right"]]
    size = f"{record['rows']} x {record['columns']}"
    outcome = record["reason"] if record["verdict"] == FAILED else record["formula"]
    return f"{record['name']:<22} {size:>8} {record['elapsed']:6.1f} s  {record['verdict']}{right}: {outcome}"


def read(folder: Path, seconds: float, seed: int) -> list[Record]:
    """Results of these settings that a folder holds, but for failures; a half-written last line is passed over.

    Raises
    ------
    StorageError
        If another line is no result.
    """
    path = folder / FILE
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    complete = text[: text.rfind("\n") + 1]
    if complete != text:
        path.write_text(complete, encoding="utf-8")
    records = []
    for number, entry in enumerate(complete.splitlines(), start=1):
        try:
            record = json.loads(entry)
            if (record["seconds"], record["seed"]) == (seconds, seed) and record["verdict"] != FAILED:
                records.append(record)
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path}, line {number}: not a result of this benchmark ({error})") from error
    return records


@app.default
def main(
    *,
    tables: Count = 50,
    laws: Count = 20,
    seconds: Seconds = 20.0,
    seed: Count = 0,
    out: Path | None = None,
    keep: bool = False,
) -> None:
    """Search tables without and with a law, and count the verdicts.

    Exit status 1 when a table without a law is certified one.

    Parameters
    ----------
    tables
        Tables without a law.
    laws
        Tables with a law.
    seconds
        Budget of each search.
    seed
        Draws the tables, and starts the searches.
    out
        Folder for results, a line of JSON each; those it holds already are not computed again.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    if not math.isfinite(seconds):
        sys.exit("--seconds must be finite")
    records = [] if out is None else read(out, seconds, seed)
    known = {record["name"] for record in records}
    wanted = [*lawless(tables, seed), *lawful(laws, seed)]
    records = [record for record in records if record["name"] in {table.name for table in wanted}]
    try:
        for table in wanted:
            if table.name in known:
                continue
            record = examine(table, seconds=seconds, seed=seed)
            records.append(record)
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                with (out / FILE).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
            print(line(record), flush=True)
    except KeyboardInterrupt:
        print(f"interrupted: {len(records)} of {len(wanted)} results")
    print("", *summary(records), sep="\n")
    if keep and len(records) == len(wanted):
        keep_figures("no_law", "Tables without a law", headlines(records))
    false = any(r["verdict"] == LAW and not r["kind"].startswith("law") for r in records)
    sys.exit(1 if false else 0)


if __name__ == "__main__":
    app()
