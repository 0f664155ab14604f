# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Curves with one inner scale: c * z^p * f(a z^q)^(+-1), and the same plus a constant.

A dimensionless product hides a number in its unit: Planck's law in u = omega/T is u^3 / (exp(a u) - 1). All p, q and f
are tried on a grid of scales a at once, the factor (and constant) in closed form, and the best scales are refined by
Gauss-Newton steps.
"""

import math
from collections.abc import Callable

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.simple_forms import SimpleForm

FEW_ROWS = 200
"""Rows of the first look."""

SCALES = 48
"""Scales per function and power, evenly spread in the logarithm."""

SHORTLIST, SHORT_STEPS = 240, 4
"""Forms whose scale is refined on few rows, and for how many steps: between two scales of the grid the right form may
be a hundred times worse than it is at its best."""

REFINED, STEPS = 25, 14
"""Forms refined on all rows, and for how many steps."""

_v = sympy.Symbol("_v", positive=True)
FACTOR_POWERS = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0, 0.5, -0.5, 1.5, -1.5)
INNER_POWERS = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
FUNCTIONS: tuple[tuple[sympy.Expr, Callable[[np.ndarray], np.ndarray]], ...] = (
    (sympy.exp(_v) - 1, np.expm1),
    (1 - sympy.exp(-_v), lambda v: -np.expm1(-v)),
    (sympy.exp(_v) + 1, lambda v: np.exp(v) + 1),
    (sympy.exp(-_v), lambda v: np.exp(-v)),
    (sympy.tanh(_v), np.tanh),
    (sympy.cosh(_v), np.cosh),
    (sympy.sinh(_v), np.sinh),
    (sympy.sin(_v), np.sin),
    (sympy.cos(_v), np.cos),
    (sympy.sin(_v) ** 2, lambda v: np.sin(v) ** 2),
    (sympy.log(1 + _v), np.log1p),
    (1 + _v, lambda v: 1 + v),
    (1 - _v, lambda v: 1 - v),
    (sympy.sqrt(1 + _v), lambda v: np.sqrt(1 + v)),
    (sympy.sqrt(1 - _v), lambda v: np.sqrt(1 - v)),
    (sympy.atan(_v), np.arctan),
    (sympy.asin(_v), np.arcsin),
)


def scaled_forms(
    x: np.ndarray, t: np.ndarray, variable: sympy.Symbol, weights: np.ndarray | None = None, *, offset: bool = False
) -> list[SimpleForm]:
    """Forms with one inner scale, those of least description length first.

    Parameters
    ----------
    x : ndarray, shape (n,)
        All positive; there are no forms otherwise.
    t : ndarray, shape (n,)
    variable : Symbol
    weights : ndarray, shape (n,), optional
    offset : bool, default False
        Whether a constant is added; unlike in `simple_forms` it is part of the expressions.
    """
    if not (x > 0).all() or len(t) < 20 or not (np.isfinite(x).all() and np.isfinite(t).all()):
        return []
    w = np.ones(len(t)) if weights is None else weights / weights.mean()
    rows = np.unique(np.linspace(0, len(t) - 1, FEW_ROWS).astype(int))
    found = []
    few = (x[rows], t[rows], w[rows])
    better = []
    for _, p, q, a, number, sign in sorted(_screened(*few, offset))[:SHORTLIST]:
        refined = _refined(*few, p, q, a, number, sign, offset, SHORT_STEPS)
        if refined is not None:
            better.append((refined[0], p, q, refined[1], number, sign))
    for _, p, q, a, number, sign in sorted(better)[:REFINED]:
        refined = _refined(x, t, w, p, q, a, number, sign, offset, STEPS)
        if refined is not None:
            found.append(SimpleForm(_expression(variable, p, q, number, sign, *refined[1:]), refined[0]))
    return sorted(found, key=lambda form: form.bits(len(t), 1))


Candidate = tuple[float, float, float, float, int, int]
"""Loss, p, q, a, number of the function, its sign in the exponent."""


def _screened(x: np.ndarray, t: np.ndarray, w: np.ndarray, offset: bool) -> list[Candidate]:
    """The best scale of every form, on few rows."""
    share = w / w.sum()
    target = t - share @ t if offset else t
    total = float(share @ target**2)
    if total == 0:
        return []
    clock.charge(Work.FORM_VALUES, 2 * len(INNER_POWERS) * len(FUNCTIONS) * SCALES * len(x))
    factors = np.stack([x**p for p in FACTOR_POWERS])
    found: list[Candidate] = []
    for q in INNER_POWERS:
        z = x**q
        scales = np.geomspace(0.02, 60.0, SCALES) / np.median(z)
        v = scales[:, None] * z
        for number, (_, function) in enumerate(FUNCTIONS):
            with np.errstate(all="ignore"):
                values = function(v)
            for sign in (1, -1):
                with np.errstate(all="ignore"):
                    f = values if sign == 1 else 1 / values
                    # (factors, scales): moments of z^p f(a z^q) by two matrix products.
                    usable = np.isfinite(f).all(1) & (np.abs(f).max(1) < 1e10)
                    f = np.where(usable[:, None], f, 0.0)
                    moment = (factors * (share * target)) @ f.T
                    whole = (factors**2 * share) @ (f**2).T
                    square = whole - ((factors * share) @ f.T) ** 2 if offset else whole
                    # A function that is constant on the rows leaves only rounding once its mean is gone.
                    sound = usable & (square > 1e-12 * whole) & (whole > 0)
                    loss = np.where(sound, 1 - moment**2 / square / total, np.inf)
                best = np.nanargmin(np.where(np.isfinite(loss), loss, np.inf), axis=1)
                for k, place in enumerate(best):
                    if np.isfinite(loss[k, place]):
                        found.append((float(loss[k, place]), FACTOR_POWERS[k], q, float(scales[place]), number, sign))
    return found


def _columns(x: np.ndarray, p: float, q: float, a: float, number: int, sign: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        value = FUNCTIONS[number][1](a * x**q)
        return x**p * (value if sign == 1 else 1 / value)


def _fit(u: np.ndarray, t: np.ndarray, w: np.ndarray, offset: bool) -> tuple[float, float, np.ndarray]:
    """Factor, constant and residual of t on u."""
    share = w / w.sum()
    middle, level = (float(share @ u), float(share @ t)) if offset else (0.0, 0.0)
    factor = float(share @ ((u - middle) * (t - level)) / max(float(share @ (u - middle) ** 2), 1e-300))
    constant = level - factor * middle
    return factor, constant, factor * u + constant - t


def _refined(
    x: np.ndarray,
    t: np.ndarray,
    w: np.ndarray,
    p: float,
    q: float,
    a: float,
    number: int,
    sign: int,
    offset: bool,
    steps: int,
) -> tuple[float, float, float, float] | None:
    """Loss, scale, factor and constant after damped Gauss-Newton steps in log a."""

    def residual(scale: float) -> tuple[float, float, float, np.ndarray]:
        clock.charge(Work.EVALUATIONS)
        clock.charge(Work.FORM_VALUES, len(x))
        factor, constant, left = _fit(_columns(x, p, q, scale, number, sign), t, w, offset)
        return float((w * left**2).mean()), factor, constant, left

    with np.errstate(all="ignore"):
        loss, factor, constant, left = residual(a)
        if not math.isfinite(loss):
            return None
        for _ in range(steps):
            width = 1e-6
            slope = (residual(a * (1 + width))[3] - residual(a * (1 - width))[3]) / (2 * width)
            step = -float((w * slope * left).sum() / max(float((w * slope**2).sum()), 1e-300))
            step = max(-0.3, min(0.3, step))
            for _ in range(5):
                trial = residual(a * math.exp(step))
                if math.isfinite(trial[0]) and trial[0] < loss:
                    break
                step /= 3
            else:
                break
            gain = loss - trial[0]
            a *= math.exp(step)
            loss, factor, constant, left = trial
            if gain <= 1e-12 * loss:
                break
    return loss, a, factor, constant


def _expression(
    variable: sympy.Symbol,
    p: float,
    q: float,
    number: int,
    sign: int,
    a: float,
    factor: float,
    constant: float,
) -> sympy.Expr:
    inner = sympy.Float(a) * variable ** sympy.nsimplify(q, rational=True)
    function = FUNCTIONS[number][0].xreplace({_v: inner}) ** sign
    expression = sympy.Float(factor) * variable ** sympy.nsimplify(p, rational=True) * function
    return expression + sympy.Float(constant) if constant else expression
