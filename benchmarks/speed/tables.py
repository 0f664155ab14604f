"""The benchmark's tables in the terminal."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from benchmarks.speed.protocol import Comparison, Spread, best, time_to
from benchmarks.speed.samples import problem_named


def _figure(value: float, digits: int = 2) -> str:
    return "never" if value == float("inf") else f"{value:.{digits}g}"


def _spread(values: Iterable[float], digits: int = 2) -> str:
    spread = Spread.of(values)
    low, high = _figure(spread.low, digits), _figure(spread.high, digits)
    return f"{_figure(spread.median, digits)} ({low}..{high})"


def _factor(values: Iterable[float]) -> str:
    spread = Spread.of(values)
    return f"{spread.median:.0f}x ({spread.low:.0f}..{spread.high:.0f})"


def _title(name: str) -> str:
    problem = problem_named(name)
    return f"{name}, {problem.formula}: {list(problem.shape)}, grid {problem.grid}"


def training_tables(found: Sequence[Comparison]) -> list[Table]:
    """One table for each problem: time to pykan's best validation RMSE, medians over seeds, extremes in brackets."""
    return [_problem_table([c for c in found if c.problem == name]) for name in dict.fromkeys(c.problem for c in found)]


def _problem_table(found: Sequence[Comparison]) -> Table:
    seeds = len({c.seed for c in found})
    table = Table(title=f"{_title(found[0].problem)}; median (min..max) of {seeds} seeds", title_justify="left")
    headings = ("pykan", "its best RMSE", "after s", "kansym", "there after s", "reached", "faster", "in CPU time")
    for heading in (*headings, "to 2x RMSE", "pykan's RMSE then"):
        table.add_column(heading)
    groups: dict[tuple[str, bool], dict[int, list[Comparison]]] = {}
    for c in found:
        groups.setdefault((c.dtype, c.update_grid), {}).setdefault(c.population, []).append(c)
    for (dtype, update_grid), rows in groups.items():
        label = f"{dtype}, grid updates" if update_grid else dtype
        for position, (population, group) in enumerate(rows.items()):
            reached = [c for c in group if c.own_seconds < float("inf")]
            peer = (label, _spread(c.target for c in group), _spread(c.peer_seconds for c in group))
            table.add_row(
                *(peer if position == 0 else ("", "", "")),
                f"P={population}",
                _spread(c.own_seconds for c in group),
                f"{len(reached)} of {len(group)}",
                _factor(c.speedup for c in group),
                _factor(c.cpu_speedup for c in group),
                _factor(c.near_speedup for c in group),
                _spread(c.peer_error for c in reached) if reached else "-",
                end_section=position == len(rows) - 1,
            )
    return table


def own_training_table(results: Iterable[dict[str, Any]]) -> Table:
    """kansym's runs by themselves: best validation RMSE and time to it."""
    table = Table(
        title="kansym alone: best validation RMSE of a whole run, median (min..max) over seeds", title_justify="left"
    )
    for heading in ("problem", "starts", "RMSE", "s to twice that", "s in all"):
        table.add_column(heading)
    groups: dict[tuple[str, int], list[Any]] = {}
    for run in results:
        if run["kind"] == "training" and run["tool"] == "kansym":
            groups.setdefault((run["problem"], run["population"]), []).append(run["trace"])
    for (name, population), traces in sorted(groups.items()):
        table.add_row(
            name,
            f"P={population}",
            _spread(best(trace) for trace in traces),
            _spread(time_to(trace, 2 * best(trace)) for trace in traces),
            _spread(trace[-1][0] for trace in traces),
        )
    return table


def _right(flags: Sequence[bool] | None) -> str:
    return "-" if flags is None else f"{sum(flags)} of {len(flags)}"


def matching_table(results: Iterable[dict[str, Any]]) -> Table:
    """Edge-primitive fits a second, and how often the planted primitive comes first."""
    table = Table(title="Matching: planted curves of primitives that both libraries hold", title_justify="left")
    for heading in ("tool", "points", "curves", "functions", "s per edge", "fits/s", "right first", "by fit alone"):
        table.add_column(heading)
    for run in results:
        if run["kind"] != "matching":
            continue
        own = run["tool"] == "kansym"
        how = ("all edges at once" if run["batched"] else "edge by edge") if own else run["dtype"]
        per_edge = run["seconds"] / run["edges"]
        table.add_row(
            f"{run['tool']}, {how}",
            str(run["points"]),
            "splined" if run["splined"] else "exact",
            str(run["functions"]),
            f"{per_edge:.3g}",
            f"{run['functions'] / per_edge:.3g}",
            _right(run["right"]),
            _right(run.get("right_by_fit", run["right"])),
        )
    return table


def matching_ratios(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """kansym's fits a second over pykan's, for every pair of runs on the same curves and points."""
    runs = [run for run in results if run["kind"] == "matching"]

    def rate(run: dict[str, Any], clock: str) -> float:
        return run["edges"] * run["functions"] / run[clock]

    return [
        {
            "points": own["points"],
            "splined": own["splined"],
            "batched": own["batched"],
            "pykan_dtype": peer["dtype"],
            "ratio": rate(own, "seconds") / rate(peer, "seconds"),
            "cpu_ratio": rate(own, "cpu") / rate(peer, "cpu"),
        }
        for own in runs
        for peer in runs
        if (own["tool"], peer["tool"]) == ("kansym", "pykan")
        and (own["points"], own["splined"]) == (peer["points"], peer["splined"])
    ]


def headlines(report: dict[str, Any]) -> dict[str, str]:
    """How many times as fast kansym is, from the raw figures of a run: the range over settings of pykan."""
    figures = {}
    runs = report["comparisons"]
    for name, population in dict.fromkeys((run["problem"], run["population"]) for run in runs):
        groups: dict[Any, list[float]] = {}
        for run in runs:
            if (run["problem"], run["population"]) == (name, population):
                groups.setdefault((run["dtype"], run["update_grid"]), []).append(run["speedup"] or 0.0)
        starts = "one start" if population == 1 else f"{population} starts at once"
        figures[f"training {list(problem_named(name).shape)}, {starts}"] = _range(
            map(statistics.median, groups.values())
        )
    for entry in report["matching_ratios"]:
        if not entry["splined"]:
            how = "" if entry["batched"] else ", edge by edge"
            figures[f"matching{how}, {entry['points']} points, pykan in {entry['pykan_dtype']}"] = _range(
                [entry["ratio"]]
            )
    return figures


def _range(values: Iterable[float]) -> str:
    ordered = sorted(values)
    low, high = (f"{value:.0f}x" for value in (ordered[0], ordered[-1]))
    return low if low == high else f"{low} to {high}"
