"""What is run, and how runs become comparisons: time to the same validation error, error after the same time."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.speed.samples import PROBLEMS

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

POPULATIONS = (1, 4)
"""Starts that kansym trains side by side."""


@dataclass(frozen=True)
class Settings:
    """Size of a benchmark.

    Attributes
    ----------
    seeds : int, default 3
        Data sets and starts per problem.
    threads : int, default 1
        For both tools.
    steps : int, default 50
        L-BFGS steps of pykan, of up to 20 inner iterations each; it may reach its best at any of them.
    kansym_steps : int, default 200
        Levenberg-Marquardt steps of kansym at most.
    points, many_points : int, default 200 and 1000
        Points per edge in matching. pykan's cost is proportional to them, so that the larger number, that of the
        training rows, is timed on one edge only; 0 to leave it out.
    edges : int or None, default None
        Planted edges that pykan matches; None for all.
    kinds : tuple of {"training", "matching"}
    """

    seeds: int = 3
    threads: int = 1
    steps: int = 50
    kansym_steps: int = 200
    points: int = 200
    many_points: int = 1000
    edges: int | None = None
    kinds: tuple[str, ...] = ("training", "matching")


def _matching(points: int, **variants: Any) -> dict[str, Any]:
    return {"kind": "matching", "seed": 0, "points": points, "splined": False, **variants}


def _training_requests(settings: Settings, problem: str) -> list[tuple[str, str, list[dict[str, Any]]]]:
    def runs(steps: int, **variants: Any) -> list[dict[str, Any]]:
        common = {"kind": "training", "problem": problem, "steps": steps}
        return [{**common, "seed": seed, **variants} for seed in range(settings.seeds)]

    own = [job for count in POPULATIONS for job in runs(settings.kansym_steps, population=count)]
    fixed, moving = runs(settings.steps, update_grid=False), runs(settings.steps, update_grid=True)
    return [("kansym", "float64", own), ("pykan", "float64", fixed + moving), ("pykan", "float32", fixed)]


def _matching_requests(settings: Settings) -> list[tuple[str, str, list[dict[str, Any]]]]:
    few, many = settings.points, settings.many_points
    own = [_matching(few, batched=True), _matching(few, batched=True, splined=True), _matching(few, batched=False)]
    double = [_matching(few, edges=settings.edges), _matching(few, edges=settings.edges, splined=True)]
    single = [_matching(few, edges=min(settings.edges or 4, 4))]
    if many:
        own.append(_matching(many, batched=True))
        single.append(_matching(many, edges=1))
    return [("kansym", "float64", own), ("pykan", "float64", double), ("pykan", "float32", single)]


def requests(settings: Settings) -> list[dict[str, Any]]:
    """Requests for the workers: kansym, pykan in float64 and in float32 (its default), problem by problem.

    The tools take turns so that both meet about the same load of the machine.
    """
    parts: list[tuple[str, str, list[dict[str, Any]]]] = []
    if "training" in settings.kinds:
        for problem in PROBLEMS:
            parts += _training_requests(settings, problem.name)
    if "matching" in settings.kinds:
        parts += _matching_requests(settings)
    return [{"tool": tool, "dtype": dtype, "threads": settings.threads, "jobs": jobs} for tool, dtype, jobs in parts]


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
