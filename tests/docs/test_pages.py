"""The blocks of Python on the pages of the documentation run, and print what their comments say."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path.relative_to(DOCS).as_posix()
    for path in DOCS.rglob("*.md")
    if not {"_build", "gallery"} & set(path.parts) and "```python" in path.read_text(encoding="utf-8")
)
ELSEWHERE = {"coming-from-pysr.md", "app.md"}
"""Tested in places of their own: `tests/pysr` and `tests/app`; the app serves until it is stopped."""


def test_there_are_pages_to_run():
    assert {"tutorial/first_law.md", "howto/units.md", "concepts/pick.md", "coming-from-pykan.md"} <= set(PAGES)


@pytest.mark.pages
@pytest.mark.parametrize("page", [page for page in PAGES if page not in ELSEWHERE])
def test_blocks_run(page, run_page):
    assert run_page(DOCS / page)


@pytest.mark.pages
def test_blocks_of_the_readme_run(run_page):
    assert len(run_page(DOCS.parent / "README.md")) == 2


def test_no_page_is_without_a_heading():
    for path in DOCS.rglob("*.md"):
        # A name with an underscore is a part that a page includes.
        if not {"_build", "gallery"} & set(path.parts) and not path.name.startswith("_"):
            assert re.search(r"^# |^```{include}", path.read_text(encoding="utf-8"), re.MULTILINE), path
