"""kansym beside other tools on the same tables: measured ones, and known laws drawn by seed.

Every table goes through `kansym.compare`: the same rows, functions, seed and time for each tool, errors on rows that
none has seen, and the formula judged. A known law is recovered by the strict criterion of ``kansym bench``; a measured
one where the formula is the textbook's law with some constants, about as short and about as close to the rows::

    python -m kansym.benchmark.comparison                                   # 8 tables, 20 laws, 30 s for each tool
    python -m kansym.benchmark.comparison --with operon,pysr --laws 5       # fewer laws, other tools
    python -m kansym.benchmark.comparison --out runs/comparison --jobs 2    # keeps results, goes on where it stopped
"""

import json
import multiprocessing
import statistics
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter, validators

from kansym.errors import ArgumentError, StorageError

app = App(name="python -m kansym.benchmark.comparison", help="kansym beside other tools.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

FILE = "comparison.jsonl"
CATALOGUE = "feynman"
ROWS = 2000

Record = dict[str, Any]
"""Of a tool on a table: "table", "kind", "seed", "budget", "tool", "recovered", "formula", "nodes", "seconds", "rms",
"held_out_rms", "beyond_rms", "spread", "same", "failure", "remark"."""


def drawn_laws(count: int, seed: int) -> list[str]:
    """Names of laws of the Feynman catalogue, drawn without looking at anything but their number."""
    from kansym.bench.catalogue import load_catalogue

    names = [law.name for law in load_catalogue(CATALOGUE).laws]
    chosen = np.random.default_rng(seed).choice(len(names), size=min(count, len(names)), replace=False)
    return [names[index] for index in np.sort(chosen)]


def run_table(kind: str, name: str, seed: int, seconds: float, peers: Sequence[str]) -> list[Record]:
    """Compare on one table; one record per tool."""
    from kansym.bench.catalogue import load_catalogue
    from kansym.bench.problem import make_problem
    from kansym.bench.strict import strict
    from kansym.benchmark.measured_laws import MEASURED_LAWS
    from kansym.comparison.run import compare
    from kansym.data.dataset import make_dataset
    from kansym.search.options import DiscoveryOptions

    if kind == "law":
        problem = make_problem(load_catalogue(CATALOGUE)[name], rows=ROWS, seed=seed)
        dataset = make_dataset(problem.X, problem.y, names=list(problem.names), target="y")

        def is_recovered(formula: Any) -> bool:
            return strict(formula, problem).recovered

    else:
        (measured,) = (law for law in MEASURED_LAWS if law.table == name)
        dataset = measured.dataset()

        def is_recovered(formula: Any) -> bool:
            return measured.is_recovered(formula, dataset)

    options = DiscoveryOptions(max_seconds=seconds, seed=seed, device="cpu")
    comparison = compare(dataset, peers=peers, options=options)
    if comparison.interrupted:
        raise KeyboardInterrupt
    records = []
    for result in comparison.tools:
        recovered = None
        if result.expression is not None:
            recovered = is_recovered(result.expression)
        records.append(
            {
                "table": name,
                "kind": kind,
                "seed": seed,
                "budget": seconds,
                "tool": result.tool,
                "recovered": recovered,
                "formula": result.formula,
                "nodes": result.complexity,
                "seconds": result.seconds,
                "rms": result.rms,
                "held_out_rms": result.held_out_rms,
                "beyond_rms": result.beyond_rms,
                "spread": comparison.spread,
                "same": None if result.same is None else str(result.same.kind),
                "failure": result.failure,
                "remark": result.remark,
            }
        )
    return records


@app.default
def main(
    *,
    peers: Annotated[str, Parameter(name="--with")] = "operon,gplearn,mlp",
    laws: Count = 20,
    tables: bool = True,
    seconds: Seconds = 30.0,
    seed: Count = 0,
    jobs: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1,
    out: Path | None = None,
) -> int:
    """Run the comparison and print one table.

    Parameters
    ----------
    peers
        Tools, separated by commas.
    laws
        Known laws, drawn by seed.
    tables
        Whether the measured tables are in it.
    seconds
        For each tool on each table.
    seed
        Of the draw, the rows and the tools.
    jobs
        Worker processes, one thread each.
    out
        Folder for comparison.jsonl. The same command goes on where it stopped.
    """
    from kansym.benchmark.measured_laws import MEASURED_LAWS
    from kansym.comparison.peers import peer_named

    tools = [peer_named(name.strip()).name for name in peers.split(",") if name.strip()]
    plan = [("table", law.table) for law in MEASURED_LAWS] if tables else []
    plan += [("law", name) for name in drawn_laws(laws, seed)]
    known = _read(out, seconds, seed, tools)
    records = [record for found in known.values() for record in found]
    missing = [entry for entry in plan if entry not in known]
    try:
        for found in _run(missing, seed, seconds, tools, jobs):
            records += found
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                with (out / FILE).open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(record) + "\n" for record in found)
            for record in found:
                _write(_line(record))
    except KeyboardInterrupt:
        _write(f"interrupted: {len({r['table'] for r in records})} of {len(plan)} tables")
    records = [record for record in records if (record["kind"], record["table"]) in set(plan)]
    for line in summary(records, ["kansym", *tools]):
        _write(line)
    return 0


def _run(
    plan: Sequence[tuple[str, str]], seed: int, seconds: float, tools: Sequence[str], jobs: int
) -> Iterable[list[Record]]:
    if jobs == 1:
        for kind, name in plan:
            yield run_table(kind, name, seed, seconds, tools)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(run_table, kind, name, seed, seconds, tools) for kind, name in plan]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def summary(records: Sequence[Record], tools: Sequence[str]) -> list[str]:
    """Tables against tools: recovered, in which time, and who is nearest on unseen rows."""
    lines = ["", "recovered (seconds), by table"]
    names = list(dict.fromkeys((record["kind"], record["table"]) for record in records))
    by_key = {(record["kind"], record["table"], record["tool"]): record for record in records}
    width = max((len(name) for _, name in names), default=5)
    lines.append("  ".join([" " * width, *(f"{tool:>16}" for tool in tools)]))
    for kind, name in names:
        cells = [_cell(by_key.get((kind, name, tool))) for tool in tools]
        lines.append("  ".join([name.ljust(width), *(f"{cell:>16}" for cell in cells)]))
    lines.append("")
    for title, kind in (("measured tables", "table"), ("laws", "law"), ("together", None)):
        for tool in tools:
            part = [r for r in records if r["tool"] == tool and kind in (None, r["kind"])]
            if part:
                lines.append(f"{title:<16}{tool:<10}{_totals(part, records)}")
    return lines


def _cell(record: Record | None) -> str:
    if record is None:
        return "-"
    time = "" if record["seconds"] is None else f" ({record['seconds']:.1f})"
    if record["failure"]:
        return f"failed{time}"
    return f"{ {True: 'yes', False: 'no', None: '.'}[record['recovered']] }{time}"


def _totals(part: Sequence[Record], records: Sequence[Record]) -> str:
    times = [record["seconds"] for record in part if record["seconds"] is not None]
    judged = [record for record in part if record["recovered"] is not None]
    words = f"recovered {sum(r['recovered'] for r in judged)} of {len(part)}" if judged else "no formulas"
    if times:
        words += f", {statistics.median(times):.1f} s in the median, {sum(times):.0f} s in all"
    for field, where in (("held_out_rms", "held out"), ("beyond_rms", "beyond the box")):
        errors = [r[field] / r["spread"] for r in part if r[field] is not None and r["spread"] > 0]
        if errors:
            words += f"; median error {where} {statistics.median(errors):.1e}"
    failed = sum(bool(record["failure"]) for record in part)
    return words + (f"; failed on {failed}" if failed else "")


def _line(record: Record) -> str:
    state = {True: "recovered", False: "no", None: "-"}[record["recovered"]]
    what = f"failed: {record['failure']}" if record["failure"] else record["formula"]
    seconds = "" if record["seconds"] is None else f"{record['seconds']:.1f} s"
    return f"{record['table']:<12} {record['tool']:<8} {state:<10} {seconds:>7}  {what[:150]}"


def _read(out: Path | None, seconds: float, seed: int, tools: Sequence[str]) -> dict[tuple[str, str], list[Record]]:
    """Tables that have a record of every tool."""
    if out is None or not (out / FILE).exists():
        return {}
    found: dict[tuple[str, str], list[Record]] = {}
    for number, line in enumerate((out / FILE).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            if record["budget"] == seconds and record["seed"] == seed:
                found.setdefault((record["kind"], record["table"]), []).append(record)
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{out / FILE}, line {number}: not a result of this benchmark ({error})") from error
    wanted = {"kansym", *tools}
    return {
        key: [record for record in records if record["tool"] in wanted]
        for key, records in found.items()
        if wanted <= {record["tool"] for record in records}
    }


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(app())
    except ArgumentError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
