"""gplearn, generation by generation until time is up.

Settings are those of its entry to SRBench (population 1000, tournaments of 20, mean absolute error); ``docs/peers.md``
has the sources.
"""

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.comparison.request import LONGEST_FORMULA, Answer, PeerError, PeerFormula, Progress, Request
from kansym.errors import KansymError
from kansym.optional import optional_module
from kansym.structure.problem import typical_size
from kansym.symbolic.parser import parse_expression

ARITHMETIC = ("add", "sub", "mul", "div", "neg")
"""Functions that every formula may use, as in kansym."""

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "x": (),
    "x^2": (),
    "x^3": (),
    "x^4": (),
    "x^5": (),
    "x^6": (),
    "x^-1": ("inv",),
    "x^-2": ("inv",),
    "x^-3": ("inv",),
    "x^-4": ("inv",),
    "x^-5": ("inv",),
    "lorentzian": ("inv",),
    "sqrt": ("sqrt",),
    "x^1.5": ("sqrt",),
    "1/sqrt": ("sqrt", "inv"),
    "sqrt(1+x^2)": ("sqrt",),
    "sqrt(1-x^2)": ("sqrt",),
    "1/sqrt(1+x^2)": ("sqrt", "inv"),
    "1/sqrt(1-x^2)": ("sqrt", "inv"),
    "x^p": ("exp", "log"),
    "abs": ("abs",),
    "exp": ("exp",),
    "gaussian": ("exp",),
    "logistic": ("exp", "inv"),
    "fermi": ("exp", "inv"),
    "bose": ("exp", "inv"),
    "sinh": ("exp",),
    "cosh": ("exp",),
    "tanh": ("exp", "inv"),
    "sech": ("exp", "inv"),
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
}
"""gplearn's functions that give a primitive together with the arithmetic; it has no counterpart of others. Its max and
min belong to no primitive, and are left out."""

SETTINGS: dict[str, Any] = {
    "population_size": 1000,
    "tournament_size": 20,
    "init_depth": (2, 6),
    "init_method": "half and half",
    "p_crossover": 0.9,
    "p_subtree_mutation": 0.01,
    "p_hoist_mutation": 0.01,
    "p_point_mutation": 0.01,
    "p_point_replace": 0.05,
    "max_samples": 1.0,
}

PARSIMONY = 0.001
"""Price of a node, in units of the spread of y: the entry to SRBench has it for a target of spread 1."""

REPORT_EVERY = 1.0
"""Seconds between lines of progress."""

# -- programs as plain formulas ----------------------------------------------------------------------------------------

NEAR_ZERO = 0.001
"""Below this, gplearn's division, inverse and logarithm hand out a constant: 1, 0 and 0."""

LARGEST_EXPONENT = 100.0
"""From here on, in size, `protected_exp` hands out 0."""

_SUM, _PRODUCT, _ATOM = range(3)


@dataclass(frozen=True)
class Translation:
    """A program in words.

    Attributes
    ----------
    formula : str
    protected : int
        Rows on which gplearn computes something else than the formula, since an argument is near zero or too large.
    """

    formula: str
    protected: int


@dataclass(frozen=True)
class _Part:
    text: str
    rank: int
    """How tightly it binds."""
    values: np.ndarray
    """On the rows, as gplearn computes them."""

    def inside(self, rank: int) -> str:
        """The text as an operand of something that binds as tightly as `rank`."""
        signed = rank > _SUM and self.text.startswith("-")
        return f"({self.text})" if self.rank < rank or signed else self.text


def protected_exp(x1: np.ndarray) -> np.ndarray:
    """exp(x) for |x| < 100, else 0: the closure that gplearn's author gives (gplearn issue 49)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.abs(x1) < LARGEST_EXPONENT, np.exp(x1), 0.0)


def translate(program: Sequence[Any], names: Sequence[str], rows: np.ndarray) -> Translation | None:
    """A program of gplearn as a formula.

    A protected function that takes over on every row (0.5/(x0 - x0), say) is written as the constant that it gives; one
    that takes over on some rows is written as the plain function, and those rows are counted.

    Parameters
    ----------
    program : sequence
        In prefix order: functions with ``name`` and ``arity``, numbers of columns (int), constants (float).
    names : sequence of str
        Texts of the columns: names, or anything in parentheses.
    rows : ndarray, shape (n, d)

    Returns
    -------
    Translation or None
        None if the formula is too long to be passed on: a maximum writes its operands twice.
    """
    taken_over = np.zeros(len(rows), dtype=bool)
    stack: list[_Part] = []
    with np.errstate(all="ignore"):
        for node in reversed(program):
            if isinstance(node, int):
                part = _Part(names[node], _ATOM, rows[:, node])
            elif isinstance(node, float):
                # numpy's own floats print their type.
                part = _Part(repr(float(node)), _ATOM, np.full(len(rows), float(node)))
            else:
                operands = [stack.pop() for _ in range(node.arity)]
                part, here = _applied(node.name, operands, len(rows))
                taken_over |= here
                if len(part.text) > LONGEST_FORMULA:
                    return None
            stack.append(part)
    return Translation(stack.pop().text, int(taken_over.sum()))


def _applied(name: str, operands: list[_Part], count: int) -> tuple[_Part, np.ndarray]:
    """A function of its operands, and the rows on which it is protected without being a constant."""
    nowhere = np.zeros(count, dtype=bool)
    text, rank = _TEXTS[name](*operands)
    values = [operand.values for operand in operands]
    if name not in _PROTECTED:
        return _Part(text, rank, _PLAIN[name](*values)), nowhere
    plain, regular, constant = _PROTECTED[name]
    here = ~regular(values[-1])
    if here.all():
        return _Part(repr(constant), _ATOM, np.full(count, constant)), nowhere
    return _Part(text, rank, np.where(here, constant, plain(*values))), here


def _max_text(a: _Part, b: _Part, sign: str) -> tuple[str, int]:
    # The parser has no max: (a + b + |a - b|)/2.
    difference = f"{a.text} - {_subtrahend(b)}"
    return f"({a.text} + {_addend(b)} {sign} abs({difference}))/2", _PRODUCT


def _addend(part: _Part) -> str:
    return f"({part.text})" if part.text.startswith("-") else part.text


def _subtrahend(part: _Part) -> str:
    return f"({part.text})" if part.rank == _SUM or part.text.startswith("-") else part.text


def _call(name: str, inner: str = "{}") -> Callable[[_Part], tuple[str, int]]:
    return lambda a: (f"{name}({inner.format(a.text)})", _ATOM)


_TEXTS: dict[str, Callable[..., tuple[str, int]]] = {
    "add": lambda a, b: (f"{a.text} + {_addend(b)}", _SUM),
    "sub": lambda a, b: (f"{a.text} - {_subtrahend(b)}", _SUM),
    "mul": lambda a, b: (f"{a.inside(_PRODUCT)}*{b.inside(_PRODUCT)}", _PRODUCT),
    "div": lambda a, b: (f"{a.inside(_PRODUCT)}/{b.inside(_ATOM)}", _PRODUCT),
    "inv": lambda a: (f"1/{a.inside(_ATOM)}", _PRODUCT),
    "neg": lambda a: (f"-{a.inside(_PRODUCT)}", _SUM),
    "max": lambda a, b: _max_text(a, b, "+"),
    "min": lambda a, b: _max_text(a, b, "-"),
    "sqrt": _call("sqrt", "abs({})"),
    "log": _call("log", "abs({})"),
    "abs": _call("abs"),
    "sin": _call("sin"),
    "cos": _call("cos"),
    "tan": _call("tan"),
    "exp": _call("exp"),
    "sig": lambda a: (f"1/(1 + exp(-{a.inside(_PRODUCT)}))", _PRODUCT),
}

_PLAIN: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "neg": np.negative,
    "max": np.maximum,
    "min": np.minimum,
    "abs": np.abs,
    "sqrt": lambda a: np.sqrt(np.abs(a)),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sig": lambda a: 1 / (1 + np.exp(-a)),
}


def _away_from_zero(values: np.ndarray) -> np.ndarray:
    return np.abs(values) > NEAR_ZERO


_PROTECTED: dict[str, tuple[Callable[..., np.ndarray], Callable[[np.ndarray], np.ndarray], float]] = {
    "div": (np.divide, _away_from_zero, 1.0),
    "inv": (lambda a: 1.0 / a, _away_from_zero, 0.0),
    "log": (lambda a: np.log(np.abs(a)), _away_from_zero, 0.0),
    "exp": (np.exp, lambda values: np.abs(values) < LARGEST_EXPONENT, 0.0),
}
"""The plain function, where it is used (of the last argument), and the constant elsewhere."""


# -- the search --------------------------------------------------------------------------------------------------------


def prepare(progress: Progress | None = None) -> None:
    """Import gplearn.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    _part("genetic")


def _part(name: str) -> Any:
    return optional_module(f"gplearn.{name}", feature="gplearn as a peer", extra="gplearn")


def search(request: Request, progress: Progress) -> Answer:
    """Run gplearn on a table.

    Returns
    -------
    Answer
        The best program of each length in any generation, as far as longer ones are better, and its own pick, the best
        of the last generation. Losses are mean absolute errors.
    """
    start = time.perf_counter()
    sizes = np.array([typical_size(column) for column in request.X.T])
    y_size = typical_size(request.y)
    X, y = request.X / sizes, request.y / y_size
    model = _part("genetic").SymbolicRegressor(
        function_set=_function_set(request.functions),
        metric=_metric(),
        parsimony_coefficient=PARSIMONY * float(np.std(y)),
        warm_start=True,
        low_memory=True,
        random_state=request.seed % 2**32,
        **SETTINGS,
    )
    best: dict[int, tuple[float, list[Any]]] = {}
    generation, last, told = 0, 0.0, start
    # The first generation is made in any case; another one only if it is likely to end in time.
    while generation == 0 or time.perf_counter() - start + last < request.seconds:
        began = time.perf_counter()
        generation += 1
        model.set_params(generations=generation)
        with np.errstate(all="ignore"):
            model.fit(X, y, request.weights)
        for program in model._programs[-1]:
            length = len(program.program)
            if program.raw_fitness_ < best.get(length, (np.inf,))[0]:
                best[length] = (float(program.raw_fitness_), program.program)
        error = float(model._program.raw_fitness_)
        last = time.perf_counter() - began
        if time.perf_counter() - told >= REPORT_EVERY:
            told = time.perf_counter()
            progress(f"generation {generation}: mean absolute error {error * y_size:.3g}")
        if error <= 0:
            break
    front = _front(best)
    own = (float(model._program.raw_fitness_), model._program.program)
    if all(program != own[1] for _, program in front):
        front.append(own)
    names = [n if size == 1 else f"({n}/{float(size)!r})" for n, size in zip(request.names, sizes, strict=True)]
    rows = np.vstack([request.X, request.points]) / sizes
    read = [(error, program, _readable(program, names, request.names, rows)) for error, program in front]
    kept = [(error, program, text) for error, program, text in read if text is not None]
    if not kept:
        raise PeerError("found no formula that is short enough to be read")
    # Its own pick where that can be read, else the best that can.
    chosen = next((entry for entry in kept if entry[1] == own[1]), min(kept, key=lambda entry: entry[0]))
    kept.sort(key=lambda entry: (len(entry[1]), -entry[0]))
    return Answer(
        formulas=tuple(
            PeerFormula(
                text.formula if y_size == 1 else f"{y_size!r}*({text.formula})", float(len(program)), error * y_size
            )
            for error, program, text in kept
        ),
        pick=next(number for number, entry in enumerate(kept) if entry is chosen),
        seconds=time.perf_counter() - start,
        remark=_remark(request, chosen[2], len(rows), len(front) - len(kept)),
        version=importlib.metadata.version("gplearn"),
    )


def functions_of(functions: Sequence[str]) -> tuple[str, ...]:
    """gplearn's functions for primitives of kansym, the arithmetic first; primitives that it lacks are left out."""
    found = [name for function in functions for name in FUNCTIONS.get(function, ())]
    return tuple(dict.fromkeys((*ARITHMETIC, *found)))


def _function_set(functions: Sequence[str]) -> list[Any]:
    exp = _part("functions").make_function(function=protected_exp, name="exp", arity=1, wrap=False)
    return [exp if name == "exp" else name for name in functions_of(functions)]


def _metric() -> Any:
    """gplearn's mean absolute error, but infinite where a program has no value: tournaments are won by NaN."""

    def error(y: np.ndarray, y_pred: np.ndarray, w: np.ndarray) -> float:
        value = float(np.average(np.abs(y_pred - y), weights=w))
        return value if np.isfinite(value) else np.inf

    return _part("fitness").make_fitness(function=error, greater_is_better=False, wrap=False)


def _front(best: dict[int, tuple[float, list[Any]]]) -> list[tuple[float, list[Any]]]:
    front: list[tuple[float, list[Any]]] = []
    for length in sorted(best):
        if not front or best[length][0] < front[-1][0]:
            front.append(best[length])
    return front


def _readable(program: list[Any], names: Sequence[str], safe: Sequence[str], rows: np.ndarray) -> Translation | None:
    """The formula of a program; None where it is too long or too deep for a reader."""
    found = translate(program, names, rows)
    try:
        if found is not None:
            parse_expression(found.formula, safe)
    except KansymError:
        return None
    return found


def _remark(request: Request, pick: Translation, rows: int, unreadable: int) -> str:
    remarks = []
    if pick.protected:
        remarks.append(
            f"on {pick.protected} of {rows} rows a protected function of gplearn takes over, and the formula differs"
        )
    if unreadable:
        remarks.append(f"{unreadable} formulas too long to be read")
    missing = [name for name in request.functions if name not in FUNCTIONS]
    if missing:
        remarks.append(f"has no counterpart of {len(missing)} of {len(request.functions)} functions")
    return "; ".join(remarks)
