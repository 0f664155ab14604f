"""Links between pages, and that the reference knows every public name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import kansym

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in DOCS.rglob("*.md") if not {"_build", "gallery"} & set(path.parts)]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_links_of_pages_and_readme_lead_somewhere():
    checked = 0
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES):
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            name = target.split("#")[0]
            if not name or "://" in name or name.startswith("mailto:"):
                continue
            goal = (path.parent / name).resolve()
            if goal.parent == DOCS / "gallery":
                # Made from the examples when the site is built.
                goal = ROOT / "examples" / f"{goal.stem}.py" if goal.stem != "index" else ROOT / "examples"
            assert goal.exists(), (path.name, target)
            checked += 1
    assert checked > 50


def test_every_example_has_a_place_in_the_gallery():
    order = (DOCS / "conf.py").read_text(encoding="utf-8")
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.stem}"' in order, path.name


def test_the_reference_has_every_public_name():
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "api").glob("*.md"))
    for name in kansym.__all__:
        if not name.startswith("__"):
            assert re.search(rf"auto\w+:: kansym\.{name}$", text, re.MULTILINE), name


def test_names_in_the_reference_exist():
    for path in (DOCS / "api").glob("*.md"):
        for dotted in re.findall(r"auto(?:class|function|exception):: (\S+)", path.read_text(encoding="utf-8")):
            module, _, name = dotted.rpartition(".")
            assert hasattr(__import__(module, fromlist=[name]), name), dotted


def test_the_checker_of_the_site_sees_what_is_broken(tmp_path):
    def check() -> subprocess.CompletedProcess:
        command = [sys.executable, str(DOCS / "check_site.py"), str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")

    page = tmp_path / "index.html"
    page.write_text('<a href="other.html#here">x</a><p id="top">', encoding="utf-8")
    (tmp_path / "other.html").write_text('<h1 id="here">y</h1><a href="index.html#top">z</a>', encoding="utf-8")
    assert check().returncode == 0
    page.write_text(
        '<a href="gone.html">x</a><a href="other.html#there">x</a><script src="https://cdn.example/x.js"></script>',
        encoding="utf-8",
    )
    result = check()
    assert result.returncode == 1
    assert "gone.html" in result.stdout and "#there" in result.stdout and "cdn.example" in result.stdout


@pytest.mark.parametrize("page", ["docs/design.md", "docs/numerics.md", "CONTRIBUTING.md", "README.md"])
def test_files_that_are_named_exist(page):
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|json|toml))`", (ROOT / page).read_text(encoding="utf-8")))
    rooms = ("kansym", "benchmarks", "tests", "docs", "examples", "datasets")
    files = [f"/{path.relative_to(ROOT).as_posix()}" for room in rooms for path in (ROOT / room).rglob("*.*")]
    # A file of a room may be named without the way to it.
    missing = {name for name in named if not any(file.endswith(f"/{name}") for file in [*files, "/pyproject.toml"])}
    assert not missing
