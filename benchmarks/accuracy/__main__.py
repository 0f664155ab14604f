"""How accurate is a network after the same time, beside pykan, layers in the style of efficient-kan, and jaxkan?

::

    python -m benchmarks.accuracy                      # ten targets, three seeds
    python -m benchmarks.accuracy --targets jv,product --seeds 0

Every tool gets the same rows without noise, the same time of one core, and the same two shapes for each target; it is
trained as its own documentation says. With the first seed all its shapes and ways of training are tried, each with the
whole time, and the best by the validation rows goes on to the other seeds. Tools take turns, target by target. Errors
are those on 2,000 test rows, of the state that was best by the validation rows, in units of the target's spread;
medians over the seeds. "Sooner" is how many times as long as kansym a tool took to the error
on the validation rows that it ended with.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

from benchmarks.accuracy import summary
from benchmarks.accuracy.summary import OWN, Entries, Row
from benchmarks.accuracy.targets import TARGETS, Target, target_named
from benchmarks.machine import cpu_model
from benchmarks.pace.side import HERE, Side
from benchmarks.table import keep as keep_figures

TOOLS = {OWN: "kansym", "pykan": "pykan", "efficient": "efficient-kan style", "jaxkan": "jaxkan"}
"""Tools, and what the table calls them."""

app = App(name="python -m benchmarks.accuracy", help="Accuracy at equal time.", version_flags=[])

Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]


@app.default
def main(*, seconds: Seconds = 10.0, seeds: str = "0,1,2", targets: str | None = None, keep: bool = False) -> None:
    """Train, print a line for each target and the counts.

    Parameters
    ----------
    seconds
        Time of the processor for each training.
    seeds
        Of rows and starts, with commas between.
    targets
        Names, with commas between; all by default.
    keep
        Keep the figures in benchmarks/results, for the table of the pages.
    """
    chosen = [target_named(name) for name in targets.split(",")] if targets else list(TARGETS)
    numbers = [int(seed) for seed in seeds.split(",")]
    print(f"{cpu_model()}, one core; {seconds:g} s for each training, seeds {seeds}")
    rows, figures = [], {}
    with ExitStack() as stack:
        sides = {tool: stack.enter_context(Side(_WORKER, HERE)) for tool in TOOLS}
        for target in chosen:
            traces, failures = _traces(sides, target, numbers, seconds)
            rows.append(summary.row(target.name, traces))
            figures[f"{target.name}, {target.formula}"] = _line(rows[-1])
            print(f"{target.name:13} {_line(rows[-1])}", *failures, sep="\n    ", flush=True)
    for peer in [None, *(tool for tool in TOOLS if tool != OWN)]:
        name = "the best of the others" if peer is None else TOOLS[peer]
        figures[f"beside {name}"] = ", ".join(f"{what} {n}" for what, n in summary.counts(rows, peer).items())
        print(f"beside {name}: {figures[f'beside {name}']}")
    if keep:
        keep_figures("accuracy", "Accuracy at equal time", figures)


_WORKER = Path(__file__).with_name("worker.py")


def _traces(
    sides: dict[str, Side], target: Target, seeds: Sequence[int], seconds: float
) -> tuple[dict[str, list[Entries | None]], list[str]]:
    """Entries of each tool and seed, None where it failed, and what it said then; tools alternate."""
    traces: dict[str, list[Entries | None]] = {tool: [] for tool in sides}
    failures: list[str] = []
    ways: dict[str, dict[str, Any]] = {}
    for seed in seeds:
        for tool, side in sides.items():
            request = {"tool": tool, "target": target.name, "seed": seed, "seconds": seconds}
            tried = [ways[tool]] if tool in ways else _all_ways(side, tool, target)
            answers = [(side.ask(**request, **way), way) for way in tried]
            failures += [f"{TOOLS[tool]}, seed {seed}: {one['failed']}"[:200] for one, _ in answers if "failed" in one]
            found, ways[tool] = min(answers, key=lambda both: _validation(both[0]))
            traces[tool].append(found.get("entries"))
    return traces, failures


def _all_ways(side: Side, tool: str, target: Target) -> list[dict[str, Any]]:
    variants = side.ask(tool=tool).get("variants", [""])
    return [{"shape": shape, "variant": variant} for shape in target.shapes for variant in variants]


def _validation(answer: dict[str, Any]) -> float:
    return answer["entries"][-1][1] if "entries" in answer else math.inf


def _line(row: Row) -> str:
    def parts() -> Iterator[str]:
        yield f"kansym {row.errors[OWN]:.1e}"
        for peer, times in row.sooner.items():
            if math.isnan(row.errors[peer]):
                yield f"{TOOLS[peer]} failed"
            else:
                when = f"{times:.0f} times sooner" if times else "not reached"
                yield f"{TOOLS[peer]} {row.errors[peer]:.1e} ({row.ratio(peer):.3g} times, {when})"

    return "; ".join(parts())


if __name__ == "__main__":
    app()
