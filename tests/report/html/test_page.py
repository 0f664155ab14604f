"""The page of a run: complete, well-formed, escaped, and there whatever happens to its figures."""

import base64
import hashlib
import logging
import re
from dataclasses import replace
from html import unescape

import pytest

from kansym.cli import main
from kansym.comparison.files import save_comparison
from kansym.errors import ArgumentError, KansymError
from kansym.export import LANGUAGES, to_code
from kansym.figures import FIGURES
from kansym.report.html import page as page_module
from kansym.report.html.certificate import MEANINGS, VERDICTS
from kansym.report.html.forms import forms_table
from kansym.report.html.page import report_html, write_report
from kansym.run.finished import FinishedRun
from kansym.run.storage import load_run, save_run
from kansym.validation.verdict import Verdict


def test_the_page_is_well_formed_and_says_everything(html, checked, run, comparison):
    page = checked(html)
    summary = run.summary
    for words in (
        *summary.names, summary.target, "A note with <em>markup</em> & $x$.", run.summary.command,
        "may be k <b> =", "taken as exact", "standard error unknown", "the error is larger than the value", "A*<x>/B",
        "The pick is another formula & shorter.", "<i>x</i>*2", "failed: <b>crashed</b>", "300 parameters, no formula",
        summary.data_sha256, "+5.1", "beyond all errors", summary.formula.latex(None, with_target=True),
        f"torch {summary.versions['torch']}",
        *(words for words in summary.certificate.verdict.supporting if "e-" not in words),
    ):  # fmt: skip
        assert " ".join(words.split()) in page.text, words
    assert summary.forms is not None
    assert len(page.all("math")) == 2 + len(summary.front) + len(forms_table(summary.forms)["rows"])
    shown = [figure["data-figure"] for figure in page.all("figure")]
    assert sorted(shown[:-1]) == sorted(name for name, kind in FIGURES.items() if kind.applies(run))
    assert shown[-1] == "comparison"
    assert [tag for tag, _ in page.elements].count("script") == 1


def test_the_data_with_the_curve_come_first_then_what_is_left(html, checked):
    figures = [figure["data-figure"] for figure in checked(html).all("figure")]
    assert figures[:2] == ["slices", "residuals"]
    places = [html.index(f'id="{part}"') for part in ("latex", "curve", "constants", "certificate", "figures", "front")]
    assert places == sorted(places)
    assert html.index('data-figure="residuals"') < html.index('id="constants"') < html.index('data-figure="parity"')


def test_the_page_has_the_formula_in_names_and_both_in_latex_that_can_be_set(html, run):
    for key in ("latex", "latex-named"):
        listing = re.search(rf'<code id="{key}">(.*?)</code>', html, re.DOTALL)
        assert listing is not None
        text = unescape(listing[1])
        if key == "latex-named":
            assert text == run.formula.latex(with_target=True, with_units=True) and "c_{0} = " in text


def test_numbers_of_the_verdict_are_set_as_numbers(run, monkeypatch):
    monkeypatch.setattr("kansym.report.html.drawings.FIGURES", {})
    verdict = replace(run.summary.certificate.verdict, reason="chi-squared is too large (p = 5.8e-10)")
    told = replace(run.summary.certificate, verdict=verdict)
    page = report_html(replace(run, summary=replace(run.summary, certificate=told)))
    assert "5.8 × 10<sup>−10</sup>" in page or "5.8 × 10<sup>-10</sup>" in page


@pytest.mark.usefixtures("one_figure")
def test_the_formula_is_there_in_every_language(run, html, checked, monkeypatch, caplog):
    page = checked(html)
    for language in LANGUAGES:
        listing = re.search(rf'<code id="code-{language}">(.*?)</code>', html, re.DOTALL)
        assert listing is not None, language
        assert unescape(listing[1]) == to_code(run.formula, language, run=run)
    assert {f"code-{language}" for language in LANGUAGES} <= set(page.ids)

    def broken(formula, language, **options):
        if language == "c":
            raise KansymError("no <functions>")
        return to_code(formula, language, **options)

    monkeypatch.setattr("kansym.report.html.formulas.to_code", broken)
    with caplog.at_level(logging.WARNING):
        page = checked(report_html(run))
    assert "code-c" not in page.ids and "code-python" in page.ids and "no <functions>" in caplog.text


def test_landmarks_language_and_a_way_past_the_contents(html, checked):
    page = checked(html)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("nav")) == 1
    skip = page.all("a")[0]
    assert skip["class"] == "skip" and skip["href"] == "#main"
    # What scrolls can be reached by keyboard and has a name.
    for attributes in (*page.all("pre"), *(div for div in page.all("div") if div.get("class") == "box")):
        assert attributes["tabindex"] == "0" and attributes["role"] == "region" and attributes["aria-label"]


def test_nothing_may_be_fetched_and_only_the_one_script_may_run(html, checked):
    page = checked(html)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and "default-src 'none'" in policy
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


@pytest.mark.usefixtures("one_figure")
def test_the_same_run_gives_the_same_page(run, comparison):
    assert report_html(run, comparison=comparison) == report_html(run, comparison=comparison)


@pytest.mark.usefixtures("one_figure")
def test_a_figure_that_fails_costs_a_line(run, checked, monkeypatch, caplog):
    def broken(run, **options):
        raise ZeroDivisionError("<b>no</b> scale")

    monkeypatch.setattr("kansym.report.html.drawings.FIGURES", {"front": replace(FIGURES["front"], draw=broken)})
    with caplog.at_level(logging.WARNING):
        page = checked(report_html(run))
    assert "could not be drawn: ZeroDivisionError: <b>no</b> scale" in page.text
    assert "the figure 'front' could not be drawn" in caplog.text
    assert run.summary.data_sha256 in page.text


@pytest.mark.usefixtures("one_figure")
def test_a_run_with_next_to_nothing(run, checked):
    summary = replace(
        run.summary, certificate=None, outliers=(), guesses=(), growth=(), notes=(), seed=None, command="", network="",
        formula=replace(run.formula, constants=(), structure="", steps=()),
    )  # fmt: skip
    page = checked(report_html(FinishedRun(summary, None)))
    assert "This run has no certificate" in page.text
    assert not {"constants", "certificate", "guesses", "outliers", "comparison"} & set(page.ids)
    assert "Standard error" not in page.text and f"{summary.rows} rows." in page.text


@pytest.mark.usefixtures("one_figure")
@pytest.mark.parametrize("kind", list(VERDICTS))
def test_the_verdict_is_said_in_words(run, checked, kind):
    certificate = replace(run.summary.certificate, verdict=Verdict(kind, "because", ()))
    page = checked(report_html(replace(run, summary=replace(run.summary, certificate=certificate))))
    assert f"Verdict: {VERDICTS[kind][1]}" in " ".join(page.text.split())
    assert ("network" in page.text) or kind != "no closed form found"


def test_every_measurement_of_the_certificate_is_explained(run):
    from kansym.validation.text import certificate_rows

    labels = {label for label, _ in certificate_rows(run.summary.certificate) if label}
    assert labels <= set(MEANINGS)


@pytest.mark.usefixtures("one_figure")
def test_a_formula_too_long_for_mathematics_is_shown_as_text(run, checked, monkeypatch):
    monkeypatch.setattr("kansym.report.html.formulas.LONGEST", 1)
    page = checked(report_html(run))
    assert not page.all("math") and str(run.formula) in page.text


@pytest.mark.usefixtures("one_figure")
def test_the_file_is_replaced_and_places_that_cannot_be_written_are_named(run, tmp_path):
    path = tmp_path / "x.html"
    path.write_text("old")
    assert write_report(run, path) == path and path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(ArgumentError, match="is a folder"):
        write_report(run, tmp_path)
    with pytest.raises(ArgumentError, match="cannot be written"):
        write_report(run, tmp_path / "no" / "x.html")


@pytest.mark.usefixtures("one_figure")
def test_of_a_folder_with_the_comparison_beside_it(found, comparison, tmp_path, checked, capsys, caplog):
    discovery, options, certificate = found
    save_run(discovery, tmp_path / "run", options=options, certificate=certificate)
    save_comparison(comparison, tmp_path / "run")
    assert main(["report", str(tmp_path / "run"), "--html", str(tmp_path / "x.html")]) == 0
    captured = capsys.readouterr()
    assert captured.out == "" and f"saved to {tmp_path / 'x.html'}" in captured.err
    page = checked((tmp_path / "x.html").read_text(encoding="utf-8"))
    assert "comparison" in page.ids and discovery.dataset.target in page.text
    # A comparison that cannot be read is left out; the run is still shown.
    (tmp_path / "run" / "comparison.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert page_module.write_page(tmp_path / "run") == tmp_path / "run" / "report.html"
    assert "left out of the report" in caplog.text
    assert "comparison" not in checked((tmp_path / "run" / "report.html").read_text(encoding="utf-8")).ids


@pytest.mark.usefixtures("one_figure")
def test_a_search_that_is_saved_has_its_page(tmp_path, monkeypatch, checked, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("".join(f"{a},{3.5 * a * a!r}\n" for a in range(1, 9)), encoding="utf-8")
    assert main(["discover", "t.csv", "--target", "x1", "--seconds", "2", "--quiet", "--out", "run"]) == 0
    page = checked((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert "kansym discover t.csv --target x1" in page.text
    capsys.readouterr()


def test_a_page_that_cannot_be_made_leaves_the_run(found, tmp_path, monkeypatch, caplog):
    discovery, options, certificate = found
    save_run(discovery, tmp_path, options=options, certificate=certificate)

    def broken(*args, **options):
        raise RuntimeError("no page")

    monkeypatch.setattr(page_module, "write_report", broken)
    with caplog.at_level(logging.WARNING):
        assert page_module.write_page(tmp_path) is None
    assert "no page" in caplog.text and not (tmp_path / "report.html").exists()
    assert str(load_run(tmp_path).formula) == str(discovery.formula)


def luminance(colour: str) -> float:
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """By WCAG 2.2, section 1.4.3."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_wcag_aa_in_every_scheme(html):
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)[0]
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for text, paper in (
            ("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("ink", "face"), ("link", "face"), ("ink", "pick"),
            ("law", "law-face"), ("ink", "law-face"), ("description", "description-face"), ("ink", "description-face"),
            ("nothing", "nothing-face"), ("ink", "nothing-face"), ("law", "paper"), ("nothing", "paper"),
            ("description", "paper"), ("link", "pick"), ("drawing-ink-0", "drawing-background-0"),
        ):  # fmt: skip
            assert contrast(scheme[text], scheme[paper]) >= 4.5, (text, paper)
        # Of what is drawn: section 1.4.11.
        for mark in ("law", "description", "nothing"):
            assert contrast(scheme[mark], scheme["stroke"]) >= 3, mark
