"""What was chosen for splines, and how good it is."""

from collections.abc import Mapping
from typing import Any

from kansym.editing.desk import Errors
from kansym.editing.table import number


class Chosen(dict[str, str]):
    """Edge ids and the primitives that were chosen for them, with the quality of the choice.

    Parameters
    ----------
    functions : mapping of str to str
        Of edge id to primitive.
    names : mapping of str to str
        What the edges are called, ``"x -> h1.0"``.
    misfits : mapping of str to (float or None)
        1 - R^2 between each primitive, after the refit, and the spline that it stands for.
    before, after : Errors
        Of the whole network, in units of y.

    Attributes
    ----------
    names, misfits, before, after
        As above.
    """

    def __init__(
        self,
        functions: Mapping[str, str],
        names: Mapping[str, str],
        misfits: Mapping[str, float | None],
        before: Errors,
        after: Errors,
    ) -> None:
        super().__init__(functions)
        self.names, self.misfits, self.before, self.after = dict(names), dict(misfits), before, after

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "functions": dict(self),
            "misfits": dict(self.misfits),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }

    def __str__(self) -> str:
        if not self:
            return "no splines are left"
        errors = self.before.to(self.after)
        lines = []
        for edge, function in self.items():
            misfit = number(self.misfits.get(edge), 2)
            lines.append(f"{edge} ({self.names[edge]}) is {function}{f', 1-R2 = {misfit}' if misfit else ''}")
        return "\n".join([errors, *lines])

    def __repr__(self) -> str:
        return f"<{self}>"
