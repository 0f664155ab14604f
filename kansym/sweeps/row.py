# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""What a sweep says of one table, and which tables have the same law."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from kansym.report.constants import constants_of
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula

FAILED = "failed"
"""In place of a verdict."""

NUMBER = "#"
"""In place of every number that a table decides."""


@dataclass(frozen=True, eq=False)
class SweepRow:
    """One table of a sweep.

    Attributes
    ----------
    name : str
        Of the table, and of its folder.
    summary : RunSummary or None
        The run; None where it failed.
    failure : str
        Why; else empty.
    """

    name: str
    summary: RunSummary | None
    failure: str = ""

    @property
    def verdict(self) -> str:
        """That of the certificate, or `FAILED`."""
        if self.summary is None:
            return FAILED
        return "" if self.summary.certificate is None else self.summary.certificate.verdict.kind

    def to_dict(self) -> dict[str, Any]:
        """A row of the CSV file; numbers that are not known are None."""
        said = self.summary
        if said is None:
            return {"table": self.name, "verdict": self.verdict, "reason": self.failure}
        constants = (f"{one.name} = {one.short} {one.unit}".rstrip() for one in constants_of(said.formula))
        return {
            "table": self.name,
            "verdict": self.verdict,
            "probability": None if said.forms is None else said.forms.pick.probability,
            "forms": "" if said.forms is None else said.forms.text(),
            "formula": f"{said.target} = {said.formula.text()}",
            "constants": "; ".join(constants),
            "rows": said.rows,
            "rms": said.agreement.rms,
            "relative_rms": said.agreement.relative,
            "reduced_chi2": said.agreement.reduced_chi2,
            "complexity": said.formula.complexity,
            "seconds": said.seconds,
            "stopped": str(said.stopped),
            "reason": "" if said.certificate is None else said.certificate.verdict.reason,
        }


def recurring(rows: Sequence[SweepRow]) -> list[list[SweepRow]]:
    """Rows whose formulas have one form, two or more, the form of most tables first."""
    groups: dict[tuple[str, str], list[SweepRow]] = {}
    for row in rows:
        if row.summary is not None:
            groups.setdefault((row.summary.target, form_of(row.summary.formula)), []).append(row)
    return sorted((group for group in groups.values() if len(group) > 1), key=len, reverse=True)


def form_of(formula: Formula) -> str:
    """The formula without its numbers: the same text for formulas that differ in these alone.

    Factors, offsets and fitted exponents go; functions, columns, and exponents that belong to the structure stay. So
    ``2*x`` and ``x`` are one form, and ``x**2`` is another.

    Examples
    --------
    >>> t = sympy.Symbol("t")
    >>> _form(2.0 * sympy.exp(-t / 3) + 1)
    '(# + exp(t))'
    """
    return _form(formula.expression)


def _form(node: sympy.Expr) -> str:
    if node.is_number:
        return NUMBER
    if node.is_Symbol:
        return node.name
    if node.is_Pow:
        exponent = node.exp
        power = str(exponent) if exponent.is_Rational else _form(exponent)
        return f"{_form(node.base)}^{power}"
    if node.is_Mul:
        return "*".join(sorted(_form(factor) for factor in node.args if not factor.is_number))
    if node.is_Add:
        return f"({' + '.join(sorted(map(_form, node.args)))})"
    return f"{node.func.__name__}({', '.join(_form(argument) for argument in node.args)})"
