"""Makes docs/images/app.png: a run with one wrong edge, put right by hand in the app.

    python docs/app_screenshot.py [OUT.png]

Needs the extra `app`, playwright (comes with the extra `test`) and Chromium. Takes some ten seconds.
"""

import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Page, sync_playwright

from kansym import certify, load_run, make_dataset, save_run
from kansym.app import launch
from kansym.editing.opening import edit
from kansym.search.baseline import baseline
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"]
PATIENCE = 60_000


def standing_wave() -> Discovery:
    """A standing wave with 1 % noise, whose network was read as a Gaussian where the data have a cosine."""
    generator = np.random.default_rng(7)
    amplitude, place = generator.uniform(1, 4, 400), generator.uniform(-0.6, 0.9, 400)
    u = amplitude * np.cos(2 * np.pi * place / 1.6 - 0.4)
    u += 0.01 * generator.normal(size=400) * u.std()
    table = make_dataset(
        np.column_stack([amplitude, place]), u, names=["A", "x"], units=["cm", "m"], target="u", y_units="cm"
    )
    found = edit(table, start=(2, (0, 1), 1), max_seconds=10)
    found.edge("A -> h1.0").fix("x")
    found.edge("x -> h1.0").fix("gaussian")
    found.refit()
    discovery = found.discovery()
    # The constant and the linear formula, which every run has on its front.
    simple = baseline(found.context.fit_rows, math.inf)
    return replace(discovery, front=ParetoFront.from_formulas([*simple, *discovery.front]))


def photograph(folder: Path, out: Path) -> None:
    """Put the edge right in a browser, and take the picture."""
    with launch(load_run(folder), name=folder.name, directory=folder.parent) as app, sync_playwright() as driver:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 1180})
        page.goto(app.url)
        page.click('g.edge[data-edge="0.1.0"]')
        page.click('li[data-primitive="cos"] button, li[data-primitive="sin"] button', timeout=PATIENCE)
        _ready(page, steps=1)
        page.click("#refit")
        _ready(page, steps=2)
        page.wait_for_selector(".rivals li.now", timeout=PATIENCE)
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=out)
        browser.close()


def _ready(page: Page, *, steps: int) -> None:
    page.wait_for_selector(f"#steps li:nth-child({steps})", timeout=PATIENCE)
    page.wait_for_selector("#status:not(.busy)", timeout=PATIENCE)


def main(out: Path) -> None:
    with TemporaryDirectory() as directory:
        discovery = standing_wave()
        save_run(discovery, Path(directory) / "wave", certificate=certify(discovery))
        photograph(Path(directory) / "wave", out)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images" / "app.png")
