"""The page in a real browser: at rest, offline, by click, by keyboard, on a phone, in the dark, without scripts."""

import pytest


@pytest.fixture(scope="module")
def address(html, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(browser, address):
    """Opens the page with options of the browser's context; what it says and asks for is kept."""
    contexts = []

    def opened(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        context.route("**/*", lambda route: route.continue_() if route.request.url == address else route.abort())
        page.goto(address)
        return page, said, asked

    yield opened
    for context in contexts:
        context.close()


def test_it_asks_for_nothing_and_complains_of_nothing(visit, address):
    page, said, asked = visit()
    assert page.locator("math").first.is_visible()
    assert said == [] and asked == [address]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(visit, width, scheme):
    page, _, _ = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Nothing sticks out except what scrolls inside its box.
    out = page.evaluate(
        """width => [...document.querySelectorAll('body *')].filter(one =>
            !one.closest('.box, pre, .visually-hidden, .skip, #formula')
            && one.getBoundingClientRect().right > width + 1
        ).map(one => one.outerHTML.slice(0, 80))""",
        width,
    )
    assert out == []


def test_buttons_copy(visit, run):
    page, said, _ = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy LaTeX").first.click()
    page.get_by_text("Copied").first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#latex").text_content()
    page.get_by_role("button", name="Copy the command").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('kansym'))")
    assert page.evaluate("navigator.clipboard.readText()") == run.summary.command
    assert page.get_by_role("status").text_content() == "Copied"
    assert said == []


def test_without_a_clipboard_the_text_is_selected(visit):
    page, said, _ = visit()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy LaTeX").first.click()
    page.wait_for_function("document.getElementById('status').textContent !== ''")
    assert page.evaluate("String(getSelection())").strip() == page.locator("#latex").text_content()
    assert said == []


def test_without_scripts_nothing_is_missing(visit):
    page, _, _ = visit(java_script_enabled=False)
    assert page.get_by_role("button").count() == 0
    assert page.locator("#latex").is_visible() and page.locator("math").first.is_visible()
    page.locator("summary").first.click()
    assert page.get_by_text("What it means").first.is_visible()


def test_by_keyboard(visit):
    page, _, _ = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.locator(".skip").bounding_box()
    assert box is not None and box["y"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_light_and_dark(visit):
    colours = {}
    for scheme in ("light", "dark"):
        page, _, _ = visit(color_scheme=scheme)
        colours[scheme] = page.evaluate(
            """() => [getComputedStyle(document.body).backgroundColor,
                      getComputedStyle(document.querySelector('figure svg path')).fill]"""
        )
    assert colours["light"] == ["rgb(255, 255, 255)", "rgb(255, 255, 255)"]
    assert colours["dark"][0] == colours["dark"][1] != colours["light"][0]


def test_it_prints(visit, tmp_path):
    page, _, _ = visit(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible() and page.get_by_text("What it means").first.is_visible()
    page.emulate_media(media=None)
    data = page.pdf(format="A4", path=tmp_path / "x.pdf")
    assert data.startswith(b"%PDF") and len(data) < 2_000_000


def test_the_accessibility_tree_names_formula_and_figures(visit):
    page, _, _ = visit()
    for name in ("The formula", "Table of constants"):
        assert page.get_by_role("region", name=name, exact=True).count() >= 1
    for image in page.get_by_role("img").all():
        assert image.get_attribute("aria-label")
