"""What a discovery hands back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.scaling import Scaling
from kansym.deferred import torch
from kansym.fitting.all_rows import AllRows
from kansym.fitting.outliers import Outlier
from kansym.kan.growth import Decision
from kansym.kan.network import Network, format_shape
from kansym.numbers import short
from kansym.search.events import Event
from kansym.search.front import ParetoFront
from kansym.search.guess_outcome import GuessOutcome
from kansym.search.rows import FitRows
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import OwnFunction


class StopReason(StrEnum):
    """Why a run ended, in the words of a report. Members compare with the text that a stored run has."""

    AS_GOOD_AS_DATA = "the formula is as good as the data"
    NOTHING_SMOOTH_LEFT = "no smooth function of the inputs predicts held-out rows better than the formula does"
    AS_GOOD_AS_SPLINE = "the curve as a free spline shows no more than the formula does"
    SHORTEST = "no formula is shorter, and so few rows do not judge a longer one"
    AS_GOOD_AS_NETWORKS = "larger networks see no more than the formula does"
    GIVEN_PART_EXPLAINED = "what the given part leaves is as good as noise with the constants that were tried"
    ALL_SHAPES_TRIED = "every shape was tried"
    OUT_OF_TIME = "time is up"
    OUT_OF_WALL_TIME = "ended by the clock; a rerun may differ"
    FAILED = "a step of the search failed"
    INTERRUPTED = "interrupted"
    EDITED = "edited by hand"


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network and the scaling that it lives in.

    Attributes
    ----------
    network : Network
        Population 1, double precision, on the CPU.
    scaling : Scaling
    train_loss, validation_loss : float
        Mean squared residuals in squared units of y, weighted where the table has errors or weights.
    names : tuple of str
        Of the columns, for pictures; empty where they are not known.
    target : str
        Likewise.
    """

    network: Network
    scaling: Scaling
    train_loss: float
    validation_loss: float
    names: tuple[str, ...] = ()
    target: str = ""

    @property
    def has_splines(self) -> bool:
        """Whether it is more than a formula itself, so that it says something about another one."""
        return not self.network.is_symbolic

    def __repr__(self) -> str:
        train, held_out = (math.sqrt(max(loss, 0.0)) for loss in (self.train_loss, self.validation_loss))
        words = f"RMS residual {train:.3g}"
        # Of tables with few rows none is held out.
        words += f" in training, {held_out:.3g} held out" if self.validation_loss != self.train_loss else ""
        return f"<TrainedNetwork {format_shape(self.network.shape)}: {words}>"

    def measured(self, fit_rows: FitRows) -> Self:
        """The network with losses that compare with those of formulas: of all rows, weighted where the table says so.

        A search sees some of the rows of large tables, and chooses among networks by held-out losses without weights.
        """
        train = fit_rows.loss_of(self.predict, fit_rows.train)
        held_out = fit_rows.loss_of(self.predict, fit_rows.validation) if len(fit_rows.validation) else train
        return replace(self, train_loss=train, validation_loss=held_out)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions for rows in the user's units, shape (n, d) -> (n,)."""
        x = torch.from_numpy(np.ascontiguousarray(self.scaling.scale_inputs(X)))
        with torch.no_grad():
            return self.scaling.unscale_target(self.network(x)[0, :, 0].numpy())

    def _repr_svg_(self) -> str:
        return surface("network_svg")(self)

    def _repr_png_(self) -> bytes:
        return surface("network_png")(self)


@dataclass(frozen=True, eq=False)
class NetworkReading:
    """A network and the symbolic one that was read from it.

    Attributes
    ----------
    symbolic : Network
        Population 1, every edge a primitive or off, in the scaling of `Discovery.network`.
    trained : Network or None
        The network that it was read from, of the same shape, with splines but for edges that are straight lines; None
        where an edit has left no splines of that shape.
    """

    symbolic: Network
    trained: Network | None

    def __repr__(self) -> str:
        return f"<NetworkReading of {format_shape(self.symbolic.shape)}>"


RIVAL_BITS, MOST_RIVALS = 25.0, 8
"""Bits behind the pick, and number, of the formulas beside the front that are kept for comparison."""


def near_rivals(formulas: Iterable[Formula], front: ParetoFront) -> tuple[Formula, ...]:
    """The shortest descriptions among formulas that are not on the front, the shortest first."""
    seen = {formula.expression for formula in front}
    kept: list[Formula] = []
    for formula in sorted(formulas, key=lambda one: one.rank):
        if len(kept) == MOST_RIVALS or not formula.description_length < front.best.description_length + RIVAL_BITS:
            break
        if formula.consistent is not False and formula.expression not in seen:
            kept.append(formula)
            seen.add(formula.expression)
    return tuple(kept)


WRONG_UNITS = (
    "A formula whose units do not go together fits much better than any that is dimensionally consistent; it is on the "
    "front, marked. Check the units of the table, and whether a column with a unit is missing."
)

NETWORK_BETTER = (
    "No formula was found that matches the network: held out, the formula's residual is {} times the network's, so "
    "take it as a rough description and not as the law."
)


def notes_on(front: ParetoFront, network_loss: float | None, floor: float) -> list[str]:
    """Notes on a front: that a network does much better, or formulas of wrong units.

    Parameters
    ----------
    front : ParetoFront
    network_loss : float or None
        Mean squared residual of the best network on the held-out rows, None without either.
    floor : float
        Noise floor, in the units of the target.
    """
    notes, loss = [], front.best.validation_loss
    if network_loss is not None and loss > max(9 * network_loss, (3 * floor) ** 2):
        notes.append(NETWORK_BETTER.format(short(math.sqrt(loss / network_loss))))
    wrong = min((one.loss for one in front if one.consistent is False), default=math.inf)
    if front.best.loss > 4 * max(wrong, floor**2):
        notes.append(WRONG_UNITS)
    return notes


class HasKind(Protocol):
    @property
    def kind(self) -> str: ...


class HasVerdict(Protocol):
    """A certificate, as far as a result shows it."""

    @property
    def verdict(self) -> HasKind: ...


@dataclass(frozen=True, eq=False)
class Discovery:
    """What a run found.

    Attributes
    ----------
    front : ParetoFront
        Formulas, complexity against held-out loss.
    formula : Formula
        The pick: the least description length (see `kansym.symbolic.complexity.description_length`).
    network : TrainedNetwork or None
        The best network by validation; None where the run ended before one was trained, and where a
        formula as good as the data was found without.
    reading : NetworkReading or None
        The all-symbolic network that the picked formula was composed from; None for the constant and linear formulas.
    decisions : tuple of Decision
        How the network grew.
    dataset : Dataset
    noise_floor : float
        Root-mean-square residual below which nothing is known, in units of y.
    seconds : float
    stopped : StopReason
        Why the run ended; a text that says so.
    notes : tuple of str
        What the user should know: from the data and from the run.
    outliers : tuple of Outlier
        Rows of `dataset` that are farther from the formula than chance allows, the farthest first; looked for where the
        table has errors of y or the loss is robust.
    guesses : tuple of GuessOutcome
        What the data say about the formulas that the search was given to start from, in their order.
    rivals : tuple of Formula
        Formulas that are nearly as short a description as the pick and not on the front, since a simpler one leaves
        less; for the certificate. Not stored.
    certificate : kansym.validation.certificate.Certificate or None
        Of `formula`, to be shown beside it; that of a fitted estimator has it once `certificate_` was asked for.
    challenged : bool
        Whether formulas with other functions in the places of the pick's were looked for; without that no formula of
        noisy data is called a law. Not stored.
    forms_tried : int
        Different forms that were fitted with all of the algebra; not stored.
    own_functions : tuple of OwnFunction
        Of the library that the search had, each of which counts as one function. Not stored.
    formulas : tuple of Formula
        All that the search found, in the order in which it did; for a search over several tables. Not stored.
    all_rows : AllRows or None
        The pick on all rows of a long table, of which `dataset` is a sample.
    log : tuple of Event
        Who had which slice of work, what was expected of it, and what came; `kansym explain` shows it.
    """

    front: ParetoFront
    formula: Formula
    network: TrainedNetwork | None
    reading: NetworkReading | None
    decisions: tuple[Decision, ...]
    dataset: Dataset
    noise_floor: float
    seconds: float
    stopped: StopReason
    notes: tuple[str, ...] = field(default=())
    outliers: tuple[Outlier, ...] = field(default=())
    guesses: tuple[GuessOutcome, ...] = field(default=())
    rivals: tuple[Formula, ...] = field(default=())
    certificate: HasVerdict | None = None
    challenged: bool = False
    forms_tried: int = 0
    own_functions: tuple[OwnFunction, ...] = ()
    formulas: tuple[Formula, ...] = ()
    all_rows: AllRows | None = None
    log: tuple[Event, ...] = ()

    @property
    def guess(self) -> GuessOutcome | None:
        """Of the guesses, the one that describes the data best; None without any."""
        usable = [guess for guess in self.guesses if guess.formula is not None]
        best = min(usable, key=lambda guess: guess.formula.rank if guess.formula else (True, 0.0), default=None)
        return best or next(iter(self.guesses), None)

    @cached_property
    def forms(self) -> Any:
        """The distinct forms that the search has met, with their probabilities; see `kansym.forms.result.Forms`.

        Worked out when it is first asked for, in a fraction of a second.
        """
        return surface("forms")(self)

    def next_measurement(self, candidates: Any = None) -> Any:
        """Where to measure next: the row that tells the leading forms apart, and those that the constants need.

        Parameters
        ----------
        candidates : DataFrame, mapping of name to values, or array (m, d), optional
            Rows that can be measured. Default: points of the range of every column, and, marked, of a third beyond.

        Returns
        -------
        NextMeasurement
            See `kansym.forms.next_measurement.next_measurement`.
        """
        return surface("next_measurement")(self.forms, self.dataset, candidates)

    def predict(self, X: Any, *, average: bool = False, return_std: bool = False) -> Any:
        """Values of the pick, or of all forms on average.

        Parameters
        ----------
        X : array (n, d), DataFrame, or mapping of name to values
        average : bool, default False
            The mean over the forms with their probabilities, in place of the pick alone.
        return_std : bool, default False
            Also the standard deviation of the law's value: of the constants of the pick, and with `average` also of
            the choice between the forms, so that it grows where they part. It is that of a curve that is among the
            forms; `forms.not_tried` is the probability that none of them is the law's.

        Returns
        -------
        array (n,), or tuple of two of them
            nan where the pick has no value.
        """
        if not (average or return_std):
            return self.formula.predict(X)
        mean, deviation = surface("averaged")(self.forms, self.dataset, X, alone=not average)
        return (mean, deviation) if return_std else mean

    @cached_property
    def symmetries(self) -> tuple[Any, ...]:
        """What the target does not notice: combinations of columns through which alone it depends on them.

        As of `kansym.symmetries`, by the same reductions as in the search, without those that fail; looked for when it
        is first asked for, in some seconds; see `kansym.structure.invariance.Symmetry`. Empty where the table has too
        few rows to tell.
        """
        return surface("symmetries")(self.dataset)

    def _repr_html_(self) -> str:
        return surface("discovery_html")(self, self.certificate)

    def __repr__(self) -> str:
        verdict = "" if self.certificate is None else f"; {self.certificate.verdict.kind}"
        rms = f", RMS residual {math.sqrt(self.formula.loss):.3g}" if self.formula.loss >= 0 else ""
        rows = self.dataset.n_rows if self.all_rows is None else self.all_rows.rows
        counts = f"{rows} rows, {len(self.front)} formulas"
        return (
            f"<Discovery {self.formula}{rms}{verdict}; {counts}, {self.seconds:.1f} s, ended because: {self.stopped}>"
        )

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the run."""
        return self.stopped == StopReason.INTERRUPTED
