"""The forms that a search has met, with their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from kansym.deferred import deferred_module
from kansym.errors import StorageError
from kansym.numbers import chance
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

NAMED, MOST_NAMED = 0.005, 3
"""Least probability of a form that a line names beside the pick, which it would give as 0.01, and how many it names."""


@dataclass(frozen=True, eq=False)
class FormProbability:
    """A form and how probable it is.

    Attributes
    ----------
    formula : Formula
        Its shortest notation, with constants fitted to the rows of the search.
    probability : float
        That it is the law's.
    behind : float
        Bits by which its description is longer than the pick's; negative where it is shorter.
    """

    formula: Formula
    probability: float
    behind: float

    @property
    def text(self) -> str:
        """The form with names for its fitted numbers, ``c0*exp(c1*t)``."""
        return self.formula.named().text.removeprefix(f"{self.formula.target} = ")

    def __repr__(self) -> str:
        return f"<FormProbability {chance(self.probability)}: {self.formula}>"


class Forms(Sequence[FormProbability]):
    """Forms with their probabilities: the pick first, then the most probable first; immutable.

    The probabilities of all forms and `not_tried` have the sum 1.

    Parameters
    ----------
    forms : sequence of FormProbability
    not_tried : float
        Probability that the law's form is none of these.
    """

    def __init__(self, forms: Sequence[FormProbability], not_tried: float) -> None:
        self._forms, self.not_tried = tuple(forms), not_tried

    @overload
    def __getitem__(self, index: int) -> FormProbability: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[FormProbability, ...]: ...

    def __getitem__(self, index: int | slice) -> FormProbability | tuple[FormProbability, ...]:
        return self._forms[index]

    def __len__(self) -> int:
        return len(self._forms)

    @property
    def pick(self) -> FormProbability:
        """That of the pick."""
        return self._forms[0]

    @cached_property
    def probable(self) -> tuple[FormProbability, ...]:
        """All, the most probable first."""
        return tuple(sorted(self._forms, key=lambda one: -one.probability))

    @property
    def probabilities(self) -> np.ndarray:
        """Of all forms (m,), without what was not tried."""
        return np.array([one.probability for one in self._forms])

    @property
    def named(self) -> tuple[FormProbability, ...]:
        """Those that a line names beside the pick."""
        return tuple(one for one in self._forms[1:] if one.probability >= NAMED)[:MOST_NAMED]

    def text(self) -> str:
        """One line: ``this form 0.86; c0 + c1*exp(-c2*t) 0.09; 14 others 0.02; not tried 0.03``."""
        named = self.named
        parts = [f"this form {chance(self.pick.probability)}"]
        parts += [f"{one.text} {chance(one.probability)}" for one in named]
        if left := len(self) - 1 - len(named):
            rest = float(self.probabilities.sum()) - self.pick.probability - sum(one.probability for one in named)
            parts.append(f"{left} other{'s'[: left != 1]} {chance(max(rest, 0.0))}")
        return "; ".join([*parts, f"not tried {chance(self.not_tried)}"])

    def to_frame(self) -> pd.DataFrame:
        """A table with the columns probability, bits_behind, complexity, equation and form (numbers as names)."""
        return pd.DataFrame(
            {
                "probability": self.probabilities,
                "bits_behind": [one.behind for one in self],
                "complexity": [one.formula.complexity for one in self],
                "equation": [one.formula.text() for one in self],
                "form": [one.text for one in self],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types."""
        forms = [
            {"formula": one.formula.to_dict(), "probability": one.probability, "behind": one.behind} for one in self
        ]
        return {"forms": forms, "not_tried": self.not_tried}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Forms:
        """The inverse of `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        try:
            forms = [
                FormProbability(Formula.from_dict(one["formula"]), float(one["probability"]), float(one["behind"]))
                for one in record["forms"]
            ]
            found = cls(forms, float(record["not_tried"]))
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"forms cannot be read: {type(error).__name__} {error}") from error
        if not found:
            raise StorageError("forms cannot be read: there is none")
        return found

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Forms: {self.text()}>"

    def _repr_html_(self) -> str:
        return surface("forms_html")(self)
