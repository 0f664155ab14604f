"""Tables of millions of rows: memory, and seconds by stage, of a search from a file to the certificate.

::

    python -m benchmarks.large_tables                       # 10^7 rows x 10 columns of Parquet, some minutes
    python -m benchmarks.large_tables --rows 1000000 --kind npy --single
    python -m benchmarks.large_tables --peer                # Operon on the same file

A table of a known law with 1 % noise is written part after part into a temporary folder and searched in a process of
its own, whose peak is the memory that was needed. Exit status 1 where the law is not found, or its constant is not
within five errors.
"""

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym import DiscoveryOptions, certify, discover, read_table
from kansym.comparison.request import Request
from kansym.comparison.workers import operon
from kansym.optional import optional_module
from kansym.run.storage import save_run
from kansym.search.progress import Progress

app = App(name="python -m benchmarks.large_tables", help="Tables of millions of rows.", version_flags=[])

COLUMNS, CONSTANT, NOISE = 9, 6.674, 0.01
"""Inputs, constant of the law, and noise in units of the root mean square of the target."""

PART = 500_000
"""Rows that are drawn at a time."""

NAMES = [*(f"x{k}" for k in range(COLUMNS)), "y"]

FUNCTIONS = ("x", "x^2", "x^-1", "sqrt", "sin", "cos", "exp", "log")
"""What formulas of Operon may have."""

LONGEST_TEXT = 200

Count = Annotated[int, Parameter(validator=validators.Number(gte=1000))]


def law(X: np.ndarray) -> np.ndarray:
    """Newton's law, with six columns that have no part in it."""
    return CONSTANT * X[:, 0] * X[:, 3] / X[:, 5] ** 2


def parts(rows: int, seed: int) -> Iterator[np.ndarray]:
    """The table, inputs and target (n, 10), part after part."""
    rng = np.random.default_rng(seed)
    size = float(np.sqrt(np.mean(law(rng.uniform(1, 5, (PART, COLUMNS))) ** 2)))
    for first in range(0, rows, PART):
        X = rng.uniform(1, 5, (min(PART, rows - first), COLUMNS))
        yield np.column_stack([X, law(X) + NOISE * size * rng.normal(size=len(X))])


def write(path: Path, rows: int, seed: int, *, single: bool) -> None:
    """The table as a file, in single precision where that is asked for."""
    kind = np.float32 if single else np.float64
    if path.suffix == ".npy":
        out = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(rows, len(NAMES)))
        first = 0
        for part in parts(rows, seed):
            out[first : first + len(part)] = part
            first += len(part)
        out.flush()
        return
    arrow = optional_module("pyarrow", feature="Writing Parquet files", extra="io")
    parquet = optional_module("pyarrow.parquet", feature="Writing Parquet files", extra="io")
    schema = arrow.schema([(name, arrow.from_numpy_dtype(kind)) for name in NAMES])
    with parquet.ParquetWriter(path, schema) as out:
        for part in parts(rows, seed):
            columns = [np.ascontiguousarray(column, dtype=kind) for column in part.T]
            out.write_table(arrow.table(columns, names=NAMES))


def megabytes() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@app.command(show=False)
def worker(path: Path, *, seconds: float, seed: int) -> None:
    """Search a file and print what was measured as JSON."""
    before, stages = megabytes(), dict[str, tuple[float, float]]()
    clock = [(time.perf_counter(), time.process_time())]

    def passed(stage: str) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        so_far, since = stages.get(stage, (0.0, 0.0)), clock[0]
        stages[stage] = (so_far[0] + wall - since[0], so_far[1] + cpu - since[1])
        clock[0] = (wall, cpu)

    def watch(progress: Progress) -> None:
        passed("all rows" if progress.stage == "all rows" else "search")

    target = "y" if path.suffix == ".parquet" else f"x{COLUMNS}"
    dataset = read_table(path, target=target, seed=seed)
    passed("reading and sampling")
    # A busy machine takes longer and finds the same.
    options = DiscoveryOptions(max_seconds=seconds, seed=seed, deterministic=True)
    found = discover(dataset, options, progress=watch)
    passed("all rows")
    certificate = certify(found, options=options)
    passed("certificate")
    with tempfile.TemporaryDirectory() as folder:
        save_run(found, folder, options=options, certificate=certificate)
        kept = sum(file.stat().st_size for file in Path(folder).iterdir())
    passed("saving")
    (constant,) = found.formula.constants if len(found.formula.constants) == 1 else (None,)
    x = [sympy.Symbol(f"x{k}") for k in range(COLUMNS)]
    known = {symbol: x[int(str(symbol)[1:])] for symbol in found.formula.expression.free_symbols}
    shape = found.formula.expression.xreplace(known)
    record = {
        "formula": str(found.formula),
        "verdict": certificate.verdict.kind,
        "right": bool(sympy.simplify(shape / (x[0] * x[3] / x[5] ** 2)).is_number),
        "off": None if constant is None or not constant.error else (constant.value - CONSTANT) / constant.error,
        "error": None if constant is None else constant.error,
        "rows": certificate.fit.rows,
        "stages": stages,
        "interpreter": before,
        "peak": megabytes(),
        "kept": kept / 2**20,
    }
    print(json.dumps(record))


@app.command(show=False)
def peer(path: Path, *, seconds: float, seed: int) -> None:
    """Search a file with Operon, which takes a whole table, and print what was measured as JSON."""
    begin = time.perf_counter()
    data = pandas.read_parquet(path).to_numpy() if path.suffix == ".parquet" else np.load(path)
    X, y = np.ascontiguousarray(data[:, :COLUMNS], dtype=float), np.ascontiguousarray(data[:, COLUMNS], dtype=float)
    del data
    read = time.perf_counter()
    nothing = np.zeros((0, COLUMNS))
    request = Request(X, y, None, nothing, (None,) * COLUMNS, None, FUNCTIONS, seconds, seed, path.parent)
    said: list[str] = []
    answer = operon.search(request, said.append)
    record = {
        "formula": answer.formulas[answer.pick or 0].expression,
        "version": answer.version,
        "progress": said[-1] if said else "no generation",
        "reading": read - begin,
        "searching": time.perf_counter() - read,
        "peak": megabytes(),
    }
    print(json.dumps(record))


def _beside(path: Path, seconds: float, seed: int) -> dict[str, str]:
    """What Operon makes of the same file in so many seconds."""
    command = [sys.executable, "-m", "benchmarks.large_tables", "peer", str(path)]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {"Operon": f"ended with status {done.returncode}"}
    record = json.loads(done.stdout.splitlines()[-1])
    reading, searching = record["reading"], record["searching"]
    return {
        f"Operon {record['version']}": f"`{record['formula'][:LONGEST_TEXT]}`, {record['progress']}",
        "Operon, seconds": f"{reading:.1f} s reading, {searching:.1f} s searching, of {seconds:g} s",
        "Operon, peak memory": f"{record['peak']:.0f} MB",
    }


@app.default
def main(
    *,
    rows: Count = 10_000_000,
    kind: Literal["parquet", "npy"] = "parquet",
    single: bool = False,
    seconds: float = 40.0,
    seed: int = 0,
    peer: bool = False,
    keep: bool = False,
) -> None:
    """Write a table, search it, and print memory and seconds by stage.

    Parameters
    ----------
    rows
        Of the table, which has ten columns.
    kind
        Of the file.
    single
        Write single precision.
    seconds
        Budget of the search, in seconds of work, the last fit included.
    seed
        Draws the table and the sample.
    peer
        Search the same file with Operon, for as long as the search took from reading to saving.
    keep
        Keep the figures for the pages.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        start = time.perf_counter()
        write(path, rows, seed, single=single)
        size = path.stat().st_size / 2**20
        print(
            f"{rows:,} rows x {len(NAMES)} columns, {size:,.0f} MB, written in {time.perf_counter() - start:.0f} s",
            flush=True,
        )
        command = [sys.executable, "-m", "benchmarks.large_tables", "worker", str(path)]
        command += ["--seconds", str(seconds), "--seed", str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        record = json.loads(done.stdout.splitlines()[-1])
        taken = sum(wall for wall, _ in record["stages"].values())
        others = _beside(path, math.ceil(taken), seed) if peer else {}
    figures = {
        "formula": f"`{record['formula']}`, {record['verdict']}, {record['rows']:,} rows",
        "constant": f"off by {record['off']:+.1f} standard errors of {record['error']:.2g}"
        if record["off"] is not None
        else "-",
        **{stage: f"{wall:.1f} s, {cpu:.1f} s of a core" for stage, (wall, cpu) in record["stages"].items()},
        "all": "{:.1f} s, {:.1f} s of a core".format(*map(sum, zip(*record["stages"].values(), strict=True))),
        "peak memory": f"{record['peak']:.0f} MB, {record['interpreter']:.0f} MB of them after importing kansym",
        "kept of the run": f"{record['kept']:.1f} MB",
        **others,
    }
    for name, value in figures.items():
        print(f"{name:<22} {value}")
    if keep:
        keep_figures("large_tables", "Files of millions of rows", figures)
    sys.exit(0 if record["right"] and record["off"] is not None and abs(record["off"]) < 5 else 1)


if __name__ == "__main__":
    app()
