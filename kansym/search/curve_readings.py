"""What a noisy function of one argument may be, by all engines that need no more than its values."""

from collections.abc import Iterator
from typing import TypedDict

import numpy as np
import sympy

from kansym.primitives.allowed import AllowedFunctions
from kansym.provenance import signed
from kansym.structure.exponentials import exponential_sums
from kansym.structure.simple_forms import simple_forms
from kansym.terms.enumeration import HANDED, Enumeration
from kansym.terms.linked_waves import linked_waves
from kansym.terms.powers import free_powers, power_sums

TREES = 300
"""Compositions of a size up to which a part is looked for among them: all of two operations of one column."""


class EngineTable(TypedDict):
    """What engines are told of a table besides its columns."""

    weights: np.ndarray | None
    noise: float
    noisy: bool
    allowed: AllowedFunctions | None
    seed: int


def stand_in(values: np.ndarray, name: str = "z") -> sympy.Symbol:
    """A symbol for an argument with these values; of positive ones sympy's questions have quick answers."""
    return sympy.Symbol(name, positive=True) if (values > 0).all() else sympy.Symbol(name, real=True)


@signed("simple forms")
def shortest_forms(
    x: np.ndarray,
    target: np.ndarray,
    symbol: sympy.Symbol,
    *,
    weights: np.ndarray | None,
    noise: float,
    allowed: AllowedFunctions | None = None,
    most: int = HANDED,
) -> Iterator[sympy.Expr]:
    """Forms without a constant within, of the shortest descriptions: alone, then beside a constant, `most` of each.

    Those with a scale are among compositions.
    """
    for offset in (False, True):
        forms = simple_forms(x[:, None], target, (symbol,), weights, offset=offset)
        permitted = [form for form in forms if allowed is None or allowed.permits(form.whole)]
        for form in sorted(permitted, key=lambda form: form.bits(len(x), 1, noise**2))[:most]:
            yield form.whole


def curve_readings(
    x: np.ndarray,
    target: np.ndarray,
    symbol: sympy.Symbol,
    table: EngineTable,
    *,
    until: float,
    short: bool = True,
    exponentials: bool = True,
    handed: int = HANDED,
    few: float = TREES,
    near: float = 0.0,
) -> Iterator[sympy.Expr]:
    """Simple forms, a real power, sums of powers, exponentials and waves, waves under links, then compositions, the
    shortest first.

    Parameters
    ----------
    x, target : ndarray, shape (n,)
    symbol : sympy.Symbol
        Stands for x.
    table : EngineTable
    until : float
        `kansym.clock.now` value to stop at.
    short : bool, default True
        Whether `shortest_forms` are among them.
    exponentials : bool, default True
        Whether sums of exponentials and waves are among them.
    handed : int, default 3
        Most compositions.
    few : float, default 300
        Compositions of a size up to which all of that size are tried.
    near : float, default 0
        Nats by which a composition may be longer than smaller ones.
    """
    allowed, weights = table["allowed"], table["weights"]
    if short:
        known = {"weights": weights, "noise": table["noise"], "allowed": allowed}
        yield from shortest_forms(x, target, symbol, **known, most=handed)
    yield from free_powers(x, target, symbol, weights=weights, allowed=allowed)
    yield from power_sums(x, target, symbol, weights=weights, allowed=allowed)
    yield from linked_waves(x, target, symbol, weights=weights, noise=table["noise"], allowed=allowed)
    if exponentials:
        sums = exponential_sums(x, target, symbol, weights=weights, noise=table["noise"])
        yield from (one for one in sums if allowed is None or allowed.permits(one))
    enumeration = Enumeration(x[:, None], target, (symbol,), **table)
    yield from enumeration.formulas(until, few=few, handed=handed, near=near)
