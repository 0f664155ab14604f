"""The page of a law for several groups: one HTML file that needs nothing else."""

import re

from markupsafe import Markup

from kansym.export.mathml import name_to_mathml, to_mathml
from kansym.figures.style import PIXELS
from kansym.figures.svg import to_svg
from kansym.groups.figure import collapse_figure, constants_figure, groups_figure
from kansym.groups.result import GroupedFormula
from kansym.groups.text import agreement_lines, own_words, shared_line
from kansym.numbers import short
from kansym.report.html.certificate import VERDICTS
from kansym.report.html.drawings import Drawing
from kansym.report.html.markup import trusted_mathml, trusted_svg
from kansym.report.html.page import rendered

FIGURES = {
    "groups": ("Every group with the law", groups_figure),
    "collapse": ("All groups on one curve", collapse_figure),
    "constants": ("Constants of the groups", constants_figure),
}
"""Title and maker of every figure, by its name; a maker gives None where the law has no such figure."""


def groups_html(found: GroupedFormula) -> str:
    """The page as the text of an HTML file: formula, verdict, figures, and the constants of every group."""
    own = [one for one in found.constants if not one.shared]
    css, title, meaning = VERDICTS.get("" if found.verdict is None else found.verdict.kind, ("", "", ""))
    shown = {"kind": css, "title": title, "reason": "", "network": ""}
    return rendered(
        "groups.html.j2",
        "copy.js",
        target=found.target,
        text=found.equation,
        markup=_markup(found),
        latex=found.latex(with_target=True),
        group=found.table.group,
        verdict=None if found.verdict is None else shown | {"reason": found.verdict.reason},
        meaning=meaning,
        grounds=[] if found.verdict is None else [(one.supports, one.words) for one in found.verdict.grounds],
        shared=[shared_line(one) for one in found.constants if one.shared],
        own=[{"name": one.name, "unit": one.unit, "words": own_words(one)} for one in own],
        rows=[
            {
                "name": fit.name,
                "rows": fit.rows,
                "values": [one.written(g) for one in own],
                "rms": short(fit.rms, 3),
                "words": fit.words,
            }
            for g, fit in enumerate(found.fits)
        ],
        strangers=found.strangers,
        agreement=agreement_lines(found),
        figures=[drawing for name in FIGURES if (drawing := _drawing(name, found)) is not None],
        alternatives=found.alternatives,
        notes=found.notes,
    )


def _markup(found: GroupedFormula) -> Markup:
    inside = re.sub(r"^<math[^>]*>|</math>$", "", to_mathml(found.indexed).strip())
    text = f"<math><mrow>{name_to_mathml(found.target)}<mo>=</mo>{inside}</mrow></math>"
    return trusted_mathml(text, display=True, label=found.equation)


def _drawing(name: str, found: GroupedFormula) -> Drawing | None:
    title, make = FIGURES[name]
    figure = make(found)
    if figure is None:
        return None
    words = str(figure.get_label())
    svg = trusted_svg(to_svg(figure, title=words), f"{name}-", words)
    return Drawing(name, title, "", words, svg, float(figure.get_size_inches()[0]) * PIXELS)
