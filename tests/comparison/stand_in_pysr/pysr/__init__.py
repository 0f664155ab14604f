"""A stand-in for PySR 2.7.2, for tests where there is no Julia: same names, arguments, checks and files.

What it does is written in the JSON file that STAND_IN_PYSR names: ``{"import": ..., "fit": ...}``, read again at every
fit; ``"version"`` makes it 1.5.10, and ``"late"`` is how long it starts and compiles. Its search is least squares for
three forms of formulas.
"""

import json
import math
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import numpy as np
import pandas as pd
import sympy

SINCE_2 = {
    "operators", "type_spec", "fraction_replaced_guesses", "weight_backsolve", "mutations", "default_mutations",
    "worker_timeout", "worker_imports", "guesses", "plugins", "default_plugins", "use_tracing", "tracing_file",
}  # fmt: skip
"""Arguments that 1.5 does not know."""

# What 1.5.10 and 2.0.0a2 wrote to standard error before they searched, with every set of operators.
WARNING = """\
┌ Warning: The `atanh` operator is not recommended with default settings.
└ @ DynamicExpressions.OperatorEnumConstructionModule ~/.julia/packages/DynamicExpressions/x/src/Construction.jl:309
"""

# pysr/sr.py of the wheel, in its order.
# fmt: off
PARAMETERS = [
    "model_selection", "binary_operators", "unary_operators", "operators", "expression_spec", "type_spec",
    "niterations", "populations", "population_size", "max_evals", "maxsize", "maxdepth", "warmup_maxsize_by",
    "timeout_in_seconds", "constraints", "nested_constraints", "elementwise_loss", "loss_function",
    "loss_function_expression", "loss_scale", "complexity_of_operators", "complexity_of_constants",
    "complexity_of_variables", "complexity_mapping", "parsimony", "dimensional_constraint_penalty",
    "dimensionless_constants_only", "use_frequency", "use_frequency_in_tournament", "adaptive_parsimony_scaling",
    "alpha", "annealing", "early_stop_condition", "ncycles_per_iteration", "fraction_replaced",
    "fraction_replaced_hof", "fraction_replaced_guesses", "weight_add_node", "weight_insert_node",
    "weight_delete_node", "weight_do_nothing", "weight_mutate_constant", "weight_mutate_operator",
    "weight_mutate_feature", "weight_swap_operands", "weight_rotate_tree", "weight_randomize", "weight_simplify",
    "weight_optimize", "weight_backsolve", "mutations", "default_mutations", "crossover_probability",
    "skip_mutation_failures", "migration", "hof_migration", "topn", "should_simplify", "should_optimize_constants",
    "optimizer_algorithm", "optimizer_nrestarts", "optimizer_f_calls_limit", "optimize_probability",
    "optimizer_iterations", "perturbation_factor", "probability_negate_constant", "tournament_selection_n",
    "tournament_selection_p", "parallelism", "procs", "cluster_manager", "heap_size_hint_in_bytes",
    "worker_timeout", "worker_imports", "batching", "batch_size", "fast_cycle", "turbo", "bumper", "precision",
    "autodiff_backend", "random_state", "deterministic", "warm_start", "guesses", "verbosity", "update_verbosity",
    "print_precision", "progress", "logger_spec", "plugins", "default_plugins", "input_stream", "use_tracing",
    "tracing_file", "run_id", "output_directory", "temp_equation_file", "tempdir", "delete_tempfiles", "update",
    "output_jax_format", "output_torch_format", "extra_sympy_mappings", "extra_torch_mappings",
    "extra_jax_mappings", "denoise", "select_k_features",
]
# fmt: on

FIT_PARAMETERS = ["Xresampled", "weights", "variable_names", "complexity_of_variables", "X_units", "y_units"]

# fmt: off
UNARY = [
    "neg", "square", "cube", "cbrt", "sqrt", "abs", "sign", "inv", "exp", "log", "log10", "log2", "log1p", "sin",
    "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "gamma",
    "relu", "sinc", "round", "floor", "ceil",
]
# fmt: on

BINARY = ["+", "-", "*", "/", "^", "max", "min", ">", ">=", "<", "<=", "cond", "mod", "logical_or", "logical_and"]

FUNCTION_NAMES = {*UNARY, "div", "mult", "plus", "sub", "pow", "max", "min", "mod", "cond"}


class JuliaError(Exception):
    """As juliacall's."""


def _plan(key):
    try:
        return json.loads(Path(os.environ["STAND_IN_PYSR"]).read_text()).get(key, "")
    except (KeyError, OSError):
        return ""


def _log(**entries):
    if "STAND_IN_PYSR_LOG" in os.environ:
        with open(os.environ["STAND_IN_PYSR_LOG"], "a") as file:
            file.write(json.dumps(entries, default=str) + "\n")


__version__ = _plan("version") or "2.7.2"


def _start():
    """What happens at import: juliapkg looks for Julia, and juliacall starts it."""
    plan = _plan("import")
    _log(environment={key: os.environ[key] for key in os.environ if "JULIA" in key}, torch="torch" in sys.modules)
    time.sleep(_plan("late") or 0.0)
    if plan == "no pysr":
        raise ModuleNotFoundError("No module named 'pysr'", name="pysr")
    if plan == "no juliacall":
        raise ModuleNotFoundError("No module named 'juliacall'", name="juliacall")
    if plan == "no network":
        raise urllib.error.URLError("[Errno -2] Name or service not known")
    if plan == "no julia":
        raise Exception("could not find Julia ^1.10.3")
    if plan == "no packages":
        raise subprocess.CalledProcessError(1, ["julia", "-e", "import Pkg\nPkg.Registry.update()"])
    if plan == "packages do not load":
        raise JuliaError("ArgumentError: Package SymbolicRegression not found")
    if plan == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if plan == "install":
        for line in (
            "[juliapkg] Downloading Julia from https://example.org/julia.tar.gz",
            "             downloaded 12.5 MB of 170.0 MB",
            "[juliapkg] Installing packages:",
            "           | import Pkg",
        ):
            sys.stdout.write(line + "\n")
    # Julia opens 0, 1 and 2, and libuv makes pipes among them ones that do not wait.
    for descriptor in (0, 1, 2):
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.set_blocking(os.dup(descriptor), False)


_start()


class PySRRegressor:
    def __init__(self, model_selection="best", **arguments):
        for name in arguments:
            if name not in PARAMETERS or (__version__.startswith("1.") and name in SINCE_2):
                raise TypeError(f"`{name}` is not a valid keyword argument for PySRRegressor.")
        defaults = {"niterations": 100, "populations": 31, "population_size": 27, "maxsize": 30, "run_id": "20260101_x"}
        defaults |= {"tournament_selection_n": 15, "ncycles_per_iteration": 380, "output_directory": "outputs"}
        defaults |= {"deterministic": False, "timeout_in_seconds": None, "parallelism": "multithreading"}
        self._settings = dict.fromkeys(PARAMETERS) | defaults | arguments | {"model_selection": model_selection}
        self.__dict__.update(self._settings)

    def fit(
        self,
        X,
        y,
        *,
        Xresampled=None,
        weights=None,
        variable_names=None,
        complexity_of_variables=None,
        X_units=None,
        y_units=None,
    ):
        self._validate(X, y, weights, variable_names, X_units, y_units)
        plan = _plan("fit")
        given = {"rows": len(y), "weights": None if weights is None else float(np.mean(weights))}
        _log(
            settings={k: v for k, v in self._settings.items() if v is not None},
            X_units=X_units,
            y_units=y_units,
            **given,
        )
        if plan == "no units" and X_units is not None:
            raise JuliaError("ArgumentError: Symbol furlong not found in `Units` or `Constants`.")
        folder = Path(self.output_directory) / self.run_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint.pkl").write_bytes(b"\x80\x04N.")
        os.write(2, WARNING.encode())
        warm_up = self.niterations < 10
        if warm_up:
            plan = ""
            time.sleep(_plan("late") or 0.0)
        self.interrupted_ = False
        handler = signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._search(X, y, weights, variable_names, folder / "hall_of_fame.csv", plan, warm_up)
        finally:
            signal.signal(signal.SIGINT, handler)
        if plan == "nothing":
            raise RuntimeError(
                "Couldn't find equation file! The equation search likely exited before a single iteration completed."
            )
        if plan == "fails afterwards":
            raise TypeError("Error processing equation 'x0 ^ x0'")
        self.equations_ = pd.read_csv(folder / "hall_of_fame.csv").rename(columns=str.lower)
        return self

    def get_best(self):
        losses = self.equations_["loss"].to_numpy()
        drops = np.concatenate([[0.0], -np.diff(np.log(losses)) / np.diff(self.equations_["complexity"])])
        return self.equations_.iloc[int(np.argmax(np.where(losses <= 1.5 * losses.min(), drops, -np.inf)))]

    def _interrupt(self, *_):
        self.interrupted_ = True

    def _search(self, X, y, weights, names, file, plan, warm_up):
        if plan == "nothing":
            return
        if plan == "garbage":
            for k in range(20_000):
                os.write(1, b'{"kind": "answer", "formulas": [{"expression": "42"}]} %d\n' % k)
                os.write(2, b"\xff\x00 not text\n")
        text = self._hall_of_fame(X, y, weights, names)
        for guess in self.guesses or ():
            values = sympy.lambdify(sympy.symbols(names), sympy.sympify(guess.replace("^", "**")), "numpy")(*X.T)
            text += f'9,{float(np.mean((values - y) ** 2))!r},"{guess}"\n'
        if plan == "longer pick":
            # Equal, longer, and of least loss by rounding alone: what it then hands out.
            last = text.splitlines()[-1].split(",")
            longer = f"({last[2].strip(chr(34))}) + ((square(sin({names[0]})) + square(cos({names[0]}))) - 1.0)"
            text += f'{int(last[0]) + 9},0.0,"{longer}"\n'
        file.write_text(text)
        file.with_name(file.name + ".bak").write_text(text)
        _log(written=str(file))
        if plan == "killed":
            # As by the system where memory is short.
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        if plan == "exit":
            os._exit(3)
        if plan == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if plan == "hang":
            # In the middle of writing the file again.
            file.write_text(text[: len(text) // 2])
            time.sleep(600)
        end = time.monotonic() + (0.0 if warm_up or self.timeout_in_seconds is None else self.timeout_in_seconds)
        while time.monotonic() < end and not self.interrupted_:
            time.sleep(0.02)

    def _hall_of_fame(self, X, y, weights, names):
        """Constant, line and power law, each by least squares, in Julia's spelling."""
        weights = np.ones(len(y)) if weights is None else weights
        product = X.prod(axis=1)
        candidates = [(1, "{0}", np.ones(len(y))), (3, f"{names[0]} * {{0}}", X[:, 0])]
        factors = " * ".join(names)
        candidates.append((2 * len(names) + 1, f"({factors}) * {{0}}", product))
        candidates.append((2 * len(names) + 3, f"(square(cbrt({names[0]})) ^ 1.5) * {{0}}", X[:, 0]))
        lines, best = ["Complexity,Loss,Equation"], math.inf
        for complexity, form, column in candidates:
            scale = float((weights * column) @ y / ((weights * column) @ column))
            loss = float(np.mean(weights * (scale * column - y) ** 2))
            if loss < best:
                lines.append(f'{complexity},{loss!r},"{form.format(scale)}"')
                best = loss
        return "\n".join(lines) + "\n"

    def _validate(self, X, y, weights, variable_names, X_units, y_units):
        if self.tournament_selection_n > self.population_size:
            raise ValueError("`tournament_selection_n` parameter must be smaller than `population_size`.")
        if self.maxsize < 7:
            raise ValueError("PySR requires a maxsize of at least 7")
        if self.parallelism not in {"serial", "multithreading", "multiprocessing"}:
            raise ValueError("`parallelism` must be one of 'serial', 'multithreading', or 'multiprocessing'")
        if self.deterministic and self.parallelism != "serial":
            raise ValueError("To ensure deterministic searches, you must set `parallelism='serial'`. ")
        if self.deterministic and not isinstance(self.random_state, int):
            raise ValueError("a seed is needed")
        if self.random_state is not None:
            np.random.RandomState(self.random_state)
        if unknown := {*self.binary_operators} - {*BINARY} | {*(self.unary_operators or ())} - {*UNARY}:
            raise JuliaError(f"UndefVarError: {unknown} not defined")
        if "^" in self.binary_operators and "^" not in (self.constraints or {}):
            raise ValueError("You are using the `^` operator, but have not set up `constraints` for it.")
        if X.ndim != 2 or y.shape != (len(X),) or (weights is not None and weights.shape != y.shape):
            raise AssertionError("shapes")
        if len(variable_names) != X.shape[1]:
            raise ValueError("`variable_names` must contain one name per feature.")
        for name in variable_names:
            if not re.match(r"^[₀₁₂₃₄₅₆₇₈₉a-zA-Z0-9_]+$", name):
                raise ValueError(f"Invalid variable name {name}.")
            if name in FUNCTION_NAMES or name in sympy.__dict__ or not name.isidentifier():
                raise ValueError(f"Variable name {name} is already a function name.")
        if X_units is not None and len(X_units) != X.shape[1]:
            raise ValueError("The number of units in `X_units` must equal the number of features in `X`.")
        if y_units is not None and not isinstance(y_units, str):
            raise ValueError("The number of units in `y_units` must equal the number of output features in `y`.")
