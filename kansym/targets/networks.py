"""The formulas of a KAN of several outputs, and what they have in common."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.editing.network import EditableNetwork
from kansym.editing.trained import editor_of, symbolified
from kansym.kan.model import KAN
from kansym.primitives.primitive import Primitive
from kansym.symbolic.formula import Formula
from kansym.targets.analysis import common_of
from kansym.targets.common import Common
from kansym.targets.text import common_lines

MUCH = 3.0
"""Residual of a formula in units of its network's from which it says so."""

ROUNDING = 1e-9
"""Residual in units of the target's spread up to which it is rounding."""


class Formulas(tuple[Formula, ...]):
    """One formula for each output, in their order; what they share is named once in their text.

    Parameters
    ----------
    formulas : sequence of Formula
    common : Common
        Constants that the data allow to be one, and expressions that stand in several formulas.

    Attributes
    ----------
    common : Common
    """

    common: Common

    def __new__(cls, formulas: Sequence[Formula], common: Common) -> "Formulas":
        made = super().__new__(cls, formulas)
        made.common = common
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.common

    def __str__(self) -> str:
        return "\n".join(common_lines(self.common) if self.common else map(str, self))

    __repr__ = __str__


def formulas_of(
    net: KAN, primitives: Sequence[Primitive | str] | None, max_seconds: float
) -> Formula | tuple[Formula, ...]:
    """What the network's splines become formulas of; see `kansym.KAN.symbolify`. The network stays what it is."""
    each = max_seconds / 2
    return _formulas(net, symbolified(net, primitives, each * net.n_outputs), max_seconds=each)


def present_formulas(net: KAN) -> Formula | tuple[Formula, ...]:
    """Those of a network without splines; see `kansym.KAN.formula`."""
    return _formulas(net, editor_of(net))


def _formulas(net: KAN, editor: EditableNetwork, **limit: float) -> Formula | tuple[Formula, ...]:
    found = tuple(_remarked(net, output, one) for output, one in enumerate(editor.formulas(**limit)))
    if len(found) == 1:
        return found[0]
    return Formulas(found, common_of(list(zip(found, net.table.tables, strict=True))))


def _remarked(net: KAN, output: int, formula: Formula) -> Formula:
    """The formula, with a note where it is much farther from the rows that judge than the network is."""
    table, index = net.table.tables[output], net.table.validation if len(net.table.validation) else net.table.train
    X, y = table.X[index], table.y[index]
    with np.errstate(all="ignore"):
        own, network = (
            float(np.sqrt(np.mean((values - y) ** 2)))
            for values in (formula.predict(X), net.predict(X).reshape(len(X), -1)[:, output])
        )
    if not own > max(MUCH * network, ROUNDING * float(np.std(table.y))):
        return formula
    note = f"The residual of the formula is {own / network:.2g} times that of the network: it is no more than a sketch."
    return replace(formula, notes=(*formula.notes, note))
