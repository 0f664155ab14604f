"""The command ``kansym edges``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from kansym.commands.implementation import run
from kansym.commands.options import ADVANCED, WHOLE, AsJson, Flag
from kansym.errors import ArgumentError
from kansym.run.files import require_folder

STEPS = ("--fix", "--unfix", "--remove", "--hold", "--free", "--product", "--node", "--refine", "--prune", "--auto")
"""Options that are steps; they are done in the order in which they stand."""


def _in_order(kind: type, tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Verb and argument of each step option, in the order of the command line."""
    return [((token.keyword or "").removeprefix("--"), token.value) for token in tokens]


Steps = Annotated[
    list[tuple[str, str]] | None,
    Parameter(name=STEPS, negative=(), n_tokens=1, accepts_keys=False, converter=_in_order, show_default=False),
]


def edges(
    directory: Path,
    /,
    *,
    start: str | None = None,
    edge: str | None = None,
    suggest: Annotated[int | None, WHOLE] = None,
    steps: Steps = None,
    script: Annotated[Path | None, ADVANCED] = None,
    refit: Flag = False,
    seconds: float = 5.0,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    as_json: AsJson = False,
) -> int:
    """Look at the edges of a finished run's network, and change them by hand.

    Alone it prints the edges as a table. With steps it does them in order, refits the network, and prints errors before
    and after and, where every edge is a primitive, the formula with its certificate. The run itself is never changed:
    --out saves the result as a new one.

    Parameters
    ----------
    directory
        The folder that was given as --out to `kansym discover`.
    start
        reading: the network as it was read, edges as primitives. splines: the same network before it was read.
        network: the best network of the run. Or a shape such as 2,1,1 to train another one; 2,2x,1 has two nodes that
        multiply. Default: the first of the three that the run has.
    edge
        Print suggestions for this edge, such as 0.1.0 or "x -> h1.0".
    suggest
        How many suggestions, 5 by default, each with the error of the whole network.
    steps
        Steps, done in the order given. --fix 0.1.0=sin makes an edge a primitive; --fix 0.1.0=sin,a=3.14 holds a
        constant; --unfix 0.1.0 makes it a spline again; --remove 0.1.0 switches it off; --hold 0.1.0,a and --free
        0.1.0,a; --product x,y adds a node that multiplies, --node x,y one that adds; --refine 20 is a finer grid;
        --prune 0.01 removes weak edges; --auto all or --auto 0.1.0,0.0.0 chooses primitives for splines.
    script
        File with such steps, one a line: fix 0.1.0=sin. Also refit and undo. Done before those of the options.
    refit
        Refit also where there are no steps.
    seconds
        Most time for the refit.
    out
        Folder for the new run; needs every edge to be a primitive. A run of the same table there is replaced.
    overwrite
        With --out: replace a run of another table too.
    as_json
        Print one JSON object.
    """
    if not 0 < seconds < math.inf:
        raise ArgumentError(f"--seconds must be a positive number of seconds, got {seconds!r}")
    if suggest is not None and edge is None:
        raise ArgumentError("--suggest needs --edge, such as --edge 0.1.0")
    if edge is not None and (steps or script is not None or out is not None):
        raise ArgumentError("--edge shows suggestions and goes with no steps; call the command twice")
    require_folder(directory)
    return run(edges, locals())
