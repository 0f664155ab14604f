# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Tables as a laboratory has them: 7 to 300 rows on a grid or scattered, with noise, most of them with their errors.

A formula counts as the law where it comes as close to it as the law does when its constants are fitted to the same
rows; see `kansym.bench.strict`.
"""

from collections.abc import Callable

import numpy as np

from kansym.bench import sampling
from kansym.bench.dice import Dice
from kansym.bench.lab_laws import FAMILIES, Plan, rounded
from kansym.bench.law import Law, Noise
from kansym.bench.sampling import Variable
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import jacobian_rank

SOURCE = "drawn at random by kansym.bench.lab_tables"

FEWEST, MOST = 7, 300
"""Rows."""

SPARE = 4
"""Least number of rows above that of constants."""

LEAST_NOISE, MOST_NOISE = 0.003, 0.02
"""Noise, in parts of the target or of its spread; counts have their own."""

GIVEN_SHARE = 0.7
"""Tables with a column of errors; counts always have one."""

MOST_TRIES = 300

FEWEST_COUNTS = 20.0
"""Largest expected count of a table of counts, at least."""

POINTS = 300
"""Points where the errors of a fitted law are predicted."""

KNOWN_INSIDE, KNOWN_BEYOND = 0.02, 0.3
"""Largest predicted error of the fitted law within the ranges and beyond, in spreads: the rows determine the law."""

CURVED = 2.0
"""Least RMS residual of the best polynomial of second degree, in errors: the rows show more than a parabola."""


def lab_table(generator: np.random.Generator, name: str) -> Law:
    """A law of one of `FAMILIES` with the design and the noise of its table.

    Parameters
    ----------
    generator : numpy.random.Generator
        Decides everything.
    name : str
    """
    dice = Dice(generator)
    return table_of(dice.pick(FAMILIES), dice, name)


def table_of(family: Callable[[Dice], Plan], dice: Dice, name: str) -> Law:
    """A law of one family with the design and the noise of its table."""
    for _ in range(MOST_TRIES):
        law = _laid_out(family(dice), dice, name, family.__name__.replace("_", " "))
        if law is not None and _is_measurable(law):
            return law
    raise ArithmeticError(f"no table of {family.__name__} in {MOST_TRIES} drafts")


def _laid_out(plan: Plan, dice: Dice, name: str, title: str) -> Law | None:
    """The law with rows and noise; None where the plan has no such table."""
    logarithmic = dice.chance(0.8)
    variables = tuple(
        Variable(
            column,
            low,
            high,
            distribution="log" if logarithmic and column in plan.logarithmic and low > 0 else "uniform",
        )
        for column, (low, high) in plan.ranges.items()
    )
    rows = round(dice.size(max(FEWEST, plan.fewest, len(plan.constants) + SPARE), MOST))
    levels: tuple[int, ...] = ()
    if dice.chance(0.7):
        second = dice.whole(2, 6) if len(variables) > 1 else 1
        first = max(rows // second, 4)
        levels = (first, second)[: len(variables)]
        rows = int(np.prod(levels))
    given = dice.chance(GIVEN_SHARE)
    noise = Noise("counts", given=True) if plan.counts and dice.chance(0.6) else None
    share, relative = rounded(dice.size(LEAST_NOISE, MOST_NOISE), 2), dice.chance(0.5)
    common = dict(
        name=name, title=title, formula=plan.formula, target="y", variables=variables, constants=plan.constants,
        free=tuple(plan.constants), rows=rows, levels=levels, judge="fit", source=SOURCE,
    )  # fmt: skip
    if noise is None:
        _, clean = Law(**common).sample(rows, 0)
        spread = float(np.std(clean))
        if spread == 0:
            return None
        positive = clean.min() > 0
        noise = Noise("relative", share, given) if relative and positive else None
        noise = noise or Noise("absolute", rounded(share * spread, 3), given)
    return Law(**common, noise=noise)


def _is_measurable(law: Law) -> bool:
    """Whether the rows determine the constants, and show more than a parabola would."""
    if law.noise is None or law.rows is None:
        return False
    X, clean = law.sample(law.rows, 0)
    if not np.isfinite(clean).all() or len(clean) < max(FEWEST, len(law.constants) + SPARE):
        return False
    if law.noise.kind == "counts" and (clean.min() < 0 or clean.max() < FEWEST_COUNTS):
        return False
    errors = np.maximum(law.noise.deviations(clean), 1.0 if law.noise.kind == "counts" else 0.0)
    if not (errors > 0).all() or _beside_parabola(X, clean, errors, law) < CURVED:
        return False
    symbols = tuple(plain_symbol(column) for column in law.names)
    constants = tuple(plain_symbol(constant) for constant in law.constants)
    form = ParametricForm(law.form, symbols, constants, np.array(list(law.constants.values())))
    jacobian = form.jacobian(X) / errors[:, None]
    if not np.isfinite(jacobian).all() or jacobian_rank(form, X) < len(constants):
        return False
    spread = float(np.std(clean))
    numbers = sampling.generator(law.name, 0)
    wide = tuple(variable.extended() for variable in law.variables)
    return all(
        _predicted_error(form, jacobian, sampling.draw(variables, POINTS, numbers), spread) <= limit
        for variables, limit in ((law.variables, KNOWN_INSIDE), (wide, KNOWN_BEYOND))
    )


def _predicted_error(form: ParametricForm, jacobian: np.ndarray, points: np.ndarray, spread: float) -> float:
    """Error of the law at some points when its constants are fitted, measured like the NRMSE of the judge.

    Parameters
    ----------
    form : ParametricForm
    jacobian : array (n, k)
        At the rows, in units of their errors.
    points : array (m, d)
    spread : float
        Of the law's values.
    """
    # Columns of one length, so that the inverse keeps its digits.
    lengths = np.linalg.norm(jacobian, axis=0)
    triangle = np.linalg.qr(jacobian / lengths, mode="r")
    scale = spread + np.abs(form.evaluate(points))
    there = form.jacobian(points) / scale[:, None] / lengths
    there = there[np.isfinite(there).all(axis=1)]
    if len(there) < len(points) / 2:
        return np.inf
    # The sum over constants of (J R^-1)^2 is the variance of the fitted law.
    return float(np.sqrt(np.mean((np.linalg.solve(triangle.T, there.T) ** 2).sum(axis=0))))


def _beside_parabola(X: np.ndarray, clean: np.ndarray, errors: np.ndarray, law: Law) -> float:
    """RMS residual, in errors, of the best polynomial of second degree in the columns or in their logarithms."""
    residuals = []
    for logarithms in (False, True):
        columns = [np.ones(len(X))]
        values = [
            np.log(column) if logarithms and variable.distribution == "log" else column
            for column, variable in zip(X.T, law.variables, strict=True)
        ]
        for place, value in enumerate(values):
            scaled = (value - value.mean()) / (np.std(value) or 1.0)
            columns += [scaled, *(scaled * (other - other.mean()) / (np.std(other) or 1.0) for other in values[place:])]
        matrix = np.column_stack(columns) / errors[:, None]
        target = clean / errors
        rest = target - matrix @ np.linalg.lstsq(matrix, target, rcond=None)[0]
        residuals.append(float(np.sqrt(np.mean(rest**2))))
    return min(residuals)
