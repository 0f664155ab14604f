# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Starting values from the data alone: many are drawn and screened on few rows, the best are fitted."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import sympy

from kansym import clock
from kansym.data.sample_points import shifted_halton
from kansym.fitting.candidates import OSCILLATING, Candidates
from kansym.fitting.least_squares import best_descent
from kansym.fitting.population import Screen, descended, evolved
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares

SCREENING_ROWS = 100
"""Rows that candidates are judged by."""

FITTING_ROWS = 2000
"""Rows that the best are fitted to; the fits that decide see all."""

DRAWN = 2048
"""Candidates drawn."""

DESCENDED, EVOLVED = 512, 48
"""The best of those drawn that are fitted in a batch, and that are bred."""

FITTED = 20
"""Candidates fitted one by one; half of them from the batch, half bred, at first."""

FINAL = 5
"""Fits that are brought to the minimum of all rows where there are more than `FITTING_ROWS`."""

SAME_DECADE = 0.02
"""Difference of the decimal logarithms of the losses of candidates that are about equal."""

SAME_LOSS = 1e-7
"""Relative difference of losses of one minimum, or of minima that the rows cannot tell apart."""

PLACE = 0.3819660112501051
"""Where between two rows: the golden section. Halfway, what has two periods per row would look slow once more."""

RESOLVED = 0.5
"""Limit of `aliased`, twice what can be reached on evenly spaced rows."""

EVEN = 0.1
"""Relative scatter of the steps between rows up to which they are even; others show faster oscillations too."""

ALIAS = 20.0
"""Chi-squared, in units of what is left for each row, by which an oscillation that the rows do not resolve must be the
better fit. Times that are rounded, or a little uneven, tell it from the slow one by a few."""


def starting_values(
    form: ParametricForm,
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    fixed: Mapping[int, float],
    rng: np.random.Generator,
    deadline: float | None = None,
) -> np.ndarray | None:
    """Constants (k,) at the best minimum found; None if the formula was finite nowhere.

    Constants that enter linearly are solved for, the others drawn by a shifted Halton sequence. The best of them go two
    ways: down in a batch, which finds narrow basins, and through differential evolution, which finds the way between
    many minima, as those of a frequency. The best of both are fitted on more rows, then on all.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
    y : array (n,)
    weights : array (n,) or None
    fixed : mapping of int to float
        Constants that start at a given value, by index.
    rng : numpy.random.Generator
    deadline : float, optional
        `kansym.clock.now` value after which the best values so far are only brought down once.
    """
    screen = Screen(_problem(form, X, y, weights, _spread_rows(X, SCREENING_ROWS, rng)))
    rows = _spread_rows(X, FITTING_ROWS, rng)
    pool = _pool(screen, Candidates.of(form, screen.nonlinear, X, y), X[rows], fixed, rng, deadline)
    some = _problem(form, X, y, weights, rows)
    fits = _fits(some, pool, deadline)
    problem = _problem(form, X, y, weights, np.arange(len(y)))
    finals = fits if len(y) <= FITTING_ROWS else _fits(problem, [fit[0] for fit in fits[:FINAL]], deadline)
    if not finals:
        return None
    best, least = finals[0]
    if aliased(form, X, best):
        starts = _resolved_starts(screen, Candidates.of(form, screen.nonlinear, X, y), X[rows], fixed, rng, deadline)
        finals = [(values, loss) for values, loss in finals if not aliased(form, X, values)]
        finals += [fit for fit in _fits(problem, starts, deadline) if not aliased(form, X, fit[0])]
        slow = min(finals, key=lambda fit: fit[1], default=(best, math.inf))
        if not len(y) * (slow[1] - least) <= ALIAS * least:
            return best
        least = slow[1]
    equals = [values for values, loss in finals if loss <= least * (1 + SAME_LOSS)]
    # On evenly spaced rows a fast oscillation has the values of a slow one (aliasing): the slow one is meant.
    return min(equals, key=lambda values: roughness(form, X, values))


def _resolved_starts(
    screen: Screen,
    candidates: Candidates,
    X: np.ndarray,
    fixed: Mapping[int, float],
    rng: np.random.Generator,
    deadline: float | None,
) -> list[np.ndarray]:
    """Starts that oscillate no faster than the rows can show, where all the best minima do."""
    _, _, values, order = _screened(screen, candidates, fixed, rng)
    order = [i for i in order if not aliased(screen.form, X, values[i])]
    if not order:
        return []
    losses, values = descended(screen, values[order[:DESCENDED]], deadline)
    slow = [i for i in np.argsort(losses, kind="stable") if not aliased(screen.form, X, values[i])]
    return [values[i] for i in slow[:FITTED]]


def _problem(
    form: ParametricForm, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None, rows: np.ndarray
) -> LeastSquares:
    chosen = None if weights is None else weights[rows]
    return LeastSquares(form, columns_of(X[rows], X.shape[1]), y[rows], chosen)


def _spread_rows(X: np.ndarray, m: int, rng: np.random.Generator) -> np.ndarray:
    """At most m rows, one at random from each of m equal parts of the table sorted by its first column."""
    n = len(X)
    if n <= m:
        return np.arange(n)
    edges = np.linspace(0, n, m + 1).astype(int)
    places = edges[:-1] + (rng.random(m) * np.diff(edges)).astype(int)
    return np.sort(np.argsort(X[:, 0], kind="stable")[places])


def _pool(
    screen: Screen,
    candidates: Candidates,
    X: np.ndarray,
    fixed: Mapping[int, float],
    rng: np.random.Generator,
    deadline: float | None,
) -> list[np.ndarray]:
    """Different starts, at most `FITTED`."""
    held, drawn, values, order = _screened(screen, candidates, fixed, rng)
    resolved = [i for i in order if not aliased(screen.form, X, values[i])]
    order = resolved if len(resolved) >= EVOLVED else order
    if len(held) == drawn.shape[1]:
        return [values[i] for i in order[:1]]
    if not order:
        return []
    fitted = descended(screen, values[order[:DESCENDED]], deadline)
    parts = [fitted]
    if len(order) >= 4:
        parts.append(evolved(screen, drawn[order[:EVOLVED]], held, rng, deadline))
    kept: list[np.ndarray] = []
    for part_losses, part_values in parts:
        room = len(kept) + FITTED // len(parts)
        # Of candidates of about one loss those that the rows resolve and then the smooth ones come first.
        with np.errstate(all="ignore"):
            about = np.round(np.log10(part_losses) / SAME_DECADE)
        best = [i for i in range(len(about)) if np.isfinite(part_losses[i])][: 4 * FITTED]
        keys = {
            i: (about[i], aliased(screen.form, X, part_values[i]), roughness(screen.form, X, part_values[i]))
            for i in best
        }
        for row in (part_values[i] for i in sorted(best, key=keys.__getitem__)):
            if len(kept) < room and not any(np.allclose(row, other, rtol=1e-4, atol=0.0) for other in kept):
                kept.append(row)
    return kept


def _screened(
    screen: Screen, candidates: Candidates, fixed: Mapping[int, float], rng: np.random.Generator
) -> tuple[dict[int, float], np.ndarray, np.ndarray, list[int]]:
    """What is held, nonlinear constants that were drawn, all constants, and the order of those with a loss."""
    held = {screen.nonlinear.index(j): value for j, value in fixed.items() if j in screen.nonlinear}
    drawn = _draw(candidates, DRAWN, rng, held)
    losses, values = screen.losses(drawn)
    return held, drawn, values, [int(i) for i in np.argsort(losses, kind="stable") if np.isfinite(losses[i])]


def _draw(candidates: Candidates, m: int, rng: np.random.Generator, held: Mapping[int, float]) -> np.ndarray:
    """Values (m, q) of the nonlinear constants."""
    q = candidates.sizes.shape[1]
    if q == 0:
        return np.zeros((1, 0))
    points = shifted_halton(m, 2 * q, rng)
    values = np.column_stack([candidates.at(points[:, 2 * j : 2 * j + 2], j) for j in range(q)])
    for j, value in held.items():
        values[:, j] = value
    return values


def _fits(
    problem: LeastSquares, starts: Sequence[np.ndarray], deadline: float | None
) -> list[tuple[np.ndarray, float]]:
    """Values and losses of the fits from some starts, the best first; only from the first start once it is late."""
    fits: list[tuple[np.ndarray, float]] = []
    for start in starts:
        if fits and clock.late(deadline):
            break
        fits.append(best_descent(problem, start, deadline)[:2])
    return sorted((fit for fit in fits if np.isfinite(fit[1])), key=lambda fit: fit[1])


def roughness(form: ParametricForm, X: np.ndarray, values: np.ndarray) -> float:
    """Root mean square of what the formula differs, between neighbouring rows, from the straight line through the two.

    Rounded to three digits, so that minima that are the same to rounding are equal; inf where it is not finite.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
        Neighbours are neighbours in the order of the first column, then of the second, and so on.
    values : array (k,)
    """
    if len(X) < 2:
        return 0.0
    ordered = X[np.lexsort(X.T[::-1])]
    here = form.with_values(values)
    at_rows = here.evaluate(ordered)
    between = here.evaluate((1 - PLACE) * ordered[:-1] + PLACE * ordered[1:])
    with np.errstate(all="ignore"):
        result = float(np.sqrt(np.mean((between - (1 - PLACE) * at_rows[:-1] - PLACE * at_rows[1:]) ** 2)))
    return float(f"{result:.3g}") if np.isfinite(result) else float("inf")


@lru_cache(maxsize=64)
def _phases(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
) -> tuple[ParametricForm, ...]:
    """The arguments of oscillating functions, at values of one."""
    arguments = [node.args[-1] for node in sorted(expression.atoms(*OSCILLATING), key=str)]
    return tuple(ParametricForm(argument, variables, constants, np.ones(len(constants))) for argument in arguments)


def aliased(form: ParametricForm, X: np.ndarray, values: np.ndarray) -> bool:
    """Whether a formula oscillates more than once per two rows, so that the rows show a slower oscillation.

    The argument of a sine then turns by more than half a circle from one even row to the next. Where rows are uneven: a
    formula that they resolve is, between two of them, no further from the straight line through them than about a
    quarter of its second differences along the rows; that is reached at two rows per period. Only tables of one column
    have an order that says so; others are never aliased.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
    values : array (k,)
    """
    if X.shape[1] != 1 or len(X) < 3 or not form.expression.has(*OSCILLATING):
        return False
    ordered = X[np.argsort(X[:, 0])]
    at_rows = form.with_values(values).evaluate(ordered)
    with np.errstate(all="ignore"):
        # Half a turn between two even rows is the Nyquist limit, also where they are few and second differences large.
        steps = np.diff(ordered[:, 0])
        even = float(np.std(steps)) < EVEN * float(np.mean(steps))
        for phase in _phases(form.expression, form.variables, form.constants) if even else ():
            turned = np.abs(np.diff(phase.with_values(values).evaluate(ordered)))
            if np.isfinite(turned).all() and np.median(turned) > np.pi:
                return True
        bends = float(np.sqrt(np.mean(np.diff(at_rows, 2) ** 2)))
        return bool(roughness(form, X, values) > RESOLVED * bends)
