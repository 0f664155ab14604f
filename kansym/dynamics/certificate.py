"""What speaks for a system: left-out trajectories, integration errors against the noise, a verdict per equation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym import clock
from kansym.dynamics.integration import CannotIntegrateError
from kansym.dynamics.ranking import Ranked
from kansym.dynamics.setting import Setting
from kansym.dynamics.shooting import Shot, shoot
from kansym.symbolic.parametric import ParametricForm
from kansym.validation.rivals import NEAR
from kansym.validation.verdict import DESCRIPTION, LAW, MOST_CONSTANTS, NOTHING

MOST_LEFT_OUT = 5
"""Runs that are left out, one after the other."""

KNOWN_PART = 0.3
"""Part of a left-out run that its initial values are fitted to; the rest is foretold."""

LAST_PART = 0.25
"""Part of an only run that is left out."""

LEAST_PART = 4
"""Points of such a part."""

AT_NOISE, FORETOLD = 1.5, 3.0
"""Root-mean-square residual in standard errors with which a law describes its runs, and foretells others."""

DESCRIBES = 0.9
"""Share of the variance that a description accounts for, on the runs and on left-out ones."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A run, or the last part of one, that was foretold by constants and initial values fitted without it.

    Attributes
    ----------
    name : str
    begin : float
        Time from which on it was foretold.
    residuals : ndarray, shape (m,)
        Root-mean-square error of each state, in standard errors; inf where it could not be integrated.
    r2 : ndarray, shape (m,)
        Share of the variance that was foretold.
    """

    name: str
    begin: float
    residuals: np.ndarray
    r2: np.ndarray


@dataclass(frozen=True)
class EquationVerdict:
    """What an equation is.

    Attributes
    ----------
    state : str
    kind : str
        law, good description or no closed form found.
    reasons : tuple of str
    """

    state: str
    kind: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What was measured about a system.

    Attributes
    ----------
    left_out : tuple of LeftOut
        The form was found with these points; the constants were not.
    residuals, r2 : ndarray, shape (m,)
        On the runs themselves, as `LeftOut`.
    verdicts : tuple of EquationVerdict
    """

    left_out: tuple[LeftOut, ...]
    residuals: np.ndarray
    r2: np.ndarray
    verdicts: tuple[EquationVerdict, ...]


def certify_system(
    setting: Setting, ranked: Ranked, *, until: float = math.inf, gap_bits: Sequence[float] | None = None
) -> Certificate:
    """Leave out runs, or the last part of the only one, and say what each equation is.

    Parameters
    ----------
    setting : Setting
        With errors of the states.
    ranked : Ranked
        The system with its last constants.
    until : float, default inf
        `kansym.clock.now` value after which no further run is left out.
    gap_bits : sequence of float, optional
        By how many bits the next best right-hand side of each equation is longer.
    """
    left_out = []
    for known, hidden in _divisions(setting):
        if clock.late(until) and left_out:
            break
        left_out.append(_foretold(setting, ranked, known, hidden))
    r2 = _r2_of_runs(setting, ranked)
    residuals = np.sqrt(ranked.fit.losses)
    verdicts = [
        _verdict(setting, ranked, k, residuals[k], r2[k], left_out, None if gap_bits is None else gap_bits[k])
        for k in range(len(setting.data.states))
    ]
    return Certificate(tuple(left_out), residuals, r2, tuple(verdicts))


def _divisions(setting: Setting) -> list[tuple[list[Shot], Shot]]:
    """What is fitted, and what is foretold: a run with its first part known, or the end of the only run."""
    whole = setting.shots(1)
    if len(whole) > 1:
        found = []
        for k, hidden in enumerate(whole[:MOST_LEFT_OUT]):
            known = max(LEAST_PART, math.ceil(KNOWN_PART * len(hidden.run)))
            begin = replace(hidden, run=hidden.run.part(slice(0, known)), sigma=hidden.sigma[:known])
            if len(hidden.run) - known >= 1:
                others = [shot for j, shot in enumerate(whole) if j != k]
                found.append(([*others, begin], hidden))
        return found
    shot = next(iter(whole))
    known = len(shot.run) - max(LEAST_PART, math.ceil(LAST_PART * len(shot.run)))
    if known < 2 * LEAST_PART:
        return []
    return [([replace(shot, run=shot.run.part(slice(0, known)), sigma=shot.sigma[:known])], shot)]


def _foretold(setting: Setting, ranked: Ranked, known: list[Shot], hidden: Shot) -> LeftOut:
    m, begin = len(setting.data.states), len(known[-1].run)
    later = slice(begin, None)
    residuals, r2 = np.full(m, math.inf), np.full(m, -math.inf)
    try:
        if len(known) == 1:
            fit = shoot(setting.flow(ranked.fitted), known)
            values, start = fit.values, fit.starts[-1]
        else:
            # The constants without a single point of the run; then its initial values from its first part.
            values = shoot(setting.flow(ranked.fitted), known[:-1]).values
            start = shoot(_fixed(setting, ranked, values), known[-1:]).starts[-1]
        states = setting.flow(ranked.fitted).integrate(start, hidden.run.t, values, hidden.inputs)[later, :m]
        miss = states - hidden.run.x[later]
        residuals = np.sqrt(np.mean((miss / hidden.sigma[later]) ** 2, axis=0))
        r2 = _r2(hidden.run.x[later], miss)
    except (CannotIntegrateError, np.linalg.LinAlgError):
        pass
    return LeftOut(hidden.run.name, float(hidden.run.t[begin]), residuals, r2)


def _fixed(setting: Setting, ranked: Ranked, values: np.ndarray):
    ends = np.cumsum([len(form.constants) for form in ranked.forms])[:-1]
    forms = [form.with_values(own) for form, own in zip(ranked.forms, np.split(values, ends), strict=True)]
    return setting.flow([ParametricForm(one.substituted(), one.variables, (), np.empty(0)) for one in forms])


def _r2(x: np.ndarray, miss: np.ndarray) -> np.ndarray:
    """Share of the variance (m,); of values that do not vary it is 1 where they are hit, else -inf."""
    variance = np.sum((x - x.mean(axis=0)) ** 2, axis=0)
    square = np.sum(miss**2, axis=0)
    tiny = 1e-12 * np.sum(x**2, axis=0)
    share = 1 - square / np.where(variance > tiny, variance, 1.0)
    return np.where(variance > tiny, share, np.where(square <= tiny, 1.0, -math.inf))


def _r2_of_runs(setting: Setting, ranked: Ranked) -> np.ndarray:
    m = len(setting.data.states)
    flow, misses = setting.flow(ranked.fitted), []
    for shot, start in zip(setting.shots(ranked.parts), ranked.fit.starts, strict=True):
        try:
            states = flow.integrate(start, shot.run.t, ranked.fit.values, shot.inputs)
        except CannotIntegrateError:
            return np.full(m, -math.inf)
        misses.append((shot.run.x, states[:, :m] - shot.run.x))
    return _r2(np.vstack([x for x, _ in misses]), np.vstack([miss for _, miss in misses]))


def _verdict(
    setting: Setting,
    ranked: Ranked,
    k: int,
    residual: float,
    r2: float,
    left_out: Sequence[LeftOut],
    gap: float | None,
) -> EquationVerdict:
    state = setting.data.states[k]
    against: list[str] = []
    exact = bool(setting.smoothed.exact[k])
    noise = setting.smoothed.noise[k]
    estimated = residual if setting.data.runs[0].error is not None else _beyond_smooth(setting, ranked, k)
    if not exact and estimated > AT_NOISE:
        against.append(f"the trajectories leave {estimated:.2g} times the noise ({noise:.2g})")
    if exact and r2 < 1 - 1e-6:
        against.append("the points have no noise, and the trajectories do not go through them")
    if ranked.parts > 1:
        against.append(f"runs are followed in {ranked.parts} parts only, each from initial values of its own")
    worst = max((float(one.residuals[k]) for one in left_out), default=0.0)
    if not exact and worst > FORETOLD:
        against.append(f"a left-out trajectory is missed by {worst:.2g} standard errors")
    form = ranked.forms[k]
    if not exact and len(form.constants) > MOST_CONSTANTS + len(form.expression.free_symbols & set(form.variables)):
        against.append(f"it has {len(form.constants)} fitted constants")
    if gap is not None and gap < NEAR and not exact:
        against.append(f"another right-hand side is only {max(gap, 0.0):.2g} bits behind")
    if not left_out:
        against.append("the only trajectory is too short to leave a part of it out")
    least = min([r2, *(float(one.r2[k]) for one in left_out)])
    if not r2 >= DESCRIBES:
        return EquationVerdict(state, NOTHING, (*against, f"the trajectories account for {_share(r2)} of the variance"))
    if not against:
        words = f"left-out trajectories are foretold within {worst:.2g} standard errors" if not exact else "it is exact"
        return EquationVerdict(state, LAW, (words,))
    if least < DESCRIBES:
        against.append(f"of a left-out trajectory {_share(least)} of the variance are foretold")
    return EquationVerdict(state, DESCRIPTION, tuple(against))


def _share(r2: float) -> str:
    return "none" if not r2 > 0 else f"{100 * r2:.3g} %"


def _beyond_smooth(setting: Setting, ranked: Ranked, k: int) -> float:
    """Residual of the trajectories in units of the noise that smoothing sees."""
    seen = [setting.smoothed.sigma(run)[:, k] for run in setting.data.runs]
    now = [sigma[:, k] for sigma in setting.sigmas]
    ratio = float(np.median(np.concatenate(now) / np.concatenate(seen)))
    return ratio * float(np.sqrt(ranked.fit.losses[k]))
