"""The command ``kansym bench``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from kansym.clock import DEFAULT_SECONDS
from kansym.commands.implementation import run
from kansym.commands.options import WHOLE, Flag, Names


def bench(
    catalogue: str,
    /,
    *,
    laws: Annotated[Names, Parameter(name=("--laws", "--only"))] = None,
    noise: float = 0.0,
    rows: Annotated[int, WHOLE] = 2000,
    seconds: float = DEFAULT_SECONDS,
    seeds: Names = None,
    dummies: Annotated[int, WHOLE] = 0,
    primitives: Names = None,
    without: Names = None,
    peers: Names = None,
    units: Flag = False,
    by_engine: Flag = False,
    jobs: Annotated[int, WHOLE] = 1,
    out: Path | None = None,
) -> int:
    """Count how many known laws are found from numbers alone.

    Every law is sampled into a table with nameless columns in shuffled order, searched, and judged by a strict
    criterion (the law's values inside and 30 % beyond the data, and a formula not much longer than the law), by its
    form (other numbers in the same places make it the law) and by that of SRBench. Ctrl-C keeps what is done; the same
    command with the same --out goes on from there.

    Parameters
    ----------
    catalogue
        feynman, feynman_bonus, nguyen, strogatz, empirical, srsd, srsd_bonus, classics, livermore2, odebench, llm_ode,
        or a TOML file in the same format; a half of one, as in livermore2:development or livermore2:report; or laws
        drawn from a seed: random:7, sums:7, mixture:7, lab:7.
    laws
        Only these laws, separated by commas; or how many, from the first on.
    noise
        Standard deviation of Gaussian noise on the target, in units of the root mean square of the target.
    rows
        Rows of a table, where the law does not bring its own.
    seconds
        Time budget of a law.
    seeds
        Seeds of rows, noise, order of columns and search, separated by commas. Default: 0.
    dummies
        Columns that do not matter, added to every table.
    primitives
        Only these functions, for every tool: names as in `kansym primitives`, separated by commas.
    without
        Engines of kansym to switch off, to see what they add: structure, terms, networks.
    peers
        Other tools on the same tables: operon, gplearn, pysr, pykan, as far as they are installed.
    units
        Run every law a second time, with the units of its columns and target.
    by_engine
        Also show who found what was recovered: each finder, the work until then, and the steps before it.
    jobs
        Worker processes, one thread each.
    out
        Folder for results.jsonl and a plot of recovered laws against time. Nothing is written without it.
    """
    return run(bench, locals())
