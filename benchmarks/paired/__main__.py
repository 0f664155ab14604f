"""Is one state of the project better than another? Pairs of searches of laws that nobody tuned to.

::

    python -m benchmarks.paired run --sample 150 --jobs 2                        # this state, the development half
    python -m benchmarks.paired run --sample 150 --against 16bd2ed --jobs 2      # in turn with a commit, law by law
    python -m benchmarks.paired run --kinds losses --clone ../other --out runs/other.jsonl
    python -m benchmarks.paired show runs/paired.jsonl                           # all states of a file, by stratum
    python -m benchmarks.paired show runs/paired.jsonl --before 16bd2ed --after now
    python -m benchmarks.paired show runs/paired.jsonl --states 94013ef 16bd2ed now

An entry is a law with its rows, noise and distribution (`benchmarks.paired.entries`), the same for every state.
Searches are deterministic, with a budget in counted work, and times are those of the processor, so that other work on
the machine changes little. The entries are in an order of which every beginning is a fair sample; a run that is
repeated with the same file goes on where it stopped. Work on the development half; the report half is looked at once.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators

from benchmarks.pace.side import HERE
from benchmarks.paired.entries import sample
from benchmarks.paired.searching import Job, Record, read_records, run
from benchmarks.paired.summary import figures, lines_of_contest, lines_of_states
from benchmarks.table import keep as keep_figures

app = App(name="python -m benchmarks.paired", help="Pairs of searches by two states of the project.", version_flags=[])

NOW = "now"
"""Label of the state that this file is in."""

Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]


@app.command(name="run")
def run_command(
    *,
    half: Literal["development", "report"] = "development",
    sample_size: Annotated[Count | None, Parameter(name="--sample")] = None,
    kinds: Annotated[Sequence[str], Parameter(consume_multiple=True)] = (),
    only: str = "",
    against: Annotated[Sequence[str], Parameter(consume_multiple=True)] = (),
    label: str = NOW,
    alone: bool = False,
    seconds: Positive = 30.0,
    certify: bool = False,
    without: Annotated[Sequence[str], Parameter(consume_multiple=True)] = (),
    exact: bool = False,
    jobs: Count = 1,
    out: Path = Path("runs/paired.jsonl"),
) -> None:
    """Search entries by this state of the project, and in turn by others.

    Parameters
    ----------
    half
        Which half of the set.
    sample_size
        So many entries, a third of each stratum; all by default.
    kinds
        Only entries of these kinds: textbooks, losses, random, sums, laboratory, classics, odebench, livermore2.
    only
        Only entries with this text in their names.
    against
        Other states: commits of this repository, or folders of clones.
    label
        What this state is called in the records; a run with other options needs another one.
    alone
        Leave this state out; only the others are searched by.
    seconds
        Budget of a search, in counted work.
    certify
        Make a certificate as well; its time counts.
    without
        Engines that are turned off in all states: structure, terms, networks.
    exact
        Ask for exact numbers where constants agree with them; 94013ef, which has no such option, writes them unasked.
    jobs
        Processes; two on two cores.
    out
        File of the records, one line each; entries that it has of a label are not searched again, whatever the options.
    """
    chosen = sample(half, sample_size, kinds=tuple(kinds), only=only)
    out.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        clones = [(Path(name).name, _clone(name, stack)) for name in against] + ([] if alone else [(label, HERE)])
        have = {(one["entry"], one["state"]) for one in read_records(out)}
        missing = [(entry, tuple(clone for clone in clones if (entry.name, clone[0]) not in have)) for entry in chosen]
        todo = [Job(entry, those, seconds, certify, tuple(without), exact) for entry, those in missing if those]
        with out.open("a", encoding="utf-8") as file:
            for record in run(todo, jobs):
                file.write(json.dumps(record) + "\n")
                file.flush()
                print(_line(record), flush=True)
    show(out)


def _clone(name: str, stack: ExitStack) -> Path:
    """A folder as it is; a commit checked out into a folder of its own, which goes with the run."""
    if Path(name).is_dir():
        return Path(name)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(HERE), str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", name], check=True)
    return folder


def _line(record: Record) -> str:
    mark = "failed" if "failure" in record else "right" if record["right"] else "form" if record["form"] else "-"
    said = record.get("failure") or record.get("formula", "")
    return f"{record['state']:12} {record['entry']:50} {mark:6} {record.get('cpu') or 0:6.1f} s  {said[:100]}"


@app.command
def show(
    path: Path,
    /,
    *,
    before: str | None = None,
    after: str = NOW,
    states: Annotated[Sequence[str], Parameter(consume_multiple=True)] = (),
    criterion: str = "right",
    keep: bool = False,
) -> None:
    """Print what a file of records says.

    Parameters
    ----------
    path
        Of the records.
    before, after
        Two states, whose pairs are compared by stratum and kind.
    states
        Only these, on the entries that all of them have searched; all of the file by default.
    criterion
        "right", "form" or "front_right".
    keep
        Keep the figures of all states in benchmarks/results.
    """
    records = [one for one in read_records(path) if not states or one["state"] in states]
    if not records:
        print(f"no records in {path}")
        return
    lines = lines_of_states(records) if before is None else lines_of_contest(records, before, after, criterion)
    print("\n".join(lines))
    if keep:
        keep_figures("paired", "Pairs", figures(records))


if __name__ == "__main__":
    app()
