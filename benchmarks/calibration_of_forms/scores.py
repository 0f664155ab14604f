"""Are forms that are called p right in p of the tables: bins, the Brier score, the log score, and a figure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.calibration_of_forms.fitting import Case, log_loss, probabilities
from kansym.figures.axes import finish
from kansym.figures.style import LIGHT, blank, styled
from kansym.forms.calibration import Calibration

EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Of the bins."""

SURE = 0.95


@dataclass(frozen=True)
class Bin:
    """Forms whose probability lies in a range.

    Attributes
    ----------
    low, high : float
    count, right : int
    mean : float
        Of the probabilities.
    """

    low: float
    high: float
    count: int
    right: int
    mean: float

    @property
    def share(self) -> float:
        """That are right."""
        return self.right / self.count if self.count else float("nan")

    @property
    def error(self) -> float:
        """Standard error of the share, were the probabilities right."""
        return float(np.sqrt(self.mean * (1 - self.mean) / self.count)) if self.count else float("nan")


@dataclass(frozen=True)
class Scores:
    """Of many tables.

    Attributes
    ----------
    tables : int
    picks, forms : tuple of Bin
        Of picks alone, and of all forms.
    brier, brier_base : float
        Mean squared error of the pick's probability, and of the base rate in its place.
    log, log_base : float
        Mean log score of "the pick is right" in bits, and of the base rate.
    full : float
        Mean log score of what was true among all forms and "not tried", in bits.
    base : float
        Share of the picks that are right.
    sure, sure_right : int
        Picks with a probability of `SURE` and more, and how many of them are right.
    """

    tables: int
    picks: tuple[Bin, ...]
    forms: tuple[Bin, ...]
    brier: float
    brier_base: float
    log: float
    log_base: float
    full: float
    base: float
    sure: int
    sure_right: int

    def lines(self) -> list[str]:
        """In words."""
        lines = [f"{self.tables} tables; the pick is right in {100 * self.base:.0f} %"]
        for title, bins in (("picks", self.picks), ("all forms", self.forms)):
            lines.append(f"{title:10} {'p':>12} {'count':>6} {'mean p':>7} {'right':>6} {'error':>6}")
            for one in bins:
                if one.count:
                    where = f"{'':10} {one.low:5.2f} - {one.high:4.2f} {one.count:6}"
                    lines.append(f"{where} {one.mean:7.2f} {one.share:6.2f} {one.error:6.2f}")
        lines.append(f"Brier score of the pick {self.brier:.3f}; of the base rate {self.brier_base:.3f}")
        lines.append(f"log score of the pick {self.log:.3f} bits; of the base rate {self.log_base:.3f}")
        lines.append(f"log score of all forms and 'not tried' {self.full:.3f} bits")
        lines.append(f"picks with p >= {SURE:g}: {self.sure_right} of {self.sure} right")
        return lines


def scores_of(cases: Sequence[Case], known: Calibration) -> Scores:
    """Score a calibration on tables."""
    picks, right, every, true, full = [], [], [], [], []
    for case in cases:
        own, _ = probabilities(case, known)
        picks.append(float(own[0]))
        right.append(case.right == 0)
        every += list(own)
        true += [place == case.right for place in range(len(own))]
        full.append(log_loss(case, known) / np.log(2))
    p, hit = np.array(picks), np.array(right, dtype=float)
    base = float(hit.mean())
    clipped, rate = np.clip(p, 1e-6, 1 - 1e-6), np.clip(base, 1e-6, 1 - 1e-6)
    sure = p >= SURE
    return Scores(
        tables=len(cases),
        picks=bins_of(p, hit),
        forms=bins_of(np.array(every), np.array(true, dtype=float)),
        brier=float(np.mean((p - hit) ** 2)),
        brier_base=float(np.mean((base - hit) ** 2)),
        log=float(-np.mean(np.where(hit > 0, np.log2(clipped), np.log2(1 - clipped)))),
        log_base=float(-np.mean(np.where(hit > 0, np.log2(rate), np.log2(1 - rate)))),
        full=float(np.mean(full)),
        base=base,
        sure=int(sure.sum()),
        sure_right=int(hit[sure].sum()),
    )


def bins_of(p: np.ndarray, right: np.ndarray) -> tuple[Bin, ...]:
    """Probabilities (m,) and whether they came true (m,), in bins."""
    place = np.clip(np.searchsorted(EDGES, p, "right") - 1, 0, len(EDGES) - 2)
    found = []
    for number, (low, high) in enumerate(itertools.pairwise(EDGES)):
        own = place == number
        mean = float(p[own].mean()) if own.any() else float("nan")
        found.append(Bin(low, high, int(own.sum()), int(right[own].sum()), mean))
    return tuple(found)


def diagram(scores: Scores, path: Path) -> None:
    """The reliability diagram as a picture."""
    with styled(LIGHT):
        figure = blank(LIGHT, 4.6, 4.6, layout="constrained")
        axes = figure.add_subplot()
        finish(axes)
        axes.plot([0, 1], [0, 1], color=LIGHT.muted, linewidth=0.9, linestyle=(0, (4, 3)), label="as it should be")
        for bins, colour, marker, label, shift in (
            (scores.forms, LIGHT.spline, "s", "all forms", 0.004),
            (scores.picks, LIGHT.primitive, "o", "picks", -0.004),
        ):
            known = [one for one in bins if one.count]
            x = np.array([one.mean for one in known]) + shift
            axes.errorbar(
                x, [one.share for one in known], [one.error for one in known], fmt=marker, color=colour, markersize=5,
                elinewidth=0.9, label=label,
            )  # fmt: skip
            for one, place in zip(known, x, strict=True):
                axes.annotate(
                    str(one.count), (place, one.share), xytext=(6 if shift < 0 else -6, -9 if shift < 0 else 5),
                    textcoords="offset points", fontsize=7, color=colour, ha="left" if shift < 0 else "right",
                )  # fmt: skip
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.05, 1.08)
        axes.set_xlabel("probability")
        axes.set_ylabel("share that is the law's form")
        axes.legend(loc="upper left")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
