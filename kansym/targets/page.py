"""The page of several targets: their formulas with small pictures, and what they have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kansym.errors import KansymError
from kansym.report.constants import ConstantValues
from kansym.report.html.formulas import formula_markup
from kansym.report.html.page import rendered
from kansym.report.html.runs import run_row
from kansym.symbolic.constants import Constant
from kansym.symbolic.named import NamedFormula
from kansym.symbolic.parser import parse_expression
from kansym.targets.common import Common, Relation, RelationKind
from kansym.targets.finished import FinishedTargets
from kansym.targets.text import joint_words, place_words

KINDS = {
    RelationKind.SQUARES: "sum of squares",
    RelationKind.RESPONSE: "magnitude and phase of one complex response",
}


def targets_html(finished: FinishedTargets, folder: Path | None = None) -> str:
    """The page as the text of an HTML file that needs no network.

    Parameters
    ----------
    finished : FinishedTargets
    folder : Path, optional
        Where the runs are; the page stands beside them. Without, it has no links and no pictures.
    """
    found = [
        run_row(one.name, one.summary, None if folder is None else folder / one.folder) | {"source": one.source}
        for one in finished.targets
        if one.summary is not None
    ]
    columns = next((one.summary.names for one in finished.targets if one.summary is not None), ())
    return rendered(
        "targets.html.j2",
        "sort.js",
        targets=[one.name for one in finished.targets],
        inputs=list(columns),
        seconds=finished.seconds,
        command=finished.command,
        found=found,
        failed=[{"name": one.name, "reason": one.failure} for one in finished.targets if one.summary is None],
        common=_common(finished.common, columns, [one.name for one in finished.targets]) if finished.common else None,
    )


def _common(common: Common, columns: Sequence[str], targets: Sequence[str]) -> dict[str, Any]:
    names = [*columns, *targets, *(one.name for one in (*common.constants, *common.own, *common.parts)), "i"]
    return {
        "formulas": [_equation(one.target, one.text, names) for one in common.formulas],
        "parts": [_equation(one.name, one.text, names) | {"targets": list(one.targets)} for one in common.parts],
        "relations": [_relation(one, names) for one in common.relations],
        "constants": [
            {"constant": ConstantValues.of(one.constant), "targets": list(one.targets), "places": place_words(one)}
            for one in common.constants
        ],
        "own": [
            {"constant": ConstantValues.of(one.constant), "targets": [one.target], "places": []} for one in common.own
        ],
        "joint": joint_words(common),
    }


def _constant(constant: Constant, targets: Sequence[str], places: list[str]) -> dict[str, Any]:
    return {"constant": ConstantValues.of(constant), "targets": list(targets), "places": places}


def _relation(one: Relation, names: Sequence[str]) -> dict[str, Any]:
    left, right = _markup(one.left, names), _markup(one.right, names)
    both = None if left is None or right is None else (left, right)
    return {"text": one.text, "sides": both, "kind": KINDS[one.kind], "targets": list(one.targets)}


def _equation(target: str, text: str, names: Sequence[str]) -> dict[str, Any]:
    return {"name": target, "text": f"{target} = {text}", "markup": _markup(text, names, target)}


def _markup(text: str, names: Sequence[str], target: str = "") -> Markup | None:
    """MathML of what was written as text; None where a name cannot be read back."""
    try:
        expression = parse_expression(text, names)
    except KansymError:
        return None
    return formula_markup(NamedFormula(expression, target, ()), with_target=bool(target))
