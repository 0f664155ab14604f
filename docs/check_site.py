"""Are all links inside of the built pages good, and is nothing fetched from elsewhere?

    python docs/check_site.py docs/_build/html

Prints what is wrong, one line each, and ends with exit code 1 if there is anything.
"""

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"img": "src", "script": "src", "source": "src", "iframe": "src"}
"""What a browser loads by itself. Links that are followed by hand may lead out."""


class Page(HTMLParser):
    """Links, loaded files and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a" and "name" in given:
            self.anchors.add(given["name"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload") and "href" in given:
            self.loaded.append(given["href"])
        if tag in FETCHED and FETCHED[tag] in given:
            self.loaded.append(given[FETCHED[tag]])


@cache
def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def problems(root: Path) -> Iterator[str]:
    """One line for each link that leads nowhere."""
    for path in sorted(root.rglob("*.html")):
        if "_static" in path.relative_to(root).parts:
            # Templates of the theme.
            continue
        page = read(path)
        for target in page.loaded:
            if urlsplit(target).scheme not in ("", "data") or target.startswith("//"):
                yield f"{path.relative_to(root)}: loads {target} from elsewhere"
        for target in (*page.links, *page.loaded):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not goal.exists():
                yield f"{path.relative_to(root)}: there is no {target}"
            elif parts.fragment and goal.suffix == ".html" and unquote(parts.fragment) not in read(goal).anchors:
                yield f"{path.relative_to(root)}: there is no place {target}"


def main() -> int:
    root = Path(sys.argv[1]).resolve()
    found = list(dict.fromkeys(problems(root)))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
