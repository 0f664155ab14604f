"""`discover_dynamics`: from trajectories to a system with constants, errors, conserved quantities and certificate."""

import logging
import math
import time as wall
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym import clock
from kansym._renamed import renamed_arguments
from kansym.data.given_table import readable
from kansym.dynamics.certificate import certify_system
from kansym.dynamics.definitions import with_definitions
from kansym.dynamics.finish import formulas_of, settled
from kansym.dynamics.options import DynamicsOptions
from kansym.dynamics.ranking import Ranked, fitted_system
from kansym.dynamics.search import Outcome, Search, derivative_name
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import smooth
from kansym.dynamics.system import System
from kansym.dynamics.trajectories import Trajectories, read_trajectories
from kansym.errors import DataError
from kansym.search.discovery import WALL_DECIDED
from kansym.surfaces import surface
from kansym.symbolic.parametric import ParametricForm

logger = logging.getLogger(__name__)

FOLLOWED_IN_PARTS = (
    "The runs cannot be followed from end to end, as where motion is chaotic or a right-hand side is not the law; the "
    "constants are those of {} parts of each run, each with initial values of its own."
)

STIFF = "The system is stiff: it was integrated by an implicit method, and so should be its exported code."


@renamed_arguments(data="table")
def discover_dynamics(
    table: Any,
    *,
    time: str | None = None,
    states: Sequence[str] | str | None = None,
    trajectory: str | None = None,
    inputs: Sequence[str] = (),
    order: int = 1,
    explicit_time: bool = False,
    error: float | str | Mapping[str, float | str] | None = None,
    units: Mapping[str, str] | None = None,
    max_seconds: float = clock.DEFAULT_SECONDS,
    seed: int = 0,
    deterministic: bool = False,
    search: bool = True,
    progress: Callable[[str], None] | None = None,
) -> System:
    """Look for the equations of motion behind trajectories.

    Derivatives only begin the search. Right-hand sides are compared by the weak form and by integrated trajectories,
    with the description length, and the constants with their errors come from a fit of the integrated trajectories,
    with initial values as nuisance parameters.

    Parameters
    ----------
    table : DataFrame, path-like, mapping of name to values, a list of them, or Trajectories
    time, states, trajectory, inputs, error, units
        See `kansym.dynamics.trajectories.read_trajectories`; not for Trajectories.
    order : {1, 2}, default 1
        With 2 the states are positions, and ``x'' = f(x, x')`` is looked for.
    explicit_time : bool, default False
        Whether the time itself may occur on the right.
    max_seconds : float, default 120
        Shared by all equations; a few states without noise need far less.
    seed : int, default 0
    deterministic : bool, default False
        Leave the wall out, as in `kansym.search.options.DiscoveryOptions`.
    search : bool, default True
        Whether the whole search works on derivatives beside the sparse sums. False is a quick look.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    System

    Raises
    ------
    DataError
        If the trajectories cannot be used, or no system that was found can be integrated.
    ArgumentError
        If an option has no sense.

    Notes
    -----
    Ctrl-C ends the search with the best system so far.

    References
    ----------
    Brunton, Proctor and Kutz, PNAS 113 (2016) 3932, doi:10.1073/pnas.1517384113 (sparse right-hand sides); Messenger
    and Bortz, doi:10.1137/20M1343166 (the weak form).
    """
    options = DynamicsOptions(order, explicit_time, max_seconds, seed, deterministic, search)
    data = table
    if not isinstance(table, Trajectories):
        if time is None or states is None:
            raise DataError("time and states must name columns of the table")
        names = [states] if isinstance(states, str) else list(states)
        sources = [readable(one) for one in table] if isinstance(table, list | tuple) else readable(table)
        data = read_trajectories(
            sources, time=time, states=names, trajectory=trajectory, inputs=inputs, error=error, units=units
        )
    began = wall.monotonic()
    with clock.budget(max_seconds, deterministic=deterministic) as watch:
        begin = clock.now()
        outcome = Search(data, options, progress or (lambda words: None)).run()
        if outcome.best is None:
            raise DataError(
                "no closed form found: no system of equations has trajectories that follow the data; give more points, "
                "all states that matter, or more seconds"
            )
        (progress or (lambda words: None))("fitting the constants to integrated trajectories")
        setting, best = settled(outcome.setting, outcome.best, until=begin + max_seconds)
        best, definitions = with_definitions(setting, best, until=begin + max_seconds)
        system = _system(setting, best, outcome, seed, begin + max_seconds)
        notes = [*system.notes, *map(str, definitions)]
        if outcome.interrupted:
            notes.append("The search was interrupted; more time may find more.")
        if watch.ended_by_wall:
            notes.append(WALL_DECIDED)
    return replace(system, notes=tuple(notes), definitions=definitions, seconds=wall.monotonic() - began)


def fit_dynamics(data: Trajectories, forms: Sequence[ParametricForm], *, order: int = 1, parts: int = 1) -> System:
    """Fit the constants of known right-hand sides to integrated trajectories.

    Parameters
    ----------
    data : Trajectories
    forms : sequence of ParametricForm
        One for each state, in plain symbols of the states (and their derivatives, ``x_dot``, for order 2), inputs.
        Their values are where the fit begins.
    order : {1, 2}, default 1
    parts : int, default 1
        Parts of each run with initial values of their own; more where motion is chaotic.

    Raises
    ------
    DataError
        If the trajectories cannot be integrated from where the fit begins.
    """
    setting = Setting.of(data, smooth(data), order, explicit_time=False)
    best = fitted_system(setting, forms, parts, most=100)
    if best is None:
        raise DataError("the trajectories cannot be integrated from where the fit begins; start from other values")
    return _assembled(*settled(setting, best, until=math.inf, numbers=False))


def _system(setting: Setting, best: Ranked, outcome: Outcome, seed: int, until: float) -> System:
    system = _assembled(setting, best)
    certificate = certify_system(setting, best, until=until, gap_bits=outcome.gaps)
    try:
        conserved = surface("conserved_of_system")(system, seed=seed)
    except (ArithmeticError, ValueError, TypeError, np.linalg.LinAlgError) as error:
        logger.info("no conserved quantities were looked for: %s", error)
        conserved = ()
    return replace(system, certificate=certificate, conserved=conserved)


def _assembled(setting: Setting, best: Ranked) -> System:
    data = setting.data
    targets = [derivative_name(state, setting.order, setting.names) for state in data.states]
    starts: list[list[np.ndarray]] = [[] for _ in data.runs]
    places: list[list[int]] = [[] for _ in data.runs]
    names = [run.name for run in data.runs]
    for shot, start in zip(setting.shots(best.parts), best.fit.starts, strict=True):
        k = names.index(shot.run.name)
        starts[k].append(start)
        places[k].append(int(np.searchsorted(data.runs[k].t, shot.run.t[0])))
    system = System(
        formulas=formulas_of(setting, best, targets),
        order=setting.order,
        states=setting.state_names,
        data=data,
        sigmas=tuple(setting.sigmas),
        starts=tuple(map(np.array, starts)),
        shots=tuple(map(np.array, places)),
        residuals=np.sqrt(best.fit.losses),
        explicit_time=setting.explicit_time,
    )
    for k in range(len(data.runs)):
        system.fitted(k)
    notes = list(data.notes)
    if system.flow.is_stiff:
        notes.append(STIFF)
    if best.parts > 1:
        notes.append(FOLLOWED_IN_PARTS.format(best.parts))
    return replace(system, stiff=system.flow.is_stiff, notes=tuple(notes))
