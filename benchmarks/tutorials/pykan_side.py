"""The notebooks' steps as pykan's authors wrote them, with their settings and libraries.

Imported in the worker process only: building a model of pykan seeds torch, numpy and random globally, and its functions
print. Where a notebook looks at a list of suggestions and picks, the first of the list is taken.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from kan import KAN  # type: ignore[import-not-found]  # only with the extra "bench"
from sympy import symbols

from benchmarks.tutorials.laws import Tutorial, tutorial_named

HELLO = ["x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs"]

Data = dict[str, torch.Tensor]


def _data(tutorial: Tutorial, seed: int) -> Data:
    dtype = torch.get_default_dtype()
    data = {}
    for part, name in enumerate(("train", "test")):
        X, y = tutorial.sample(seed, part)
        data[f"{name}_input"] = torch.from_numpy(X).to(dtype)
        data[f"{name}_label"] = torch.from_numpy(y).to(dtype)[:, None]
    return data


def hello(data: Data, seed: int) -> Any:
    model = KAN(width=[2, 5, 1], grid=3, k=3, seed=seed)
    model.fit(data, opt="LBFGS", steps=50, lamb=0.001)
    model = model.prune()
    model.fit(data, opt="LBFGS", steps=50)
    model = model.refine(10)
    model.fit(data, opt="LBFGS", steps=50)
    model.auto_symbolic(lib=HELLO)
    model.fit(data, opt="LBFGS", steps=50)
    return model


def symbolic_regression(data: Data, seed: int) -> Any:
    model = KAN(width=[2, 5, 1], grid=5, k=3, seed=seed)
    model.fit(data, opt="LBFGS", steps=20, lamb=0.01, lamb_entropy=10.0)
    model = model.prune()
    model(data["train_input"])
    model.fit(data, opt="LBFGS", steps=20)
    model.auto_symbolic()
    model.fit(data, opt="LBFGS", steps=20)
    return model


def products(data: Data, seed: int) -> Any:
    model = KAN(width=[2, [5, 2], 1], base_fun="identity", seed=seed)
    model.get_act(data)
    model.fit(data, steps=20, lamb=0.01, lamb_coef=1.0)
    model = model.prune()
    model.fit(data, steps=20)
    model.auto_symbolic()
    model.fit(data, steps=20)
    return model


def auxiliary_variables(data: Data, seed: int) -> Any:
    model = KAN(width=[5, [0, 1]], mult_arity=2, grid=3, k=3, seed=seed)
    model.fit(data, steps=50, lamb=1e-5, lamb_coef=1.0)
    model = model.prune(edge_th=5e-2)
    model.fit(data, steps=100, lamb=0.0)
    model.auto_symbolic()
    return model


def velocities(data: Data, seed: int) -> Any:
    model = KAN(width=[2, 1, 1], grid=10, k=3, seed=seed)
    model.fit(data, opt="LBFGS", steps=20)
    inner = model.suggest_symbolic(0, 1, 0, weight_simple=0.0)[0]
    model.fix_symbolic(0, 0, 0, inner)
    model.fix_symbolic(0, 1, 0, inner)
    model.fit(data, opt="LBFGS", steps=20, update_grid=False)
    model.fix_symbolic(1, 0, 0, model.suggest_symbolic(1, 0, 0, weight_simple=0.0)[0])
    model.fit(data, opt="Adam", lr=1e-3, steps=2000, update_grid=False, singularity_avoiding=True)
    return model


def constitutive_law(data: Data, seed: int) -> Any:
    """From a fresh network: the notebook adds an input to a compiled one, for which 0.2.8 lacks the option."""
    model = KAN(width=[10, 1], seed=seed)
    model.fit(data, opt="LBFGS", steps=20)
    model = model.prune()
    model.get_act(data)
    model.auto_symbolic()
    model.fit(data, opt="LBFGS", steps=100)
    return model


STEPS: dict[str, Callable[[Data, int], Any]] = {
    step.__name__: step
    for step in (hello, symbolic_regression, products, auxiliary_variables, velocities, constitutive_law)
}


def notebook(job: dict[str, Any]) -> dict[str, Any]:
    """The formula that a notebook ends in, as text, or why there is none."""
    tutorial = tutorial_named(job["tutorial"])
    data = _data(tutorial, job["seed"])
    begin = time.perf_counter()
    try:
        model = STEPS[tutorial.name](data, job["seed"])
        formula = str(model.symbolic_formula(var=list(symbols(" ".join(tutorial.names))))[0][0])
    except Exception as error:  # pykan raises whatever comes up, as when a fit has ended in nan
        return {"formula": None, "failure": f"{type(error).__name__}: {error}", "seconds": time.perf_counter() - begin}
    return {"formula": formula, "failure": None, "seconds": time.perf_counter() - begin}


def warm_up(job: dict[str, Any]) -> None:
    """One small fit, so that one-time costs of torch stay out of the figures."""
    data = _data(tutorial_named(job["tutorial"]), 0)
    KAN(width=[data["train_input"].shape[1], 1], grid=3, k=3).fit(data, steps=1)
