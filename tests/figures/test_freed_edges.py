from dataclasses import replace

import numpy as np
import pytest

import kansym
from kansym.errors import ArgumentError
from kansym.figures import FIGURES, alt_text
from kansym.report.html.captions import caption_of
from kansym.validation.certificate import certify
from kansym.validation.freed_edges import FreedCurve, FreedEdges, FreedFunction
from tests.figures.conftest import make_discovery


def freed_run(run, *functions):
    discovery = make_discovery(run.dataset.X, run.dataset.y, run.formula.expression, names=list(run.dataset.names))
    certificate = replace(certify(discovery), freed=FreedEdges(functions, named=functions[0].text))
    return replace(run, summary=replace(run.summary, certificate=certificate))


X = tuple(np.linspace(0.0, 2.0, 21))
CURVE = FreedCurve(X, tuple(np.tanh(X)), tuple(np.tanh(X) + 0.1), tuple(np.full(21, 0.02)))
MOVED = FreedFunction("tanh(b)", "b", "", 4, 2, 30.0, 1e-6, 1e-5, 28.0, 0.1, True, CURVE)
STAYS = replace(MOVED, text="a**2", argument="a", p_value=0.3, adjusted_p=0.4, moved=False)


@pytest.mark.long
def test_each_function_is_drawn_over_its_difference(plain_run):
    failed = FreedFunction("exp(a)", "a", failure="it has several arguments")
    run = freed_run(plain_run, MOVED, STAYS, failed)
    figure = kansym.figure(run, "freed_edges")
    assert len(figure.axes) == 4
    first, second, *strips = figure.axes
    assert [first.get_title(loc="left"), second.get_title(loc="left")] == ["tanh(b)", "a**2"]
    assert [first.get_title(loc="right"), second.get_title(loc="right")] == ["moved, p = 1e-05", "stays, p = 0.4"]
    # The strip shows what the eye does not see above it.
    (freed, function) = strips[0].get_lines()
    assert freed.get_ydata() == pytest.approx(0.1) and function.get_ydata() == pytest.approx(0.0)
    assert [axes.get_xlabel() for axes in strips] == ["b", "a [m]"]
    words = alt_text("freed_edges", run)
    assert words.endswith("the data move tanh(b).") and "exp(a)" not in words
    assert "cannot say which" in caption_of("freed_edges", run)


def test_poles_leave_gaps(plain_run):
    holes = replace(CURVE, function=(float("nan"), *CURVE.function[1:]), freed=(float("nan"), *CURVE.freed[1:]))
    figure = kansym.figure(freed_run(plain_run, replace(MOVED, curve=holes)), "freed_edges")
    assert len(figure.axes[0].get_lines()[0].get_xdata()) == 20


def test_without_freed_functions_there_is_no_figure(plain_run):
    assert not FIGURES["freed_edges"].applies(plain_run)
    with pytest.raises(ArgumentError, match="needs a certificate in which functions were freed"):
        kansym.figure(plain_run, "freed_edges")
