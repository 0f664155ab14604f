"""Programs of gplearn as plain formulas: what its protected functions do is told apart from what the formula says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.comparison.request import LONGEST_FORMULA

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
