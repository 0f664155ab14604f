"""Parameters of ``PySRRegressor`` in those of `kansym.SymbolicRegressor`, and what becomes of the rest."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from kansym.errors import ArgumentError
from kansym.symbolic.pysr import OPERATORS

_EVOLUTION = "kansym does not evolve formulas; max_seconds says how long it may look"
_SIZE = "formulas are not limited in size; take a simpler one from equations_"
_PICK = "complexity is the count of nodes and the pick goes by description length; equations_ has loss and score"
_LOSS = "only squares and the robust losses of DiscoveryOptions are there; loss='tukey' is for outliers"
_UNITS = "formulas whose units do not go together always rank last, and constants with a unit cost 10 bits"
_TEMPLATE = "there are no templates; given='exp(-t/tau)*(...)' gives all of a formula but one part"
_STOP = "the search ends by itself where nothing is left but noise"
_MACHINE = "it has no meaning here"
_FILES = "a fit writes no files; save_run(model, folder) does"
_PRINTS = "the library prints nothing; progress=callback reports"
_EXPORT = "formulas hold no functions of your own; sympy's lambdify makes code of model.sympy()"
_DATA = "columns and noise are looked at by the search itself; loss='tukey' is for outliers"

# fmt: off
_REASONS: dict[str, str] = {
    name: reason
    for reason, names in {
        _EVOLUTION: (
            "niterations", "populations", "population_size", "max_evals", "warmup_maxsize_by", "use_frequency",
            "use_frequency_in_tournament", "adaptive_parsimony_scaling", "alpha", "annealing",
            "ncycles_per_iteration", "fraction_replaced", "fraction_replaced_hof", "fraction_replaced_guesses",
            "weight_add_node", "weight_insert_node", "weight_delete_node", "weight_do_nothing",
            "weight_mutate_constant", "weight_mutate_operator", "weight_mutate_feature", "weight_swap_operands",
            "weight_rotate_tree", "weight_randomize", "weight_simplify", "weight_optimize", "weight_backsolve",
            "mutations", "default_mutations", "crossover_probability", "skip_mutation_failures", "migration",
            "hof_migration", "topn", "should_simplify", "should_optimize_constants", "optimizer_algorithm",
            "optimizer_nrestarts", "optimizer_f_calls_limit", "optimize_probability", "optimizer_iterations",
            "perturbation_factor", "probability_negate_constant", "tournament_selection_n",
            "tournament_selection_p", "warm_start", "plugins", "default_plugins",
        ),
        _SIZE: ("maxsize", "maxdepth", "constraints", "nested_constraints"),
        _PICK: (
            "model_selection", "loss_scale", "complexity_of_operators", "complexity_of_constants",
            "complexity_of_variables", "complexity_mapping", "parsimony",
        ),
        _LOSS: ("loss_function", "loss_function_expression"),
        _UNITS: ("dimensional_constraint_penalty", "dimensionless_constants_only"),
        _TEMPLATE: ("expression_spec", "type_spec"),
        _STOP: ("early_stop_condition",),
        _MACHINE: (
            "parallelism", "multithreading", "procs", "cluster_manager", "heap_size_hint_in_bytes", "worker_timeout",
            "worker_imports", "batching", "batch_size", "fast_cycle", "turbo", "bumper", "precision",
            "autodiff_backend", "update", "input_stream",
        ),
        _FILES: (
            "run_id", "output_directory", "temp_equation_file", "tempdir", "delete_tempfiles", "use_tracing",
            "tracing_file",
        ),
        _PRINTS: ("verbosity", "update_verbosity", "print_precision", "progress", "logger_spec"),
        _EXPORT: (
            "output_jax_format", "output_torch_format", "extra_sympy_mappings", "extra_torch_mappings",
            "extra_jax_mappings",
        ),
        _DATA: ("denoise", "select_k_features"),
    }.items()
    for name in names
}
# fmt: on
"""What has no counterpart, of PySR 2.7.2, with the reason."""

MAPPED = (
    "timeout_in_seconds",
    "random_state",
    "deterministic",
    "guesses",
    "unary_operators",
    "binary_operators",
    "operators",
    "elementwise_loss",
)
"""What has one."""

_IMPLIED = {
    "*": ("square", "cube"),
    "^": ("square", "cube", "sqrt", "cbrt"),
    "pow": ("^", "square", "cube", "sqrt", "cbrt"),
    "cos": ("sin",),
    "sin": ("cos",),
    "asin": ("acos",),
    "acos": ("asin",),
    "log10": ("log",),
    "log2": ("log",),
    "log1p": ("log",),
    "inv": ("/",),
}
"""Operators that come with others: scale and shift of an argument are free."""

# fmt: off
_KNOWN = frozenset({
    "+", "-", "*", "/", "^", "pow", "neg", "inv", "square", "cube", "sqrt", "cbrt", "abs", "sign", "exp", "log",
    "log10", "log2", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "erf",
})
# fmt: on

_QUOTIENTS = ("lorentzian", "logistic", "fermi", "bose", "sinc", "sech")


def translate(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Parameters for `SymbolicRegressor`, and those that were left out with the reason.

    Parameters
    ----------
    parameters : mapping
        Of ``PySRRegressor``, as of PySR 2.7.2.

    Raises
    ------
    ArgumentError
        If PySR has no such parameter either.
    """
    known = (*MAPPED, *_REASONS)
    own: dict[str, Any] = {}
    left: dict[str, str] = {}
    for name in parameters:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ArgumentError(f"{name} is no parameter of PySRRegressor{hint}")
        if name in _REASONS:
            left[name] = _REASONS[name]
    if parameters.get("timeout_in_seconds") is not None:
        own["timeout_in_seconds"] = parameters["timeout_in_seconds"]
    if parameters.get("deterministic"):
        own["deterministic"] = True
    seed = parameters.get("random_state")
    if isinstance(seed, int):
        own["random_state"] = seed
    elif seed is not None:
        left["random_state"] = "it must be a whole number"
    _take_guesses(parameters.get("guesses"), own, left)
    _take_loss(parameters.get("elementwise_loss"), own, left)
    _take_operators(parameters, own, left)
    return own, left


def _take_guesses(guesses: Any, own: dict[str, Any], left: dict[str, str]) -> None:
    if guesses is None:
        return
    if len(guesses) == 1 and isinstance(guesses[0], list | tuple):
        guesses = guesses[0]
    texts = tuple(guess for guess in guesses if isinstance(guess, str))
    if texts:
        own["guesses"] = texts
    if len(texts) < len(guesses):
        left["guesses"] = f"{len(guesses) - len(texts)} of them are no texts; {_TEMPLATE}"


def _take_loss(loss: Any, own: dict[str, Any], left: dict[str, str]) -> None:
    if loss is None:
        return
    text = re.sub(r"\s+", "", str(loss))
    if text.startswith("HuberLoss("):
        own["loss"] = "huber"
    elif text != "L2DistLoss()" and not re.fullmatch(r"\w*\((\w+),(\w+)\)=(\(\1-\2\)|\(\2-\1\))\^2", text):
        left["elementwise_loss"] = _LOSS


def _take_operators(parameters: Mapping[str, Any], own: dict[str, Any], left: dict[str, str]) -> None:
    given: list[str] = []
    for name in ("binary_operators", "unary_operators"):
        given += list(parameters.get(name) or ())
    for operators in (parameters.get("operators") or {}).values():
        given += list(operators)
    if not given:
        return
    if not parameters.get("operators") and not parameters.get("binary_operators"):
        given += ["+", "-", "*", "/"]
    # "inv(x) = 1/x" is an operator of the user's own; its body is Julia and is not read.
    names = [operator.split("(")[0].strip() if "(" in operator else operator.strip() for operator in given]
    unknown = [operator for operator, name in zip(given, names, strict=True) if name not in _KNOWN]
    if unknown:
        where = "operators" if parameters.get("operators") else "unary_operators"
        left[where] = (
            f"there is nothing like {', '.join(unknown)} in the library; primitive_from_expression adds functions of "
            "one argument"
        )
    available = set(names) | {implied for name in names for implied in _IMPLIED.get(name, ())}
    divides = "/" in available
    own["primitives"] = [
        primitive
        for primitive, needed in OPERATORS.items()
        if available.issuperset(needed) and (divides or not _is_quotient(primitive))
    ]


def _is_quotient(primitive: str) -> bool:
    return "^-" in primitive or primitive.startswith("1/") or primitive in _QUOTIENTS


def in_words(left: Mapping[str, str]) -> str:
    """What was left out, in one line: names with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left.items():
        reasons.setdefault(reason, []).append(name)
    return "; ".join(f"{_listed(names)}: {reason}" for reason, names in reasons.items())


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
