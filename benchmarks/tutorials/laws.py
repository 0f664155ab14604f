"""The notebooks: the law behind each, and the rows that it is sampled on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROWS = 1000
"""For training, and as many for pykan's test and for the judgement."""

Rows = np.ndarray


@dataclass(frozen=True)
class Tutorial:
    """A notebook of pykan.

    Attributes
    ----------
    name : str
        Of both tools' functions.
    notebook : str
        File in pykan's repository.
    names : tuple of str
        Of the columns.
    draw : callable
        Rows (n, d), from a generator and n.
    law : callable
        The target (n,) of such rows.
    text : str
        The law as a person writes it.
    dtype : str
        The precision that the notebook sets.
    """

    name: str
    notebook: str
    names: tuple[str, ...]
    draw: Callable[[np.random.Generator, int], Rows]
    law: Callable[[Rows], Rows]
    text: str
    dtype: str = "float64"

    def sample(self, seed: int, part: int = 0) -> tuple[Rows, Rows]:
        """Rows and targets; parts are for training, for pykan's test, and for the judgement."""
        X = self.draw(np.random.default_rng((seed, part)), ROWS)
        return X, self.law(X)


def _uniform(*ranges: tuple[float, float]) -> Callable[[np.random.Generator, int], Rows]:
    low, high = np.array(ranges).T
    return lambda generator, n: generator.uniform(low, high, (n, len(ranges)))


def _wave(X: Rows) -> Rows:
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def _with_ratios(generator: np.random.Generator, n: int) -> Rows:
    """Beta and gamma beside m0, v and c."""
    X = _uniform((0, 1), (0, 0.9), (1.1, 2))(generator, n)
    beta = X[:, 1] / X[:, 2]
    return np.column_stack([beta, 1 / np.sqrt(1 - beta**2), X])


def _gradients(generator: np.random.Generator, n: int) -> Rows:
    """Deformation gradients F near the identity, behind their determinants; all of these are positive."""
    F = np.eye(3) + generator.uniform(-0.2, 0.2, (n, 3, 3))
    return np.column_stack([np.linalg.det(F), F.reshape(n, 9)])


def _stress(X: Rows) -> Rows:
    """Young's modulus 1 and Poisson's ratio 0.2."""
    mu, lame = 1 / 2.4, 0.2 / (1.2 * 0.6)
    return mu * ((X[:, 1:4] ** 2).sum(1) - 1) + lame * np.log(X[:, 0])


TUTORIALS = (
    Tutorial("hello", "hellokan.ipynb", ("x", "y"), _uniform((-1, 1), (-1, 1)), _wave, "exp(sin(pi*x) + y**2)"),
    Tutorial(
        "symbolic_regression",
        "Example_4_symbolic_regression.ipynb",
        ("x", "y"),
        _uniform((-1, 1), (-1, 1)),
        _wave,
        "exp(sin(pi*x) + y**2)",
        "float32",
    ),
    Tutorial(
        "products",
        "Interp_1_Hello, MultKAN.ipynb",
        ("x", "y"),
        _uniform((-1, 1), (-1, 1)),
        lambda X: X[:, 0] * X[:, 1],
        "x*y",
    ),
    Tutorial(
        "auxiliary_variables",
        "Interp_8_adding_auxillary_variables.ipynb",
        ("beta", "gamma", "m0", "v", "c"),
        _with_ratios,
        lambda X: X[:, 2] * X[:, 1],
        "m0/sqrt(1 - v**2/c**2)",
    ),
    Tutorial(
        "velocities",
        "Example_10_relativity-addition.ipynb",
        ("u", "v"),
        _uniform((-0.9, 0.9), (-0.9, 0.9)),
        lambda X: X.sum(1) / (1 + X.prod(1)),
        "(u + v)/(1 + u*v)",
        "float32",
    ),
    Tutorial(
        "constitutive_law",
        "Physics_4A_constitutive_laws_P11.ipynb",
        ("D", *(f"F{row}{column}" for row in "123" for column in "123")),
        _gradients,
        _stress,
        "5*(F11**2 + F12**2 + F13**2 - 1)/12 + 5*log(D)/18",
    ),
)


def tutorial_named(name: str) -> Tutorial:
    return next(one for one in TUTORIALS if one.name == name)
