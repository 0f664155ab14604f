"""What the records of two or more states say: rights, forms and processor seconds, and the pairs that differ."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from benchmarks.paired.entries import STRATA
from benchmarks.paired.searching import Record


@dataclass(frozen=True)
class Contest:
    """Two states on the entries that both have.

    Attributes
    ----------
    pairs : int
    before, after : int
        Entries that each has right.
    lost, won : tuple of str
        Entries that only the state before, and only the state after, has right.
    p : float
        McNemar's exact test: the chance of a difference at least as large if both were equally good.
    cpu : tuple of (mean before, mean after, median before, median after)
        Processor seconds.
    """

    pairs: int
    before: int
    after: int
    lost: tuple[str, ...]
    won: tuple[str, ...]
    p: float
    cpu: tuple[float, float, float, float]


def contest(before: Sequence[Record], after: Sequence[Record], criterion: str = "right") -> Contest:
    """Pairs of records of the same entries.

    Parameters
    ----------
    before, after : sequence of Record
        Of one state each.
    criterion : {"right", "form", "front_right"}
    """
    first, second = ({one["entry"]: one for one in records} for records in (before, after))
    common = [name for name in first if name in second]
    lost = tuple(name for name in common if first[name][criterion] and not second[name][criterion])
    won = tuple(name for name in common if second[name][criterion] and not first[name][criterion])
    p = float(binomtest(len(won), len(won) + len(lost)).pvalue) if won or lost else 1.0
    times = [[side[name].get("cpu") for name in common] for side in (first, second)]
    timed = [pair for pair in zip(*times, strict=True) if None not in pair]
    cpu = tuple(how([pair[k] for pair in timed]) if timed else 0.0 for how in _HOW for k in (0, 1))
    return Contest(
        len(common),
        sum(first[name][criterion] for name in common),
        sum(second[name][criterion] for name in common),
        lost,
        won,
        p,
        (cpu[0], cpu[1], cpu[2], cpu[3]),
    )


_HOW = (statistics.fmean, statistics.median)


def by_state(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records of each state, on the entries that all states have."""
    states = list(dict.fromkeys(one["state"] for one in records))
    common = set.intersection(*({one["entry"] for one in records if one["state"] == state} for state in states))
    return {state: [one for one in records if one["state"] == state and one["entry"] in common] for state in states}


def lines_of_states(records: Sequence[Record]) -> list[str]:
    """A table: for every state and stratum right, form, and mean and median processor seconds."""
    states = by_state(records)
    strata = [stratum for stratum in STRATA if any(one["stratum"] == stratum for one in records)]
    lines = [f"{'state':12}" + "".join(f"  {stratum:^31}" for stratum in (*strata, "all"))]
    lines.append(" " * 12 + "  right form front  mean s  med s  " * (len(strata) + 1))
    for state, own in states.items():
        cells = [[one for one in own if one["stratum"] == stratum] for stratum in strata] + [own]
        lines.append(f"{state:12}" + "".join(map(_cell, cells)))
    return lines


def figures(records: Sequence[Record]) -> dict[str, str]:
    """What the page of benchmarks says of each state."""
    said = {}
    for state, own in by_state(records).items():
        shares = []
        for stratum in STRATA:
            of_it = [one for one in own if one["stratum"] == stratum]
            if of_it:
                shares.append(f"{stratum} {sum(one['right'] for one in of_it)} of {len(of_it)}")
        times = [one["cpu"] for one in own if one.get("cpu") is not None] or [0.0]
        form = sum(one["form"] for one in own)
        said[state] = (
            f"right {', '.join(shares)}; form {form} of {len(own)}; "
            f"mean {statistics.fmean(times):.1f} s, median {statistics.median(times):.1f} s"
        )
    return said


def _cell(records: Sequence[Record]) -> str:
    times = [one["cpu"] for one in records if one.get("cpu") is not None] or [0.0]
    right, form, front = (sum(one[what] for one in records) for what in ("right", "form", "front_right"))
    mean, median = statistics.fmean(times), statistics.median(times)
    return f"  {right:5d} {form:4d} {front:5d} {mean:7.1f} {median:6.1f}" + f" /{len(records):3d}"


def lines_of_contest(records: Sequence[Record], before: str, after: str, criterion: str = "right") -> list[str]:
    """A table of the pairs of two states by stratum and kind, and the names of those that differ."""
    states = by_state([one for one in records if one["state"] in (before, after)])
    first, second = states[before], states[after]
    lines = [
        f"{criterion}: {before} -> {after}",
        f"{'':24} pairs  before after  lost  won      p   mean s       median s",
    ]
    groups = [("all", lambda one: True)]
    groups += [(stratum, lambda one, s=stratum: one["stratum"] == s) for stratum in STRATA]
    groups += [(kind, lambda one, k=kind: one["kind"] == k) for kind in sorted({one["kind"] for one in first})]
    for name, chosen in groups:
        pair = contest(list(filter(chosen, first)), list(filter(chosen, second)), criterion)
        if pair.pairs:
            cpu = pair.cpu
            lines.append(
                f"{name:24} {pair.pairs:5d}  {pair.before:6d} {pair.after:5d} {len(pair.lost):5d} {len(pair.won):4d}"
                f"  {pair.p:5.3f}  {cpu[0]:5.1f} {cpu[1]:5.1f}  {cpu[2]:5.1f} {cpu[3]:5.1f}"
            )
    pair = contest(first, second, criterion)
    lines += [f"lost: {name}" for name in sorted(pair.lost)] + [f"won:  {name}" for name in sorted(pair.won)]
    return lines
