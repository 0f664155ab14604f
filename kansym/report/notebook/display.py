"""What a notebook shows for a result: pieces of HTML that bring their style and need no scripts."""

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from kansym.forms.result import Forms
from kansym.report.constants import constants_of
from kansym.report.html.certificate import certificate_values
from kansym.report.html.compared import comparison_values
from kansym.report.html.environment import environment
from kansym.report.html.forms import forms_table
from kansym.report.html.formulas import formula_markup
from kansym.report.values import ended_words, front_rows
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Formula
from kansym.units.words import after_number

if TYPE_CHECKING:
    from kansym.comparison.result import Comparison
    from kansym.fitting.result import KnownForm
    from kansym.run.finished import FinishedRun
    from kansym.search.results import Discovery
    from kansym.validation.certificate import Certificate


def formula_html(formula: Formula) -> str:
    """The formula with its constants."""
    return _page(formula=_formula(formula), constants=constants_of(formula))


def front_html(front: ParetoFront) -> str:
    """The formulas by complexity, the pick marked."""
    return _page(front=front_rows(front, front.best if len(front) else None))


def forms_html(forms: Forms) -> str:
    """The forms with their probabilities."""
    return _page(forms=forms_table(forms))


def certificate_html(certificate: "Certificate") -> str:
    """Verdict, grounds, and what was measured."""
    values = certificate_values(certificate)
    return _page(certificate=values, grounds=True)


def comparison_html(comparison: "Comparison") -> str:
    """The tools in a table, and their fronts."""
    from kansym.report.html.drawings import comparison_drawing

    return _page(comparison=comparison_values(comparison), drawing=comparison_drawing(comparison))


def discovery_html(discovery: "Discovery", certificate: "Certificate | None" = None, hint: str = "") -> str:
    """The pick with its constants, the verdict where there is one, and the front, folded."""
    found = discovery
    return _found(
        found.formula, found.front, found.dataset.y_units, found.dataset.n_rows, found.seconds, found.stopped,
        certificate, hint,
    )  # fmt: skip


def run_html(run: "FinishedRun") -> str:
    """The same of a run that may have been saved and loaded."""
    said = run.summary
    return _found(
        said.formula, said.front, said.y_units, said.rows, said.seconds, said.stopped, said.certificate, ""
    )  # fmt: skip


def fit_html(fit: "KnownForm") -> str:
    """A form that was fitted: the formula, and the report as text."""
    return _page(formula=_formula(fit.formula), report=str(fit))


def _found(
    formula: Formula,
    front: ParetoFront,
    unit: str | None,
    rows: int,
    seconds: float,
    stopped: str,
    certificate: "Certificate | None",
    hint: str,
) -> str:
    loss = math.sqrt(formula.loss) if formula.loss >= 0 else math.nan
    lines = [f"RMS residual {loss:.3g}{after_number(unit)}", f"{rows} rows"]
    lines += [ended_words(seconds, stopped, certificate)]
    return _page(
        formula=_formula(formula),
        certificate=None if certificate is None else certificate_values(certificate),
        hint=hint,
        constants=constants_of(formula),
        lines=lines,
        front=front_rows(front, formula),
        folded=True,
    )


def progress_html(best: Formula | None, words: str, numbers: str, share: int | None) -> str:
    """A running search: share of the time in percent, what is being done, and the best formula so far."""
    return _template("progress.html.j2").render(
        style=_style(),
        share=share,
        words=words,
        numbers=numbers,
        text="" if best is None else str(best),
        markup=None if best is None else formula_markup(best),
    )


def wrapped(html: str) -> str:
    """Trusted HTML in the style of the other pieces."""
    return f'<style>{_style()}</style><div class="kansym">{html}</div>'


def _formula(formula: Formula) -> dict[str, Any]:
    return {"markup": formula_markup(formula), "text": str(formula)}


def _page(**values: Any) -> str:
    empty = dict.fromkeys(
        (
            "certificate",
            "hint",
            "constants",
            "lines",
            "grounds",
            "front",
            "forms",
            "folded",
            "comparison",
            "drawing",
            "report",
        )
    )
    return _template("pieces.html.j2").render(style=_style(), values=empty | values)


@cache
def _environment() -> jinja2.Environment:
    report = environment()
    assert report.loader is not None
    return report.overlay(loader=jinja2.ChoiceLoader([jinja2.PackageLoader("kansym.report.notebook"), report.loader]))


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@cache
def _style() -> Markup:
    return Markup(_template("notebook.css").render())
