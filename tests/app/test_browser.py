"""The page in a real browser: click, fix, refit, undo, save; nothing on the console, nothing from elsewhere."""

import re
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from kansym.run.storage import load_run  # noqa: E402

from .conftest import CHROMIUM, FLAGS  # noqa: E402

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
expect = playwright.expect

PATIENCE = 120_000
"""Milliseconds; the machine may be busy."""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """Pages of one browser window, and everything about them that should not happen."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()

    def open(self, url):
        page = self.context.new_page()
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.goto(url)
        page.wait_for_selector("#network svg")
        return page

    def close(self, opened):
        self.context.close()
        assert self.complaints == []
        assert self.hosts <= {"{}:{}".format(*opened.address)}


@pytest.fixture
def window(browser, opened):
    watched = Watched(browser)
    yield watched
    watched.close(opened)


def ready(page):
    page.wait_for_selector("#status:not(.busy)")


def formula(page):
    return page.locator("#formula > div").get_attribute("title")


def frame(page, edge):
    """How the box of an edge is drawn."""
    page.mouse.move(0, 0)
    return page.locator(f'g.edge[data-edge="{edge}"] path').evaluate(
        "(path) => { const style = getComputedStyle(path); return { stroke: style.stroke, fill: style.fill }; }"
    )


def held_out(page):
    return page.locator("#errors tr[data-of=network] td").nth(1).inner_text().split("\n")[0]


def test_a_wrong_edge_is_put_right_by_hand(window, opened):
    page = window.open(opened.url)
    was, error = formula(page), held_out(page)
    picture = page.locator("#network").inner_html()
    assert page.locator("#formula math").count() == 1
    expect(page.locator("#undo")).to_be_disabled()

    page.click('g.edge[data-edge="0.0.0"]')
    cards = page.locator(".rivals li")
    expect(cards.first).to_be_visible()
    assert cards.first.get_attribute("data-primitive") == "sin"
    assert "R²" in cards.first.inner_text()
    assert len(cards.first.locator("path.rival").get_attribute("d")) > 200
    chosen, other = (frame(page, edge) for edge in ("0.0.0", "0.1.0"))
    assert chosen["stroke"] != other["stroke"] and chosen["fill"] != other["fill"]

    page.click('li[data-primitive="sin"] button')
    expect(page.locator('#edges tr[data-edge="0.0.0"]')).to_contain_text("sin")
    ready(page)
    page.click("#refit")
    expect(page.locator("#steps li")).to_have_count(2)
    ready(page)
    expect(page.locator("#formula > div")).to_have_attribute("title", "y = t**2 + sin(3*x)")
    expect(page.locator("#verdict .kind")).to_have_text("law")
    assert "pick" in page.locator("#front tr.picked").inner_text()
    assert held_out(page) != error and was != formula(page)
    assert page.locator("#network").inner_html() != picture

    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy-latex")
    expect(page.locator("#copied")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("y =") and r"\sin" in copied and "t^{2}" in copied

    # A fresh page shows the same, with the edge still chosen.
    page.reload()
    expect(page.locator("#steps li")).to_have_count(2)
    expect(page.locator("#formula > div")).to_have_attribute("title", "y = t**2 + sin(3*x)")
    expect(page.locator('li[data-primitive="sin"]')).to_have_class("now")

    page.click("#undo")
    expect(page.locator("#steps li")).to_have_count(1)
    ready(page)
    page.keyboard.press("Control+z")
    expect(page.locator("#steps li")).to_have_count(0)
    ready(page)
    assert (formula(page), held_out(page)) == (was, error)
    page.keyboard.press("Control+y")
    expect(page.locator("#steps li")).to_have_count(1)
    ready(page)

    page.click("#save")
    assert page.locator("#name").input_value() == "waves-2"
    page.fill("#name", "../waves-2")
    page.click("#save-box button[type=submit]")
    expect(page.locator("#save-problem")).to_contain_text("no name for a folder")
    page.fill("#name", "by-hand")
    page.click("#save-box button[type=submit]")
    expect(page.locator("#status")).to_contain_text("Saved to")
    assert str(load_run(opened.folder.parent / "by-hand").formula) == "y = t**2 + sin(3*x)"
    # The browser itself reports the refusal on the console.
    assert [line for line in window.complaints if "400" not in line] == []
    window.complaints.clear()


def test_the_whole_box_of_an_edge_can_be_clicked(browser, fixed):
    watched = Watched(browser)
    page = watched.open(fixed.url)
    missed = page.evaluate(
        """() => [...document.querySelectorAll("g.edge")].flatMap((edge) => {
          edge.scrollIntoView({ block: "center" });
          const box = edge.getBoundingClientRect();
          const parts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
          return parts.flatMap((a) => parts.map((b) => [box.x + a * box.width, box.y + b * box.height]))
            .filter(([x, y]) => document.elementFromPoint(x, y).closest("g.edge") !== edge);
        })"""
    )
    assert missed == []
    watched.close(fixed)


def test_two_tabs_see_each_other_and_do_not_overwrite(window, opened):
    first, second = window.open(opened.url), window.open(opened.url)
    first.click('#edges tr[data-edge="0.1.0"] button')
    first.click("#edge [data-key=remove]")
    expect(first.locator("#steps li")).to_have_count(1)
    # The other tab learns of it by itself.
    expect(second.locator("#steps li")).to_have_count(1)
    expect(second.locator('#edges tr[data-edge="0.1.0"]')).to_contain_text("removed")
    ready(second)
    # Where it acts on what it saw before, nothing happens, and it says so.
    second.route("**/api/state*", lambda route: route.fulfill(status=204))
    first.click("#undo")
    expect(first.locator("#steps li")).to_have_count(0)
    ready(first)
    expect(second.locator("#steps li")).to_have_count(1)
    second.click("#refit")
    expect(second.locator("#problem")).to_contain_text("the network has changed since")
    second.unroute("**/api/state*")
    expect(second.locator("#steps li")).to_have_count(0)
    assert opened.settled()["steps"] == []
    # The browser itself reports the refusal on the console.
    refused = [line for line in window.complaints if "409" in line]
    window.complaints[:] = [line for line in window.complaints if line not in refused]
    assert len(refused) == 1


def test_an_error_of_the_library_is_a_line_that_can_be_dismissed(window, opened):
    page = window.open(opened.url)
    page.click('g.edge[data-edge="0.0.0"]')
    expect(page.locator(".rivals li").first).to_be_visible()
    page.click("#edge [data-key=unfix]")
    expect(page.locator("#formula")).to_contain_text("No formula yet")
    expect(page.locator("#save")).to_be_disabled()
    # Another client frees it once more, which cannot be done.
    opened.change("unfix", edge="0.0.0")
    expect(page.locator("#problem")).to_contain_text("already")
    page.click("#problem button")
    expect(page.locator("#problem")).to_be_hidden()
    page.click("#auto")
    expect(page.locator("#formula > div")).to_have_attribute("title", re.compile("sin"))
    ready(page)


def test_by_keyboard_alone(window, opened):
    page = window.open(opened.url)
    page.locator('g.edge[data-edge="0.0.0"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator('g.edge[data-edge="0.0.0"]')).to_have_attribute("aria-pressed", "true")
    button = page.locator('li[data-primitive="sin"] button')
    expect(button).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.key") == "fix-sin":
            break
    page.keyboard.press("Enter")
    expect(page.locator('#edges tr[data-edge="0.0.0"]')).to_contain_text("sin")
    ready(page)
    # Every control and every edge says what it is.
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, g.edge, [role=button]")]
          .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_fits_the_screen_and_can_be_read(browser, fixed, width, scheme):
    watched = Watched(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = watched.open(fixed.url)
    page.click('#edges tr[data-edge="0.0.0"] button')
    expect(page.locator(".rivals li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # A rival among the grounds of the verdict may be one long word.
    page.evaluate("""() => {
        const ground = document.createElement("li");
        ground.textContent = "exp(-0.0474711*time)*tanh(2.13941*exp(-0.00830786*time))".repeat(4).replaceAll("-", "*");
        document.querySelector("#verdict").append(ground);
    }""")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 500:
        box = page.locator("#edge-part").bounding_box()
        assert box and -5 <= box["y"] < 400
    assert page.evaluate(CONTRAST) == []
    watched.close(fixed)


CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.checkVisibility() || one.disabled || one.namespaceURI.endsWith("svg")) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(parts(style.color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push(`${one.outerHTML.slice(0, 80)} ${style.color} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
"""Elements with text whose contrast is below 4.5, as WCAG 2.2 AA asks for; controls that are off are exempt."""
