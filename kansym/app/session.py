"""The session of one user with one run: changes go through one thread, and the page sees finished values only."""

import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kansym.app.page_state import STAGES, Shown, failed, no_rivals_view, opened, rivals_view, stepped
from kansym.app.picture import page_picture
from kansym.editing.edge import Edge
from kansym.editing.network import EditableNetwork
from kansym.editing.opening import edit
from kansym.errors import ArgumentError, KansymError
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun
from kansym.run.storage import save_run
from kansym.units.words import after_number, unit_label

logger = logging.getLogger(__name__)

REFIT_SECONDS = 10.0
AUTO_SECONDS = 15.0

RIVALS = 6
"""Functions that are offered for an edge; all others can be chosen by name."""

PATIENCE = 60.0
"""Seconds that a question waits for the work in progress."""

LONGEST_PROBLEM = 500
"""Characters of a message on the page."""

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


class Refused(KansymError):
    """The request is not carried out, and nothing has changed.

    Attributes
    ----------
    code : int
        HTTP status.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class _Order:
    """What the worker is to do, and how that is called while it lasts."""

    words: str
    do: Callable[[], str | None]
    changes: bool = True


class Session:
    """An edited network, and what is known about it.

    Changes are asked for with the version of the network that the user saw: where it has changed since, as from another
    tab, they are refused. They are carried out one after another by one thread, which works out formula, front and
    verdict afterwards; a new change does not wait for those.

    Parameters
    ----------
    run : FinishedRun
    directory : path-like, optional
        Where new runs are saved. Default: the working directory.
    name : str, default "run"
        What the run is called on the page, and what new runs are called after.
    start, library : optional
        See `kansym.edit`. Where the run has no network, a layer of curves is trained.

    Raises
    ------
    ArgumentError
        If the run did not keep its table, or has no such network, or the directory is not one.
    """

    def __init__(
        self,
        run: FinishedRun,
        *,
        directory: str | os.PathLike[str] | None = None,
        name: str = "run",
        start: str | Sequence[Any] | None = None,
        library: Mapping[str, Primitive] | None = None,
    ) -> None:
        self._parent = Path.cwd() if directory is None else Path(directory).resolve()
        if not self._parent.is_dir():
            raise ArgumentError(f"directory must be a folder to save new runs in, got {str(self._parent)!r}")
        self._name = name
        self._net: EditableNetwork = edit(run, start=start, library=library)
        self._shown: Shown = opened(run, self._net)
        self._run = self._describe(run)
        self._hands = threading.Lock()  # held while the network is changed, or must not change
        self._wake = threading.Condition()  # guards everything below
        self._order: _Order | None = None
        self._stages: list[str] = []
        self._measuring: str | None = None
        self._problem: dict[str, Any] | None = None
        self._saved: str | None = None
        self._version = 0
        self._revision = 0
        self._closed = False
        self._pictures: dict[tuple[int, bool], str] = {}
        self._rivals: dict[tuple[int, str], dict[str, Any]] = {}
        self._thread: threading.Thread | None = None

    # -- what is shown -----------------------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Goes up with everything that changes on the page."""
        return self._revision

    def state(self) -> dict[str, Any]:
        """Everything on the page but pictures and rivals, in JSON types."""
        with self._wake:
            return {
                "revision": self._revision,
                "version": self._version,
                "run": {**self._run, "suggestion": _free_name(self._parent, self._name)},
                "working": self._order.words if self._order else None,
                "measuring": self._measuring,
                "problem": self._problem,
                "saved": self._saved,
                **self._shown.to_dict(pending=self._stages),
            }

    def picture(self, *, dark: bool) -> str:
        """The network as SVG for the page."""
        with self._at_work() as version:
            key = (version, dark)
            if key not in self._pictures:
                labels = {edge.id: f"{edge.source_name} to {edge.target_name}: {edge.mode}" for edge in self._net.edges}
                words = f"The network of {self._net.context.table.target}; every edge is a button."
                try:
                    self._pictures[key] = page_picture(self._net.figure(dark=dark), labels, words)
                except Exception as error:
                    raise Refused(500, self._explain(error, "Drawing the network")) from error
            return self._pictures[key]

    def rivals(self, edge: str) -> dict[str, Any]:
        """The functions that come closest to an edge.

        Raises
        ------
        Refused
            If there is no such edge, or it has no finite values, or the network is being worked on for long.
        """
        with self._at_work() as version:
            found = self._edge(edge)
            key = (version, edge)
            if key not in self._rivals:
                if found.mode == "off":
                    return no_rivals_view(found, "The edge is off; brought back, it is a free curve that is fitted.")
                try:
                    suggestions = found.suggest(RIVALS, in_context=True)
                except Exception as error:
                    code = 422 if isinstance(error, KansymError) else 500
                    raise Refused(code, self._explain(error, "Looking for functions")) from error
                self._rivals[key] = rivals_view(found, suggestions, self._run["unit"], self._judged())
            return self._rivals[key]

    # -- what is asked for -------------------------------------------------------------------------------------------

    def change(self, version: int, action: str, *, edge: str | None = None, primitive: str | None = None) -> None:
        """Ask for a change of the network; it is carried out afterwards.

        Parameters
        ----------
        version : int
            Of the network that the user saw.
        action : str
            "fix", "unfix", "remove" (with `edge`), "refit", "auto", "undo" or "redo".
        edge : str, optional
            ``"0.1.0"``.
        primitive : str, optional
            What to fix the edge to.

        Raises
        ------
        Refused
            If the network has changed or is being changed, or there is no such action, edge or primitive.
        """
        self._submit(version, self._plan(action, edge, primitive))

    def save(self, version: int, name: str) -> None:
        """Save the network as a new run, in a folder of this name beside the run; it is written afterwards.

        Raises
        ------
        Refused
            If the name cannot be used or is taken, or the network has changed, is being changed or has no formula.
        """
        if self._shown.formula is None or not self._shown.steps:
            raise Refused(422, "There is nothing to save yet: a run is a formula that differs from the one opened.")
        with self._wake:
            self._check(version)
            path = _new_folder(self._parent, name)
            self._accept(_Order("Saving", lambda: self._write(path), changes=False))

    def start(self) -> None:
        """Start the thread that works."""
        if self._thread is None:
            # A daemon: Ctrl-C must not wait for a refit.
            self._thread = threading.Thread(target=self._work, daemon=True, name="kansym-app-work")
            self._thread.start()

    def close(self) -> None:
        """Let the thread end after what it is doing."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    # -- orders ------------------------------------------------------------------------------------------------------

    def _plan(self, action: str, edge: str | None, primitive: str | None) -> _Order:
        net = self._net
        if action in ("fix", "unfix", "remove"):
            if edge is None:
                raise Refused(400, f"{action} needs an edge, such as '0.1.0'")
            chosen = self._edge(edge)
            if action == "unfix":
                return _Order(f"Freeing {chosen.name}", lambda: _quiet(chosen.unfix))
            if action == "remove":
                return _Order(f"Removing {chosen.name}", lambda: _quiet(chosen.remove))
            if primitive is None or primitive not in net.context.library:
                raise Refused(404, f"there is no primitive {str(primitive)[:100]!r}; `kansym primitives` lists them")
            return _Order(f"Fixing {chosen.name} to {primitive}", lambda: _quiet(lambda: chosen.fix(primitive)))
        if action == "refit":
            return _Order("Refitting the network", lambda: str(net.refit(REFIT_SECONDS)))
        if action == "auto":
            return _Order("Choosing functions", lambda: _quiet(lambda: net.auto(max_seconds=AUTO_SECONDS)))
        if action == "undo":
            return _Order("Undoing", lambda: f"Undone: {net.undo()}")
        if action == "redo":
            return _Order("Redoing", lambda: f"Done again: {net.redo()}")
        raise Refused(400, f"action must be fix, unfix, remove, refit, auto, undo or redo, got {action[:100]!r}")

    def _edge(self, edge: str) -> Edge:
        for one in self._net.edges:
            if one.id == edge:
                return one
        raise Refused(404, f"there is no edge {edge[:100]!r}")

    def _submit(self, version: int, order: _Order) -> None:
        with self._wake:
            self._check(version)
            self._accept(order)

    def _check(self, version: int) -> None:
        if self._order is not None:
            raise Refused(409, f"Nothing was done: the app is busy ({self._order.words.lower()}).")
        if version != self._version:
            raise Refused(
                409, "Nothing was done: the network has changed since, as in another tab. This page now shows it."
            )

    def _accept(self, order: _Order) -> None:
        self._order, self._problem, self._saved = order, None, None
        self._stages = [] if order.changes else self._stages
        self._revision += 1
        self._wake.notify_all()

    # -- the worker --------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                while not (self._closed or self._order or self._stages):
                    self._wake.wait()
                if self._closed:
                    return
                order, stage = self._order, None
                if order is None:
                    stage = self._stages[0]
                    self._measuring = STAGES[stage].words
                    self._revision += 1
            if order is not None:
                self._carry_out(order)
            elif stage is not None:
                self._measure(stage)

    def _carry_out(self, order: _Order) -> None:
        before, said, problem = self._net.history, None, None
        with self._hands:
            try:
                said = order.do()
            except Exception as error:
                problem = self._explain(error, order.words)
            changed = order.changes and self._net.history != before
            shown = stepped(self._shown, self._net) if changed else self._shown
            with self._wake:
                self._order = None
                self._saved = said
                if problem is not None:
                    self._problem = {"number": self._revision, "words": problem}
                if changed:
                    self._shown = shown
                    self._version += 1
                    self._pictures.clear()
                    self._rivals.clear()
                if order.changes:
                    # Also where nothing has changed: what was being worked out was given up for this order.
                    self._stages = list(self._shown.unknown)
                self._revision += 1

    def _measure(self, stage: str) -> None:
        version = self._version
        shown, problem = self._shown, None
        try:
            # Not under `_hands`: pictures and rivals are of the same state, and need not wait for this.
            shown = STAGES[stage].measure(self._shown, self._net)
        except Exception as error:
            problem = self._explain(error, STAGES[stage].words)
            shown = failed(self._shown)
        with self._wake:
            self._measuring = None
            self._revision += 1
            if version != self._version or self._stages[:1] != [stage]:
                # Another order came meanwhile and decides what is to be known.
                return
            self._shown = shown
            self._stages = list(shown.unknown)
            if problem is not None:
                self._problem = {"number": self._revision, "words": problem}

    def _write(self, path: Path) -> str:
        try:
            net = self._net
            save_run(
                net.discovery(),
                path,
                command=f"kansym app {self._name}",
                options=net.context.options,
                log_lines=net.script.splitlines(),
                certificate=net.certificate(),
            )
        except BaseException:
            # Made by `_new_folder` a moment ago; half a run is not a run.
            shutil.rmtree(path, ignore_errors=True)
            raise
        return f"Saved to {path}"

    def _explain(self, error: Exception, words: str) -> str:
        if isinstance(error, KansymError):
            return one_line(error)
        logger.exception("%s failed", words)
        return one_line(f"{words} failed: unexpected {type(error).__name__}: {error}")

    def _describe(self, run: FinishedRun) -> dict[str, Any]:
        summary = run.summary
        columns = ", ".join(summary.names)
        certificate = summary.certificate
        return {
            "title": f"{self._name}: {summary.target}",
            "about": f"{summary.rows} rows; columns {columns}",
            "parent": str(self._parent),
            "unit": unit_label(after_number(summary.y_units).lstrip()),
            "judged": "Held out" if len(self._net.context.fit_rows.validation) else "Leave-one-out",
            "verdict": None if certificate is None else certificate.verdict.kind,
            "front": self._shown.front,
            "primitives": list(self._net.context.library),
        }

    def _judged(self) -> str:
        """What errors of the whole network are of."""
        return "held out" if len(self._net.context.fit_rows.validation) else "RMS residual"

    @contextmanager
    def _at_work(self) -> Iterator[int]:
        """The network for as long as a question takes; gives the version that is asked about."""
        if not self._hands.acquire(timeout=PATIENCE):
            raise Refused(409, "The app is busy; ask again in a moment.")
        try:
            yield self._version
        finally:
            self._hands.release()


def _new_folder(parent: Path, name: str) -> Path:
    """Make a folder for a run.

    Parameters
    ----------
    parent : Path
        The only folder that is written to.
    name : str
        Letters, digits, dots, hyphens and underscores, so that it can only mean a folder in `parent`.

    Raises
    ------
    Refused
        If the name cannot be used, or is taken, or the folder cannot be made.
    """
    if not FOLDER_NAME.fullmatch(name) or name.endswith(".") or RESERVED_NAMES.fullmatch(name):
        raise Refused(
            400,
            f"{name[:100]!r} is no name for a folder: it must begin with a letter or digit and hold letters, digits, "
            "dots, hyphens and underscores only",
        )
    path = parent / name
    # A link that leads nowhere is there all the same.
    if os.path.lexists(path):
        raise Refused(409, f"{path} is there already and is not written over; take another name")
    try:
        path.mkdir()
    except FileExistsError:
        raise Refused(409, f"{path} is there already and is not written over; take another name") from None
    except OSError as error:
        raise Refused(422, f"{path} cannot be made: {error.strerror}") from None
    return path


def _free_name(parent: Path, name: str) -> str:
    """A name like the given one that is free in `parent`."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-_")[:80] or "run"
    for number in range(2, 1000):
        if not os.path.lexists(parent / f"{stem}-{number}"):
            return f"{stem}-{number}"
    return f"{stem}-new"


def one_line(words: object) -> str:
    """A message on one line, not too long."""
    text = " ".join(str(words).split())
    return text if len(text) <= LONGEST_PROBLEM else f"{text[:LONGEST_PROBLEM]}..."


def _quiet(do: Callable[[], object]) -> None:
    do()
