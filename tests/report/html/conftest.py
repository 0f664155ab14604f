"""Runs to write pages of, a strict reader of pages, and a real browser."""

import functools
import itertools
import math
import re
import shutil
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from kansym.comparison.result import Comparison, FrontPoint, ToolResult
from kansym.data.dataset import make_dataset
from kansym.figures import FIGURES
from kansym.fitting.outliers import Outlier
from kansym.report.html.page import report_html
from kansym.run.finished import FinishedRun
from kansym.search.discovery import discover
from kansym.search.guess_outcome import GuessOutcome
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Constant
from kansym.validation.certificate import certify

ODD = ("<script>alert(1)</script>", "$x_1$", "λ (nm)")
TARGET = "a & b \"c\" 'd' </style></title>"


@pytest.fixture(scope="session")
def found():
    """A short search of a table whose names try to break out of a page."""
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (120, 3))
    y = 2.5 * X[:, 0] / X[:, 1] + rng.normal(0, 0.01, 120)
    data = make_dataset(
        X, y, names=ODD, target=TARGET, y_error=np.full(120, 0.01), units=["m", "s", "1"], y_units="m/s"
    )
    options = DiscoveryOptions(max_seconds=1)
    discovery = discover(data, options)
    return discovery, options, certify(discovery, options=options)


@pytest.fixture(scope="session")
def run(found):
    """That search with all that a report can have."""
    discovery, options, certificate = found
    constants = (
        *discovery.formula.constants,
        Constant("exact", 0.5, None, "1/2"),
        Constant("weak", 1e-9, 3e-9, None, "kg m^-2 s^-1", ("k <b> = 1.380649e-23, 0.1 standard errors away",)),
        Constant("unknown", 3.0),
    )
    guess = GuessOutcome(
        "A*<x>/B",
        "replaced",
        "The pick is another formula & shorter.",
        replace(discovery.formula),
        3.0,
        numbers={"c0": 1.5},
    )
    whole = replace(
        discovery,
        formula=replace(discovery.formula, constants=constants, covariance=None),
        outliers=(Outlier(3, 0.25, 5.125), Outlier(4, -1.0, -math.inf)),
        guesses=(guess,),
        notes=("A note with <em>markup</em> & $x$.",),
    )
    return FinishedRun.of(
        whole, command="kansym discover '<i>t.csv</i>' --target y", options=options, certificate=certificate
    )


@pytest.fixture(scope="session")
def comparison():
    point = FrontPoint(3, 0.1, "x")
    return Comparison(
        tools=(
            ToolResult("kansym", "0.1", "<i>x</i>*2", "2 x", 3, 0.1, 0.11, None, 2.0, front=(point,)),
            ToolResult("mlp", "1", parameters=300, rms=0.2, held_out_rms=0.3, seconds=1.0),
            ToolResult("operon", failure="<b>crashed</b>"),
        ),
        target=TARGET,
        y_units="m/s",
        rows=100,
        held_out_rows=20,
        beyond_rows=0,
        spread=1.0,
        seconds=3.0,
        seed=0,
    )


@pytest.fixture(scope="session")
def html(run, comparison):
    """The page with everything; made once, since figures take their time."""
    return report_html(run, comparison=comparison)


@pytest.fixture
def one_figure(monkeypatch):
    """Pages have one figure only, for what is not about figures."""
    monkeypatch.setattr("kansym.report.html.drawings.FIGURES", {"front": FIGURES["front"]})


VOID = {"meta", "br", "link", "img", "input", "hr"}


@dataclass
class Page(HTMLParser):
    """Reads a page, and fails where elements do not close in order."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)
        # Where a line may break is no element of the page, and splits no word of its text.
        self.feed(self.html.replace("<wbr>", ""))
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        # Self-closing elements exist within drawings and formulas only.
        assert tag in VOID or {"svg", "math"} & set(self.stack), tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, (tag, self.stack)
        self.stack.pop()

    def handle_data(self, data):
        if "style" not in self.stack and "script" not in self.stack:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self) -> list[str | None]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def check(html: str) -> Page:
    """What holds for every page: well-formed, unique ids, references that exist, alternatives, headings in order."""
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href"):
                assert value is not None and value.startswith(("#", "data:image/png;base64,")), (tag, value)
                assert not value.startswith("#") or value[1:] in page.ids, value
            if name in ("aria-labelledby", "data-copy"):
                assert value in page.ids, (tag, value)
            for reference in re.findall(r"url\(([^)]*)\)", value or ""):
                assert reference.startswith("#") and reference[1:] in page.ids, reference
        if tag == "img":
            assert attributes.get("alt")
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")
        assert tag not in ("iframe", "object", "embed", "link", "base", "foreignobject")
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "url(" not in style and "@import" not in style
    # Landmarks have names of their own, so that a list of them says where each leads.
    headings = [
        " ".join(re.sub(r"<.*?>", "", text).split()) for text in re.findall(r"<h2.*?>(.*?)</h2>", html, re.DOTALL)
    ]
    names = [
        *headings,
        *(attributes["aria-label"] for _, attributes in page.elements if attributes.get("role") == "region"),
    ]
    assert len(names) == len(set(names)), sorted(map(str, names))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    return page


@pytest.fixture(scope="session")
def checked():
    """`check`, once for every page: many tests look at the same one, and change nothing of it."""
    return functools.cache(check)


PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def browser():
    """The chromium of the system; a process runs one playwright at a time, so it is closed after the module."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("there is no chromium")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield opened
        opened.close()
