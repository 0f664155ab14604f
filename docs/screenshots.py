"""The picture of a report in the README: a search, its page in the Chromium of the system, and a picture of its top.

Run it with ``python docs/screenshots.py`` and the test dependencies installed; it writes docs/images/report.png.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from kansym import DiscoveryOptions, certify, discover, load_dataset
from kansym.report.html.page import write_report
from kansym.run.finished import FinishedRun

IMAGE = Path(__file__).parent / "images" / "report.png"
SIZE = {"width": 1120, "height": 1290}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(seconds: float = 20.0) -> None:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("there is no chromium to take the picture with")
    # The picture shows how many forms were tried, which must not hang on how busy the machine is.
    options = DiscoveryOptions(max_seconds=seconds, deterministic=True)
    dataset = load_dataset("firas", target="intensity", error="intensity_error")
    discovery = discover(dataset, options)
    command = f"kansym discover firas --target intensity --error intensity_error --seconds {seconds:g} --deterministic"
    run = FinishedRun.of(discovery, command=command, options=options, certificate=certify(discovery, options=options))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = write_report(run, Path(folder) / "report.html")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.goto(page_file.as_uri())
        page.screenshot(path=IMAGE)
        browser.close()
    print(f"{discovery.formula}\n{IMAGE}: {IMAGE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
