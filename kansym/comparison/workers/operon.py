"""Operon, through the scikit-learn interface of its authors.

Settings are those of its authors' entry to SRBench (population 1000, NSGA-II on R^2 and length, basic offspring,
balanced trees), with five steps of Levenberg-Marquardt per formula as in their entry of 2021, and time as the only
limit; ``docs/peers.md`` has the sources.
"""

import contextlib
import importlib
import importlib.metadata
import math
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kansym.comparison.request import Answer, PeerError, PeerFormula, Progress, Request
from kansym.optional import optional_module
from kansym.structure.problem import typical_size

ARITHMETIC = ("add", "sub", "mul", "div", "constant", "variable")
"""Symbols that every formula may use, as in kansym."""

SYMBOLS: dict[str, tuple[str, ...]] = {
    "x": (),
    "x^2": ("square",),
    "x^3": (),
    "x^4": (),
    "x^5": (),
    "x^6": (),
    "x^-1": (),
    "x^-2": (),
    "x^-3": (),
    "x^-4": (),
    "x^-5": (),
    "x^1.5": ("sqrt",),
    "x^p": ("pow",),
    "sqrt": ("sqrt",),
    "1/sqrt": ("sqrt",),
    "sqrt(1+x^2)": ("sqrt",),
    "sqrt(1-x^2)": ("sqrt",),
    "1/sqrt(1+x^2)": ("sqrt",),
    "1/sqrt(1-x^2)": ("sqrt",),
    "cbrt": ("cbrt",),
    "abs": ("abs",),
    "exp": ("exp",),
    "gaussian": ("exp",),
    "logistic": ("exp",),
    "fermi": ("exp",),
    "bose": ("exp",),
    "log": ("log",),
    "xlogx": ("log",),
    "atanh": ("log",),
    "asinh": ("log", "sqrt"),
    "acosh": ("log", "sqrt"),
    "softplus": ("exp", "log"),
    "sin": ("sin",),
    "sin^2": ("sin",),
    "sinc": ("sin",),
    "cos": ("cos",),
    "tan": ("tan",),
    "asin": ("asin",),
    "acos": ("acos",),
    "atan": ("atan",),
    "sinh": ("sinh",),
    "cosh": ("cosh",),
    "sech": ("cosh",),
    "tanh": ("tanh",),
    "lorentzian": (),
}
"""Operon's symbols that give a primitive together with the arithmetic; it has no counterpart of others."""

CRITERION = "bayesian_information_criterion"
"""What the pick has the least of. The description length that Operon picks by as a rule has to be told the noise; the
Bayesian criterion has not."""

SETTINGS: dict[str, Any] = {
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
    "model_selection_criterion": CRITERION,
    "n_threads": 1,
}

DECIMALS = 60
"""Of constants, which are single-precision numbers: the smallest is 1e-45. Operon prints no exponents."""

REPORT_EVERY = 1.0
"""Seconds between lines of progress."""

_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+")


def prepare(progress: Progress | None = None) -> None:
    """Import Operon.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    _operon()


def _operon() -> Any:
    return optional_module("pyoperon.sklearn", feature="Operon as a peer", extra="operon")


def search(request: Request, progress: Progress) -> Answer:
    """Run Operon on a table.

    Returns
    -------
    Answer
        Its front by length; the pick is its own, by the Bayesian information criterion. Losses are mean squares.
    """
    start = time.perf_counter()
    sizes = [typical_size(column) for column in request.X.T]
    y_size = typical_size(request.y)
    model = _operon().SymbolicRegressor(
        allowed_symbols=",".join(symbols_of(request.functions)),
        # Whole seconds are all that Operon takes.
        max_time=math.ceil(request.seconds),
        random_state=request.seed + 1,
        **SETTINGS,
    )
    with _reporting(progress):
        model.fit(request.X / np.array(sizes), request.y / y_size)
    # As its interface picks, but not among formulas without a value.
    front = [entry for entry in model.pareto_front_ if math.isfinite(entry["mean_squared_error"])]
    if not front:
        raise PeerError("found no formula with finite values")
    pick = min(front, key=lambda entry: entry[CRITERION])
    front.sort(key=lambda entry: (entry["length"], -entry["mean_squared_error"]))
    names = [name if size == 1 else f"({name}/{size!r})" for name, size in zip(request.names, sizes, strict=True)]
    formulas = []
    for entry in front:
        text = short_numbers(model.get_model_string(entry["tree"], DECIMALS, names))
        formulas.append(
            PeerFormula(
                text if y_size == 1 else f"{y_size!r}*({text})",
                float(entry["length"]),
                float(entry["mean_squared_error"]) * y_size**2,
            )
        )
    return Answer(
        formulas=tuple(formulas),
        pick=next(number for number, entry in enumerate(front) if entry is pick),
        seconds=time.perf_counter() - start,
        remark=_remark(request),
        version=importlib.metadata.version("pyoperon"),
    )


def symbols_of(functions: Sequence[str]) -> tuple[str, ...]:
    """Operon's symbols for primitives of kansym, the arithmetic first; primitives that it lacks are left out."""
    found = [symbol for function in functions for symbol in SYMBOLS.get(function, ())]
    return tuple(dict.fromkeys((*ARITHMETIC, *found)))


def short_numbers(text: str) -> str:
    """The text with its decimals as short as they can be without a loss."""
    return _DECIMAL.sub(lambda number: repr(float(number.group())), text)


def _remark(request: Request) -> str:
    missing = [name for name in request.functions if name not in SYMBOLS]
    remarks = ["constants in single precision"]
    if request.weights is not None:
        remarks.append("takes no weights: errors of the table not used")
    if missing:
        remarks.append(f"has no counterpart of {len(missing)} of {len(request.functions)} functions")
    return "; ".join(remarks)


@contextlib.contextmanager
def _reporting(progress: Progress) -> Iterator[None]:
    """While this lasts, Operon's algorithm tells its generation; its scikit-learn interface runs it without a word."""
    pyoperon: Any = importlib.import_module("pyoperon")
    silent = pyoperon.NSGA2Algorithm

    class Reporting(silent):
        def Run(self, rng: Any, callback: Any, *rest: Any) -> None:
            last = time.monotonic()

            def tell() -> None:
                nonlocal last
                if time.monotonic() - last >= REPORT_EVERY:
                    last = time.monotonic()
                    # The first objective is -R^2.
                    best = -min(individual[0] for individual in self.BestFront)
                    progress(f"generation {self.Generation}: R^2 = {best:.6f}")

            super().Run(rng, tell, *rest)

    pyoperon.NSGA2Algorithm = Reporting
    try:
        yield
    finally:
        pyoperon.NSGA2Algorithm = silent
