"""How to read each figure, in sentences that hold for the run at hand."""

from collections.abc import Callable, Mapping

from kansym.figures import parity, slices
from kansym.figures.freed_edges import functions_shown
from kansym.figures.points import floor_shows, inputs_shown, points_of, table_of
from kansym.figures.residuals import mean_along
from kansym.numbers import chance
from kansym.run.finished import FinishedRun
from kansym.run.residuals import counted, holds_out
from kansym.symbolic.constants import strongest_pair
from kansym.validation.verdict import Topic


def caption_of(name: str, run: FinishedRun) -> str:
    """The caption of a figure of `kansym.figures.FIGURES`; empty for one that has none."""
    write = _CAPTIONS.get(name)
    return " ".join(write(run)) if write is not None else ""


def _slices(run: FinishedRun) -> list[str]:
    points, table = points_of(run), table_of(run)
    if table.n_columns == 1:
        said = [f"The formula{', the network (dashed)' if slices.network_shown(run) else ''} and the rows."]
        if len(points.shown) < len(points):
            said.append(f"{len(points.shown)} of {counted(len(points), 'row')} are drawn.")
        barred = len(points.shown) <= slices.MOST_BARS
    else:
        drawn = len(inputs_shown(run, table.names, others=False))
        along = "each input that it uses" if drawn > 1 else "the one input that it uses"
        said = [f"The formula{' and the network (dashed)' if slices.network_shown(run) else ''} along {along}."]
        said.append("The other inputs are at their medians, and the rows nearest to that are moved along the formula.")
        barred = len(points) <= slices.MOST_BARS
    if points.error is not None and barred:
        said.append(_bars(run))
    if points.aside.any():
        said.append("Outliers that were left out are hollow.")
    return [*said, "No row lies in the shaded range."]


def _residuals(run: FinishedRun) -> list[str]:
    points, table = points_of(run), table_of(run)
    shown, used = inputs_shown(run, table.names, others=True), inputs_shown(run, table.names, others=False)
    along = f"along {table.names[shown[0]]}"
    if len(shown) > 1:
        along = "along every input" if len(shown) == table.n_columns else f"along {len(shown)} of the inputs"
        along += ", also those that the formula does not use" if len(used) < len(shown) else ""
    said = [f"Measured less predicted values {along}."]
    if points.error is not None:
        said = [f"Measured less predicted values {along}, in units of their errors{_through_inputs(run)}."]
        said.append("The grey band is one error on either side.")
    elif floor_shows(run.summary.noise_floor, points.residual):
        said.append("The grey band is the noise floor of the data.")
    if any(mean_along(points, points.X[:, k]) is not None for k in shown):
        said.append("Means are drawn with two standard errors either side, which miss zero at one place in twenty by")
        said.append("chance.")
    certificate = run.summary.certificate
    if certificate is not None and (certificate.residual_tests or certificate.leftover is not None):
        grounds = [ground for ground in certificate.verdict.grounds if ground.topic is Topic.RESIDUALS]
        found = "find structure" if any(not ground.supports for ground in grounds) else "find no structure"
        said.append(f"The tests of the certificate {found} in them.")
    if points.aside.any():
        said.append("Outliers that were left out are hollow, drawn at the edge if they lie outside the axes.")
    return said


def _forms(run: FinishedRun) -> list[str]:
    said = ["The leading forms, their mean by probability, and twice its standard deviation."]
    if table_of(run).n_columns > 1:
        said.append("The other inputs are at their medians.")
    said.append(f"What was not tried, {chance(run.forms.not_tried)}, is not in the band.")
    return [*said, "No row lies in the shaded range."]


def _next_measurement(run: FinishedRun) -> list[str]:
    said = ["How far the two leading forms are apart, in units of the error of a reading and of both predictions."]
    if table_of(run).n_columns > 1:
        said.append("The other inputs are those of the row that tells most.")
    return [*said, "Dots are rows to measure; a hollow one lies beyond the data."]


def _parity(run: FinishedRun) -> list[str]:
    points = points_of(run)
    said = ["Above, a row on the line is predicted exactly. Below, measured less predicted values."]
    if points.error is not None:
        barred = len(points) <= parity.MOST_BARS
        said.append(_bars(run) if barred else "The grey band is the median standard error of the rows.")
    elif floor_shows(run.summary.noise_floor, points.residual):
        said.append("The grey band is the noise floor of the data.")
    return said


def _bars(run: FinishedRun) -> str:
    target = table_of(run).target
    return f"Bars, where they are longer than a dot, are the standard errors of {target}{_through_inputs(run)}."


def _through_inputs(run: FinishedRun) -> str:
    """That the errors of the inputs are in those of the target, where there are any."""
    table = table_of(run)
    through = table.x_error is not None and bool(table.x_error.any())
    return ", with those of the inputs by the slope of the formula" if through else ""


def _front(run: FinishedRun) -> list[str]:
    return [front_words(run), "The pick is the large dot."]


def front_words(run: FinishedRun) -> str:
    """In what the formulas of the front are better than simpler ones: the pick need not be."""
    rows = "on held-out rows" if holds_out(run.summary) else "with each row predicted from the others"
    if len(run.front) < 2:
        return f"One formula was kept; its error is {rows}."
    least, worse = float("inf"), False
    for formula in run.front:
        worse = worse or not formula.loss < least
        least = min(least, formula.loss)
    beside = ", but for the pick or formulas whose units do not go together" if worse else ""
    return f"Each formula has a smaller error than all simpler ones, {rows}{beside}."


def _correlation(run: FinishedRun) -> list[str]:
    strongest = strongest_pair(run.formula.constants, run.formula.correlation)
    said = ["Near 1 or −1 the data know a combination of two constants better than each of them."]
    if strongest is not None:
        first, second, value = strongest
        said.append(f"The strongest here is {value:.2f}, of {first} and {second}.".replace("-", "−"))
    return said


def _network(run: FinishedRun) -> list[str]:
    if run.reading is None:
        said = ["The formula as a network: each function is an edge, drawn over the range that it is used in."]
    elif run.reading.trained is None:
        said = ["Each edge is a curve of one variable; no trained splines of this shape are kept."]
    else:
        said = ["Each edge is a curve of one variable: the trained spline, and the function that it was read as."]
    return [*said, "The stronger the line of an edge, the more it changes the output."]


def _freed_edges(run: FinishedRun) -> list[str]:
    said = ["Each function of the formula, and the same with a spline beside it, all constants fitted to the data."]
    said.append("Below, the difference, with its 95 % range: where it leaves zero, the data want another function.")
    moved = any(one.moved for one in functions_shown(run))
    return [*said, "Of functions within each other the data cannot say which."] if moved else said


def _edges(run: FinishedRun) -> list[str]:
    said = ["Each trained curve with the functions that come nearest to it, and the share of its variance they leave."]
    trained = run.reading is not None and run.reading.trained is not None
    return [*said, "Which one is right was decided by the whole network."] if trained else said


def _structure(_: FinishedRun) -> list[str]:
    return ["The steps from the table to the formula."]


def _growth(run: FinishedRun) -> list[str]:
    said = ["Errors of every network that was tried, in units of the spread of the target."]
    refused = any(not step.accepted for step in run.summary.growth)
    return [*said, "Steps that were refused are hollow."] if refused else said


_CAPTIONS: Mapping[str, Callable[[FinishedRun], list[str]]] = {
    "slices": _slices,
    "residuals": _residuals,
    "parity": _parity,
    "forms": _forms,
    "next_measurement": _next_measurement,
    "front": _front,
    "correlation": _correlation,
    "network": _network,
    "freed_edges": _freed_edges,
    "edges": _edges,
    "structure": _structure,
    "growth": _growth,
}
