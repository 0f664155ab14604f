"""Laws whose values and gradients are known, so that what is read from them can be checked to rounding."""

import math

import numpy as np
import pytest
import sympy


def on_rows(expression, symbols, X):
    """Values of an expression on the rows of X, shape (n,)."""
    with np.errstate(all="ignore"):
        found = sympy.lambdify(tuple(symbols), expression, "numpy")(*X.T)
    return np.asarray(found) * np.ones(len(X))


class Law:
    """An expression in the place of an interpolant: the same questions, answered without an error.

    `log_target` asks for log|y| in the place of y, as `Axes.log_target` does.
    """

    def __init__(self, expression, symbols, *, log_target=False, error=1e-9):
        self.expression, self.symbols = expression, tuple(symbols)
        self.partial = [sympy.diff(expression, symbol) for symbol in symbols]
        self.log_target, self.error, self.noise = log_target, error, 1e-10

    def predict(self, X):
        return on_rows(self.expression, self.symbols, X)

    def value_and_gradient(self, X):
        return self.predict(X), np.column_stack([on_rows(one, self.symbols, X) for one in self.partial])

    def derivatives(self, X):
        value, gradient = self.value_and_gradient(X)
        return (np.log(np.abs(value)), gradient / value[:, None]) if self.log_target else (value, gradient)


def uniform_rows(n, *ranges, seed=0):
    """Rows uniform in a box, shape (n, len(ranges)); (0.5, 2.5) for a range that is given as None."""
    rng = np.random.default_rng(seed)
    bounds = [(0.5, 2.5) if one is None else one for one in ranges]
    return np.column_stack([rng.uniform(low, high, n) for low, high in bounds])


def span_misfit(vectors, space):
    """Largest distance of the rows of `vectors` from the row space of `space`."""
    vectors, space = np.atleast_2d(vectors).astype(float), np.atleast_2d(space).astype(float)
    if vectors.size == 0:
        return 0.0
    if space.size == 0:
        return float(np.abs(vectors).max())
    solution = np.linalg.lstsq(space.T, vectors.T, rcond=None)[0]
    return float(np.abs(space.T @ solution - vectors.T).max())


def close_on(expression, other, symbols, X, *, relative=1e-9):
    """Whether two expressions agree on rows, relative to the spread or size of the second one."""
    found, expected = on_rows(expression, symbols, X), on_rows(other, symbols, X)
    size = math.sqrt(float(np.mean(np.abs(expected) ** 2)))
    return bool(np.isfinite(found).all() and np.abs(found - expected).max() <= relative * size)


@pytest.fixture(scope="session")
def law():
    """The class `Law`."""
    return Law


@pytest.fixture(scope="session")
def box():
    """The function `uniform_rows`."""
    return uniform_rows


@pytest.fixture(scope="session")
def values():
    """The function `on_rows`."""
    return on_rows


@pytest.fixture(scope="session")
def outside():
    """The function `span_misfit`."""
    return span_misfit


@pytest.fixture(scope="session")
def agree():
    """The function `close_on`."""
    return close_on
