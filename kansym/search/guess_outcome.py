"""What the data say about a guess."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kansym.errors import StorageError
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Formula

CONFIRMED, SMALLER, MORE, REPLACED, UNUSABLE = "confirmed", "smaller", "more", "replaced", "unusable"
VERDICTS = (CONFIRMED, SMALLER, MORE, REPLACED, UNUSABLE)


class PickedFront(ParetoFront):
    """A front whose pick is not its shortest description: a guess that no test rejects.

    Parameters
    ----------
    formulas : iterable of Formula
    pick : Formula
        One of them.
    """

    def __init__(self, formulas: Iterable[Formula], pick: Formula) -> None:
        super().__init__(formulas)
        self._pick = pick

    @property
    def best(self) -> Formula:
        """The pick."""
        return self._pick


def with_pick(formulas: Iterable[Formula], pick: Formula) -> ParetoFront:
    """The front of some formulas, one of which is the pick, be it the shortest description or not."""
    front = ParetoFront(formulas)
    return front if front.best is pick else PickedFront(front, pick)


@dataclass(frozen=True, eq=False)
class ShorterRival:
    """A formula that is a shorter description than a guess that is the pick.

    Attributes
    ----------
    formula : Formula
    bits : float
        By how much it is shorter.
    """

    formula: Formula
    bits: float


@dataclass(frozen=True, eq=False)
class GuessOutcome:
    """What the data say about a guess, once the search is over.

    Attributes
    ----------
    text : str
        The guess as given.
    verdict : str
        "confirmed": the pick is the guess with its constants fitted, be it the shortest description or one that no test
        rejects. "smaller": something smaller does as well, or
        describes the data in fewer bits.
        "more": the pick is the guess with something added to it, or multiplied. "replaced": the pick is another
        formula. "unusable": the guess could not be fitted, and the search went on without it.
    words : str
        The same in a sentence or two.
    formula : Formula or None
        The guess with its constants fitted to the table, in the guess's own notation; None where it is unusable.
    bits : float or None
        By how much the pick, or else the shortest of `rivals`, is the shorter description of the data than `formula`; 0
        where they are the same.
    dropped : tuple of str
        Parts of the guess that the data do not need: terms, or values such as ``"A = 1"``.
    added : str
        What was added, or what the guess was multiplied by; empty where nothing was, or where that cannot be told.
    way : str
        How: ``"guess + ..."``, ``"guess * ..."`` or ``"guess * (1 + ...)"``; empty where nothing was added.
    left : float or None
        Probability that the residuals of the guess, or of what is shorter with its parts or other numbers, would look
        as structured as they do if they were noise (see `kansym.fitting.predictability`); None where that could not be
        asked.
    numbers : mapping of str to float
        Numbers of the guess that constants of `formula` started from, by the names of these constants.
    as_written : bool
        Whether the pick is `formula` itself, so that it can be written as the guess was.
    rivals : tuple of ShorterRival
        What is shorter, though the guess is the pick; the shortest first.
    """

    text: str
    verdict: str
    words: str
    formula: Formula | None = None
    bits: float | None = None
    dropped: tuple[str, ...] = ()
    added: str = ""
    way: str = ""
    left: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    as_written: bool = False
    rivals: tuple[ShorterRival, ...] = ()

    def __str__(self) -> str:
        fitted = [] if self.formula is None else [f"fitted: {self.formula}"]
        return "\n".join([self.text, *fitted, f"{self.verdict}: {self.words}"])

    def __repr__(self) -> str:
        return f"<GuessOutcome {self.text} is {self.verdict}: {self.words}>"

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types; exact."""
        return {
            "text": self.text,
            "verdict": self.verdict,
            "words": self.words,
            "formula": None if self.formula is None else self.formula.to_dict(),
            "bits": self.bits,
            "dropped": list(self.dropped),
            "added": self.added,
            "way": self.way,
            "left": self.left,
            "numbers": dict(self.numbers),
            "as_written": self.as_written,
            "rivals": [{"formula": one.formula.to_dict(), "bits": one.bits} for one in self.rivals],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "GuessOutcome":
        """The inverse of `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        try:
            if record["verdict"] not in VERDICTS or not isinstance(record["dropped"], list):
                raise ValueError(f"no verdict {str(record['verdict'])[:40]!r}, or dropped is no list")
            texts = [record[key] for key in ("text", "words", "added", "way")] + record["dropped"]
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("expected text")
            return cls(
                text=record["text"],
                verdict=record["verdict"],
                words=record["words"],
                formula=None if record["formula"] is None else Formula.from_dict(record["formula"]),
                bits=None if record["bits"] is None else float(record["bits"]),
                dropped=tuple(record["dropped"]),
                added=record["added"],
                way=record["way"],
                left=None if record["left"] is None else float(record["left"]),
                numbers={str(name): float(value) for name, value in record["numbers"].items()},
                as_written=bool(record["as_written"]),
                rivals=tuple(
                    ShorterRival(Formula.from_dict(one["formula"]), float(one["bits"]))
                    for one in record.get("rivals", ())
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"the outcome of a guess cannot be read: {type(error).__name__} {error}") from error
