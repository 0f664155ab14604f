"""Operon in a process of its own: a JSON request on standard input, a JSON answer on standard output.

Settings are those of its authors' entries to SRBench (population 1000, NSGA-II on R^2 and length, basic offspring,
balanced trees, five steps of Levenberg-Marquardt), with their largest set of functions and those that known laws need
beyond it, and time as the only limit.
"""

import json
import math
import sys
import time
from typing import Any

import numpy as np

SYMBOLS = "add,sub,mul,div,sin,cos,exp,log,sqrt,square,pow,tanh,asin,acos,constant,variable"

SETTINGS: dict[str, Any] = {
    "allowed_symbols": SYMBOLS,
    "offspring_generator": "basic",
    "initialization_method": "btc",
    "objectives": ["r2", "length"],
    "optimizer_iterations": 5,
    "reinserter": "keep-best",
    "population_size": 1000,
    "max_length": 50,
    "generations": 10**9,
    "max_evaluations": 10**12,
    "epsilon": 1e-5,
    "model_selection_criterion": "bayesian_information_criterion",
    "n_threads": 1,
}
"""The description length that Operon picks by as a rule has to be told the noise; the Bayesian criterion has not."""

DECIMALS = 60
"""Decimals of constants; Operon prints no exponents."""


def search(request: dict[str, Any]) -> dict[str, Any]:
    """Run Operon.

    Parameters
    ----------
    request : dict
        "X", "y", "names", "seconds", "seed".

    Returns
    -------
    dict
        "formulas" (texts of the front, the pick first) and "elapsed" (seconds).
    """
    from pyoperon.sklearn import SymbolicRegressor  # pyright: ignore[reportMissingImports]

    X, y = np.array(request["X"]), np.array(request["y"])
    model = SymbolicRegressor(**SETTINGS, max_time=math.ceil(request["seconds"]), random_state=request["seed"] + 1)
    start = time.perf_counter()
    model.fit(X, y)
    elapsed = time.perf_counter() - start
    trees = [model.model_, *(entry["tree"] for entry in model.pareto_front_)]
    formulas = [model.get_model_string(tree, DECIMALS, request["names"]) for tree in trees]
    return {"formulas": list(dict.fromkeys(formulas)), "elapsed": elapsed}


if __name__ == "__main__":
    json.dump(search(json.load(sys.stdin)), sys.stdout)
