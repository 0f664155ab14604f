"""The Pareto front: formulas of increasing complexity, each better than all simpler ones, and the pick."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from kansym.data.sample_points import halton
from kansym.errors import ArgumentError
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.symbolic.same import equal_values

if TYPE_CHECKING:
    import pandas as pd


def _order_of_picks(formula: Formula) -> tuple[tuple[bool, float], int]:
    """By this the pick is the first: right in its units, the shortest description, and of equals the simpler."""
    return formula.rank, formula.complexity


class ParetoFront(Sequence[Formula]):
    """Formulas of increasing complexity, the pick and those that are better than all simpler ones; immutable.

    Parameters
    ----------
    formulas : iterable of Formula
        Sorted by complexity and taken as they are; see `from_formulas`.
    """

    def __init__(self, formulas: Iterable[Formula]) -> None:
        self._formulas = tuple(sorted(formulas, key=lambda formula: (formula.complexity, formula.loss)))

    @classmethod
    def from_formulas(cls, formulas: Iterable[Formula], rows: np.ndarray | None = None) -> "ParetoFront":
        """The front of any formulas: without those that are not finite, are dominated, or equal a simpler one.

        Formulas are equal that have the same values on `rows`, an array (n, d); at fixed points of the size of one
        where there are too few. At a temperature of one, all that is left of exp(-7000/T) is zero. A
        simpler one whose description is longer gives way to an equal one, see `_gives_way`.

        Of several formulas of one complexity the one of the smallest description length stays: x^(3/2) next to a
        real exponent that fits a little better. The formula of the smallest description length of all stays in any
        case, also where one of fewer nodes has a smaller loss: nodes are not of equal price. A dimensionally wrong
        formula is kept where it is better than all simpler ones, but it hides no right one.
        """
        finite = [formula for formula in formulas if math.isfinite(formula.loss)]
        best = min(finite, key=_order_of_picks, default=None)
        kept: list[Formula] = []
        fingerprints: list[np.ndarray] = []
        lowest = {True: math.inf, False: math.inf}
        # Rounded, so that of formulas that are the same the one that was found first stays, and with it how.
        for formula in sorted(finite, key=lambda f: (f.complexity, f.rank, float(f"{f.loss:.9g}"))):
            wrong = formula.consistent is False
            dominated = formula.loss >= (min(lowest.values()) if wrong else lowest[False]) * (1 - 1e-9)
            if formula is not best and (dominated or (kept and formula.complexity == kept[-1].complexity)):
                continue
            fingerprint = _fingerprint(formula, rows)
            twin = next(
                (k for k, other in enumerate(fingerprints) if equal_values(fingerprint, other, relative=SAME)), None
            )
            if twin is not None and not _gives_way(kept[twin], formula):
                continue
            if twin is not None:
                del kept[twin], fingerprints[twin]
            lowest[wrong] = min(lowest[wrong], formula.loss)
            kept.append(formula)
            fingerprints.append(fingerprint)
        return cls(kept)

    @overload
    def __getitem__(self, index: int) -> Formula: ...

    @overload
    def __getitem__(self, index: slice) -> "ParetoFront": ...

    def __getitem__(self, index: int | slice) -> "Formula | ParetoFront":
        if isinstance(index, slice):
            return ParetoFront(self._formulas[index])
        return self._formulas[index]

    def __len__(self) -> int:
        return len(self._formulas)

    def __iter__(self) -> Iterator[Formula]:
        return iter(self._formulas)

    @property
    def best(self) -> Formula:
        """The pick: the formula with the smallest description length, the simpler one of equals.

        Where the table has units, dimensionally wrong formulas come after all others.

        Raises
        ------
        ArgumentError
            If the front is empty.
        """
        if not self._formulas:
            raise ArgumentError("the Pareto front is empty, so it has no best formula")
        return min(self._formulas, key=_order_of_picks)

    def to_frame(self) -> "pd.DataFrame":
        """A table with the columns complexity, loss, score, equation, sympy_format, latex, description_length,
        consistent (of its units, None where the table has none), origin (who found it, in words), picked.

        The score is PySR's: the drop of log(loss) per unit of complexity since the formula before.
        """
        # pandas takes a third of a second to import, and most of what reads a front makes no table of it.
        from kansym.search.equations import Equations

        best = self.best if self._formulas else None
        rows = []
        before: Formula | None = None
        for formula in self._formulas:
            score = 0.0
            if before is not None:
                drop = math.log(max(before.loss, 1e-300)) - math.log(max(formula.loss, 1e-300))
                score = drop / max(formula.complexity - before.complexity, 1)
            rows.append(
                {
                    "complexity": formula.complexity,
                    "loss": formula.loss,
                    "score": score,
                    "equation": formula.text(),
                    "sympy_format": formula.sympy(),
                    "latex": formula.latex(),
                    "description_length": formula.description_length,
                    "consistent": formula.consistent,
                    "origin": "" if formula.origin is None else str(formula.origin),
                    "picked": formula is best,
                }
            )
            before = formula
        columns = [
            "complexity", "loss", "score", "equation", "sympy_format", "latex", "description_length", "consistent",
            "origin", "picked",
        ]  # fmt: skip
        return Equations(rows, columns=columns)

    def _repr_html_(self) -> str:
        return surface("front_html")(self)

    def __repr__(self) -> str:
        pick = f"; the pick is {self.best}" if len(self) else ""
        return f"<ParetoFront of {len(self)} formula{'' if len(self) == 1 else 's'}{pick}>"

    def __str__(self) -> str:
        best = self.best if self._formulas else None
        lines = [f"{'':2}{'complexity':>10}  {'loss':>10}  equation"]
        for formula in self._formulas:
            mark = ">" if formula is best else " "
            lines.append(f"{mark} {formula.complexity:>10}  {formula.loss:>10.3e}  {formula}")
        return "\n".join(lines)


def _gives_way(simpler: Formula, formula: Formula) -> bool:
    """Whether of two formulas with the same values the one of fewer nodes goes.

    ``sin(x)`` of metres next to ``a*sin(b*x)`` with a = b = 1: the second has its units. ``a**x`` next to ``exp(b*x)``:
    the nodes of the first are fewer, and dearer. Where the last digits decide, the simpler formula stays.
    """
    if (formula.consistent is False) != (simpler.consistent is False):
        return simpler.consistent is False
    alike = math.isclose(formula.loss, simpler.loss, rel_tol=SAME_LOSS, abs_tol=0.0)
    return alike and formula.rank < simpler.rank


FEWEST_POINTS, MOST_POINTS = 10, 2000
"""Fewest and most values by which two formulas are compared, to see whether they are the same function."""

SAME = 1e-8
"""Relative difference of values up to which they are."""

SAME_LOSS = 1e-5
"""Relative difference of what they leave then, up to which it is noise and not their last digits."""


def _fingerprint(formula: Formula, rows: np.ndarray | None) -> np.ndarray:
    """Values that tell whether two formulas are the same function: on the rows, with few at fixed points as well."""
    d = len(formula.variables)
    if rows is not None and len(rows) >= FEWEST_POINTS:
        return formula.predict(rows[:: -(-len(rows) // MOST_POINTS)])
    unit = halton(49, max(d, 1))[1:, :d]
    fixed = (0.5 + 1.5 * unit, 4 * unit - 2)
    return formula.predict(np.concatenate(fixed if rows is None else (*fixed, rows)))
