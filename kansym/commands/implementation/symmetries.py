"""The work of ``kansym symmetries``."""

from kansym.commands.implementation.tables import TableOptions
from kansym.commands.options import split_names
from kansym.commands.output import watch, write_json, write_line, write_note
from kansym.commands.stopwatch import FILES, FIT, READING
from kansym.structure.invariance import Symmetry, symmetry
from kansym.structure.invariance import symmetries as looked_for
from kansym.symbolic.text import to_text


def symmetries(
    *,
    file: str,
    target: str | None,
    columns: list[str] | None,
    through: list[str] | None,
    factor: str,
    seed: int,
    drop_missing: bool,
    key: str | None,
    as_json: bool,
) -> int:
    """Look for symmetries of a table, or try one, and print them."""
    watch.enter(READING)
    options = TableOptions(file, target=target, columns=columns, drop_missing=drop_missing, key=key)
    table, remarks = options.read(seed=seed)
    for remark in remarks:
        write_note(remark)
    watch.enter(FIT)
    wanted = split_names(through)
    found = (symmetry(table, through=wanted, factor=factor, seed=seed),) if wanted else looked_for(table, seed=seed)
    watch.enter(FILES)
    if as_json:
        write_json({"symmetries": [_record(one) for one in found]})
    else:
        write_line("\n".join(map(str, found)) or "no combination of columns was worth a try")
    return 0


def _record(one: Symmetry) -> dict:
    return {
        "through": [to_text(expression) for expression in one.through],
        "factor": to_text(one.factor),
        "rest": list(one.rest),
        "verdict": str(one.verdict),
        "missing": one.size,
        "error": one.error,
    }
