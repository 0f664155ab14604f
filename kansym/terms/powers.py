# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Sums of up to three powers of one column, under links: all of them, by linear algebra.

A resonance is the root of a reciprocal of a sum of three powers, a rate that too much of the substrate slows down a
reciprocal one. With noise such laws have many imitations of few operations, and the sums are few enough to fit all.
"""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.primitives.allowed import AllowedFunctions
from kansym.structure.links import Link, usable_links
from kansym.structure.problem import TARGET

EXPONENTS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)

MOST_TERMS = 3

EACH = 3
"""Sums of each number of terms, under each link, that are handed on."""

LEAST = 1e-6
"""Smallest |y|, in units of its root mean square, under a link."""

REWEIGHTED = 2
"""Passes in which a link's slope is taken at the fitted values: at small y that noise has moved it says little."""


def power_sums(
    x: np.ndarray,
    y: np.ndarray,
    symbol: sympy.Symbol,
    *,
    weights: np.ndarray | None = None,
    allowed: AllowedFunctions | None = None,
) -> Iterator[sympy.Expr]:
    """The best sums under every link, with Float coefficients whose last digits a fit of y has to settle.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    weights : ndarray, shape (n,), optional
        Of the squared residuals of y.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    """
    exponents = EXPONENTS if (x > 0).all() or (x < 0).all() else tuple(p for p in EXPONENTS if p >= 0)
    scale = float(np.exp(np.mean(np.log(np.abs(x[x != 0]))))) if x.any() else 1.0
    with np.errstate(all="ignore"):
        powers = np.array([(x / scale) ** p for p in exponents])
    if not np.isfinite(powers).all():
        return
    for link in usable_links(y):
        away = float(np.abs(y).min()) > LEAST * float(np.sqrt(np.mean(y**2)))
        back = link.inverse(y)
        if link.name != "identity" and not (away and _permitted(back, allowed)):
            continue
        inverse = sympy.lambdify(TARGET, back, "numpy")
        for chosen in _best(powers, y, link, weights):
            coefficients = _settled(powers[chosen].T, y, link, inverse, weights)
            terms = (
                sympy.Float(float(c) / scale ** exponents[k]) * symbol ** exponents[k]
                for k, c in zip(chosen, coefficients, strict=True)
            )
            yield back.xreplace({TARGET: sympy.Add(*terms)})


def _permitted(back: sympy.Expr, allowed: AllowedFunctions | None) -> bool:
    return allowed is None or allowed.permits(back.subs(TARGET, sympy.Symbol("z", positive=True)))


def _best(powers: np.ndarray, y: np.ndarray, link: Link, weights: np.ndarray | None) -> Iterator[list[int]]:
    """Places of the terms of the `EACH` best sums of each number of terms, for L(y)."""
    with np.errstate(all="ignore"):
        square = link.slope_back(y) ** 2 * (1.0 if weights is None else weights)
        gram, moment = (powers * square) @ powers.T, (powers * square) @ link.forward(y)
    if not (np.isfinite(gram).all() and np.isfinite(moment).all() and (np.diag(gram) > 0).all()):
        return
    clock.charge(Work.DENSE_PRODUCTS, powers.size * len(powers))
    for count in range(1, MOST_TERMS + 1):
        chosen = np.array(list(itertools.combinations(range(len(powers)), count)))
        blocks, sides = gram[chosen[:, :, None], chosen[:, None, :]], moment[chosen]
        lengths = np.sqrt(np.einsum("sii->si", blocks))
        inverses = np.linalg.pinv(blocks / lengths[:, :, None] / lengths[:, None, :], rcond=1e-13, hermitian=True)
        gained = np.einsum("si,sij,sj->s", sides / lengths, inverses, sides / lengths)
        clock.charge(Work.SMALL_FITS, count)
        yield from (chosen[k].tolist() for k in np.argsort(-gained, kind="stable")[:EACH])


def _settled(
    columns: np.ndarray,
    y: np.ndarray,
    link: Link,
    inverse: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray | None,
) -> np.ndarray:
    """Coefficients with the slope of the link taken at the fitted values, as far as these have a way back."""
    at, passes = y, 1 if link.name == "identity" else 1 + REWEIGHTED
    coefficients = np.zeros(columns.shape[1])
    for _ in range(passes):
        # L(y) is taken as the straight line that it is near the fitted value.
        with np.errstate(all="ignore"):
            root = link.slope_back(at) * (1.0 if weights is None else np.sqrt(weights))
            target = (link.forward(at) + (y - at) * link.slope(at)) * root
            matrix = columns * root[:, None]
        if not (np.isfinite(target).all() and np.isfinite(matrix).all()):
            break
        coefficients = np.linalg.lstsq(matrix, target, rcond=None)[0]
        clock.charge(Work.SMALL_FITS, 1)
        with np.errstate(all="ignore"):
            at = np.broadcast_to(inverse(columns @ coefficients), y.shape)
            slope = link.slope(at)
        if not (np.isfinite(slope).all() and slope.all() and (np.sign(at) == np.sign(y)).all()):
            break
    return coefficients
