"""The work of ``kansym primitives``."""

import math

from kansym.commands.output import write_json, write_table
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Domain


def primitives(*, as_json: bool) -> int:
    """List the functions of the default library."""
    rows = [
        {
            "name": primitive.name,
            "formula": str(primitive.expression),
            "domain": _in_words(primitive.domain),
            "complexity": primitive.complexity,
            "equivalent_to": primitive.equivalent_to,
        }
        for primitive in default_library().values()
    ]
    if as_json:
        write_json(rows)
        return 0
    write_table(
        ("name", "formula of z", "domain", "complexity", "same up to scale and shift as"),
        (["" if cell is None else cell for cell in row.values()] for row in rows),
    )
    return 0


def _in_words(domain: Domain) -> str:
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
