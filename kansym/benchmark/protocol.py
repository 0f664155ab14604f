"""How runs become comparisons: time to the same validation error, and error after the same time."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PROTOCOL = (
    "Same rows (1000 training, 1000 validation, noise-free, inputs scaled to [-1, 1], target standardised), same "
    "shape, grid and cubic splines, same number of threads, CPU.",
    "Clocks start when training starts: imports, data and construction are excluded for both, and each process first "
    "makes one small untimed run. Both times include the evaluation of the validation rows after each step.",
    "pykan: L-BFGS in speed mode, lamb 0, best step of at most the given number; float64 and float32 (its default), "
    "with and without its periodic grid updates. The target is the best validation RMSE of that very run.",
    "kansym: Levenberg-Marquardt in float64 with default options, from fresh starts that know nothing of the target; "
    "P starts are trained side by side. A run that does not reach the target counts as infinitely slow.",
    "Error after the same time: pykan's best validation RMSE by the moment kansym reached the target, or after its "
    "first step where that takes longer.",
    "Matching: planted curves of 21 primitives that both libraries hold. kansym fits each edge with every distinct "
    "primitive of its library, pykan with every entry of its own; both get the same points.",
)

Trace = Sequence[Sequence[float]]
"""Entries (wall seconds, CPU seconds, validation RMSE) in order of time."""


@dataclass(frozen=True)
class Comparison:
    """One run of pykan against kansym's runs on the same rows.

    Attributes
    ----------
    problem : str
    seed : int
    dtype : str
    update_grid : bool
        Settings of pykan.
    population : int
        Starts of kansym.
    target : float
        pykan's best validation RMSE.
    peer_seconds, own_seconds : float
        Wall time of each to the target; infinite where kansym does not reach it.
    peer_near, own_near : float
        Wall time of each to twice the target.
    peer_error : float
        pykan's RMSE after kansym's time to the target; nan where there is none.
    peer_cpu, own_cpu : float
        CPU time of each to the target, which other programs on the machine disturb less.
    own_best, own_total : float
        kansym's best RMSE and the wall time of its whole run.
    """

    problem: str
    seed: int
    dtype: str
    update_grid: bool
    population: int
    target: float
    peer_seconds: float
    own_seconds: float
    peer_near: float
    own_near: float
    peer_error: float
    peer_cpu: float
    own_cpu: float
    own_best: float
    own_total: float

    @property
    def speedup(self) -> float:
        """Time of pykan over time of kansym; 0 where kansym does not reach the target."""
        return self.peer_seconds / self.own_seconds

    @property
    def cpu_speedup(self) -> float:
        """The same in CPU time."""
        return self.peer_cpu / self.own_cpu

    @property
    def near_speedup(self) -> float:
        """The same to twice the target."""
        return self.peer_near / self.own_near


def best(trace: Trace) -> float:
    """Least finite error of a trace, infinite if there is none."""
    return min((entry[2] for entry in trace if math.isfinite(entry[2])), default=math.inf)


def time_to(trace: Trace, target: float, *, clock: int = 0) -> float:
    """Seconds (wall, or CPU for clock 1) to an error of at most `target`; infinite if it is never reached."""
    return next((entry[clock] for entry in trace if entry[2] <= target), math.inf)


def error_after(trace: Trace, seconds: float) -> float:
    """Best error within `seconds`, or within the first step after the start if that takes longer."""
    first = trace[1][0] if len(trace) > 1 else 0.0
    return best([entry for entry in trace if entry[0] <= max(seconds, first)])


def compare(peer: dict[str, Any], own: dict[str, Any]) -> Comparison:
    """Put a run of pykan beside a run of kansym."""
    target = best(peer["trace"])
    seconds = time_to(own["trace"], target)
    return Comparison(
        problem=peer["problem"],
        seed=peer["seed"],
        dtype=peer["dtype"],
        update_grid=peer["update_grid"],
        population=own["population"],
        target=target,
        peer_seconds=time_to(peer["trace"], target),
        own_seconds=seconds,
        peer_near=time_to(peer["trace"], 2 * target),
        own_near=time_to(own["trace"], 2 * target),
        peer_error=error_after(peer["trace"], seconds) if math.isfinite(seconds) else math.nan,
        peer_cpu=time_to(peer["trace"], target, clock=1),
        own_cpu=time_to(own["trace"], target, clock=1),
        own_best=best(own["trace"]),
        own_total=own["trace"][-1][0],
    )


def comparisons(results: Iterable[dict[str, Any]]) -> list[Comparison]:
    """Every training run of pykan against every run of kansym on the same problem and seed."""
    runs = [result for result in results if result["kind"] == "training"]
    return [
        compare(peer, own)
        for peer in runs
        for own in runs
        if (peer["tool"], own["tool"]) == ("pykan", "kansym")
        and (peer["problem"], peer["seed"]) == (own["problem"], own["seed"])
    ]


@dataclass(frozen=True)
class Spread:
    """Median and extremes over seeds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Of at least one number; infinities take part."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])


def as_records(found: Iterable[Comparison]) -> list[dict[str, Any]]:
    """Plain dictionaries for JSON, with infinite and undefined numbers as None."""
    records = []
    for comparison in found:
        record = asdict(comparison)
        record |= {name: getattr(comparison, name) for name in ("speedup", "cpu_speedup", "near_speedup")}
        records.append({k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()})
    return records
