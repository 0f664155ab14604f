"""Who may talk to the app: Host, Origin, token; and what every answer says."""

import http.client

import pytest

PAGE = "/?token={}"


def test_page_needs_the_token_in_its_address(shown):
    for path in ("/", "/?token=another", "/?token=", f"/?other={shown.token}"):
        status, _, body = shown.ask(path)
        assert status == 403 and b"token" in body and shown.token.encode() not in body
    status, headers, body = shown.ask(PAGE.format(shown.token), token=False)
    assert status == 200 and headers["content-type"].startswith("text/html") and shown.token.encode() in body


@pytest.mark.parametrize("path", ["/api/state", "/api/network.svg", "/api/rivals/0.0.0", "/api/none"])
def test_everything_about_the_run_needs_the_token_as_a_header(shown, path):
    for request in ({"token": False}, {"headers": {"X-Kansym-Token": "ä" * 5000}}):
        status, body = shown.json(path, **request)
        assert status == 403 and "token" in body["error"]
    # Not from the address: a picture or a form of another page could send that.
    assert shown.ask(f"{path}?token={shown.token}", token=False)[0] == 403


@pytest.mark.parametrize("path", ["/api/change", "/api/save"])
def test_changes_need_the_token(opened, path):
    before = opened.state()
    order = {"version": before["version"], "action": "remove", "edge": "0.0.0", "name": "new"}
    assert opened.ask(path, body=order, token=False)[0] == 403
    assert opened.ask(path, body=order, headers={"X-Kansym-Token": "guess"})[0] == 403
    # What a form of another page can send without asking the browser first.
    simple = {"Content-Type": "text/plain"}
    assert opened.ask(path, body=order, token=False, headers=simple)[0] == 403
    assert opened.ask(path, body=order, headers=simple)[0] == 415
    assert opened.state() == before


HOSTS = ["attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", "127.0.0.1:80@a.example", "", "[::1]"]


@pytest.mark.parametrize("host", HOSTS)
def test_names_that_only_resolve_to_this_machine_are_refused(shown, host):
    for path in (PAGE.format(shown.token), "/static/app.js", "/api/state"):
        status, _, body = shown.ask(path, host=host)
        assert status == 400 and b"Host" in body
        assert shown.token.encode() not in body


def test_the_names_of_this_machine_are_accepted(shown):
    port = shown.address[1]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "LOCALHOST"):
        assert shown.ask("/api/state", host=host)[0] == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9", "https://127.0.0.1", "null", "http://attacker.example"])
def test_other_origins_are_refused_even_with_the_token(shown, origin):
    assert shown.ask("/api/state", headers={"Origin": origin})[0] == 403
    own = "http://{}:{}".format(*shown.address)
    assert shown.ask("/api/state", headers={"Origin": own})[0] == 200


def test_what_the_browser_says_about_the_asking_page_counts(shown):
    for site in ("cross-site", "same-site"):
        assert shown.ask("/api/state", headers={"Sec-Fetch-Site": site})[0] == 403
    # A link in a terminal or a notebook may lead to the page itself.
    assert shown.ask(PAGE.format(shown.token), headers={"Sec-Fetch-Site": "cross-site"})[0] == 200


def test_no_other_origin_is_ever_granted_anything(shown):
    connection = http.client.HTTPConnection(*shown.address, timeout=60)
    asked = {"Origin": "http://attacker.example", "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", "/api/change", headers=asked)
    answer = connection.getresponse()
    assert answer.status == 403
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
    connection.close()


def test_answers_forbid_frames_foreign_scripts_and_caches(shown):
    for path in ("/", PAGE.format(shown.token), "/static/app.js", "/api/state", "/api/none"):
        headers = shown.ask(path)[1]
        rules = dict(rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";"))
        assert rules["default-src"] == "'none'" and rules["script-src"] == "'self'"
        assert rules["frame-ancestors"] == "'none'" and rules["form-action"] == "'none'"
        assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers and "server" not in headers


def test_only_its_own_files_are_served(shown):
    assert shown.ask("/static/app.css")[1]["content-type"].startswith("text/css")
    for path in ("/static/page.html", "/static/../guard.py", "/static/%2e%2e%2fguard.py", "/static/..%2fguard.py"):
        status, _, body = shown.ask(path)
        assert status in (403, 404) and b"hmac" not in body


def test_each_server_has_a_token_of_its_own(shown, opened):
    assert shown.token != opened.token and len(shown.token) >= 40
