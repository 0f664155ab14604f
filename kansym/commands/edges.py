"""The command ``kansym edges``."""

import json
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token
from rich.console import Console

from kansym.commands.options import ADVANCED, Flag, command_line, whole_number, write_line
from kansym.errors import ArgumentError
from kansym.units.words import after_number

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.editing.network import EditableNetwork

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
    suggest: Annotated[int | None, Parameter(converter=whole_number)] = None,
    steps: Steps = None,
    script: Annotated[Path | None, ADVANCED] = None,
    refit: Flag = False,
    seconds: float = 5.0,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
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
    from kansym.editing.opening import edit
    from kansym.run.replacing import require_place, saved_line
    from kansym.run.storage import prepare_directory
    from kansym.run.summary import fingerprint

    if not 0 < seconds < math.inf:
        raise ArgumentError(f"--seconds must be a positive number of seconds, got {seconds!r}")
    if suggest is not None and edge is None:
        raise ArgumentError("--suggest needs --edge, such as --edge 0.1.0")
    if edge is not None and (steps or script is not None or out is not None):
        raise ArgumentError("--edge shows suggestions and goes with no steps; call the command twice")
    net = edit(directory, start=_start(start))
    if edge is not None:
        found = net.edge(edge).suggest(5 if suggest is None else suggest, in_context=True)
        write_line(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else str(found))
        return 0
    text = _read(script)
    if out is not None:
        if out.resolve() == directory.resolve():
            raise ArgumentError(
                f"--out {out} is the folder of the run itself, which is never changed; name another one"
            )
        prepare_directory(out)
        require_place(out, fingerprint(net.context.table), overwrite=overwrite)
    before, said = net.error, []
    if text or steps or refit:
        said = _do(net, text, steps or (), seconds)
    certificate = net.certificate() if said and net.is_symbolic else None
    if as_json:
        write_line(json.dumps(_record(net, said, before, certificate), ensure_ascii=False, allow_nan=False))
    else:
        for line in _lines(net, said, before, certificate):
            write_line(line)
    if out is not None:
        _save(net, out, certificate)
        Console(stderr=True).print(saved_line(out), markup=False, highlight=False, soft_wrap=True)
    return 0


def _start(text: str | None) -> Any:
    """Of the option: a name, or a shape such as ``2,1+1x,1``."""
    if text is None or not text[:1].isdigit():
        return text
    shape: list[int | tuple[int, int]] = []
    for part in text.split(","):
        sums, plus, products = part.strip().rpartition("+")
        try:
            if products.endswith("x"):
                shape.append((int(sums) if plus else 0, int(products[:-1])))
            else:
                shape.append(int(part))
        except ValueError:
            raise ArgumentError(f"--start: expected a shape such as 2,1,1 or 2,2x,1, got {text!r}") from None
    return tuple(shape)


def _read(script: Path | None) -> str:
    if script is None:
        return ""
    try:
        return script.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ArgumentError(f"--script {script} cannot be read: {reason}") from error


def _do(net: "EditableNetwork", text: str, steps: Sequence[tuple[str, str]], seconds: float) -> list[str]:
    from kansym.editing.script import do_step, run_script

    said = run_script(net, text)
    for verb, argument in steps:
        try:
            said.append(do_step(net, verb, "" if (verb, argument) == ("auto", "all") else argument))
        except ArgumentError as error:
            raise ArgumentError(f"--{verb} {argument}: {error}") from error
    said.append(f"refit: {net.refit(seconds)}")
    return said


def _lines(net: "EditableNetwork", said: Sequence[str], before: Any, certificate: Any) -> list[str]:
    lines = [*said, ""] if said else []
    lines += str(net).splitlines()
    if said:
        after, unit = net.error, after_number(net.context.table.y_units)
        apart = before.judged_apart or after.judged_apart
        rows = "in training" if apart else "on all rows, none held out"
        lines += ["", f"RMS residual {rows}: {before.train:.3g} before, {after.train:.3g} now{unit}"]
        if apart:
            lines += [f"RMS residual held out:    {before.held_out:.3g} before, {after.held_out:.3g} now{unit}"]
    if certificate is not None:
        from kansym.report.text import constant_line

        formula = net.formula()
        lines += ["", str(formula)]
        for constant in formula.constants:
            lines.append(f"  {constant_line(constant)}")
        train, held_out = (math.sqrt(max(loss, 0.0)) for loss in (formula.train_loss, formula.loss))
        words = "Its constants were fitted to the rows on their own, and need not be those of the edges"
        judged = "held out" if len(net.context.fit_rows.validation) else "leaving one row out at a time"
        lines.append(f"{words}: RMS residual {train:.3g} in training, {held_out:.3g} {judged}.")
        lines += ["", f"Verdict: {certificate.verdict.kind}; {certificate.verdict.reason}"]
        lines.append("It is the pick of the front." if net.is_pick else f"The front's pick is {net.front.best}")
    elif said:
        splines = ", ".join(edge.id for edge in net.edges.splines)
        lines += ["", f"no formula yet: {splines} {'is a spline' if len(net.edges.splines) == 1 else 'are splines'}"]
    return lines


def _record(net: "EditableNetwork", said: Sequence[str], before: Any, certificate: Any) -> dict[str, Any]:
    from kansym.codec import finite_json

    record = {**net.to_dict(), "steps": list(said), "error_before": before.to_dict(), "script": net.script}
    if certificate is not None:
        record |= {"text": str(net.formula()), "formula": net.formula().to_dict(), "is_pick": net.is_pick}
        record |= {"verdict": certificate.verdict.kind}
    return finite_json(record)


def _save(net: "EditableNetwork", out: Path, certificate: Any) -> None:
    from kansym.run.storage import save_run

    save_run(
        net.discovery(),
        out,
        command=shlex.join(["kansym", *command_line]),
        options=net.context.options,
        log_lines=net.script.splitlines(),
        certificate=net.certificate() if certificate is None else certificate,
        overwrite=True,
    )
