"""Products and sums with a function of two columns, the others' functions read one at a time and this one as a table.

Where a tensor product of splines in two columns and splines in the others leave no more than noise of y, the function
of the two is a small table of its own, with all that the engines for small tables know, however many columns there are.
"""

import logging
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.provenance import signed
from kansym.search.curve_readings import EngineTable
from kansym.search.factor_curves import Curve
from kansym.search.factor_readings import (
    Block,
    as_product,
    as_sum,
    combination_readings,
    factor_readings,
    functions_of,
    read,
    under,
)
from kansym.terms.enumeration import FEW, HANDED, Enumeration
from kansym.terms.frames import Frame
from kansym.terms.pair_blocks import PairBlock, pair_blocks

logger = logging.getLogger(__name__)

COLUMNS = range(3, 6)
"""Columns of a table."""

AS_GOOD = 1.2
"""Error of splines, in units of noise, that may be noise: there are far more numbers than for single columns."""

FAR_LESS, CLOSE = 0.1, 0.02
"""Error of one pair of columns, in units of those of all others and of the spread of y, that without noise says that it
is the one, though a steep function of another column may need more pieces."""

FOLLOWED = 2
"""Pairs of columns that are followed."""

FACTORED = 0.5
"""Part of the time for a table of two columns that goes to functions of single ones."""


@signed("functions of two columns")
def block_readings(
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    table: EngineTable,
    *,
    until: float,
) -> Iterator[sympy.Expr]:
    """Formulas of a table that is such a product or sum, the shortest first; none where it is none.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    table : EngineTable
    until : float
        `kansym.clock.now` value to stop at.
    """
    if len(variables) not in COLUMNS or not np.ptp(y) > 0:
        return
    found: dict[tuple[int, int], tuple[float, PairBlock]] = {}
    for error, block in sorted(_blocks(X, y, table), key=lambda one: one[0]):
        found.setdefault(block.pair, (error, block))
    likely = list(found.values())[:FOLLOWED]
    followed = [one for one in likely if one[0] < AS_GOOD]
    close = CLOSE * float(y.std()) / table["noise"]
    if not (followed or table["noisy"]) and len(likely) > 1 and likely[0][0] < min(close, FAR_LESS * likely[1][0]):
        followed = likely[:1]
    for number, (error, block) in enumerate(followed):
        logger.info("terms: a function of %s leaves %.2f times the noise", [variables[k] for k in block.pair], error)
        share = clock.now() + clock.left(until) / (len(followed) - number)
        # What so many numbers leave may be noise, though it is more.
        told: EngineTable = {**table, "noise": table["noise"] * max(1.0, error)}
        yield from _read(block, X, y, variables, told, share)


def _read(
    block: PairBlock,
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    table: EngineTable,
    until: float,
) -> Iterator[sympy.Expr]:
    """Formulas with the function of two columns as one coordinate more in the place of both."""
    pair, singles = list(block.pair), [k for k in range(len(variables)) if k not in block.pair]
    expressions = (*(variables[k] for k in singles), sympy.Dummy("u", real=True))
    frame = Frame(np.column_stack([X[:, singles], block.values]), expressions)
    own = Block(len(singles), X[:, pair], tuple(variables[k] for k in pair), _engines)
    for seen in (as_sum if block.additive else as_product)(frame, y, table):
        yield from read(seen, until, own)


def _blocks(X: np.ndarray, y: np.ndarray, table: EngineTable) -> Iterator[tuple[float, PairBlock]]:
    """Pairs of columns, with the error in units of noise."""
    for target in functions_of(y, table):
        told = under(target, table)
        for additive in (True, False) if not target.linked else (True,):
            if clock.current().over:
                return
            rows = {"weights": told["weights"], "seed": told["seed"]}
            for block in pair_blocks(X, target.z, additive=additive, **rows):
                yield block.error / told["noise"], block


def _engines(curve: Curve, until: float) -> Iterator[sympy.Expr]:
    """What engines for tables of two columns say: compositions first, which take a second or two."""
    rows = curve.X, curve.target, curve.symbols
    yield from Enumeration(*rows, **curve.table).formulas(until, few=FEW, handed=HANDED)
    if curve.sure:
        return
    for engine in (factor_readings, combination_readings):
        found = False
        for one in engine(*rows, curve.table, until=clock.now() + FACTORED * clock.left(until)):
            found = True
            yield one
        if found:
            return
