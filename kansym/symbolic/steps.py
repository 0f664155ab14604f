"""The steps that lead from a table to a formula, as values that can be shown, drawn and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sympy

from kansym.errors import StorageError
from kansym.symbolic.naming import plain
from kansym.symbolic.serialization import from_tree, to_tree


class StepKind(StrEnum):
    """What a step does."""

    SCALING = "scaling symmetry"
    """Fewer columns, since the target scales as powers of the columns do."""
    UNITS = "dimensional analysis"
    """Fewer columns, since units leave only dimensionless products."""
    INNER = "inner function"
    """Two columns enter only through one function of both."""
    COORDINATE = "coordinate"
    """A column is replaced by a better one."""
    LINK = "link"
    """A function of the target takes the place of the target."""
    FACTOR = "factor"
    """The target is divided by a function of one column."""
    TERM = "term"
    """A function of one column is subtracted from the target."""
    LINE = "straight line"
    """A function of the target is linear in a function of the column."""
    CONSTANT = "constant target"
    """No column matters."""
    NETWORK = "network"
    """The edges of a network were read as functions."""
    WHOLE = "the table as it is"
    """The formula was read from the table without any step before."""
    NAMED = "named"
    """Anything that has a name and nothing else: a form, a guess, a law that was given."""


@dataclass(frozen=True)
class Step:
    """One step from a table to a formula; ``str(step)`` says it in words.

    Attributes
    ----------
    kind : StepKind
    name : str
        Of a link, a named form or guess, the shape of a network, or what is linear in what; else empty.
    expressions : tuple of sympy.Expr
        The inputs that the step leaves or makes, or the factor or term that it takes out. As text where they cannot
        be stored otherwise.
    fewer : int
        Number of columns that the step removes.
    finder : str
        Who read the factor or term, such as "simple forms"; empty where nobody signed it.
    """

    kind: StepKind
    name: str = ""
    expressions: tuple[sympy.Expr | str, ...] = ()
    fewer: int = 0
    finder: str = ""

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.expressions))
        match self.kind:
            case StepKind.SCALING | StepKind.UNITS:
                left = f", leaving {shown}" if shown else ""
                return f"{self.kind}: {self.fewer} column{'s' * (self.fewer != 1)} fewer{left}"
            case StepKind.INNER | StepKind.COORDINATE | StepKind.FACTOR | StepKind.TERM:
                return f"{self.kind} {shown}"
            case StepKind.LINK:
                return f"link {self.name}"
            case StepKind.LINE:
                return f"a straight line of {self.name}"
            case StepKind.NETWORK | StepKind.NAMED:
                return self.name
        return str(self.kind)

    def in_plain_symbols(self) -> "Step":
        """The same step in symbols without assumptions, in which formulas are shown and stored."""
        return replace(self, expressions=tuple(map(_plain, self.expressions))) if self.expressions else self

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types; exact."""
        expressions = [one if isinstance(one, str) else to_tree(one) for one in self.expressions]
        record = {"kind": str(self.kind), "name": self.name, "expressions": expressions, "fewer": self.fewer}
        return {**record, "finder": self.finder} if self.finder else record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Step":
        """The step of a dictionary made by `to_dict`.

        Raises
        ------
        StorageError
            If an expression cannot be read.
        KeyError, TypeError, ValueError
            If a key is missing or a value is none.
        """
        expressions = (one if isinstance(one, str) else plain(from_tree(one)) for one in record["expressions"])
        finder = str(record.get("finder", ""))
        return cls(StepKind(record["kind"]), str(record["name"]), tuple(expressions), int(record["fewer"]), finder)


Structure = str | tuple[Step, ...]
"""Where a formula comes from: the steps that led to it, or a name where there are none."""


def steps_of(origin: Structure) -> tuple[Step, ...]:
    """An origin as steps: a name is one step of its own, an empty one none."""
    if isinstance(origin, str):
        return (Step(StepKind.NAMED, origin),) if origin else ()
    return origin


def in_words(steps: tuple[Step, ...]) -> str:
    """All steps in one line."""
    return "; ".join(map(str, steps))


def _plain(expression: sympy.Expr | str) -> sympy.Expr | str:
    if isinstance(expression, str):
        return expression
    renamed = plain(expression)
    try:
        to_tree(renamed)
    except StorageError:
        # A number that left double precision, such as the square of 1e200.
        return str(expression)
    return renamed
