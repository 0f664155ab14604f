"""A guess that no test rejects is the pick, with what is shorter below it; one that is rejected is not."""

import numpy as np
import pytest

from kansym import DiscoveryOptions, clock, discover, load_run, make_dataset, save_run
from kansym.data.noise import noise_floor
from kansym.data.preparation import split
from kansym.report.text import text_report
from kansym.report.values import guesses_of
from kansym.run.summary import RunSummary
from kansym.search.formulation import judge
from kansym.search.front import ParetoFront
from kansym.search.guess_outcome import CONFIRMED, GuessOutcome, PickedFront, with_pick
from kansym.search.prior.guess import Guess
from kansym.search.prior.guess_standing import judged, stands
from kansym.search.prior.starts import fitted_guess
from kansym.search.prior.trial import Trial
from kansym.search.results import Discovery, StopReason
from kansym.search.rows import FitRows
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

PEAK = "B*exp(-E/L) + A*exp(-(E - mu)**2/(2*s**2))"


@pytest.fixture(scope="module")
def peak():
    """An exponential background with a peak, and a search that finds shorter descriptions."""
    rng = np.random.default_rng(0)
    E = np.linspace(20, 200, 320)
    truth = 30 * np.exp(-E / 60) + 4 * np.exp(-((E - 95) ** 2) / 72)
    error = np.sqrt(np.maximum(truth, 0.5))
    y = truth + error * rng.normal(size=320)
    data = make_dataset(E[:, None], y, names=["E"], target="counts", y_error=error)
    return discover(data, DiscoveryOptions(max_seconds=6, guesses=(PEAK,)))


def test_a_guess_that_no_test_rejects_is_the_pick_and_what_is_shorter_is_told(peak):
    (outcome,) = peak.guesses
    assert outcome.verdict == CONFIRMED and outcome.as_written
    assert peak.formula.expression == outcome.formula.expression
    assert {constant.name for constant in peak.formula.constants} == {"B", "L", "A", "mu", "s"}
    first, *_ = outcome.rivals
    assert first.bits == outcome.bits > 10
    assert first.bits == pytest.approx(peak.formula.description_length - first.formula.description_length)
    assert peak.front.best is peak.formula and isinstance(peak.front, PickedFront)
    text = text_report(RunSummary.of(peak))
    assert f"{first.bits:.0f} bits shorter: {first.formula}" in text
    assert guesses_of(RunSummary.of(peak))[0].rivals[0]["formula"] == str(first.formula)


def test_it_stays_the_pick_of_a_run_that_is_stored(peak, tmp_path):
    save_run(peak, tmp_path)
    again = load_run(tmp_path)
    assert str(again.summary.front.best) == str(again.formula) == str(peak.formula)
    assert GuessOutcome.from_dict(peak.guesses[0].to_dict()).to_dict() == peak.guesses[0].to_dict()
    old = {key: value for key, value in peak.guesses[0].to_dict().items() if key != "rivals"}
    assert GuessOutcome.from_dict(old).rivals == ()


X = np.linspace(0.4, 6, 120)


def found_beside(truth, guess, *others, noise=0.03, errors=True, seed=1, sigma=None):
    """A guess with its constants fitted to a table of a law, and a discovery of other formulas, the first its pick."""
    rng = np.random.default_rng(seed)
    scatter = noise * np.std(truth)
    y = truth + scatter * rng.normal(size=len(truth))
    x = np.linspace(0.4, 6, len(truth))
    error = np.full(len(x), scatter if sigma is None else sigma * scatter) if errors else None
    dataset = make_dataset(x[:, None], y, names=["x"], y_error=error)
    rows = FitRows.of(dataset, *split(dataset, seed=0), noise_floor(dataset))
    trial = Trial(Guess.read(guess, dataset.names))
    until = clock.now() + 20
    trial.form = fitted_guess(trial.guess, rows, seed=0, until=until, deadline=until)
    trial.formula = judge(trial.form, rows, structure="the guess")
    formulas = []
    for text in others:
        raw = parse_expression(text, dataset.names).xreplace(rows.symbols)
        formulas.append(judge(rows.fit(parametrize(raw, rows.variables)).form, rows, structure="by hand"))
    pick = min(formulas, key=lambda one: one.rank)
    discovery = Discovery(
        front=ParetoFront(formulas), formula=pick, network=None, reading=None, decisions=(), dataset=dataset,
        noise_floor=rows.noise_floor, seconds=1.0, stopped=StopReason.ALL_SHAPES_TRIED,
    )  # fmt: skip
    return trial, discovery


RIGHT = [
    (3 * np.exp(-X / 2) + 0.4, "A*exp(-x/tau) + B", ("1.1*exp(-0.5*x)", "1.0/(x + 0.9)", "1.0 - 0.3*x")),
    (3 * X**0.684 + 1, "A*x**p + B", ("2.9*x**(2/3)", "3.1*sqrt(x)", "1.1*x")),
    (2 * np.sin(1.7 * X + 0.3) + 0.1 * X, "A*sin(w*x + f) + B*x", ("1.9*sin(1.7*x)", "1.0 + 0.1*x")),
    (5 * X / (0.8 + X) - 0.2 * X, "V*x/(K + x) - b*x", ("1.1*log(x) + 2.1", "3.9*x/(0.5 + x)", "1.2*sqrt(x)")),
    (np.exp(-((X - 3) ** 2) / 0.5) + 0.3 * X, "A*exp(-(x - m)**2/(2*s**2)) + B*x", ("0.31*x", "0.3*x + 0.1")),
]


@pytest.mark.parametrize("errors", [True, False])
@pytest.mark.parametrize(("truth", "guess", "others"), RIGHT)
def test_right_guesses_stand_beside_shorter_forms(truth, guess, others, errors):
    standing = []
    for seed in range(4):
        trial, found = found_beside(truth, guess, *others, noise=0.1, errors=errors, seed=seed)
        standing.append(stands(trial, found))
        (outcome,) = judged([trial], found).guesses
        assert (outcome.verdict == CONFIRMED) == standing[-1]
    # One in a hundred by each of a few tests.
    assert sum(standing) >= 3


@pytest.mark.parametrize(
    ("truth", "guess", "others", "more"),
    [
        # A term that the data do not need, and a number that they want to be another.
        (3 * np.exp(-X / 2), "A*exp(-x/tau) + B*x", ("1.1*exp(-0.5*x)",), {}),
        (3 * X**1.9, "A*x**2", ("2.9*x**1.91",), {}),
        # A function that is missing, seen by chi-squared and without errors by what is left.
        (3 * np.exp(-X / 2) + 0.5 * np.sin(3 * X), "A*exp(-x/tau) + B", ("1.1*exp(-0.5*x)",), {}),
        (3 * np.exp(-X / 2) + 0.5 * np.sin(3 * X), "A*exp(-x/tau) + B", ("1.1*exp(-0.5*x)",), {"errors": False}),
        # Errors that are half of what they should be.
        (3 * np.exp(-X / 2), "A*exp(-x/tau)", ("1.1*exp(-0.5*x) + 0.1",), {"sigma": 0.5}),
        # Two constants of which the data tell one.
        (3 * np.exp(-X / 2), "A*C*exp(-x/tau)", ("1.1*exp(-0.5*x)",), {}),
        # Waves that no smooth function sees are seen by a formula that has them.
        (X + 0.3 * np.sin(29 * X), "A*x", ("1.1*x + 0.3*sin(29.0*x)",), {"errors": False, "noise": 0.01}),
    ],
)
def test_wrong_guesses_do_not_stand(truth, guess, others, more):
    trial, found = found_beside(truth, guess, *others, **more)
    assert not stands(trial, found)
    after = judged([trial], found)
    assert after.formula is found.formula and after.guesses[0].rivals == ()


def test_of_two_guesses_that_stand_the_shorter_is_the_pick():
    truth, guess, others = RIGHT[1]
    (first, found), (second, _) = (found_beside(truth, text, *others, noise=0.1) for text in (guess, "A*x**(2/3) + B"))
    assert stands(first, found) and stands(second, found)
    after = judged([first, second], found)
    assert [one.as_written for one in after.guesses] == [False, True]
    assert after.formula.expression == second.formula.expression


def test_a_front_has_the_pick_that_it_is_given():
    _, found = found_beside(*RIGHT[0][:2], *RIGHT[0][2])
    formulas = list(found.front)
    assert type(with_pick(formulas, found.formula)) is ParetoFront
    other = next(one for one in formulas if one is not found.formula)
    front = with_pick(formulas, other)
    assert front.best is other and list(front.to_frame()["picked"]) == [one is other for one in front]
