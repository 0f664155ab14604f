"""Trajectories: states measured at times, checked once, then trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.data.columns import as_float_column, name_listing, quoted
from kansym.data.error_models import ErrorModel
from kansym.data.readers import raw_table
from kansym.data.table import RawTable, column_listing, names_and_units
from kansym.errors import Argument, DataError
from kansym.units.unit import parse_unit

LEAST_POINTS = 5
"""Points of a trajectory: below, a curve through them says nothing of its slope."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """States along one run of a system.

    Attributes
    ----------
    name : str
    t : ndarray, shape (n,)
        Increasing; steps may differ.
    x : ndarray, shape (n, m)
        States, finite.
    u : ndarray, shape (n, p)
        Inputs from outside, such as a force; p may be 0.
    error : ndarray, shape (n, m), or None
        Standard errors of `x`, positive.
    """

    name: str
    t: np.ndarray
    x: np.ndarray
    u: np.ndarray
    error: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.t)

    def part(self, rows: slice) -> "Trajectory":
        """Some consecutive points of it."""
        return Trajectory(
            self.name, self.t[rows], self.x[rows], self.u[rows], None if self.error is None else self.error[rows]
        )


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Runs of one system.

    Attributes
    ----------
    runs : tuple of Trajectory
    time : str
        Name of the time.
    states, inputs : tuple of str
    units : mapping of str to (str or None)
        Of the time, states and inputs.
    notes : tuple of str
        What reading changed.
    """

    runs: tuple[Trajectory, ...]
    time: str
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    units: Mapping[str, str | None]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """Number of points of all runs."""
        return sum(map(len, self.runs))

    @property
    def scale(self) -> np.ndarray:
        """Largest size of each state, shape (m,); 1 for one that is always zero."""
        size = np.max([np.abs(run.x).max(axis=0) for run in self.runs], axis=0)
        return np.where(size > 0, size, 1.0)

    def __repr__(self) -> str:
        count = len(self.runs)
        words = f"{count} trajector{'ies' if count > 1 else 'y'}"
        return f"<Trajectories: {words}, {self.points} points of {', '.join(self.states)} by {self.time}>"


def read_trajectories(
    data: Any,
    *,
    time: str,
    states: Sequence[str],
    trajectory: str | None = None,
    inputs: Sequence[str] = (),
    error: float | str | Mapping[str, float | str] | None = None,
    units: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Trajectories:
    """Read and check the trajectories of a system.

    Parameters
    ----------
    data : path-like, DataFrame, or a list of them
        Each of a list is a trajectory of its own, or several.
    time : str
        Column of the time; it must increase along a trajectory, in steps of any size.
    states : sequence of str
        Columns of the states.
    trajectory : str, optional
        Column that numbers or names the trajectories.
    inputs : sequence of str, optional
        Columns of forces, controls and the like, which act on the system and are not explained.
    error : float, str or mapping of state to (float or str), optional
        Standard errors of the states: a number, a column, or ``"1%"`` of the state. Default: estimated.
    units : mapping of str to str, optional
        Units by column, beside those in the headers.
    key : str, optional
        As of `kansym.data.readers.read_table`.

    Returns
    -------
    Trajectories
        Points without a time or with a missing state are left out, with a note: they are gaps.

    Raises
    ------
    DataError
        If a column is missing or no numbers, a time does not increase, or a trajectory has fewer than five points.
    """
    states, inputs = tuple(states), tuple(inputs)
    if not states:
        raise DataError(Argument("states"), " names no column; name the columns whose motion is looked for")
    for name in (time, *states, *inputs):
        if (time, *states, *inputs).count(name) > 1:
            raise DataError(f"column {quoted(name)} is named twice among time, states and inputs")
    sources = list(data) if isinstance(data, list | tuple) else [data]
    if not sources:
        raise DataError(Argument("data"), " is an empty list; give at least one table")
    runs: list[Trajectory] = []
    notes: list[str] = []
    found: dict[str, str | None] = {}
    for number, source in enumerate(sources):
        table = raw_table(source, key)
        prefix = f"{table.source} " if len(sources) > 1 and trajectory else ""
        name = table.source if len(sources) > 1 else "the trajectory"
        if len(sources) > 1 and table.source == "DataFrame":
            name = f"{number}"
        notes += table.notes
        runs += _runs(table, time, states, trajectory, inputs, error, prefix, name, found, notes)
    given = {**{name: found.get(name) for name in (time, *states, *inputs)}, **(units or {})}
    for name, unit in (units or {}).items():
        if name not in found:
            raise DataError(Argument("units"), f": there is no column {quoted(name)} among {name_listing(list(found))}")
        parse_unit(unit, f"unit of {quoted(name)}")
    return Trajectories(tuple(runs), time, states, inputs, given, tuple(dict.fromkeys(notes)))


def _require_points(table: RawTable, name: str, t: np.ndarray, rows: np.ndarray, *, time: str, several: bool) -> None:
    """Refuse a trajectory of too few points, or whose time does not increase."""
    if len(rows) < LEAST_POINTS:
        words = f"{len(rows)} point{'' if len(rows) == 1 else 's'}"
        raise DataError(
            f"{table.source}: trajectory {quoted(name)} has {words}, and {LEAST_POINTS} are needed; leave it out"
        )
    steps = np.diff(t[rows])
    if not (steps > 0).all():
        before, at = rows[int(np.argmin(steps > 0)) :][:2]
        more = "" if several else "; are there several trajectories, which a column numbers?"
        raise DataError(
            f"{table.source}: the time {quoted(time)} does not increase in {_line(table, at)} "
            f"({t[before]:g} to {t[at]:g}){more}"
        )


def _runs(
    table: RawTable,
    time: str,
    states: tuple[str, ...],
    trajectory: str | None,
    inputs: tuple[str, ...],
    error: float | str | Mapping[str, float | str] | None,
    prefix: str,
    name: str,
    found: dict[str, str | None],
    notes: list[str],
) -> list[Trajectory]:
    names, units = names_and_units(table)
    headers = [header.strip() for header in table.headers]

    def place(wanted: str, role: str) -> int:
        for spellings in (names, headers):
            if spellings.count(wanted) == 1:
                return spellings.index(wanted)
        listed = column_listing(table, names)
        raise DataError(f"{table.source}: there is no {role} column {quoted(wanted)}; columns: {listed}")

    def column(wanted: str, role: str) -> np.ndarray:
        at = place(wanted, role)
        found.setdefault(wanted, units[at])
        label = f"{table.source}: column {quoted(names[at])}"
        return as_float_column(table.columns[at], label, table.row_numbers, table.row_word)

    t = column(time, "time")
    x = np.column_stack([column(state, "state") for state in states])
    u = np.column_stack([column(one, "input") for one in inputs]) if inputs else np.empty((len(t), 0))
    errors = _errors(error, states, x, lambda wanted: column(wanted, "error"))
    labels = np.full(len(t), name)
    if trajectory is not None:
        labels = table.texts(place(trajectory, "trajectory"))
    usable = np.isfinite(t) & np.isfinite(x).all(axis=1) & np.isfinite(u).all(axis=1)
    bad = np.argwhere(usable[:, None] & ~(errors > 0)) if errors is not None else np.empty((0, 2), dtype=np.intp)
    if errors is not None and len(bad):
        row, state = bad[0]
        words = f" of {quoted(states[state])} must be positive, got {errors[row, state]:g} in {_line(table, row)}"
        raise DataError(Argument("error"), words)
    if not usable.all():
        notes.append(f"{int((~usable).sum())} points of {table.source} have missing values and are taken as gaps.")
    rows = np.arange(len(t))
    runs = []
    for label in dict.fromkeys(labels[usable].tolist()):
        chosen = rows[usable & (labels == label)]
        own = f"{prefix}{label}"
        _require_points(table, own, t, chosen, time=time, several=trajectory is not None)
        runs.append(Trajectory(own, t[chosen], x[chosen], u[chosen], None if errors is None else errors[chosen]))
    if not runs:
        raise DataError(f"{table.source}: no row has a time and all states; nothing is left")
    return runs


def _line(table: RawTable, row: int) -> str:
    return f"{table.row_word} {row if table.row_numbers is None else table.row_numbers[row]}"


def _errors(
    error: float | str | Mapping[str, float | str] | None, states: tuple[str, ...], x: np.ndarray, column: Any
) -> np.ndarray | None:
    """Standard errors (n, m) of the states; None where they are not known."""
    if error is None:
        return None
    by_state = dict(error) if isinstance(error, Mapping) else dict.fromkeys(states, error)
    if set(by_state) != set(states):
        missing = name_listing(sorted(set(by_state) ^ set(states)))
        raise DataError(Argument("error"), f" must name every state and nothing else; it differs by {missing}")
    columns = []
    for k, state in enumerate(states):
        value = by_state[state]
        model = ErrorModel.read(value) if isinstance(value, str) else None
        if model is not None and model.share is not None:
            size = np.abs(x[:, k])
            # A state that passes through zero is not known exactly there.
            columns.append(model.share * np.maximum(size, 1e-3 * np.nanmax(size)))
            continue
        try:
            columns.append(np.full(len(x), float(value)))
        except ValueError:
            columns.append(column(value))
    return np.column_stack(columns)
