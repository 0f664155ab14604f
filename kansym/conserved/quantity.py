# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A conserved quantity as it is shown: normalised, with constants, and how constant it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
import sympy

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
    terms : tuple of Term
    coefficients : ndarray, shape (s,)
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
    terms: tuple[Term, ...]
    coefficients: np.ndarray

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
        return values_and_slopes(self.terms, np.asarray(x, dtype=np.float64))[0] @ self.coefficients

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Its derivatives (n, m) by the states."""
        _, slopes = values_and_slopes(self.terms, np.asarray(x, dtype=np.float64))
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


def shown(terms: Sequence[Term], states: States, data: Trajectories, seed: int) -> Quantity:
    """A combination of terms that is constant as a quantity.

    Parameters
    ----------
    terms : sequence of Term
    states : States
    data : Trajectories
    seed : int
    """
    n = len(states.x)
    order = sorted(range(len(terms)), key=lambda k: form_bits(Form((terms[k],), False), n))
    terms = tuple(terms[k] for k in order)
    pencil = states.pencil(terms, seed)
    ties: dict[int, float] = {}
    vector, information = _fitted(pencil, states, ties, len(terms))
    scale = 1.0 if states.given else max(1.0, _size(pencil, states, vector))
    # Simple numbers, one after the other, each fitted anew.
    for k in range(1, len(terms)):
        ratio, error = _ratio(vector, information, k, ties)
        for number in SIMPLE:
            sign = np.sign(ratio)
            if abs(abs(ratio) - number) <= max(NEAR * scale * error, 1e-7) and scale * error <= SHARP * number:
                ties[k] = float(sign * number)
                vector, information = _fitted(pencil, states, ties, len(terms))
                break
    coefficients = vector / vector[0]
    symbols = [plain_symbol(name) for name in data.states]
    free = [k for k in range(1, len(terms)) if k not in ties]
    covariance = np.linalg.pinv(information, rcond=1e-15, hermitian=True) * scale**2
    parts: list[sympy.Expr] = []
    constants = []
    for k, term in enumerate(terms):
        base, value = expression_of(term, symbols), float(coefficients[k])
        if k in free:
            name = f"{'c' if not any(one[:1] == 'c' for one in data.states) else 'const'}{len(constants)}"
            error = float(np.sqrt(max(covariance[free.index(k), free.index(k)], 0.0)))
            constants.append(Constant(name, abs(value), error))
            parts.append(sympy.Integer(int(np.sign(value))) * plain_symbol(name) * base)
        else:
            parts.append(sympy.nsimplify(ties.get(k, 1.0)) * base)
    signs = np.sign(coefficients[free])
    return _measured(
        sympy.Add(*parts),
        tuple(constants),
        covariance * np.outer(signs, signs),
        terms,
        coefficients,
        states,
        data,
        seed,
    )


def _matrix(ties: dict[int, float], size: int) -> np.ndarray:
    """All coefficients from the free ones: the first, and those that are no simple number of it."""
    free = [k for k in range(size) if k not in ties]
    matrix = np.zeros((size, len(free)))
    for column, k in enumerate(free):
        matrix[k, column] = 1.0
    for k, number in ties.items():
        matrix[k, 0] = number
    return matrix


def _fitted(pencil, states: States, ties: dict[int, float], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, and the information about the free ones but the first, which is one."""
    matrix = _matrix(ties, size)
    values = (pencil.values * pencil.scale) @ matrix
    noise = np.einsum("nsd,sk->nkd", pencil.noise * pencil.scale[:, None], matrix)
    own = Pencil(values, noise, states.labels)
    if values.shape[1] > 1:
        vector = own.weighted(np.arange(values.shape[1])[None, :], True, 8)[1][0] / own.scale
    else:
        vector = np.ones(1)
    vector = vector / vector[0]
    variance = np.square(np.einsum("nkd,k->nd", noise, vector)).sum(axis=1) + 1e-300
    slopes = _within(values[:, 1:], states.labels, 1 / variance) / np.sqrt(variance)[:, None]
    return matrix @ vector, slopes.T @ slopes


def _ratio(vector: np.ndarray, information: np.ndarray, k: int, ties: dict[int, float]) -> tuple[float, float]:
    free = [j for j in range(1, len(vector)) if j not in ties]
    covariance = np.linalg.pinv(information, rcond=1e-15, hermitian=True)
    place = free.index(k)
    return float(vector[k] / vector[0]), float(np.sqrt(max(covariance[place, place], 0.0)))


def _size(pencil, states: States, vector: np.ndarray) -> float:
    """Root mean square of the change along the runs, in units of the errors."""
    total = (pencil.values * pencil.scale) @ vector
    variance = np.square(np.einsum("nsd,s->nd", pencil.noise * pencil.scale[:, None], vector)).sum(axis=1) + 1e-300
    left = _within(total[:, None], states.labels, 1 / variance)[:, 0]
    return float(np.sqrt(np.mean(left**2 / variance)))


def _within(values: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values (n, k) less their weighted mean in each run."""
    if not values.shape[1]:
        return values
    total = np.bincount(labels, weights)
    means = np.stack([np.bincount(labels, weights * column) / total for column in values.T], axis=1)
    return values - means[labels]


def _measured(
    expression: sympy.Expr, constants: tuple[Constant, ...], covariance: np.ndarray, terms: tuple[Term, ...],
    coefficients: np.ndarray, states: States, data: Trajectories, seed: int,
) -> Quantity:  # fmt: skip
    values, slopes = values_and_slopes(terms, states.x)
    total = values @ coefficients
    moved = np.einsum("nsd,s->nd", slopes, coefficients) * states.sigma
    variance = (moved**2).sum(axis=1) + 1e-300
    left = _within(total[:, None], states.labels, 1 / variance)[:, 0]
    residuals = left / np.sqrt(variance)
    n, runs = len(total), int(states.labels.max()) + 1
    means = np.bincount(states.labels, total) / np.bincount(states.labels)
    pencil = states.pencil(terms, seed)
    assert pencil.elsewhere is not None
    extent = float(np.std(pencil.elsewhere[0] @ (coefficients * pencil.scale)))
    chi2, free = float(residuals @ residuals), max(n - runs - len(constants), 1)
    t = np.concatenate([run.t - run.t.mean() for run in data.runs])
    size = float(np.linalg.norm(residuals) * np.linalg.norm(t)) or 1.0
    return Quantity(
        expression=expression,
        constants=constants,
        covariance=covariance,
        values=means,
        spread=float(np.sqrt(chi2 / free)),
        share=float(np.std(left)) / max(extent, 1e-300),
        between=float(np.std(left) / np.std(means)) if runs > 1 and np.std(means) > 0 else float("nan"),
        p_value=float(scipy.stats.chi2.sf(chi2, free)),
        residuals=residuals,
        drift=float(residuals @ t) / size * np.sqrt(n),
        terms=terms,
        coefficients=coefficients,
    )
