"""The formulas of a KAN of several outputs, and what they have in common."""

from collections.abc import Sequence
from typing import Any

from kansym.editing.network import EditableNetwork
from kansym.editing.trained import editor_of, symbolified
from kansym.kan.model import KAN
from kansym.primitives.primitive import Primitive
from kansym.symbolic.formula import Formula
from kansym.targets.analysis import common_of
from kansym.targets.common import Common
from kansym.targets.text import common_lines


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
    found = editor.formulas(**limit)
    if len(found) == 1:
        return found[0]
    return Formulas(found, common_of(list(zip(found, net.table.tables, strict=True))))
