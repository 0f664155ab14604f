# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
"""Freed edges: is the wrong function of a formula named, and is a right formula left in peace?

Laws are drawn from a seed (`kansym.bench.random_laws`), tables of 100 to 500 rows with 1 or 3 % of noise, half of them
with a column of errors. Half of the formulas are the law with its constants fitted. In the others one function f is
replaced by its best look-alike: f(z) by ``c*g(a*z)`` with g from the library. Of those nearest to the curve of f that
one stays that describes the rows best with c, a, and all constants of the formula fitted. Where it describes them
nearly as well as the law does, no data can tell, so the shares are said for the others too::

    python -m benchmarks.freed_edges                          # 60 formulas of seed 7
    python -m benchmarks.freed_edges --seed 1007 --formulas 60
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import sympy
import torch
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from benchmarks.verdicts import measured_law
from kansym.bench import sampling
from kansym.bench.drawn import KINDS
from kansym.errors import KansymError
from kansym.fitting.residuals import Residuals
from kansym.primitives.library import default_library
from kansym.primitives.primitive import ARGUMENT, Primitive
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import refit
from kansym.validation.freed_edges import FreedEdges, freed_edges, functions_of

app = App(name="python -m benchmarks.freed_edges", help="Freed edges.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=2))]

ROWS, NOISE = (100, 500), (0.01, 0.03)

MOST_COLUMNS = 3

SCALES = np.geomspace(0.05, 20.0, 40)
"""Of the argument of a look-alike, by its largest value."""

FITTED = 5
"""Look-alikes of a curve that are fitted to the rows."""

STEPS = 500
"""Of their fit: a function that is the right one in the limit goes there slowly."""

TOLD = 15.0
"""Difference of chi-squared from which the data can tell a look-alike."""


@dataclass(frozen=True, eq=False)
class Case:
    """A formula to be examined.

    Attributes
    ----------
    name : str
    rows : Residuals
        Of the formula with its fitted constants.
    wrong : frozenset of int
        Places of the wrong function among those of the formula; empty where all are right.
    worse : float
        Chi-squared less that of the law, with the true errors.
    """

    name: str
    rows: Residuals
    wrong: frozenset[int]
    worse: float


def cases(seed: int, count: int) -> Iterator[Case]:
    """Formulas of a seed, right ones and wrong ones by turns."""
    kind = KINDS["random"]
    found = 0
    for name in kind.names(seed) * 4:
        if found == count:
            return
        g = sampling.generator(f"freed {name} {found}", 0)
        law = measured_law(kind.law(name))
        symbols = tuple(plain_symbol(column) for column in law.names)
        constants = tuple(plain_symbol(one) for one in law.free)
        form = ParametricForm(law.form, symbols, constants, np.array([law.constants[one] for one in law.free]))
        nodes = list(functions_of(form))
        if len(symbols) > MOST_COLUMNS or not nodes:
            continue
        rows = round(math.exp(g.uniform(*np.log(ROWS))))
        X, clean = law.sample(rows, found)
        sigma = NOISE[found // 2 % 2] * float(np.std(clean))
        y = clean + sigma * g.standard_normal(len(clean))
        right = refit(form, X, y)
        if not math.isfinite(right.loss):
            continue
        given = sigma if g.random() < 0.5 else None
        if found % 2 == 0:
            yield Case(name, _residuals(right.form, X, y, given), frozenset(), 0.0)
        else:
            wrong = look_alike(right.form, nodes[g.integers(len(nodes))], X, y)
            if wrong is None:
                continue
            form, loss, places = wrong
            worse = (loss - right.loss) * len(y) / sigma**2
            yield Case(name, _residuals(form, X, y, given), places, worse)
        found += 1


def look_alike(
    form: ParametricForm, node: sympy.Expr, X: np.ndarray, y: np.ndarray
) -> tuple[ParametricForm, float, frozenset[int]] | None:
    """A fitted form with another function in the place of one, its loss, and where that is; None if there is none."""
    columns = set(form.variables)
    varying = [part for part in node.args if part.free_symbols & columns]
    if len(varying) != 1:
        return None
    z, f = (replace(form, expression=part).evaluate(X) for part in (varying[0], node))
    extra = plain_symbol("extra")
    open_form = ParametricForm(
        form.expression.xreplace({node: node + extra}),
        form.variables,
        (*form.constants, extra),
        np.append(form.values, 0.0),
    )
    slope = open_form.jacobian(X)[:, -1]
    if not (np.isfinite(z).all() and np.isfinite(f).all() and np.isfinite(slope).all() and slope.any()):
        return None
    fitted = []
    bare = node.func(*(ARGUMENT if part is varying[0] else part for part in node.args))
    own = {
        name for one in default_library().values() if one.expression == bare for name in (one.name, one.equivalent_to)
    }
    others = [one for one in default_library().distinct() if not (one.has_shape or one.name == "x" or one.name in own)]
    for _, primitive, a, c in sorted(_curves(z, f, slope, others), key=lambda one: one[0])[:FITTED]:
        start = _replaced(form, node, varying[0], primitive, a, c)
        try:
            fit = refit(start, X, y, max_steps=STEPS)
        except KansymError:
            continue
        if math.isfinite(fit.loss):
            fitted.append((fit.loss, fit.form))
    if not fitted:
        return None
    loss, best = min(fitted, key=lambda one: one[0])
    inner, outer = plain_symbol("a_"), plain_symbol("c_")
    parts = enumerate(functions_of(best))
    places = frozenset(n for n, part in parts if inner in part.free_symbols and outer not in part.free_symbols)
    return best, loss, places


def _curves(
    z: np.ndarray, f: np.ndarray, slope: np.ndarray, primitives: Sequence[Primitive]
) -> Iterator[tuple[float, Primitive, float, float]]:
    """Other functions as c g(a z) near f(z), with what they leave of the effect of f on y."""
    target, unit = slope * f, float(np.abs(z).max())
    for primitive in primitives:
        best: tuple[float, Primitive, float, float] | None = None
        for a in np.concatenate([SCALES, -SCALES]) / unit:
            argument = torch.from_numpy(a * z)
            if not bool(primitive.domain.covers(argument.min(), argument.max())):
                continue
            g = slope * primitive.function(argument, torch.ones(())).numpy()
            c = float(g @ target) / max(float(g @ g), 1e-300)
            left = float(np.sum((target - c * g) ** 2) / np.sum(target**2))
            if math.isfinite(left) and c and (best is None or left < best[0]):
                best = left, primitive, float(a), c
        if best is not None:
            yield best


def _replaced(
    form: ParametricForm, node: sympy.Expr, argument: sympy.Expr, primitive: Primitive, a: float, c: float
) -> ParametricForm:
    """The form with ``c*g(a*argument)`` in the place of a function, both constants to be fitted."""
    inner, outer = plain_symbol("a_"), plain_symbol("c_")
    piece = outer * primitive.sympy(inner * argument)
    expression = form.expression.xreplace({node: piece})
    return ParametricForm(expression, form.variables, (*form.constants, inner, outer), np.append(form.values, [a, c]))


def _residuals(form: ParametricForm, X: np.ndarray, y: np.ndarray, sigma: float | None) -> Residuals:
    errors = None if sigma is None else np.full(len(y), sigma)
    return Residuals(form, X, y, form.evaluate(X), errors, None, np.zeros(len(y)), 0)


@dataclass(frozen=True)
class Outcome:
    """Of one formula.

    Attributes
    ----------
    wrong, told : bool
        Whether a function of it is wrong, and whether the data can tell.
    moved : bool
        Whether any function is moved.
    named, among : bool
        Whether the wrong one is the first that is named, and whether it is that or one of those said to explain as
        much.
    """

    wrong: bool
    told: bool
    moved: bool
    named: bool
    among: bool


def examine(case: Case, found: FreedEdges) -> Outcome:
    """What is said about a formula beside what is wrong with it."""
    texts = {found.functions[place].text for place in case.wrong if place < len(found.functions)}
    return Outcome(
        wrong=bool(case.wrong),
        told=case.worse > TOLD,
        moved=bool(found.moved),
        named=found.named in texts,
        among=bool(texts & {found.named, *found.alike}),
    )


def headlines(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Counts and shares."""
    right = [one for one in outcomes if not one.wrong]
    wrong = [one for one in outcomes if one.wrong]
    told = [one for one in wrong if one.told]

    def share(which: Sequence[Outcome], what: str) -> str:
        return f"{sum(getattr(one, what) for one in which)} of {len(which)}"

    return {
        "right formulas of which a function is accused": share(right, "moved"),
        "wrong formulas of which any function is accused": share(wrong, "moved"),
        "wrong function named, or said to explain as much": share(wrong, "among"),
        "of those that the data can tell, any function is accused": share(told, "moved"),
        "of those, wrong function named, or said to explain as much": share(told, "among"),
        "of those, wrong function named first": share(told, "named"),
    }


@app.default
def main(*, formulas: Count = 60, seed: int = 7, keep: bool = False) -> None:
    """Free the functions of right and of wrong formulas, and print how often the wrong one is named.

    Parameters
    ----------
    formulas
        Half of them right.
    seed
        Of the laws; from 1000 up for a report.
    keep
        Keep the figures in benchmarks/results.
    """
    outcomes: list[Outcome] = []
    for case in cases(seed, formulas):
        found = freed_edges(case.rows)
        one = examine(case, found)
        outcomes.append(one)
        mark = "right" if not one.wrong else f"wrong by {case.worse:.0f}"
        said = " or ".join([found.named or found.skipped or "none", *found.alike])
        judged = "named" if one.named else "among" if one.among else "accused" if one.moved else "silent"
        print(
            f"{case.name:<8} {case.rows.n:>4} rows, {mark}: {judged}, least p {found.least_p:.2g}: {said}", flush=True
        )
    print("", *(f"{name}: {value}" for name, value in headlines(outcomes).items()), sep="\n")
    if keep and len(outcomes) == formulas:
        keep_figures("freed_edges", "Freed edges", headlines(outcomes))


if __name__ == "__main__":
    app()
