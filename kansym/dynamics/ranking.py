"""Systems of candidates, judged by integrated trajectories and description length."""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.dynamics.equations import Candidate
from kansym.dynamics.integration import CannotIntegrateError
from kansym.dynamics.setting import Setting
from kansym.dynamics.shooting import ShootingFit, shoot
from kansym.errors import KansymError
from kansym.symbolic.complexity import formula_bits, misfit_bits
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.validation.same_form import OF_SPREAD, contains

logger = logging.getLogger(__name__)

HORIZONS = (20, 8, 3, 1)
"""Shots that a run is divided into, one after the other, as long as trajectories can be followed."""

NEAR = 30.0
"""Bits behind the best candidate of an equation, by the weak form, at which another is still integrated."""

ALTERNATIVES = 8
"""Most candidates of one equation that are integrated in a round."""

FIRST_STEPS = 14
"""Integrations of a fit that only ranks."""

ROUNDED = 10.0
"""Root-mean-square residual of states without noise, in units of what integration leaves, that is rounding."""

HOPELESS = 9.0
"""Sum of squares, in units of that of the best system, at which a fit is given up after a few steps."""

BOUNDARY_BITS, ZERO = 5.0, 1e-6
"""Bits against a system that takes a state below zero whose errors say that zero is a limit, as of populations; and the
rate there, in units of the largest, that is zero."""

RIVAL_BITS, RIVALS = 15.0, 4
"""Bits behind the best up to which systems lose terms and constants too before they are compared, and how many: the
best of a weak form with smoothed states often has a constant too many."""

SIMPLE_ERRORS = 4.0
"""Standard errors that a constant may be away from zero or one to be tried without."""

LIKELY, SPARE = 2.0, 10.0
"""A form that is so many times longer than what the weak form says it gains, and so many bits, is not integrated."""


def without(form: ParametricForm, *terms: sympy.Expr) -> ParametricForm:
    """A form without some of its terms."""
    expression = form.expression - sympy.Add(*terms)
    kept = [k for k, symbol in enumerate(form.constants) if expression.has(symbol)]
    constants = tuple(form.constants[k] for k in kept)
    return ParametricForm(expression, form.variables, constants, form.values[kept])


def fewer_constants(form: ParametricForm, errors: np.ndarray, *, exact: bool) -> Iterator[tuple[float, ParametricForm]]:
    """Forms without one of the terms, and with zero, or where data are exact one, for a constant that is it within its
    error: a number that was measured stays as it was measured. Before each stands by how many standard errors the
    constant is moved, 0 where nobody knows."""
    distances = _distances(form, errors)
    for term, distance in distances.items() if len(distances) > 1 else ():
        yield distance, without(form, term)
    for symbol, value, error in zip(form.constants, form.values, errors, strict=True):
        for number in (0, 1) if exact else (0,):
            if abs(value - number) <= SIMPLE_ERRORS * error:
                fewer = form.with_constant(symbol, sympy.Integer(number))
                if len(fewer.constants) and not fewer.expression.has(sympy.nan, sympy.zoo, sympy.oo):
                    yield _distance(value - number, error), fewer


def without_idle_terms(form: ParametricForm, errors: np.ndarray) -> ParametricForm:
    """A form without all the terms whose coefficient is zero within its error, but for one where there is no other."""
    distances = _distances(form, errors)
    known = [term for term in distances if set(sympy.Mul.make_args(term)) & set(form.constants)]
    idle = sorted((term for term in known if distances[term] < 1), key=lambda term: distances[term])
    return without(form, *(idle[:-1] if len(idle) == len(distances) else idle))


def _distances(form: ParametricForm, errors: np.ndarray) -> dict[sympy.Expr, float]:
    """By how many standard errors the coefficient of each term is off zero, 0 where nobody knows."""
    known: dict[sympy.Expr, float] = {
        symbol: _distance(value, error)
        for symbol, value, error in zip(form.constants, form.values, errors, strict=True)
    }
    terms = sympy.Add.make_args(form.expression)
    return {
        term: min((known[factor] for factor in sympy.Mul.make_args(term) if factor in known), default=0.0)
        for term in terms
    }


def _distance(value: float, error: float) -> float:
    return 0.0 if value == 0 else abs(value) / error if error > 0 else math.inf


def finer(t: np.ndarray) -> np.ndarray:
    """Times with three more between each two."""
    steps = np.arange(4) / 4
    return np.append((t[:-1, None] + np.diff(t)[:, None] * steps).ravel(), t[-1])


@dataclass(frozen=True, eq=False)
class Ranked:
    """A system with constants from integrated trajectories.

    Attributes
    ----------
    forms : tuple of ParametricForm
        One for each state of the data.
    fit : ShootingFit
    bits : float
        Description length of all states and right-hand sides.
    parts : int
        Shots of each run.
    """

    forms: tuple[ParametricForm, ...]
    fit: ShootingFit
    bits: float
    parts: int

    @property
    def fitted(self) -> tuple[ParametricForm, ...]:
        """The forms with the fitted constants."""
        ends = np.cumsum([len(form.constants) for form in self.forms])[:-1]
        return tuple(
            form.with_values(values) for form, values in zip(self.forms, np.split(self.fit.values, ends), strict=True)
        )

    def errors(self, equation: int, least: float = 0.0) -> np.ndarray:
        """Standard errors of the constants of one right-hand side, as what is left of its trajectories says, or `least`
        in units of the errors where that is more; inf where one is not determined."""
        begin = sum(len(form.constants) for form in self.forms[:equation])
        variances = np.diagonal(self.fit.covariance)[begin : begin + len(self.forms[equation].constants)]
        left = max(float(self.fit.losses.max()), least**2)
        return np.sqrt(np.where(np.isnan(variances), np.inf, variances) * left)


_Contender = tuple[int, Sequence[ParametricForm], Ranked | None]
"""Number of a system, the system, and the same fitted to shorter shots."""


class Ranking:
    """Integrated fits of systems of candidates, each done once.

    Parameters
    ----------
    setting : Setting
    until : float
        `kansym.clock.now` value.
    """

    def __init__(self, setting: Setting, until: float) -> None:
        self.setting, self.until = setting, until
        self.parts = HORIZONS[-1]
        self.best: Ranked | None = None
        self._done: dict[tuple[str, ...], Ranked | None] = {}

    def judged_by(self, setting: Setting, until: float = math.inf) -> "Ranking":
        """One that has the best system of this one, and judges by other errors; see `horizon` for `until`."""
        other = Ranking(setting, self.until)
        other.parts, best = self.parts, self.best
        if best is not None:
            other.best = other.rank(best.fitted) or best
            if not setting.follows(other.best.fit):
                # What was near by larger errors may have to be followed for a shorter time.
                other.horizon([best.fitted], until)
        return other

    def horizon(self, systems: Sequence[Sequence[ParametricForm]], until: float = math.inf) -> int | None:
        """Divide runs into shots that one of some systems can follow, as few as possible.

        Short shots tell the constants from poor first ones, longer shots begin with what these told: where motion is
        chaotic, the residuals of long ones have no slope that leads there. After `until` no longer shots are begun.

        Returns
        -------
        int or None
            Which of the systems is the best now; None where it is what it was.
        """
        before = self.best, self.parts, self._done
        kept, chosen = before, None
        todo: list[_Contender] = [(k, one, None) for k, one in enumerate(systems)]
        settled = self.best is not None and self.setting.follows(self.best.fit)
        try:
            for parts in (parts for parts in HORIZONS if not settled or parts < before[1]):
                ranked = self._compared(parts, todo)
                followed = [(k, one) for k, one in ranked if self.setting.follows(one.fit)]
                if followed or (ranked and before[0] is None and chosen is None):
                    chosen, self.best = min(followed or ranked, key=lambda pair: pair[1].bits)
                    kept = self.best, parts, self._done
                if not followed or clock.late(min(until, self.until)):
                    break
                todo = [(k, one.fitted, one) for k, one in followed]
        finally:
            if kept[0] is not None:
                self.best, self.parts, self._done = kept
        return chosen

    def _compared(self, parts: int, systems: Sequence[_Contender]) -> list[tuple[int, Ranked]]:
        """Systems fitted to so many shots of each run, where they can be integrated."""
        self.best, self.parts, self._done = None, parts, {}
        ranked = []
        for k, system, shorter in systems:
            starts = None if shorter is None else states_at(self.setting, shorter, parts)
            found = self.rank(system, starts)
            if found is not None:
                ranked.append((k, found))
                self.best = found if self.best is None or found.bits < self.best.bits else self.best
        return ranked

    def rank(self, forms: Sequence[ParametricForm], starts: np.ndarray | None = None) -> Ranked | None:
        """A system with fitted constants; None where it cannot be integrated.

        Its initial values begin with `starts`, or those of the best: these are nearer than smooth curves are, and a few
        steps are enough.
        """
        key = tuple(str(form.expression) for form in forms)
        if key not in self._done:
            best = self.best
            alike = None if best is None or best.parts != self.parts else best.fit
            if starts is None and alike is not None:
                starts = alike.starts
            hopeless = np.inf if alike is None else HOPELESS * alike.square
            self._done[key] = fitted_system(
                self.setting, forms, self.parts, most=FIRST_STEPS, until=self.until, hopeless=hopeless, starts=starts
            )
        return self._done[key]

    def improve(self, candidates: Sequence[Sequence[Candidate]], until: float = math.inf) -> None:
        """Exchange right-hand sides one at a time, as long as that makes the description shorter."""
        if self.best is None:
            return
        tried: set[tuple[str, ...]] = set()
        for _ in range(3):
            before = self.best
            # The state that is described worst first.
            for k in np.argsort(-self.best.fit.losses, kind="stable"):
                for candidate in self._shorter(k, candidates[k]) if self.exact else self._near(candidates[k]):
                    forms = list(self.best.fitted)
                    forms[k] = candidate.form
                    key = tuple(str(form.expression) for form in forms)
                    if key in tried or clock.late(min(until, self.until)):
                        continue
                    tried.add(key)
                    found = self.rank(forms)
                    if found is not None and found.bits < self.best.bits:
                        self.best = found
                        if self.exact:
                            break
            if self.best is before:
                return

    def exchange(self, systems: Sequence[Sequence[sympy.Expr]]) -> None:
        """Take the best of whole systems, in Floats, if it is better."""
        for system in systems:
            if self.best is None or clock.late(self.until):
                return
            try:
                found = self.rank([parametrize(one, self.best.forms[0].variables) for one in system])
            except (KansymError, ValueError) as error:
                logger.info("a system was given up: %s", error)
                continue
            if found is not None and found.bits < self.best.bits:
                self.best = found

    def shorten(self) -> None:
        """Leave out terms and constants of the best systems as long as that makes the description shorter."""
        if self.best is None:
            return
        best = self.best
        known = [one for one in self._done.values() if one is not None and one is not best]
        rivals = sorted((one for one in known if one.bits < best.bits + RIVAL_BITS), key=lambda one: one.bits)
        for one in (best, *rivals[:RIVALS]):
            short = self._shortened(one)
            if short.bits < self.best.bits:
                self.best = short

    def _shortened(self, best: Ranked) -> Ranked:
        """A system without those terms and constants that do not pay for themselves."""
        improved = True
        while improved:
            improved = False
            for forms in self._shorter_systems(best):
                found = None if clock.late(self.until) else self.rank(forms)
                if found is not None and found.bits < best.bits:
                    best, improved = found, True
                    break
        return best

    def _shorter_systems(self, best: Ranked) -> list[list[ParametricForm]]:
        """A system without one of its terms or constants, those first that should gain most by their errors."""
        n, d = self.setting.data.points, len(self.setting.names)
        least = max(map(self.setting.floor, range(len(best.forms))))
        errors = [best.errors(k, least) for k in range(len(best.forms))]
        shorter: list[tuple[float, list[ParametricForm]]] = []
        for k, form in enumerate(best.fitted):
            bits = formula_bits(form, n, d)
            for distance, fewer in fewer_constants(form, errors[k], exact=self.exact):
                saved = bits - formula_bits(fewer, n, d)
                lost = 0.5 * distance**2 / math.log(2)
                if lost < LIKELY * saved + SPARE:
                    shorter.append((lost - saved, [*best.fitted[:k], fewer, *best.fitted[k + 1 :]]))
        one_less = [forms for _, forms in sorted(shorter, key=lambda one: one[0])]
        # All at once saves fits, and is no loss where it is wrong.
        idle = [without_idle_terms(form, own) for form, own in zip(best.fitted, errors, strict=True)]
        dropped = sum(len(form.constants) - len(fewer.constants) for form, fewer in zip(best.fitted, idle, strict=True))
        return [idle, *one_less] if dropped > 1 else one_less

    def gaps(self) -> tuple[float, ...]:
        """By how many bits the next best right-hand side of each equation is longer; inf where none was integrated.

        One whose constants can be set to give the best's values is the best with constants to spare, and no other.
        """
        if self.best is None:
            return ()
        points = np.vstack(self.setting.guesses)
        fitted = self.best.fitted
        whole = len(self.setting.names) <= points.shape[1]
        own = tuple(str(form.expression) for form in self.best.forms)
        found = [math.inf] * len(own)
        for key, one in self._done.items():
            changed = [k for k in range(len(own)) if key[k] != own[k]]
            if one is None or len(changed) != 1:
                continue
            k, gap = changed[0], one.bits - self.best.bits
            if gap < found[k]:
                rms = float(np.std(fitted[k].evaluate(points))) if whole else 0.0
                if whole and contains(one.forms[k], fitted[k].substituted(), points, OF_SPREAD * rms):
                    continue
                found[k] = gap
        return tuple(found)

    def _near(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Candidates of one equation that may be better than the first of them when they are integrated."""
        if not candidates:
            return []
        n, d = self.setting.data.points, len(self.setting.names)
        own = {one.key: formula_bits(one.form, n, d) for one in candidates}
        shortest = min(candidates, key=lambda one: own[one.key])
        near = []
        for one in candidates:
            # Gains of few constants are mostly those of noise in the smoothed states.
            gain = (shortest.bits - own[shortest.key]) - (one.bits - own[one.key])
            worth = own[one.key] - own[shortest.key] < LIKELY * max(gain, 0.0) + SPARE
            if one.leads or (worth and one.bits < candidates[0].bits + NEAR):
                near.append(one)
        # Leaders of small libraries may be far behind where the states are smoothed badly.
        return near[:ALTERNATIVES] + [one for one in near[ALTERNATIVES:] if one.leads]

    def _shorter(self, k: int, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Candidates that have fewer bits than the right-hand side of one equation, which leaves nothing to explain."""
        n, d = self.setting.data.points, len(self.setting.names)
        most = math.inf if self.best is None else formula_bits(self.best.forms[k], n, d)
        return [one for one in candidates if formula_bits(one.form, n, d) < most][:ALTERNATIVES]

    def states(self) -> list[tuple[np.ndarray, np.ndarray]] | None:
        """States of the best system at many times of each smoothed piece; None where it follows no whole run."""
        if self.best is None or not self.setting.follows(self.best.fit):
            return None
        setting, best = self.setting, self.best
        flow = setting.flow(best.fitted)
        found: list[tuple[np.ndarray, np.ndarray]] = []
        shots = setting.shots(best.parts)
        try:
            for piece in setting.smoothed.pieces:
                times, values = [], []
                for shot, start in zip(shots, best.fit.starts, strict=True):
                    t = finer(piece.run.t)
                    t = t[(t >= shot.run.t[0]) & (t < shot.run.t[-1])]
                    t = np.append(t, shot.run.t[-1]) if shot.run.t[-1] == piece.run.t[-1] else t
                    if shot.run.name != piece.run.name or not len(t):
                        continue
                    whole = t if t[0] == shot.run.t[0] else np.append(shot.run.t[0], t)
                    times.append(t)
                    values.append(flow.integrate(start, whole, best.fit.values, shot.inputs)[len(whole) - len(t) :])
                found.append((np.concatenate(times), np.vstack(values)[:, : len(setting.data.states)]))
        except (CannotIntegrateError, ValueError) as error:
            logger.info("states of the system cannot be integrated: %s", error)
            return None
        return found

    @property
    def exact(self) -> bool:
        """Whether trajectories without noise are described to rounding."""
        setting = self.setting
        return self.best is not None and bool(setting.smoothed.exact.all() and self.best.fit.losses.max() < ROUNDED**2)


def fitted_system(
    setting: Setting,
    forms: Sequence[ParametricForm],
    parts: int,
    *,
    most: int,
    until: float = math.inf,
    hopeless: float = math.inf,
    starts: np.ndarray | None = None,
) -> Ranked | None:
    """Right-hand sides with constants from integrated trajectories; None where that is not possible."""
    try:
        fit = shoot(setting.flow(forms), setting.shots(parts), starts=starts, most=most, until=until, hopeless=hopeless)
    except (CannotIntegrateError, KansymError, np.linalg.LinAlgError) as error:
        logger.info("a system cannot be integrated: %s", error)
        return None
    n, d = setting.data.points, len(setting.names)
    bits = sum(misfit_bits(n, float(loss), setting.floor(k)) for k, loss in enumerate(fit.losses))
    bits += sum(formula_bits(form, n, d) for form in forms)
    ranked = Ranked(tuple(forms), fit, bits, parts)
    return replace(ranked, bits=bits + BOUNDARY_BITS * len(_crossed(setting, ranked)))


def states_at(setting: Setting, ranked: Ranked, parts: int) -> np.ndarray | None:
    """States of a system at the first points of shots of another length; None where they cannot be integrated."""
    flow, shots, found = setting.flow(ranked.fitted), setting.shots(ranked.parts), []
    for other in setting.shots(parts):
        t0 = other.run.t[0]
        pairs = zip(shots, ranked.fit.starts, strict=True)
        shot, start = next(
            (one, x0) for one, x0 in pairs if one.run.name == other.run.name and one.run.t[0] <= t0 < one.run.t[-1]
        )
        try:
            between = np.array([shot.run.t[0], t0])
            found.append(
                flow.integrate(start, between, ranked.fit.values, shot.inputs)[-1] if t0 > between[0] else start
            )
        except CannotIntegrateError:
            return None
    return np.array(found)


def _crossed(setting: Setting, ranked: Ranked) -> list[int]:
    """States that are positive, with errors that are a share of them, and that a system takes below zero."""
    crossed = []
    points = np.vstack(setting.guesses)
    for k, form in enumerate(ranked.fitted):
        positive = setting.smoothed.relative[k] and all((run.x[:, k] > 0).all() for run in setting.data.runs)
        if setting.order == 2 or len(setting.names) > points.shape[1] or not positive:
            continue
        edge = points.copy()
        edge[:, k] = 0.0
        rates = form.evaluate(edge)
        if np.nanmin(rates, initial=0.0) < -ZERO * np.nanmax(np.abs(form.evaluate(points)), initial=0.0):
            crossed.append(k)
    return crossed
