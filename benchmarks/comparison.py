# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""kansym beside other tools on the same tables: measured ones, and known laws drawn by seed.

Every table goes through `kansym.compare`: the same rows, functions, seed and time for each tool, errors on rows that
none has seen, and the formula judged. A known law is recovered by the strict criterion of ``kansym bench``; a measured
one where the formula is the textbook's law with some constants, about as short and about as close to the rows::

    python -m benchmarks.comparison                                   # 8 tables, 20 laws, 30 s for each tool
    python -m benchmarks.comparison --with operon,pysr --laws 5       # fewer laws, other tools
    python -m benchmarks.comparison --out runs/comparison --jobs 2    # keeps results, goes on where it stopped
"""

import json
import multiprocessing
import statistics
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import make_problem
from kansym.bench.strict import strict
from kansym.comparison.peers import peer_named
from kansym.comparison.run import compare
from kansym.data.catalogue import load_dataset
from kansym.data.dataset import Dataset, make_dataset
from kansym.data.weights import mean_square, row_weights
from kansym.errors import ArgumentError, StorageError
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit
from kansym.validation.same_form import contains, probes

app = App(name="python -m benchmarks.comparison", help="kansym beside other tools.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

FILE = "comparison.jsonl"
CATALOGUE = "feynman"
ROWS = 2000

Record = dict[str, Any]
"""Of a tool on a table: "table", "kind", "seed", "budget", "tool", "recovered", "formula", "nodes", "seconds", "rms",
"held_out_rms", "beyond_rms", "spread", "same", "failure", "remark"."""


EXACT = 1e-6
"""Largest root-mean-square difference between a formula and the law with constants fitted to it, in units of the
spread of the formula at the points."""

AS_GOOD = 2.0
"""Largest residual on the rows in units of the fitted law's: rounder constants than the best ones pass."""

SMALL = 1e-3
"""Residual, in units of the weighted spread of the rows, that passes in any case: Kepler's law with a constant of
exactly 1 leaves ten times what 0.99937 leaves on the planets, and is the law."""

LENGTH = 1.5
"""Largest node count in units of the law's, as for known laws."""


@dataclass(frozen=True)
class MeasuredLaw:
    """The law of a table that comes with kansym.

    Attributes
    ----------
    table : str
        Name of the dataset.
    formula : str
        In its columns, and constants with starting values.
    constants : dict
    error : str or None
        Column of standard errors that the table is fitted with.
    """

    table: str
    formula: str
    constants: dict[str, float]
    error: str | None = None

    def dataset(self) -> Dataset:
        """The table."""
        return load_dataset(self.table, error=self.error)

    def is_recovered(self, formula: sympy.Expr, dataset: Dataset) -> bool:
        """Whether a formula is the law with some constants, about as short, and about as close to the rows."""
        variables = tuple(map(plain_symbol, dataset.names))
        symbols = tuple(map(plain_symbol, self.constants))
        expression = parse_expression(self.formula, (*dataset.names, *self.constants))
        start = np.array(list(self.constants.values()))
        law = ParametricForm(expression, variables, symbols, start)
        weights = row_weights(dataset)
        fitted = refit(law, dataset.X, dataset.y, weights=weights).form
        own = parametrize(formula, variables)
        values = own.evaluate(dataset.X)
        if not np.isfinite(values).all() or complexity(formula) > LENGTH * complexity(fitted.substituted()):
            return False
        residual, best = (np.sqrt(mean_square(v - dataset.y, weights)) for v in (values, fitted.evaluate(dataset.X)))
        points = probes(dataset.X, seed=0)
        at_points = own.evaluate(points)
        spread = float(np.std(at_points[np.isfinite(at_points)]))
        close = contains(fitted, formula, points, EXACT * spread, max_steps=200)
        mean = np.average(dataset.y, weights=weights)
        own_spread = np.sqrt(mean_square(dataset.y - mean, weights))
        return bool(close and residual <= max(AS_GOOD * best, SMALL * own_spread))


MEASURED_LAWS = (
    MeasuredLaw("boyle", "k/volume", {"k": 1400.0}),
    MeasuredLaw("capacitor", "V*exp(-r*time) + V0", {"V": 9.0, "r": 2.0, "V0": 0.1}),
    MeasuredLaw("cooling", "D*exp(-r*time) + T0", {"D": 70.0, "r": 0.02, "T0": 25.0}),
    MeasuredLaw("firas", "a*wavenumber**3/(exp(b*wavenumber) - 1)", {"a": 40.0, "b": 0.5}, "intensity_error"),
    MeasuredLaw("hydrogen", "R*(1/n1**2 - 1/n2**2)", {"R": 110000.0}),
    MeasuredLaw("kepler", "k*semi_major_axis**(3/2)", {"k": 1.0}),
    MeasuredLaw("mercury", "A*exp(-B/(temperature - C))", {"A": 1e7, "B": 6000.0, "C": 10.0}, "pressure_error"),
    MeasuredLaw("moseley", "c*(Z - s)**2", {"c": 8e-4, "s": 1.0}),
)
"""Boyle; discharge of a capacitor; Newton's cooling; Planck; Rydberg; Kepler; Antoine (Clausius and Clapeyron where
C = 0); Moseley."""


def drawn_laws(count: int, seed: int) -> list[str]:
    """Names of laws of the Feynman catalogue, drawn without looking at anything but their number."""
    names = [law.name for law in load_catalogue(CATALOGUE).laws]
    chosen = np.random.default_rng(seed).choice(len(names), size=min(count, len(names)), replace=False)
    return [names[index] for index in np.sort(chosen)]


def run_table(kind: str, name: str, seed: int, seconds: float, peers: Sequence[str]) -> list[Record]:
    """Compare on one table; one record per tool."""
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
    keep: bool = False,
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
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
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
                print(_line(record), flush=True)
    except KeyboardInterrupt:
        print(f"interrupted: {len({r['table'] for r in records})} of {len(plan)} tables")
    records = [record for record in records if (record["kind"], record["table"]) in set(plan)]
    for line in summary(records, ["kansym", *tools]):
        print(line)
    if keep and len({(record["kind"], record["table"]) for record in records}) == len(plan):
        keep_figures("comparison", "Other tools on the same tables", headlines(records, ["kansym", *tools]))
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


def headlines(records: Sequence[Record], tools: Sequence[str]) -> dict[str, str]:
    """Of every tool: what it recovered, its time, and its median error on rows that it has not seen."""
    figures = {}
    for tool in tools:
        own = [record for record in records if record["tool"] == tool]
        for name, kind in (("measured tables", "table"), ("laws", "law")):
            part = [record["recovered"] for record in own if record["kind"] == kind]
            if any(recovered is not None for recovered in part):
                figures[f"{tool}, {name}"] = f"{sum(map(bool, part))} of {len(part)}"
        figures[f"{tool}, seconds in all"] = f"{sum(record['seconds'] or 0.0 for record in own):.0f}"
        errors = [r["held_out_rms"] / r["spread"] for r in own if r["held_out_rms"] is not None and r["spread"] > 0]
        if errors:
            figures[f"{tool}, median error held out"] = f"{statistics.median(errors):.1e}"
    return figures


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


if __name__ == "__main__":
    try:
        sys.exit(app())
    except ArgumentError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
