"""`compare`: kansym and its peers on the same rows, one after the other."""

import importlib.metadata
import json
import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from kansym._renamed import renamed_arguments
from kansym.comparison.agreement import agreeing_row, equal_by_algebra
from kansym.comparison.description import bits_of
from kansym.comparison.hall_of_fame import HallOfFame, read_hall_of_fame
from kansym.comparison.memory import peak_memory
from kansym.comparison.peer_formulas import front_points, read_formula, readable, rms, simplified, values_of
from kansym.comparison.peers import Peer, is_installed, peer_named
from kansym.comparison.process import MissingPeerError, PeerProcess, start_up_of
from kansym.comparison.request import Answer, PeerError, Request, safe_names
from kansym.comparison.result import Comparison, ToolResult
from kansym.comparison.split import Split
from kansym.data.dataset import Dataset
from kansym.data.given_table import given_table
from kansym.data.weights import row_weights
from kansym.errors import ArgumentError, StorageError
from kansym.search.discovery import discover
from kansym.search.front import ParetoFront
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import Progress
from kansym.search.results import Discovery
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import to_latex
from kansym.symbolic.same import compare_formulas
from kansym.symbolic.serialization import to_tree
from kansym.symbolic.text import to_text

logger = logging.getLogger(__name__)

CompareProgress = Callable[[str, str], None]
"""Takes the name of the tool at work, and a line of text."""

KANSYM = "kansym"
PYSR_FILE = "pysr (file)"
INTERRUPTED = "interrupted"

DEFAULT_PEERS = ("pysr", "operon", "mlp")


@renamed_arguments(dataset="table")
def compare(
    table: Any,
    *,
    target: str | int | None = None,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    peers: Sequence[str] = DEFAULT_PEERS,
    options: DiscoveryOptions | None = None,
    pysr_csv: str | Path | None = None,
    found: Discovery | Formula | None = None,
    front: ParetoFront | None = None,
    progress: CompareProgress | None = None,
) -> Comparison:
    """Run kansym and other tools on the same rows, and say whether they found the same formula.

    Every tool gets the same rows, weights, units where it takes them, seed, functions as far as it has them, one
    thread, and as much time. From 20 rows on a fifth are held out, and from 50 on the outermost tenth besides: no tool
    sees those. Peers run in processes of their own; whatever one of them does costs no more than its own entry.

    Parameters
    ----------
    table : Dataset, DataFrame, path-like, name of a shipped table, or mapping of name to values
    target : str or int, optional
        The column to explain; a Dataset and a shipped table have one.
    error, x_error, columns : optional
        Which columns are errors, and which are inputs, as of `kansym.read_table`.
    peers : sequence of str, default ("pysr", "operon", "mlp")
        Of "pysr", "operon", "gplearn", "pykan", "mlp".
    options : DiscoveryOptions, optional
        Budget (of each tool), seed and primitives for all; the rest is kansym's.
    pysr_csv : path-like, optional
        A hall of fame that PySR wrote elsewhere, ``hall_of_fame.csv``; its formulas are compared without running PySR.
    found : Discovery or Formula, optional
        What kansym has found already on all rows of this table: it is not run again, nothing is held out, and peers
        get all rows as well.
    front : ParetoFront, optional
        To go with a formula that is given as `found`.
    progress : callable, optional
        Called with the name of the tool at work and a line of text.

    Returns
    -------
    Comparison
        Ctrl-C ends it with what is there; see `Comparison.interrupted`.

    Raises
    ------
    ArgumentError
        If a peer is not known.
    DataError
        If the table cannot be searched, or the hall of fame not be read.
    """
    dataset = given_table(table, target=target, error=error, x_error=x_error, columns=columns)
    return run_comparison(
        dataset, peers=peers, options=options, pysr_csv=pysr_csv, found=found, front=front, progress=progress
    )[0]


def run_comparison(
    dataset: Dataset,
    *,
    peers: Sequence[str] = DEFAULT_PEERS,
    options: DiscoveryOptions | None = None,
    pysr_csv: str | Path | None = None,
    found: Discovery | Formula | None = None,
    front: ParetoFront | None = None,
    progress: CompareProgress | None = None,
) -> tuple[Comparison, Discovery | Formula]:
    """`compare`, and what kansym found: its discovery on the fitted rows, or `found`."""
    tools = [peer_named(name) for name in dict.fromkeys(peers)]
    options = options or DiscoveryOptions()
    if found is not None and options.given is not None:
        raise ArgumentError("given and found exclude each other: what is found has been searched")
    report = progress or (lambda tool, text: None)
    hall = None if pysr_csv is None else read_hall_of_fame(pysr_csv, dataset.names)
    split = Split.of(dataset, seed=options.seed) if found is None else Split.all_rows(dataset.n_rows)
    table = _Table(dataset, split, row_weights(dataset))
    interrupted = False
    searched: dict[str, Any] = {}
    if found is None:
        search: Discovery = discover(table.fitted, options, progress=_words(report))
        found, interrupted = search, search.interrupted
        searched = {"peak_memory": peak_memory()}
        if not interrupted:
            report(KANSYM, "measuring how long it takes to start")
            searched["start_up"] = start_up_of("kansym.search.discovery")
    pick = found.expression if isinstance(found, Formula) else found.formula.expression
    results = [replace(_own(found, front, table), **searched)]
    if hall is not None:
        results.append(_from_file(hall, pick, table, options))
    for peer in tools:
        if interrupted:
            results.append(ToolResult(peer.name, failure="not run: interrupted"))
            continue
        try:
            results.append(_run(peer, pick, table, options, report))
        except KeyboardInterrupt:
            results.append(ToolResult(peer.name, failure=INTERRUPTED))
            interrupted = True
    y = dataset.y[split.fitted]
    comparison = Comparison(
        tools=tuple(results),
        target=dataset.target,
        y_units=dataset.y_units,
        rows=len(split.fitted),
        held_out_rows=len(split.held_out),
        beyond_rows=len(split.beyond),
        spread=float(np.std(y)),
        seconds=options.max_seconds,
        seed=options.seed,
        interrupted=interrupted,
    )
    return comparison, found


@dataclass(frozen=True, eq=False)
class _Table:
    """The table and its split."""

    dataset: Dataset
    split: Split
    weights: np.ndarray | None

    @property
    def fitted(self) -> Dataset:
        return self.dataset.take(self.split.fitted)

    def part(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        return self.dataset.X[index], self.dataset.y[index], None if self.weights is None else self.weights[index]

    def errors(self, values: np.ndarray) -> dict[str, Any]:
        """Residuals on the three parts, from values (n,) on all rows."""
        found = {}
        for name, index in (
            ("rms", self.split.fitted),
            ("held_out_rms", self.split.held_out),
            ("beyond_rms", self.split.beyond),
        ):
            _, y, weights = self.part(index)
            found[name] = rms(values[index], y, weights)
        return found


def _words(report: CompareProgress) -> Callable[[Progress], None]:
    def say(progress: Progress) -> None:
        best = "" if progress.best is None else f"; best: {progress.best}"
        report(KANSYM, f"{progress.stage}: {progress.message}{best}")

    return say


def _own(found: Discovery | Formula, front: ParetoFront | None, table: _Table) -> ToolResult:
    formula = found if isinstance(found, Formula) else found.formula
    if front is None and not isinstance(found, Formula):
        front = found.front
    X, y, weights = table.part(table.split.fitted)
    names = table.dataset.names
    others = [] if front is None else [one.expression for one in front]
    return ToolResult(
        tool=KANSYM,
        version=_version(),
        formula=to_text(formula.expression),
        latex=to_latex(formula.expression),
        tree=_tree(formula.expression),
        complexity=formula.complexity,
        bits=bits_of(formula.expression, table.fitted),
        seconds=None if isinstance(found, Formula) else found.seconds,
        front=front_points([formula.expression, *others], names, X, y, weights),
        remark=INTERRUPTED if isinstance(found, Discovery) and found.interrupted else "",
        **table.errors(values_of(formula.expression, names, table.dataset.X)),
    )


def _tree(expression: sympy.Expr) -> str:
    try:
        return json.dumps(to_tree(expression), separators=(",", ":"))
    except StorageError:
        # A peer may have functions that kansym has not; its text is there.
        return ""


def _version() -> str:
    try:
        return importlib.metadata.version("kansym")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _run(peer: Peer, pick: sympy.Expr, table: _Table, options: DiscoveryOptions, report: CompareProgress) -> ToolResult:
    """A peer's entry; whatever goes wrong is in it."""
    if not is_installed(peer):
        return ToolResult(peer.name, failure=f"not installed: {peer.install}", missing=True)
    X, y, weights = table.part(table.split.fitted)
    dataset = table.dataset
    with tempfile.TemporaryDirectory(prefix="kansym-compare-", ignore_cleanup_errors=True) as folder:
        request = Request(
            X=X,
            y=y,
            weights=weights,
            points=dataset.X,
            units=dataset.units,
            y_unit=dataset.y_units,
            functions=tuple(options.primitives),
            seconds=options.max_seconds,
            seed=options.seed,
            folder=Path(folder),
        )
        start, process = time.monotonic(), PeerProcess(peer)
        try:
            with process:
                answer = process.ask(request, lambda text: report(peer.name, text))
            return _measured(peer.name, answer, pick, table, options)
        except MissingPeerError as error:
            return ToolResult(peer.name, failure=str(error), missing=True)
        except PeerError as error:
            logger.info("%s failed: %s", peer.name, error)
            seconds = max(0.0, time.monotonic() - start - process.start_up)
            return ToolResult(
                peer.name,
                failure=str(error),
                seconds=seconds,
                start_up=process.start_up,
                peak_memory=process.peak_memory,
            )


def _measured(tool: str, answer: Answer, pick: sympy.Expr, table: _Table, options: DiscoveryOptions) -> ToolResult:
    """An answer, measured as kansym's own is."""
    base = ToolResult(
        tool,
        version=answer.version,
        seconds=answer.seconds,
        start_up=answer.start_up,
        parameters=answer.parameters,
        remark=answer.remark,
        peak_memory=answer.peak_memory,
    )
    if not answer.formulas:
        if answer.predictions is None or answer.predictions.shape != (table.dataset.n_rows,):
            raise PeerError("predicted other rows than it was asked for")
        if not np.isfinite(answer.predictions).any():
            raise PeerError("predicted nothing but NaN")
        return replace(base, **table.errors(answer.predictions))
    safe, names = safe_names(table.dataset.n_columns), table.dataset.names
    read = readable(answer.formulas, safe, names)
    chosen = answer.pick if answer.pick is not None else len(answer.formulas) - 1
    if chosen not in read:
        # Says what is wrong with the pick.
        read_formula(answer.formulas[chosen].expression, safe, names)
    counts = {number: formula.complexity for number, formula in enumerate(answer.formulas)}
    return replace(base, **_of_formula(read, chosen, counts, pick, table, options))


def _of_formula(
    rows: dict[int, sympy.Expr],
    chosen: int,
    counts: dict[int, float | None],
    pick: sympy.Expr,
    table: _Table,
    options: DiscoveryOptions,
) -> dict[str, Any]:
    """What is said of the formula that a peer picked among the rows of its front."""
    names, fitted = table.dataset.names, table.fitted
    X, y, weights = table.part(table.split.fitted)
    shorter = simplified(rows[chosen], names, X)
    errors = table.errors(values_of(shorter, names, table.dataset.X))
    if errors["rms"] == np.inf:
        raise PeerError(f"its formula {to_text(shorter)[:200]} has no finite value on all rows")
    same = compare_formulas(pick, shorter, X, y, names, weights=weights, seed=options.seed)
    agrees = same.kind.same_form
    return {
        "formula": to_text(shorter),
        "latex": to_latex(shorter),
        "tree": _tree(shorter),
        "complexity": complexity(shorter),
        "bits": bits_of(shorter, fitted),
        "front": front_points([shorter, *rows.values()], names, X, y, weights),
        "same": same,
        "algebra": equal_by_algebra(pick, shorter),
        "agreeing": agreeing_row(
            rows, chosen, shorter, counts, pick, names, X, y, weights, pick_agrees=agrees, seed=options.seed
        ),
        **errors,
    }


def _from_file(hall: HallOfFame, pick: sympy.Expr, table: _Table, options: DiscoveryOptions) -> ToolResult:
    base = ToolResult(PYSR_FILE, remark="; ".join(hall.remarks))
    rows = dict(enumerate(hall.expressions))
    counts = {number: formula.complexity for number, formula in enumerate(hall.formulas)}
    try:
        return replace(base, **_of_formula(rows, hall.pick, counts, pick, table, options))
    except PeerError as error:
        return replace(base, failure=str(error))
