"""The work of ``kansym edges``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kansym.codec import finite_json
from kansym.commands.output import this_command, watch, write_json, write_line, write_note
from kansym.commands.stopwatch import CERTIFICATE, FILES, FIT, READING
from kansym.editing.network import EditableNetwork
from kansym.editing.opening import edit
from kansym.editing.script import do_step, run_script
from kansym.errors import ArgumentError
from kansym.report.constants import constant_line
from kansym.run.files import RECORD
from kansym.run.replacing import require_place, saved_line
from kansym.run.storage import save_run
from kansym.run.summary import fingerprint
from kansym.run.writing import prepare_directory
from kansym.units.words import after_number


def edges(
    *,
    directory: Path,
    start: str | None,
    edge: str | None,
    suggest: int | None,
    steps: list[tuple[str, str]] | None,
    script: Path | None,
    refit: bool,
    seconds: float,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Print the edges of a run's network, or what becomes of them."""
    watch.enter(READING)
    net = edit(directory, start=_start(start))
    watch.enter(FIT)
    if edge is not None:
        found = net.edge(edge).suggest(5 if suggest is None else suggest, in_context=True)
        if as_json:
            write_json(finite_json(found.to_dict()))
        else:
            write_line(str(found))
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
    watch.enter(CERTIFICATE)
    certificate = net.certificate() if said and net.is_symbolic else None
    watch.enter(FILES)
    if as_json:
        write_json(_record(net, said, before, certificate))
    else:
        for line in _lines(net, said, before, certificate):
            write_line(line)
    if out is not None:
        _save(net, out, certificate)
        watch.record = out / RECORD
        write_note(saved_line(out))
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


def _do(net: EditableNetwork, text: str, steps: Sequence[tuple[str, str]], seconds: float) -> list[str]:
    said = run_script(net, text)
    for verb, argument in steps:
        try:
            said.append(do_step(net, verb, "" if (verb, argument) == ("auto", "all") else argument))
        except ArgumentError as error:
            raise ArgumentError(f"--{verb} {argument}: {error}") from error
    said.append(f"refit: {net.refit(seconds)}")
    return said


def _lines(net: EditableNetwork, said: Sequence[str], before: Any, certificate: Any) -> list[str]:
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


def _record(net: EditableNetwork, said: Sequence[str], before: Any, certificate: Any) -> dict[str, Any]:
    record = {**net.to_dict(), "steps": list(said), "error_before": before.to_dict(), "script": net.script}
    if certificate is not None:
        record |= {"text": str(net.formula()), "formula": net.formula().to_dict(), "is_pick": net.is_pick}
        record |= {"verdict": certificate.verdict.kind}
    return finite_json(record)


def _save(net: EditableNetwork, out: Path, certificate: Any) -> None:
    save_run(
        net.discovery(),
        out,
        command=this_command(),
        options=net.context.options,
        log_lines=net.script.splitlines(),
        certificate=net.certificate() if certificate is None else certificate,
        overwrite=True,
    )
