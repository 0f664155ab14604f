"""What results look like in a notebook: escaped, self-contained, and right beside anything else."""

import re

import numpy as np
import pytest
import sympy
from sklearn import config_context

import kansym
from kansym import ParetoFront, SymbolicRegressor
from kansym.comparison.result import Comparison, FrontPoint, ToolResult
from kansym.run.finished import FinishedRun
from kansym.symbolic.formula import Constant, Formula

NAME = "<script>x</script>"
X = sympy.Symbol(NAME)
PICK = Formula(
    2.5 * X, (NAME,), "y & z", 3, 0.01, 0.01, -5.0, constants=(Constant("c0", 2.5, 0.021, None, "m", ("k <b>",)),)
)
FRONT = ParetoFront([Formula(sympy.Float(6.0), (NAME,), "y & z", 1, 8.0, 8.0, 3.0), PICK])


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (60, 2))
    y = 2.5 * X[:, 0] / X[:, 1] + rng.normal(0, 0.01, 60)
    return SymbolicRegressor(max_seconds=0.5).fit(X, y, variable_names=["a", "<b>"])


def harmless(html: str) -> str:
    """Nothing runs, nothing is fetched, and the style reaches nothing else."""
    assert "<script" not in html and not re.search(r"https?://(?!www\.w3\.org)", html)
    assert not re.search(r"\son\w+=", html) and " id=" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)[0]
    for selector in re.findall(r"([^{}]+)\{", style):
        assert all(part.strip().startswith(".kansym") for part in selector.split(",")), selector
    return html


def test_a_formula(model):
    html = harmless(PICK._repr_html_())
    assert "<math" in html and "2.500(21)" in html and "may be k &lt;b&gt;" in html
    assert PICK._repr_latex_().startswith("$") and harmless(model.formula_._repr_html_())


def test_a_front(model):
    html = harmless(FRONT._repr_html_())
    assert html.count("<math") == 2 and html.count("pick</span>") == 1 and "y &amp; z =" in html
    assert html.index("pick</span>") > html.index("picked")
    assert harmless(ParetoFront([])._repr_html_())
    assert harmless(model.front_._repr_html_()).count("<math") == len(model.front_)


def test_a_certificate(model):
    html = harmless(model.certificate_._repr_html_())
    assert model.certificate_.verdict.kind.lower() in html.lower() and "What it means" in html


def test_a_network():
    X = np.random.default_rng(0).uniform(1, 3, (60, 2))
    options = kansym.DiscoveryOptions(max_seconds=1, structure=False, terms=False)
    network = kansym.discover(kansym.make_dataset(X, X[:, 0] / X[:, 1]), options).network
    assert network is not None
    svg, png = network._repr_svg_(), network._repr_png_()
    assert svg.startswith("<svg") and png.startswith(b"\x89PNG") and len(svg) < 300_000


def test_a_comparison():
    point = FrontPoint(3, 0.1, "x")
    tools = (ToolResult("kansym", "0.1", "<x>", "x", 3, 0.1, front=(point,)), ToolResult("<mlp>", failure="no <tool>"))
    comparison = Comparison(tools, "y", None, 10, 0, 0, 1.0, 3.0, 0)
    html = harmless(comparison._repr_html_())
    assert "failed: no &lt;tool&gt;" in html and "<svg" in html and "&lt;x&gt;" in html


def test_an_estimator_before_and_after_it_is_fitted(model):
    before = SymbolicRegressor()
    assert "sk-estimator" in before._repr_mimebundle_()["text/html"] and before._repr_latex_() is None
    assert "sk-estimator" in before._repr_html_()
    bundle = model._repr_mimebundle_()
    assert harmless(bundle["text/html"]) == model._repr_html_()
    assert "kansym" in bundle["text/html"] and str(model.formula_) in bundle["text/plain"]
    assert model._repr_latex_() == model.formula_._repr_latex_()


def test_scikit_learn_may_switch_the_diagram_off(model):
    with config_context(display="text"):
        assert "text/html" not in SymbolicRegressor()._repr_mimebundle_()
        assert not hasattr(SymbolicRegressor(), "_repr_html_")
        # What was found is no diagram.
        assert "<math" in model._repr_mimebundle_()["text/html"]


def test_the_verdict_appears_once_it_is_there():
    x = np.linspace(1, 2, 20)
    model = SymbolicRegressor(max_seconds=2).fit(x[:, None], 3 * x)
    assert "ask for certificate_" in model._repr_html_()
    kind = model.certificate_.verdict.kind
    assert "ask for certificate_" not in model._repr_html_() and kind.capitalize() in model._repr_html_()
    assert kind.capitalize() in model.discovery_._repr_html_() and f"; {kind};" in repr(model.discovery_)
    # Pages and folders of the discovery have it too.
    assert FinishedRun.of(model.discovery_).summary.certificate is model.certificate_


def test_a_discovery(model):
    assert "<math" in harmless(model.discovery_._repr_html_())
