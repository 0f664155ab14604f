"""The same steps in kansym: the public functions, with its own defaults where a notebook sets nothing."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tutorials.laws import tutorial_named
from kansym import KAN
from kansym.errors import KansymError

HELLO = ["x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs"]


def hello(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([2, 5, 1], grid=3, seed=seed).fit(X, y, lamb=1e-3)
    net.prune()
    net.fit(X, y)
    net.refine(10).fit(X, y)
    net.auto(primitives=HELLO)
    return net.fit(X, y)


def symbolic_regression(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([2, 5, 1], grid=5, seed=seed).fit(X, y, lamb=1e-2, lamb_entropy=10.0)
    net.prune()
    net.fit(X, y)
    net.auto()
    return net.fit(X, y)


def products(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([2, (5, 2), 1], seed=seed).fit(X, y, lamb=1e-2)
    net.prune()
    net.fit(X, y)
    net.auto()
    return net.fit(X, y)


def auxiliary_variables(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([5, (0, 1)], grid=3, seed=seed).fit(X, y, lamb=1e-5)
    net.prune(5e-2)
    net.fit(X, y)
    net.auto()
    return net


def velocities(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([2, 1, 1], grid=10, seed=seed).fit(X, y)
    inner = net.edges["0.1.0"].suggest(1)[0].name
    net.edges["0.0.0"].fix(inner)
    net.edges["0.1.0"].fix(inner)
    net.fit(X, y)
    net.edges["1.0.0"].fix(net.edges["1.0.0"].suggest(1)[0].name)
    return net.fit(X, y)


def constitutive_law(X: pd.DataFrame, y: np.ndarray, seed: int) -> KAN:
    net = KAN([10, 1], seed=seed).fit(X, y)
    net.prune()
    net.auto()
    return net.fit(X, y)


STEPS: dict[str, Callable[[pd.DataFrame, np.ndarray, int], KAN]] = {
    step.__name__: step
    for step in (hello, symbolic_regression, products, auxiliary_variables, velocities, constitutive_law)
}


def notebook(job: dict[str, Any]) -> dict[str, Any]:
    """The formula that the steps end in, as text, or why there is none."""
    tutorial = tutorial_named(job["tutorial"])
    X, y = tutorial.sample(job["seed"])
    begin = time.perf_counter()
    try:
        net = STEPS[tutorial.name](pd.DataFrame(X, columns=list(tutorial.names)), y, job["seed"])
        formula = net.formula().text(None)
    except KansymError as error:
        return {"formula": None, "failure": f"{type(error).__name__}: {error}", "seconds": time.perf_counter() - begin}
    return {"formula": formula, "failure": None, "seconds": time.perf_counter() - begin}


def warm_up(job: dict[str, Any]) -> None:
    """One small fit, so that one-time costs of torch stay out of the figures."""
    X, y = tutorial_named(job["tutorial"]).sample(0)
    KAN([X.shape[1], 1], grid=3).fit(X, y, steps=1)
