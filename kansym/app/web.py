"""The addresses of the app: one page, its scripts, what it shows as JSON, and what one may ask it to do."""

import json
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kansym.app.guard import LARGEST_BODY, Guard
from kansym.app.session import Refused, Session

STATIC = {
    "app.css": "text/css",
    "app.js": "text/javascript",
    "calls.js": "text/javascript",
    "parts.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""Files that the page asks for, with their types; nothing else in the folder or outside it can be asked for."""

Handler = Callable[[Request], Awaitable[Response]]


def create_app(session: Session, token: str, code: str | None = None) -> Starlette:
    """The web application of one run.

    Parameters
    ----------
    session : Session
    token : str
        Secret that requests must have, see `kansym.app.guard`.
    code : str, optional
        Leads to the page once.
    """

    async def page(request: Request) -> Response:
        text = _static("page.html").replace("{{token}}", token)
        return Response(text, media_type="text/html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise Refused(404, f"there is no file {name[:100]!r}")
        return Response(_static(name), media_type=STATIC[name])

    async def state(request: Request) -> Response:
        known = request.query_params.get("revision")
        if known == str(session.revision):
            return Response(status_code=204)
        return JSONResponse(session.state())

    async def picture(request: Request) -> Response:
        dark = request.query_params.get("theme") == "dark"
        svg = await run_in_threadpool(session.picture, dark=dark)
        return Response(svg, media_type="image/svg+xml")

    async def rivals(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(session.rivals, request.path_params["edge"]))

    async def change(request: Request) -> Response:
        order = await _body(request)
        session.change(
            _field(order, "version", int),
            _field(order, "action", str),
            edge=_field(order, "edge", str, optional=True),
            primitive=_field(order, "primitive", str, optional=True),
        )
        return JSONResponse(session.state(), 202)

    async def save(request: Request) -> Response:
        order = await _body(request)
        session.save(_field(order, "version", int), _field(order, "name", str))
        return JSONResponse(session.state(), 202)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/static/{name}", static),
            Route("/api/state", state),
            Route("/api/network.svg", picture),
            Route("/api/rivals/{edge}", rivals),
            Route("/api/change", change, methods=["POST"]),
            Route("/api/save", save, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, token=token, code=code)],
        exception_handlers={Refused: _refusal},
    )


def _static(name: str) -> str:
    return resources.files("kansym.app").joinpath("static", name).read_text("utf-8")


async def _refusal(request: Request, error: Exception) -> Response:
    code = error.code if isinstance(error, Refused) else 500
    return JSONResponse({"error": str(error)}, code)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"the content type must be application/json, got {kind[:100]!r}")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_BODY:
            raise Refused(413, f"the request is larger than {LARGEST_BODY} bytes")
    try:
        order = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(400, "the request is not JSON") from None
    if not isinstance(order, dict):
        raise Refused(400, "the request must be a JSON object")
    return order


def _field(order: dict[str, Any], name: str, kind: type, *, optional: bool = False) -> Any:
    value = order.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        words = "a whole number" if kind is int else "text"
        raise Refused(400, f"{name} must be {words}, got {str(value)[:100]!r}")
    return value
