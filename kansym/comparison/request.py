"""What a peer is asked, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kansym.errors import KansymError

TABLE = "table.npz"
"""The numbers of a request, in its folder; everything else is JSON."""

MOST_FORMULAS = 500
"""Formulas of an answer that are looked at; a longer front is no front."""

LONGEST_FORMULA = 100_000
"""Characters of a formula that are passed on."""


class PeerError(KansymError, RuntimeError):
    """A peer crashed, hung, or answered nothing that could be used; the message says which."""


@dataclass(frozen=True, eq=False)
class Request:
    """A table to search, as a peer's process sees it.

    Attributes
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
        1 / error^2 and sample weights, of mean 1.
    points : ndarray, shape (m, d)
        Where predictions are wanted of a peer that has no formula.
    units : tuple of str or None, length d
        Units of the columns; None where not known.
    y_unit : str or None
    functions : tuple of str
        Names of kansym's primitives that formulas may use.
    seconds : float
        Time for the search, start-up not counted.
    seed : int
    folder : Path
        Of the peer's own, for its files; it goes away afterwards.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    points: np.ndarray
    units: tuple[str | None, ...]
    y_unit: str | None
    functions: tuple[str, ...]
    seconds: float
    seed: int
    folder: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Names that every tool takes: x0, x1, ..."""
        return safe_names(self.X.shape[1])

    def write(self) -> dict[str, Any]:
        """Put the numbers into the folder; returns the rest as JSON."""
        path = self.folder / TABLE
        if self.weights is None:
            np.savez(path, X=self.X, y=self.y, points=self.points)
        else:
            np.savez(path, X=self.X, y=self.y, points=self.points, weights=self.weights)
        return {
            "units": list(self.units),
            "y_unit": self.y_unit,
            "functions": list(self.functions),
            "seconds": self.seconds,
            "seed": self.seed,
            "folder": str(self.folder),
        }

    @classmethod
    def read(cls, record: dict[str, Any]) -> "Request":
        """The inverse of `write`."""
        folder = Path(record["folder"])
        with np.load(folder / TABLE, allow_pickle=False) as arrays:
            X, y, points = arrays["X"], arrays["y"], arrays["points"]
            weights = arrays.get("weights")
        return cls(
            X,
            y,
            weights,
            points,
            tuple(record["units"]),
            record["y_unit"],
            tuple(record["functions"]),
            float(record["seconds"]),
            int(record["seed"]),
            folder,
        )


def safe_names(columns: int) -> tuple[str, ...]:
    """Names of columns that are identifiers, and functions or constants in no tool."""
    return tuple(f"x{i}" for i in range(columns))


@dataclass(frozen=True)
class PeerFormula:
    """A formula in the words of a peer.

    Attributes
    ----------
    expression : str
        In `safe_names`, for `kansym.symbolic.parser.parse_expression`.
    complexity : float or None
        As the peer counts.
    loss : float or None
        As the peer measures.
    """

    expression: str
    complexity: float | None = None
    loss: float | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """What a peer found.

    Attributes
    ----------
    formulas : tuple of PeerFormula
        Its front, the simplest first; empty for a peer without formulas.
    pick : int or None
        Number of the one it would hand out.
    predictions : ndarray, shape (m,), or None
        At the request's points, of a peer without formulas.
    seconds : float
        Of the search.
    start_up : float
        Seconds before it.
    parameters : int or None
        Fitted numbers of a peer without formulas.
    remark : str
        What the reader of the result should know.
    version : str
        Of the tool.
    peak_memory : int or None
        Bytes, at most, of its process.
    """

    formulas: tuple[PeerFormula, ...] = ()
    pick: int | None = None
    predictions: np.ndarray | None = None
    seconds: float = 0.0
    start_up: float = 0.0
    parameters: int | None = None
    remark: str = ""
    version: str = ""
    peak_memory: int | None = None

    def write(self) -> dict[str, Any]:
        """In JSON types."""
        record = asdict(self)
        record["formulas"] = [
            asdict(formula) for formula in self.formulas if len(formula.expression) <= LONGEST_FORMULA
        ][:MOST_FORMULAS]
        record["predictions"] = None if self.predictions is None else np.asarray(self.predictions).tolist()
        return record

    @classmethod
    def read(cls, record: Any) -> "Answer":
        """The inverse of `write`.

        Raises
        ------
        PeerError
            If the record is not one of an answer, or has neither a formula nor predictions.
        """
        try:
            formulas = tuple(
                PeerFormula(str(one["expression"]), _number(one.get("complexity")), _number(one.get("loss")))
                for one in record["formulas"][:MOST_FORMULAS]
            )
            pick = record.get("pick")
            pick = None if pick is None or not formulas else min(max(int(pick), 0), len(formulas) - 1)
            predictions = record.get("predictions")
            numbers = None if predictions is None else np.array(predictions, dtype=np.float64)
            parameters = record.get("parameters")
            answer = cls(
                formulas,
                len(formulas) - 1 if pick is None and formulas else pick,
                numbers,
                float(record.get("seconds") or 0.0),
                float(record.get("start_up") or 0.0),
                None if parameters is None else int(parameters),
                str(record.get("remark") or ""),
                str(record.get("version") or ""),
                None if record.get("peak_memory") is None else int(record["peak_memory"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PeerError(f"answered in a form that is not understood ({error})") from error
        if not formulas and numbers is None:
            raise PeerError(answer.remark or "found no formula")
        return answer


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


Progress = Callable[[str], None]
"""Takes a line of text while a peer is at work."""

Search = Callable[[Request, Progress], Answer]
"""What a worker module calls ``search``."""

Salvage = Callable[[Path], Sequence[PeerFormula]]
"""Formulas that a peer left in its folder before it was stopped."""
