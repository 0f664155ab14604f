"""`serve`: a finished run on a web page of this machine, until Ctrl-C or `RunningApp.close`."""

import contextlib
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kansym.errors import ArgumentError
from kansym.optional import optional_module

if TYPE_CHECKING:
    from kansym.app.session import Session
    from kansym.primitives.primitive import Primitive
    from kansym.run.finished import FinishedRun

ADDRESS = "127.0.0.1"
"""The only address that is listened on: nothing beyond this machine can reach it."""

PATIENCE = 1
"""Seconds that requests in progress get at the end."""

STARTING = 20.0
"""Seconds that the server may take to start."""


class RunningApp:
    """An app in a thread of its own. Close it, or use it in a ``with`` block.

    Attributes
    ----------
    url : str
        Of the page, with the token that it needs.
    """

    def __init__(self, server: Any, listener: socket.socket, session: "Session", url: str) -> None:
        self.url = url
        self._server = server
        self._session = session
        self._listener = listener
        self._thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="kansym-app")

    def _start(self) -> None:
        self._session.start()
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(STARTING / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.01)

    def close(self) -> None:
        """End the server; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(timeout=PATIENCE + 5)
        self._session.close()
        self._listener.close()

    def __enter__(self) -> "RunningApp":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def launch(
    run: "FinishedRun",
    *,
    name: str = "run",
    directory: str | os.PathLike[str] | None = None,
    start: str | Sequence[Any] | None = None,
    library: Mapping[str, "Primitive"] | None = None,
    port: int = 0,
) -> RunningApp:
    """Start the app for a run and return at once; the arguments and errors are those of `serve`."""
    session = _session(run, name, directory, start, library)
    server, listener, url = _prepare(session, port)
    app = RunningApp(server, listener, session, url)
    app._start()
    return app


def serve(
    run: "FinishedRun",
    *,
    name: str = "run",
    directory: str | os.PathLike[str] | None = None,
    start: str | Sequence[Any] | None = None,
    library: Mapping[str, "Primitive"] | None = None,
    port: int = 0,
    browser: bool = True,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Show a finished run on a local web page where its edges can be changed by hand, until Ctrl-C.

    The page is served on 127.0.0.1 only, and for those who have its URL. Nothing is written until "Save" is pressed,
    and then into a new folder.

    Parameters
    ----------
    run : FinishedRun
        From `load_run`, or `FinishedRun.of(discovery)`.
    name : str, default "run"
        What the run is called on the page; new runs are named after it.
    directory : path-like, optional
        Where new runs are saved, each in a folder of its own. Default: the working directory.
    start : str or shape, optional
        Which network to begin with, see `kansym.edit`. Default: the one that the pick was read from, else the best of
        the run; where the run has none, one layer of curves is trained, which takes up to five seconds.
    library : mapping of str to Primitive, optional
        Needed for runs with primitives of your own.
    port : int, default 0
        0 takes one that is free.
    browser : bool, default True
        Open the page in the default browser.
    announce : callable, optional
        Called with the URL once the server listens.

    Raises
    ------
    ArgumentError
        If the port is taken or not a port number, or the run did not keep its table.
    MissingDependencyError
        If starlette or uvicorn is not installed: ``pip install 'kansym[app]'``.
    """
    session = _session(run, name, directory, start, library)
    code = secrets.token_urlsafe(16) if browser else None
    server, listener, url = _prepare(session, port, code)
    with contextlib.closing(listener):
        session.start()
        try:
            if announce is not None:
                announce(url)
            if browser:
                # Not the URL itself: others can read the command line of the browser.
                webbrowser.open(f"{url.partition('?')[0]}?once={code}")
            # uvicorn ends in order on Ctrl-C and then passes it on.
            with contextlib.suppress(KeyboardInterrupt):
                server.run([listener])
        finally:
            session.close()


def _session(
    run: "FinishedRun",
    name: str,
    directory: str | os.PathLike[str] | None,
    start: str | Sequence[Any] | None,
    library: Mapping[str, "Primitive"] | None,
) -> "Session":
    require_packages()
    from kansym.app.session import Session

    return Session(run, name=name, directory=directory, start=start, library=library)


def require_packages() -> None:
    """Raise `MissingDependencyError` unless the packages of the extra `app` are installed."""
    for package in ("starlette", "uvicorn"):
        optional_module(package, feature="kansym app", extra="app")


def _prepare(session: "Session", port: int, code: str | None = None) -> tuple[Any, socket.socket, str]:
    from kansym.app.guard import new_token
    from kansym.app.web import create_app

    token = new_token()
    listener = _listen(port)
    uvicorn = optional_module("uvicorn", feature="kansym app", extra="app")
    config = uvicorn.Config(
        create_app(session, token, code),
        log_level="warning",
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        loop="asyncio",
        http="h11",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    url = f"http://{ADDRESS}:{listener.getsockname()[1]}/?token={token}"
    return uvicorn.Server(config), listener, url


def _listen(port: int) -> socket.socket:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ArgumentError(f"port must be a whole number from 0 to 65535, got {port!r}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # Elsewhere the option would let two servers share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise ArgumentError(f"port={port} cannot be listened on: {error.strerror}; take another, or 0") from error
    return listener
