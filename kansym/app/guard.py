"""Who may talk to the app: this page in this browser, and nobody else.

The server listens on 127.0.0.1, but every page of the world wide web that the browser has open may send requests there.
Three things keep them out. The Host header must be local, so that a foreign name that resolves to 127.0.0.1 (DNS
rebinding) is refused. The page and everything about the run need a token that only the printed URL has; the page sends
it as a header, which another origin cannot set without a CORS preflight, and none is ever granted. No cookie is used:
browsers share those among all ports of a host. Requests that say that they come from another origin are refused too.

A browser that is started gets its address on a command line, which other users of the machine can read. So it gets a
code instead, which leads to the page once.
"""

import hmac
import secrets

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
"""Names under which the page may be asked for, with any port."""

HEADER = "x-kansym-token"

LARGEST_BODY = 64 * 1024
"""Bytes of a request; real ones have a few hundred."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script but the app's own, nothing from another host, and no frame around it. Pictures of matplotlib have style
attributes."""

RESPONSE_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def new_token() -> str:
    """A secret for one server: 32 bytes, as text for a URL."""
    return secrets.token_urlsafe(32)


class Guard:
    """ASGI middleware: refuses what does not have the token, or says that it comes from another origin.

    Parameters
    ----------
    app : ASGI application
    token : str
        What ``?token=`` of the page and the header ``X-Kansym-Token`` of everything under ``/api`` must be.
    code : str, optional
        ``/?once=code`` leads to the page with its token, the first time it is asked for.
    """

    def __init__(self, app: ASGIApp, token: str, code: str | None = None) -> None:
        self._app = app
        self._token = token
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in RESPONSE_HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refused(scope)
        if refused is None:
            await self._app(scope, receive, with_headers)
            return
        if refused[0] == 403 and self._takes_code(scope):
            await RedirectResponse(f"/?token={self._token}", 303)(scope, receive, with_headers)
            return
        code, words = refused
        answer = JSONResponse({"error": words}, code)
        if not scope["path"].startswith("/api/"):
            answer = PlainTextResponse(f"{words}\n", code)
        await answer(scope, receive, with_headers)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if not _is_local(host):
            return 400, f"the Host header {host[:100]!r} is not that of this machine; open the URL that kansym printed"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return 403, f"requests from {origin[:100]} are refused; only the page of kansym app itself may ask"
        if path.startswith("/static/"):
            return None
        if path.startswith("/api/"):
            if headers.get("sec-fetch-site", "same-origin") != "same-origin":
                return 403, "requests from other pages are refused; only the page of kansym app itself may ask"
            given = headers.get(HEADER, "")
        else:
            given = QueryParams(scope["query_string"]).get("token", "")
        if not _equal(given, self._token):
            return 403, "the token is missing or wrong; open the URL that kansym app printed, with its token"
        return None

    def _takes_code(self, scope: Scope) -> bool:
        """Whether the address has the code; it holds no longer then."""
        given = QueryParams(scope["query_string"]).get("once", "")
        code, origin = self._code, Headers(scope=scope).get("origin")
        if code is None or scope["path"] != "/" or origin is not None or not _equal(given, code):
            return False
        self._code = None
        return True


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _is_local(host: str) -> bool:
    name, separator, port = host.partition(":")
    return name.lower() in HOSTS and (not separator or (port.isascii() and port.isdigit()))
