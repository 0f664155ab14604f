"""The commands ``kansym primitives`` and ``kansym datasets``: what there is to choose from."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from kansym.commands.options import write_line

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.primitives.primitive import Domain


def primitives(*, as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False) -> int:
    """List the functions that an edge of the network can turn out to be.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    from kansym.primitives.library import default_library

    rows = [
        {
            "name": primitive.name,
            "formula": str(primitive.expression),
            "domain": _domain(primitive.domain),
            "complexity": primitive.complexity,
            "equivalent_to": primitive.equivalent_to,
        }
        for primitive in default_library().values()
    ]
    if as_json:
        write_line(json.dumps(rows, ensure_ascii=False))
        return 0
    _table(
        ("name", "formula of z", "domain", "complexity", "same up to scale and shift as"),
        ([row["name"], row["formula"], row["domain"], row["complexity"], row["equivalent_to"] or ""] for row in rows),
    )
    return 0


def datasets(*, as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False) -> int:
    """List the measured tables that come with kansym.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    from kansym.data.catalogue import dataset_names, describe_dataset

    known = [describe_dataset(name) for name in dataset_names()]
    if as_json:
        write_line(json.dumps([asdict(info) for info in known], ensure_ascii=False))
        return 0
    _table(
        ("name", "rows", "target", "inputs", "what was measured"),
        ([info.name, info.rows, info.target, ", ".join(info.columns), info.title] for info in known),
    )
    return 0


def _domain(domain: "Domain") -> str:
    """A domain in words; empty for all real numbers."""
    less = ["≤" if closed else "<" for closed in (domain.lower_closed, domain.upper_closed)]
    words = []
    if math.isfinite(domain.lower) and math.isfinite(domain.upper):
        words.append(f"{domain.lower:g} {less[0]} z {less[1]} {domain.upper:g}")
    elif math.isfinite(domain.lower):
        words.append(f"z {'≥' if domain.lower_closed else '>'} {domain.lower:g}")
    elif math.isfinite(domain.upper):
        words.append(f"z {less[1]} {domain.upper:g}")
    period = "" if domain.pole_period is None else f" + k {domain.pole_period:.4g}"
    words += [f"z ≠ {pole:.4g}{period}" for pole in domain.poles]
    return ", ".join(words)


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        # Piped: as wide as it needs to be, so that a line is a row.
        console = Console(file=sys.stdout, width=500)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # Captured, since rich would end the process itself when the reader closes the pipe.
    with console.capture() as captured:
        console.print(table, markup=False, highlight=False)
    write_line(captured.get().rstrip("\n"))
