# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A conserved quantity as it is shown: normalised, with constants, and how constant it is."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.conserved.noether import NoetherSymmetry
from kansym.conserved.states import States
from kansym.dynamics.trajectories import Trajectories
from kansym.implicit.fit import Form
from kansym.implicit.judging import form_bits
from kansym.implicit.pencil import Pencil
from kansym.implicit.terms import Term, expression_of, values_and_slopes
from kansym.surfaces import surface
from kansym.symbolic.constants import Constant
from kansym.symbolic.latex import to_latex
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.text import to_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kansym.dynamics.system import System

NEAR, SHARP = 2.5, 0.02
"""Standard errors within which a coefficient is a simple number of another, and the relative error that this takes."""

SIMPLE = (1.0, 2.0, 0.5)
"""Such numbers; a sign apart."""

STEP = 1e-6
"""Of a difference, in parts of the constant: the cube root of rounding."""

EVALUATIONS = 40
"""Of residuals and derivatives, in a fit of inner constants: it starts where an edge was read and is nearly there."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """A function of the state that stays as it is along every run.

    Attributes
    ----------
    expression : sympy.Expr
        In plain symbols of the states and of the constants; the coefficient of its plainest term is one.
    constants : tuple of Constant
        With standard errors.
    covariance : ndarray, shape (k, k)
    values : ndarray, shape (R,)
        What it is in each run.
    spread : float
        Root mean square of its change along the runs, in units of what the errors of the states make of it.
    share : float
        The same in parts of what it differs by among shuffled states.
    between : float
        The same in parts of what it differs by from run to run; nan for a single run.
    p_value : float
        Probability that errors alone make it change as much or more.
    residuals : ndarray, shape (n,)
        Its change at every point, in units of its error.
    drift : float
        Correlation of the change with the time, in standard errors: large for what only seems to be constant.
    form : Form
        Its terms with the inner constants that were fitted.
    coefficients : ndarray, shape (s,)
        Of the terms.
    symmetry : NoetherSymmetry or None
        What it belongs to by Noether's theorem; None where that is not seen.
    """

    expression: sympy.Expr
    constants: tuple[Constant, ...]
    covariance: np.ndarray
    values: np.ndarray
    spread: float
    share: float
    between: float
    p_value: float
    residuals: np.ndarray
    drift: float
    form: Form
    coefficients: np.ndarray
    symmetry: NoetherSymmetry | None = None

    @property
    def numeric(self) -> sympy.Expr:
        """The expression with numbers in place of the constants."""
        return self.expression.xreplace({plain_symbol(one.name): sympy.Float(one.value) for one in self.constants})

    @property
    def _digits(self) -> dict[float, float]:
        return {one.value: one.error for one in self.constants if one.error is not None}

    def text(self) -> str:
        """In plain text."""
        return to_text(self.numeric, digits=self._digits)

    def latex(self) -> str:
        """For mathematics mode."""
        return to_latex(self.numeric, digits=self._digits)

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        """Its values (n,) at states (n, m)."""
        x = np.asarray(x, dtype=np.float64)
        return values_and_slopes(self.form.terms, x, self.form.rates)[0] @ self.coefficients

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Its derivatives (n, m) by the states."""
        _, slopes = values_and_slopes(self.form.terms, np.asarray(x, dtype=np.float64), self.form.rates)
        return np.einsum("nsd,s->nd", slopes, self.coefficients)

    def along(self, system: "System") -> float:
        """How fast it changes along the motion of a system that was found: 0 for a conserved quantity of it.

        The root mean square of its derivative along the motion, at the states that were measured, in units of what it
        would be if all its parts had one sign.
        """
        x = np.vstack([run.x for run in system.data.runs])
        with np.errstate(all="ignore"):
            rates = np.column_stack([form.evaluate(x) for form in system.flow.forms])
        parts = self.gradient(x) * rates
        finite = np.isfinite(parts).all(axis=1)
        total, size = parts[finite].sum(axis=1), np.abs(parts[finite]).sum(axis=1)
        return float(np.sqrt(np.mean(total**2) / max(float(np.mean(size**2)), 1e-300)))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Quantity: {self.text()}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


@dataclass(frozen=True, eq=False)
class ConservedFound:
    """What stays constant along the runs of a system.

    Attributes
    ----------
    quantities : tuple of Quantity
        Independent of each other, the shortest first.
    expected : int
        How many there are by the rank of what libraries of functions leave constant; more than `quantities` where some
        have no short form.
    data : Trajectories
    sigma : ndarray, shape (n, m)
        Errors of the states.
    errors_given : bool
    tried : int
        Sets of terms that were looked at.
    notes : tuple of str
    seconds : float
    """

    quantities: tuple[Quantity, ...]
    expected: int
    data: Trajectories
    sigma: np.ndarray
    errors_given: bool
    tried: int
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def number(self) -> int:
        """How many independent quantities were found."""
        return len(self.quantities)

    def figure(self, *, dark: bool = False) -> "Figure":
        """Every quantity against the time, run by run, in units of its error."""
        return surface("conserved_figure")(self, dark=dark)

    def __str__(self) -> str:
        return "\n".join(map(str, self.quantities)) or "no conserved quantity"

    def __repr__(self) -> str:
        return f"<ConservedFound: {'; '.join(map(str, self.quantities)) or 'none'}>"


def shown(
    terms: Sequence[Term], states: States, data: Trajectories, seed: int, rates: Sequence[float] = ()
) -> Quantity:
    """A combination of terms that is constant as a quantity.

    Parameters
    ----------
    terms : sequence of Term
    states : States
    data : Trajectories
    seed : int
    rates : sequence of float
        Inner constants of the terms, where a fit of them begins.
    """
    n = len(states.x)
    order = sorted(range(len(terms)), key=lambda k: form_bits(Form((terms[k],), False), n))
    fit = _Fit(tuple(terms[k] for k in order), states, seed)
    found = fit.with_simple_numbers(fit.solved({}, {}, rates))
    terms, coefficients = fit.terms, found.vector / found.vector[0]
    symbols = [plain_symbol(name) for name in data.states]
    letter = "c" if not any(one[:1] == "c" for one in data.states) else "const"
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    free = [k for k in range(1, len(terms)) if k not in found.ties]
    free_rates = [k for k in range(len(found.rates)) if k not in found.held]
    constants = [
        Constant(f"{letter}{place}", abs(float(coefficients[k])), float(errors[place])) for place, k in enumerate(free)
    ]
    constants += [
        Constant(f"{letter}{place}", found.rates[k], float(errors[place]))
        for place, k in enumerate(free_rates, start=len(free))
    ]
    names = {k: plain_symbol(one.name) for k, one in zip(free_rates, constants[len(free) :], strict=True)}
    inner = [names[k] if k in names else sympy.nsimplify(value) for k, value in enumerate(found.rates)]
    parts: list[sympy.Expr] = []
    for k, term in enumerate(terms):
        base, value = expression_of(term, symbols, inner), float(coefficients[k])
        if k in free:
            parts.append(sympy.Integer(int(np.sign(value))) * plain_symbol(constants[free.index(k)].name) * base)
        else:
            parts.append(sympy.nsimplify(found.ties.get(k, 1.0)) * base)
    signs = np.append(np.sign(coefficients[free]), np.ones(len(free_rates)))
    # What was read off an edge may overflow somewhere: it then has no share.
    with np.errstate(all="ignore"):
        return _measured(
            sympy.Add(*parts),
            tuple(constants),
            found.covariance * np.outer(signs, signs),
            Form(terms, True, found.rates),
            coefficients,
            states,
            data,
            seed,
        )


@dataclass(frozen=True, eq=False)
class _Solved:
    """Coefficients, inner constants, which of both are simple numbers, and the covariance of the free ones: those of
    the coefficients but the first, which is one, and then inner constants."""

    vector: np.ndarray
    rates: tuple[float, ...]
    ties: dict[int, float]
    held: dict[int, float]
    covariance: np.ndarray


class _Fit:
    """The fit of coefficients and inner constants of some terms."""

    def __init__(self, terms: tuple[Term, ...], states: States, seed: int) -> None:
        self.terms, self.states, self.seed = terms, states, seed

    def with_simple_numbers(self, found: _Solved) -> _Solved:
        """The fit with simple numbers in it, one after the other, each fitted anew."""
        for k in range(1, len(self.terms)):
            number = _simple(float(found.vector[k] / found.vector[0]), self._error(found, k))
            if number is not None:
                found = self.solved(found.ties | {k: number}, found.held, found.rates)
        for k in range(len(found.rates)):
            number = _simple(found.rates[k], self._error(found, k, inner=True))
            if number is not None:
                rates = tuple(number if j == k else rate for j, rate in enumerate(found.rates))
                found = self.solved(found.ties, found.held | {k: number}, rates)
        return found

    def _error(self, found: _Solved, k: int, *, inner: bool = False) -> float:
        free = [j for j in range(1, len(self.terms)) if j not in found.ties]
        free_rates = [j for j in range(len(found.rates)) if j not in found.held]
        place = len(free) + free_rates.index(k) if inner else free.index(k)
        return float(np.sqrt(max(found.covariance[place, place], 0.0)))

    def solved(self, ties: dict[int, float], held: dict[int, float], rates: Sequence[float]) -> _Solved:
        """Coefficients by the pencil, then together with inner constants where there are free ones."""
        matrix = _matrix(ties, len(self.terms))
        vector = self._eigenvector(matrix, rates)
        moving = [k for k in range(len(rates)) if k not in held]
        point = np.concatenate([vector[1:], [rates[k] for k in moving]])
        size = len(vector) - 1

        def apart(p: np.ndarray) -> tuple[np.ndarray, list[float]]:
            own = list(rates)
            for k, value in zip(moving, p[size:], strict=True):
                own[k] = float(value)
            return matrix @ np.append(1.0, p[:size]), own

        def residuals(p: np.ndarray) -> np.ndarray:
            clock.charge(Work.SMALL_FITS)
            with np.errstate(all="ignore"):
                return np.nan_to_num(self._residuals(*apart(p)), nan=1e6, posinf=1e6, neginf=-1e6)

        if moving and np.isfinite(point).all():
            most = EVALUATIONS * (len(point) + 1)
            point = scipy.optimize.least_squares(residuals, point, method="lm", x_scale="jac", max_nfev=most).x
        slopes = _derivatives(residuals, point)
        sizes = np.sqrt(np.maximum((slopes**2).sum(axis=0), 1e-300))
        inverse = np.linalg.pinv((slopes / sizes).T @ (slopes / sizes), rcond=1e-15, hermitian=True)
        left = residuals(point)
        free = max(len(left) - int(self.states.labels.max()) - 1 - len(point), 1)
        scale = 1.0 if self.states.given else max(1.0, float(left @ left) / free)
        vector, own = apart(point)
        return _Solved(vector, tuple(own), ties, held, scale * inverse / np.outer(sizes, sizes))

    def _eigenvector(self, matrix: np.ndarray, rates: Sequence[float]) -> np.ndarray:
        """The free coefficients, the first of which is one."""
        if matrix.shape[1] == 1:
            return np.ones(1)
        pencil = self.states.pencil(self.terms, self.seed, rates)
        values = (pencil.values * pencil.scale) @ matrix
        noise = np.einsum("nsd,sk->nkd", pencil.noise * pencil.scale[:, None], matrix)
        own = Pencil(values, noise, self.states.labels)
        vector = own.weighted(np.arange(values.shape[1])[None, :], True, 8)[1][0] / own.scale
        return vector / vector[0]

    def _residuals(self, coefficients: np.ndarray, rates: Sequence[float]) -> np.ndarray:
        """The change along the runs in units of its error."""
        states = self.states
        values, slopes = values_and_slopes(self.terms, states.x, rates)
        moved = np.einsum("nsd,s->nd", slopes, coefficients) * states.sigma
        variance = (moved**2).sum(axis=1) + 1e-300
        return _within((values @ coefficients)[:, None], states.labels, 1 / variance)[:, 0] / np.sqrt(variance)


def _derivatives(function: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """Derivatives (n, k) by central differences."""
    columns = []
    for k, value in enumerate(point):
        step = np.zeros(len(point))
        step[k] = STEP * max(abs(value), STEP)
        columns.append((function(point + step) - function(point - step)) / (2 * step[k]))
    return np.column_stack(columns) if columns else np.empty((1, 0))


def _simple(value: float, error: float) -> float | None:
    """A simple number that a value is within its error, if it is known well enough to say so."""
    for number in SIMPLE:
        if abs(abs(value) - number) <= max(NEAR * error, 1e-7) and error <= SHARP * number:
            return float(np.sign(value)) * number
    return None


def _share(left: np.ndarray, apart: np.ndarray) -> float:
    """What changes, in parts of the extent among shuffled states: of all points, and of most.

    A function that is flat but for a few points leaves little of these, and of the others as much as there is.
    """
    with np.errstate(all="ignore"):
        whole = float(np.std(left) / np.std(apart))
        most = float(np.median(np.abs(left)) / np.median(np.abs(apart - np.median(apart))))
    return max(one if np.isfinite(one) else math.inf for one in (whole, most))


def _matrix(ties: dict[int, float], size: int) -> np.ndarray:
    """All coefficients from the free ones: the first, and those that are no simple number of it."""
    free = [k for k in range(size) if k not in ties]
    matrix = np.zeros((size, len(free)))
    for column, k in enumerate(free):
        matrix[k, column] = 1.0
    for k, number in ties.items():
        matrix[k, 0] = number
    return matrix


def _within(values: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values (n, k) less their weighted mean in each run."""
    if not values.shape[1]:
        return values
    total = np.bincount(labels, weights)
    means = np.stack([np.bincount(labels, weights * column) / total for column in values.T], axis=1)
    return values - means[labels]


def _measured(
    expression: sympy.Expr, constants: tuple[Constant, ...], covariance: np.ndarray, form: Form,
    coefficients: np.ndarray, states: States, data: Trajectories, seed: int,
) -> Quantity:  # fmt: skip
    values, slopes = values_and_slopes(form.terms, states.x, form.rates)
    total = values @ coefficients
    moved = np.einsum("nsd,s->nd", slopes, coefficients) * states.sigma
    variance = (moved**2).sum(axis=1) + 1e-300
    left = _within(total[:, None], states.labels, 1 / variance)[:, 0]
    residuals = left / np.sqrt(variance)
    n, runs = len(total), int(states.labels.max()) + 1
    means = np.bincount(states.labels, total) / np.bincount(states.labels)
    pencil = states.pencil(form.terms, seed, form.rates)
    assert pencil.elsewhere is not None
    apart = pencil.elsewhere[0] @ (coefficients * pencil.scale)
    chi2, free = float(residuals @ residuals), max(n - runs - len(constants), 1)
    t = np.concatenate([run.t - run.t.mean() for run in data.runs])
    size = float(np.linalg.norm(residuals) * np.linalg.norm(t)) or 1.0
    return Quantity(
        expression=expression,
        constants=constants,
        covariance=covariance,
        values=means,
        spread=float(np.sqrt(chi2 / free)),
        share=_share(left, apart),
        between=float(np.std(left) / np.std(means)) if runs > 1 and np.std(means) > 0 else float("nan"),
        p_value=float(scipy.stats.chi2.sf(chi2, free)),
        residuals=residuals,
        drift=float(residuals @ t) / size * np.sqrt(n),
        form=form,
        coefficients=coefficients,
    )
