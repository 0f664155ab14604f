"""Pictures of reports: a search, its page in the Chromium of the system, and a picture of its top.

Run it with ``python docs/screenshots.py`` and the test dependencies installed; it writes docs/images/report.png. With a
page and the name of a picture, ``python docs/screenshots.py resonance/index.html several-targets.png``, it takes that.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from kansym import DiscoveryOptions, certify, discover, load_dataset
from kansym.report.html.page import write_report
from kansym.run.finished import FinishedRun

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1120, "height": 1290}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(seconds: float = 20.0) -> None:
    # The picture shows how many forms were tried, which must not hang on how busy the machine is.
    options = DiscoveryOptions(max_seconds=seconds, deterministic=True)
    dataset = load_dataset("firas", target="intensity", error="intensity_error")
    discovery = discover(dataset, options)
    command = f"kansym discover firas --target intensity --error intensity_error --seconds {seconds:g} --deterministic"
    run = FinishedRun.of(discovery, command=command, options=options, certificate=certify(discovery, options=options))
    with tempfile.TemporaryDirectory() as folder:
        take(write_report(run, Path(folder) / "report.html"), IMAGES / "report.png")
    print(discovery.formula)


def take(page_file: Path, image: Path) -> None:
    """The top of a page as a picture."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("there is no chromium to take the picture with")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.goto(page_file.resolve().as_uri())
        page.screenshot(path=image)
        browser.close()
    print(f"{image}: {image.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    if sys.argv[1:]:
        take(Path(sys.argv[1]), IMAGES / sys.argv[2])
    else:
        main()
