"""Where a value finds what shows it.

A formula writes itself as code and a result shows itself in a notebook, yet values stand below exporters, figures and
reports and import none of them. They ask for a surface by its name; the module that holds it is imported then.
"""

import importlib
from collections.abc import Callable
from typing import Any

_HOMES = {
    "code": "kansym.export.languages:to_code",
    "mathml": "kansym.export.mathml:to_mathml",
    "torch_module": "kansym.export.torch:to_torch",
    "latex_with_units": "kansym.export.latex:latex_with_units",
    "pysr_guess": "kansym.export.pysr_guess:pysr_guess",
    "lmfit_model": "kansym.fitting.bridges:formula_to_lmfit",
    "minuit": "kansym.fitting.bridges:formula_to_iminuit",
    "minuit_of_fit": "kansym.fitting.bridges:to_iminuit",
    "formula_html": "kansym.report.notebook.display:formula_html",
    "front_html": "kansym.report.notebook.display:front_html",
    "run_html": "kansym.report.notebook.display:run_html",
    "styled_html": "kansym.report.notebook.display:wrapped",
    "discovery_html": "kansym.report.notebook.display:discovery_html",
    "certificate_text": "kansym.validation.text:certificate_lines",
    "certificate_html": "kansym.report.notebook.display:certificate_html",
    "fit_html": "kansym.report.notebook.display:fit_html",
    "fit_text": "kansym.report.known_form:text_report",
    "comparison_text": "kansym.comparison.table:comparison_lines",
    "comparison_html": "kansym.report.notebook.display:comparison_html",
    "comparison_figure": "kansym.comparison.figure:comparison_figure",
    "kan_editor": "kansym.editing.trained:editor_of",
    "kan_figure": "kansym.editing.trained:figure_of",
    "kan_watcher": "kansym.report.watching:watcher",
    "kan_network_figure": "kansym.editing.trained:network_figure_of",
    "kan_formulas": "kansym.targets.networks:formulas_of",
    "kan_present_formulas": "kansym.targets.networks:present_formulas",
    "network_svg": "kansym.report.notebook.network:network_svg",
    "network_png": "kansym.report.notebook.network:network_png",
    "groups_figure": "kansym.groups.figure:groups_figure",
    "collapse_figure": "kansym.groups.figure:collapse_figure",
    "forms": "kansym.forms.weighing:forms_of",
    "forms_html": "kansym.report.notebook.display:forms_html",
    "next_measurement": "kansym.forms.next_measurement:next_measurement",
    "next_measurement_text": "kansym.report.next_measurement:next_lines",
    "averaged": "kansym.forms.averaging:averaged",
    "watched": "kansym.report.progress:watched",
    "report_text": "kansym.report.text:text_report",
    "run_page": "kansym.report.html.page:write_page",
    "run_network": "kansym.figures.run_network:network",
    "separability_figure": "kansym.figures.hypotheses:separability_figure",
    "symmetries": "kansym.structure.invariance:standing_symmetries",
    "symmetry_figure": "kansym.figures.hypotheses:symmetry_figure",
    "conserved_of_system": "kansym.conserved.flow:conserved_quantities",
    "relation_figure": "kansym.implicit.drawing:relation_figure",
    "conserved_figure": "kansym.conserved.drawing:conserved_figure",
    "fixed_points": "kansym.dynamics.equilibria:fixed_points",
    "system_code": "kansym.dynamics.code:system_code",
    "figure_bytes": "kansym.figures.svg:figure_bytes",
}
"""Module and function of every surface, by its name."""


def surface(name: str) -> Callable[..., Any]:
    """The function that shows a value on the surface of this name; its module is imported on the first call."""
    module, _, function = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), function)
