"""A process with PySR in it that is given a guess: reads JSON from standard input, writes what it was answered.

``python -m benchmarks.pysr.guesses`` is started by the benchmark and has no torch in it: torch before Julia can end in
a segmentation fault.
"""

import json
import sys
from pathlib import Path

import numpy as np

from kansym.comparison.hall_of_fame import FILE
from kansym.comparison.workers.pysr_start import import_pysr


def main() -> None:
    """One short search that starts from a guess, and the versions of everything."""
    asked = json.load(sys.stdin)
    # What Julia and PySR print is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    pysr = import_pysr(lambda text: print(text, file=sys.stderr))
    found = {"pysr": str(pysr.__version__), **_julia(pysr)}
    settings = {
        "binary_operators": asked["binary_operators"],
        "unary_operators": asked["unary_operators"],
        "niterations": 2,
        "populations": 4,
        "parallelism": "serial",
        "deterministic": True,
        "random_state": 0,
        "precision": 64,
        "batching": False,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "output_directory": asked["folder"],
        "run_id": "guess",
    }
    if "^" in settings["binary_operators"]:
        settings["constraints"] = {"^": (-1, 1)}
    try:
        model = pysr.PySRRegressor(guesses=[asked["guess"]], **settings)
    except TypeError as error:
        found["lacking"] = " ".join(str(error).split())
    else:
        model.fit(np.array(asked["X"]), np.array(asked["y"]), variable_names=asked["names"])
        found["hall"] = (Path(asked["folder"]) / "guess" / FILE).read_text(encoding="utf-8")
    json.dump(found, answers)


def _julia(pysr: object) -> dict[str, str]:
    julia = getattr(pysr, "jl", None)
    if julia is None:
        return {"julia": "", "backend": ""}
    return {
        "julia": str(julia.seval("string(VERSION)")),
        "backend": str(julia.seval("string(pkgversion(SymbolicRegression))")),
    }


if __name__ == "__main__":
    main()
