"""The command ``python -m benchmarks.tutorials``."""

import statistics
import sys
from collections.abc import Sequence
from typing import Any

from cyclopts import App

from benchmarks.judged import Judgement, judge
from benchmarks.speed import worker
from benchmarks.table import keep as keep_figures
from benchmarks.tutorials.laws import TUTORIALS, Tutorial
from kansym.errors import KansymError

TOOLS = ("pykan", "kansym")
COARSE, FINE = 1e-3, 1e-6
"""Errors, in units of the spread, up to which a formula is right. pykan's notebooks that set no precision run in single
precision, which the coarse one is for; both are said for both tools."""

app = App(name="python -m benchmarks.tutorials", help="pykan's notebooks in both tools.", version_flags=[])

Outcome = tuple[Judgement, float]
"""Of one tool's steps: the formula, and the seconds that it took."""


@app.default
def main(*, seeds: str = "0,1,2,3,4", tutorials: str = "", keep: bool = False) -> None:
    """Run the notebooks' steps in both tools, each in a process of its own with one thread, in turn.

    Parameters
    ----------
    seeds
        Of rows and networks alike, separated by commas.
    tutorials
        Names, separated by commas; default: all.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    wanted = [name for name in tutorials.split(",") if name]
    unknown = set(wanted) - {one.name for one in TUTORIALS}
    if unknown:
        known = ", ".join(one.name for one in TUTORIALS)
        sys.exit(f"--tutorials: there is no {', '.join(sorted(unknown))}; there are {known}")
    figures: dict[str, str] = {}
    for tutorial in TUTORIALS:
        if wanted and tutorial.name not in wanted:
            continue
        print(f"\n{tutorial.notebook}: {tutorial.text}", flush=True)
        outcomes: dict[str, list[Outcome]] = {tool: [] for tool in TOOLS}
        for number, seed in enumerate(map(int, seeds.split(","))):
            # In turn, so that what else the machine does meets both.
            for tool in TOOLS if number % 2 else TOOLS[::-1]:
                try:
                    answer = answer_of(tool, tutorial, seed, worker.run)
                except KansymError as error:
                    sys.exit(str(error))
                judgement = judge(answer["formula"], tutorial.names, tutorial.sample(seed), tutorial.sample(seed, 2))
                outcomes[tool].append((judgement, answer["seconds"]))
                print(line(tool, seed, judgement, answer), flush=True)
        figures |= headlines(tutorial, outcomes)
    print()
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    if keep:
        keep_figures("tutorials", "Notebooks beside pykan", figures)


def answer_of(tool: str, tutorial: Tutorial, seed: int, run: worker.Run) -> dict[str, Any]:
    """What one tool's steps end in."""
    job = {"kind": "notebook", "tutorial": tutorial.name, "seed": seed}
    request = {"tool": tool, "sides": "benchmarks.tutorials", "dtype": tutorial.dtype, "threads": 1, "jobs": [job]}
    (answer,) = run(request)
    return answer


def line(tool: str, seed: int, judgement: Judgement, answer: dict[str, Any]) -> str:
    """One run as it is printed."""
    right = "right" if judgement.least <= FINE else "right to 1e-3" if judgement.least <= COARSE else "wrong"
    formula = judgement.text or f"no formula: {answer['failure'] or 'it cannot be read'}"
    errors = f"{judgement.error:.1e}, refitted {judgement.refitted:.1e}"
    return f"{tool:7} seed {seed} {right:13} {errors}  {answer['seconds']:6.1f} s  {formula}"


def headlines(tutorial: Tutorial, outcomes: dict[str, Sequence[Outcome]] | dict[str, list[Outcome]]) -> dict[str, str]:
    """The figures of a notebook in the words of the page."""
    words = []
    for tool in TOOLS[::-1]:
        counts = (sum(one.least <= limit for one, _ in outcomes[tool]) for limit in (FINE, COARSE))
        fine, coarse = counts
        seconds = statistics.median(seconds for _, seconds in outcomes[tool])
        words.append(f"{tool} {fine} of {len(outcomes[tool])} ({coarse} to 1e-3) in {seconds:.1f} s")
    theirs, own = ([seconds for _, seconds in outcomes[tool]] for tool in TOOLS)
    ratio = statistics.median(a / b for a, b in zip(theirs, own, strict=True))
    return {tutorial.notebook.removesuffix(".ipynb"): f"{'; '.join(words)}; ratio {ratio:.1f}"}


if __name__ == "__main__":
    app()
