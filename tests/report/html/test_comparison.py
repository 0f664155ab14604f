"""The page of a comparison, and its table on other pages."""

from dataclasses import replace

from kansym.comparison.result import ToolResult
from kansym.report.html import comparison as page_module
from kansym.report.html.comparison import comparison_page, write_comparison_page
from kansym.symbolic.same import Sameness, SameVerdict


def measured(comparison):
    same = SameVerdict(Sameness.DIFFERENT, 1.0, 1.0, "their <values> differ")
    own = replace(comparison.tools[0], bits=10.0, start_up=3.0, peak_memory=3 * 10**8)
    other = ToolResult(
        "operon", "0.6", "x**2 + 1", complexity=5, rms=0.3, held_out_rms=0.33, seconds=2.5, start_up=65.2, same=same,
        bits=17.4, remark="no <weights>",
    )  # fmt: skip
    tools = (own, other, ToolResult("pykan", failure="not installed: pip <kan>", missing=True))
    return replace(comparison, tools=tools)


def test_the_page_says_everything_and_explains_it(comparison, checked):
    page = checked(comparison_page(measured(comparison)))
    for words in (
        "Operon 0.6", "different", "x**2 + 1", "+7", "0.33", "67.7", "65.2", "300 MB", "no <weights>",
        "Found another function: their <values> differ. On rows that no tool saw its error is 3 times kansym's.",
        "not run: not installed: pip <kan>", "Bits more", "Peak memory", "Seconds from Enter", "How to read this",
        "3 s for each, seed 0",
    ):  # fmt: skip
        assert words in page.text, words
    # What no tool has is neither a column nor explained.
    assert "Error beyond" not in page.text
    assert [figure["data-figure"] for figure in page.all("figure")] == ["comparison"]
    # On a phone every number stands beside its name.
    assert {cell["data-label"] for cell in page.all("td") if "data-label" in cell} == {
        "Bits more", "Nodes", "Error", "Held-out error", "Seconds from Enter", "of these start-up", "Peak memory",
    }  # fmt: skip


def test_a_page_that_cannot_be_made_costs_nothing_else(comparison, tmp_path, monkeypatch, caplog):
    write_comparison_page(comparison, tmp_path)
    assert (tmp_path / "comparison.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")

    def broken(comparison):
        raise ValueError("no ink")

    monkeypatch.setattr(page_module, "comparison_page", broken)
    write_comparison_page(comparison, tmp_path)
    assert not (tmp_path / "comparison.html").exists() and "no ink" in caplog.text
