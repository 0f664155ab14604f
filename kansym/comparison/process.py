"""A peer's process: started once, asked several times, stopped at the budget with what it has."""

import collections
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from kansym.comparison.last_words import why_it_ended
from kansym.comparison.memory import peak_memory
from kansym.comparison.peers import Peer, salvaged
from kansym.comparison.request import Answer, PeerError, Progress, Request

GRACE = 10.0
"""Seconds beyond the budget, and again a quarter of it, after which a peer is stopped."""

OVERRUN = 1.25

LONGEST_LINE = 64 * 2**20
"""Characters of an answer; a thousand rows of predictions take some kilobytes."""

SLOWEST_START = 120.0
"""Seconds after which the start of kansym itself is not waited for; a cold disk takes some ten."""

TELL_EVERY = 5.0
"""Seconds between lines about a start-up that goes on. It is told from here: Python's threads stand still while Julia
compiles, which takes a minute."""

LAST_WORDS = 40
"""Lines of what a peer printed that are kept, for the reason of a failure."""


class MissingPeerError(PeerError):
    """A peer is not installed, or what it needs is not (Julia, for PySR); the message says how to get it."""


def environment(threads: int = 1) -> dict[str, str]:
    """The user's environment, but for thread counts and displays: peers get as many threads as kansym.

    Julia's and PySR's own variables stay, and so does PYTHONPATH.
    """
    count = str(threads)
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), count),
        "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }


def start_up_of(module: str) -> float | None:
    """Seconds that a process of its own takes to start and import a module, as is measured of every peer.

    None where it cannot.
    """
    began = time.monotonic()
    try:
        subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=SLOWEST_START,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return time.monotonic() - began


class PeerProcess:
    """One peer, at work in a process group of its own.

    A crash, a hang or any amount of output is the process's own: `ask` raises `PeerError` with a reason, and the next
    `ask` starts a new process. Use it as a context manager; leaving it stops the process.

    Parameters
    ----------
    peer : Peer
    threads : int, default 1

    Attributes
    ----------
    start_up : float
        Seconds before the search of the last request: of the start, where that was for it, and of what was compiled
        for its table. There also where the request failed.
    peak_memory : int or None
        Bytes, at most, of the process since it started; None where the system does not say.
    """

    def __init__(self, peer: Peer, *, threads: int = 1) -> None:
        self.peer, self.threads = peer, threads
        self._process: subprocess.Popen[bytes] | None = None
        self._home: tempfile.TemporaryDirectory[str] | None = None
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._words: collections.deque[str] = collections.deque(maxlen=LAST_WORDS)
        self.start_up = 0.0
        self.peak_memory: int | None = None

    def __enter__(self) -> "PeerProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: Request, progress: Progress | None = None) -> Answer:
        """Have a table searched; the answer's seconds are those of the search, its start-up those before it.

        Parameters
        ----------
        request : Request
            Its folder must exist.
        progress : callable, optional
            Called with lines of text.

        Raises
        ------
        MissingPeerError
            If the tool or what it needs is not installed.
        PeerError
            If it fails, or does not end in time and leaves no formula.
        """
        report = progress or (lambda text: None)
        # A tool that is there already has started up.
        self.start_up = 0.0
        if self._process is None:
            self._start(report)
        process = self._process
        assert process is not None and process.stdin is not None
        began, started = time.monotonic(), self.start_up
        limit = self.peer.start_up_limit
        try:
            process.stdin.write(json.dumps(request.write()).encode() + b"\n")
            process.stdin.flush()
            try:
                self._await("searching", began + limit, report, tell=True)
            finally:
                self.start_up = started + time.monotonic() - began
            began, limit = time.monotonic(), OVERRUN * request.seconds + GRACE
            answer = Answer.read(self._await("answer", began + limit, report))
        except (BrokenPipeError, TimeoutError, PeerError) as error:
            self._look_at_memory()
            ended = process.poll()
            if not isinstance(error, PeerError) or ended is not None:
                self.close()
            left, pick = salvaged(self.peer, request.folder)
            if not left or isinstance(error, MissingPeerError):
                if isinstance(error, PeerError):
                    raise
                reason = (
                    f"did not end within {limit:.0f} s" if isinstance(error, TimeoutError) else self._epitaph(ended)
                )
                raise PeerError(reason) from error
            words = "stopped at the budget" if isinstance(error, TimeoutError) else str(error) or self._epitaph(ended)
            answer = Answer(tuple(left), pick, seconds=time.monotonic() - began, remark=f"{words}; this is what it had")
        except BaseException:
            # Ctrl-C among them: the process would go on without anyone to answer to.
            self.close()
            raise
        return replace(answer, start_up=self.start_up, peak_memory=answer.peak_memory or self.peak_memory)

    @property
    def pid(self) -> int | None:
        """Of the process; None where there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """Stop the process, and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                # What was on its way to a dead process is lost.
                with contextlib.suppress(OSError):
                    stream.close()
        if self._home is not None:
            self._home.cleanup()
            self._home = None

    # -- the process -------------------------------------------------------------------------------------------------

    def _start(self, report: Progress) -> None:
        self._messages, self._words = queue.Queue(), collections.deque(maxlen=LAST_WORDS)
        # A folder of its own: some tools write into the working directory.
        self._home = tempfile.TemporaryDirectory(prefix="kansym-peer-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kansym.comparison.worker", self.peer.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._home.name,
            env=environment(self.threads),
            start_new_session=True,
        )
        for target, stream in ((self._read, self._process.stdout), (self._drain, self._process.stderr)):
            threading.Thread(target=target, args=(stream, self._messages, self._words), daemon=True).start()
        began = time.monotonic()
        try:
            report("starting")
            self._await("ready", began + self.peer.start_up_limit, report, tell=True)
        except TimeoutError:
            self.close()
            raise PeerError(f"did not start within {self.peer.start_up_limit:.0f} s") from None
        except BaseException:
            self.close()
            raise
        finally:
            self.start_up = time.monotonic() - began

    def _await(self, kind: str, until: float, report: Progress, *, tell: bool = False) -> dict[str, Any]:
        """The next message of a kind; TimeoutError when it is late, PeerError when the process fails or ends.

        With `tell`, what it says last is repeated now and then, with the seconds since.
        """
        began = told = time.monotonic()
        words = "starting"
        while True:
            try:
                message = self._messages.get(timeout=max(0.01, min(0.5, until - time.monotonic())))
            except queue.Empty:
                now = time.monotonic()
                if now > until:
                    raise TimeoutError from None
                if tell and now - told >= TELL_EVERY:
                    told = now
                    report(f"{words}: {self.start_up + now - began:.0f} s so far, which do not count as its time")
                continue
            if message is None:
                assert self._process is not None
                try:
                    code = self._process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    code = None
                raise PeerError(self._epitaph(code))
            if message["kind"] == "failed":
                raise (MissingPeerError if message.get("missing") else PeerError)(str(message.get("reason")))
            if message["kind"] == "progress":
                told, words = time.monotonic(), str(message.get("text"))
                report(words)
            elif message["kind"] == kind:
                return message

    def _look_at_memory(self) -> None:
        """Ask for the memory of a process that is about to go, as far as it is still there to be asked."""
        if self._process is not None:
            self.peak_memory = peak_memory(self._process.pid) or self.peak_memory

    def _epitaph(self, code: int | None) -> str:
        # The reader of standard error may be a moment behind.
        time.sleep(0.05)
        return why_it_ended(code, self._words)

    @staticmethod
    def _read(
        stream: IO[bytes], messages: "queue.Queue[dict[str, Any] | None]", words: "collections.deque[str]"
    ) -> None:
        # Closed by `close`.
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(LONGEST_LINE):
                try:
                    message = json.loads(line)
                except ValueError:
                    words.append("an answer that is not JSON")
                    continue
                if isinstance(message, dict) and isinstance(message.get("kind"), str):
                    messages.put(message)
        messages.put(None)

    @staticmethod
    def _drain(
        stream: IO[bytes], messages: "queue.Queue[dict[str, Any] | None]", words: "collections.deque[str]"
    ) -> None:
        # Closed by `close`.
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(2**16):
                words.append(" ".join(line.decode("utf-8", errors="replace").split())[:300])


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its children: politely, since Julia writes its last results on SIGTERM, then for good."""
    for sign, patience in ((signal.SIGTERM, 1.0), (getattr(signal, "SIGKILL", signal.SIGTERM), 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, sign)
            else:
                process.send_signal(sign)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
        if sign != signal.SIGTERM:
            return
