"""Searches that start from a formula: what the data want less or more of it."""

import json

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym import ArgumentError, DiscoveryOptions, discover, load_run, make_dataset, save_run
from kansym.clock import SLOWNESS
from kansym.errors import StorageError
from kansym.report.text import text_report
from kansym.run.summary import RunSummary
from kansym.search.guess_outcome import CONFIRMED, MORE, REPLACED, SMALLER, UNUSABLE, GuessOutcome
from kansym.symbolic.parser import parse_expression

RNG = np.random.default_rng(3)
X = RNG.uniform(0.5, 4, (400, 2))
X[:, 1] = RNG.uniform(1, 3, 400)
x, z = X.T
LAW = 2.97 * np.exp(-x / 1.73) * z**1.5
NOISE = 0.01 * RNG.normal(size=400)
FORM = "A*exp(-x/tau)*z**p"

FRESH = np.column_stack([RNG.uniform(0.5, 4, 50), RNG.uniform(1, 3, 50)])


def run(
    y, *guesses, seconds=1.5, names=("x", "z"), data=None, progress=None, loss="linear", deterministic=False, **more
):
    dataset = make_dataset(X if data is None else data, y, names=names, **more)
    options = DiscoveryOptions(max_seconds=seconds, guesses=guesses, loss=loss, deterministic=deterministic)
    return discover(dataset, options, progress=progress)


def law(X):
    return 2.97 * np.exp(-X[:, 0] / 1.73) * X[:, 1] ** 1.5


def value_of(text, X):
    """Of what an outcome says was added."""
    return sympy.lambdify(sympy.symbols("x z"), parse_expression(text, ["x", "z"]))(*X.T)


@pytest.fixture(scope="module")
def smaller():
    """A search from a guess with a term too many, and from one without values."""
    return run(LAW + NOISE, f"{FORM} + B*x*z", "A*log(x - 3)", seconds=6, deterministic=True)


def assert_valid(found):
    assert found.front.best is found.formula and found.formula in list(found.front)
    assert len(found.guesses) >= 1 and found.guess in found.guesses
    assert RunSummary.of(found).guesses == found.guesses


# -- the guess is right ------------------------------------------------------------------------------------------------


def test_a_right_guess_ends_the_search_at_once(work_clock):
    found = run(LAW, FORM)
    assert work_clock.now() < 10
    assert_valid(found)
    (outcome,) = found.guesses
    assert outcome.verdict == CONFIRMED and "exact" in outcome.words
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH), rtol=1e-9)
    fitted = {constant.name: constant.value for constant in outcome.formula.constants}
    np.testing.assert_allclose([fitted["A"], fitted["tau"], fitted["p"]], [2.97, 1.73, 1.5], rtol=1e-9)


def test_a_right_guess_that_no_search_would_find():
    y = np.tanh(np.sin(1.3 * x) ** 2 + np.log(z)) / (1 + np.exp(x - 0.7 * z**2))
    found = run(y, "tanh(sin(a*x)^2 + log(z))/(1 + exp(x - 0.5*z^2))", seconds=10)
    assert found.guesses[0].verdict == CONFIRMED
    assert found.formula.validation_loss < 1e-20


@pytest.mark.long
def test_with_noise_the_pick_is_written_as_the_guess_was():
    # 1.37 is no exact number, so that every constant stays a fitted one.
    y = 2.97 * np.exp(-x / 1.73) * z**1.37 + NOISE
    found = run(y, FORM, y_error=0.01)
    assert_valid(found)
    (outcome,) = found.guesses
    assert outcome.verdict == CONFIRMED and outcome.as_written and outcome.left >= 0.01
    assert found.formula.expression == outcome.formula.expression
    expected, covariance = scipy.optimize.curve_fit(
        lambda X, a, tau, p: a * np.exp(-X[0] / tau) * X[1] ** p,
        X.T,
        y,
        [3, 2, 1],
        sigma=np.full(400, 0.01),
        absolute_sigma=True,
    )
    constants = {constant.name: constant for constant in found.formula.constants}
    for name, value, error in zip(("A", "tau", "p"), expected, np.sqrt(np.diag(covariance)), strict=True):
        assert constants[name].value == pytest.approx(value, rel=1e-6)
        assert constants[name].error == pytest.approx(error, rel=1e-4)


@pytest.mark.long
def test_exponents_that_became_exact_are_named_and_measured_factors_stay():
    found = run(3 * np.exp(-x / 1.73) * z**1.5 + NOISE, FORM, seconds=3)
    assert found.guesses[0].verdict == CONFIRMED
    assert "p = 3/2" in found.guesses[0].words and "A = " not in found.guesses[0].words
    assert "3" in [constant.near for constant in found.formula.constants]


# -- less --------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_part_inside_that_the_data_do_not_need():
    found = run(LAW + NOISE, "A*exp(-x/tau + k*sin(z))*z**p", seconds=5)
    assert len(found.guesses) == 1
    assert_smaller(found, "k*sin(z)")


@pytest.mark.long
def test_a_term_that_the_data_do_not_need(smaller):
    assert_smaller(smaller, "B*x*z")


def assert_smaller(found, dropped):
    outcome = found.guesses[0]
    assert outcome.verdict == SMALLER and outcome.dropped == (dropped,) and dropped in outcome.words
    assert outcome.bits > 0
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH), rtol=0.01)


@pytest.mark.long
def test_a_factor_of_one_is_not_needed():
    found = run(np.exp(-x / 1.73) * z**1.5, FORM)
    assert found.guesses[0].verdict == SMALLER and found.guesses[0].dropped == ("A = 1",)
    # With noise it is a measurement.
    assert run(np.exp(-x / 1.73) * z**1.5 + NOISE, FORM).guesses[0].verdict == CONFIRMED


def test_constants_that_cannot_be_told_apart():
    found = run(LAW, "A*B*exp(-x/tau)*z**p")
    (outcome,) = found.guesses
    assert outcome.verdict in (SMALLER, CONFIRMED)
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH), rtol=1e-9)


@pytest.mark.long
def test_a_guess_that_is_longer_than_it_is_worth():
    # A fit to the noise of eight orbits; the formula is one that PySR hands out for them.
    a = np.array([0.387, 0.723, 1, 1.524, 5.203, 9.537, 19.19, 30.07])
    period = np.array([0.241, 0.615, 1, 1.881, 11.86, 29.45, 84.02, 164.8])
    guess = "(a + (cos(a + 0.47799591562338417) * -0.0018091024504169868)) ^ 1.499853001435204"
    found = run(period, guess, data=a[:, None], names=("a",))
    (outcome,) = found.guesses
    assert (
        outcome.verdict == SMALLER and outcome.bits > 20 and "longer than what it describes is worth" in outcome.words
    )
    assert outcome.formula.loss < found.formula.loss and found.formula.complexity < outcome.formula.complexity


# -- more --------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_term_that_is_lacking():
    found = run(LAW + 0.2 * np.sin(3 * z) + NOISE, FORM, seconds=12)
    assert_valid(found)
    (outcome,) = found.guesses
    assert outcome.verdict == MORE and outcome.way == "guess + ..." and outcome.bits > 100
    assert "a hint, not a discovery: see what the certificate says" in outcome.words
    np.testing.assert_allclose(value_of(outcome.added, FRESH), 0.2 * np.sin(3 * FRESH[:, 1]), atol=0.02)
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH) + 0.2 * np.sin(3 * FRESH[:, 1]), atol=0.02)
    assert "want more" in outcome.words


@pytest.mark.long
def test_a_factor_that_is_lacking():
    decay, factor = 2.97 * np.exp(-x / 1.73), 1 + 0.3 * np.sin(2 * z)
    # A twelfth of this budget suffices; of a quarter of it, the first corrections would leave the sine too little.
    found = run(decay * factor, "A*exp(-x/tau)", seconds=120, deterministic=True)
    (outcome,) = found.guesses
    assert outcome.verdict == MORE and outcome.way.startswith("guess * ")
    expected = 2.97 * np.exp(-FRESH[:, 0] / 1.73) * (1 + 0.3 * np.sin(2 * FRESH[:, 1]))
    np.testing.assert_allclose(found.formula.predict(FRESH), expected, rtol=1e-6)
    # Up to the factor of the guess, which is its own constant.
    ratio = value_of(outcome.added, FRESH) / (1 + 0.3 * np.sin(2 * FRESH[:, 1]))
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)


@pytest.mark.long
def test_a_term_of_the_only_column():
    t = np.linspace(0, 6, 300)
    y = 3 * np.exp(-t / 1.73) + 0.2 * np.sin(5 * t) + 0.005 * np.random.default_rng(7).normal(size=300)
    found = run(y, "A*exp(-x/tau)", data=t[:, None], names=("x",), seconds=8)
    assert found.guesses[0].verdict == MORE and "a hint, not a discovery" in found.guesses[0].words
    inside = np.linspace(0.1, 5.9, 50)
    expected = 3 * np.exp(-inside / 1.73) + 0.2 * np.sin(5 * inside)
    np.testing.assert_allclose(found.formula.predict(inside[:, None]), expected, atol=0.01)


@pytest.mark.long
def test_other_numbers_than_the_guess_has():
    found = run(LAW + NOISE, "A*exp(-x/tau)*z**2", seconds=3)
    (outcome,) = found.guesses
    assert outcome.verdict == REPLACED and "1.5 in place of 2" in outcome.words


@pytest.mark.long
def test_another_formula():
    found = run((LAW + NOISE)[:120], "a*x + b*z", data=X[:120], seconds=3, y_error=0.01)
    (outcome,) = found.guesses
    assert outcome.verdict == REPLACED and outcome.bits > 300 and outcome.added == ""
    # The constants of the last fit are quoted, not those of the search.
    assert str(found.formula) in outcome.words
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH), rtol=0.01)


# -- several, and bad ones ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_several_guesses_and_one_without_values():
    found = run(LAW + NOISE, "A*log(x - 3)", FORM, "a + b*x")
    assert [one.verdict for one in found.guesses] == [UNUSABLE, CONFIRMED, REPLACED]
    assert found.guess is found.guesses[1]
    words = found.guesses[0].words
    assert "no finite value on" in words and "of 400 rows" in words
    assert any("A*log(x - 3) was not used" in note for note in found.notes)
    np.testing.assert_allclose(found.formula.predict(FRESH), law(FRESH), rtol=0.01)


def test_more_constants_than_rows():
    few = X[:6]
    guess = "+".join(f"c{k}*x**{k}" for k in range(8))
    found = run(3 * few[:, 0] + 1, guess, data=few)
    assert found.guesses[0].verdict == UNUSABLE and "8 constants" in found.guesses[0].words
    np.testing.assert_allclose(found.formula.predict(few), 3 * few[:, 0] + 1, rtol=1e-9)


def test_what_is_no_guess_is_refused_before_the_search():
    with pytest.raises(ArgumentError, match=r"guesses: .*unknown function"):
        run(LAW, "wiggle(x)")
    with pytest.raises(ArgumentError, match="guesses must be several texts"):
        DiscoveryOptions(guesses="a*x")
    with pytest.raises(ArgumentError, match="guesses and given do not go together"):
        DiscoveryOptions(guesses=("a*x",), given="x + ...")
    assert DiscoveryOptions(guesses=["a*x"]).guesses == ("a*x",)


def test_units_that_do_not_go_together_are_told():
    found = run(LAW, "A*exp(-x)*z", units=["m", "s"], y_units="kg", seconds=2)
    assert found.guesses[0].verdict == REPLACED and "units do not go together" in found.guesses[0].words


# -- time, interruptions, outliers, files ------------------------------------------------------------------------------


@pytest.mark.budget
@pytest.mark.long
def test_the_budget_is_kept(work_clock):
    # Twelve constants, and nothing that helps. A step that has begun is finished; the largest is to fit the guess from
    # one start, up to two seconds of an idle core.
    rng = np.random.default_rng(0)
    data = rng.normal(size=(1500, 3))
    guess = "a*tanh(b*u + c) + d*exp(-e*v**2) + f*sin(g*w + h) + i*u*v + j*w + k/(1 + l*v**2)"
    found = run(rng.normal(size=1500), guess, data=data, names=("u", "v", "w"), seconds=4.0)
    assert 0.9 * 4 < work_clock.now() < 4 + 2 * SLOWNESS
    assert_valid(found)


@pytest.mark.parametrize("wanted", ["fitting", "looking for what", pytest.param("guess + ...", marks=pytest.mark.long)])
def test_an_interrupted_search_keeps_what_it_has(wanted):
    best = []

    def interrupt(progress):
        best.append(progress.best)
        if progress.stage == "guess" and progress.message.startswith(wanted):
            raise KeyboardInterrupt

    found = run(LAW + 0.2 * np.sin(3 * z) + NOISE, FORM, progress=interrupt, seconds=3)
    assert found.interrupted
    assert_valid(found)
    assert found.formula.description_length <= best[-1].description_length
    # Before the guess was fitted nothing is known about it; afterwards the answer is no worse.
    assert (found.guesses[0].verdict == UNUSABLE) == (wanted == "fitting")
    if wanted != "fitting":
        assert found.formula.rank <= found.guesses[0].formula.rank


@pytest.mark.long
def test_outliers_do_not_move_a_guess():
    y = LAW + NOISE
    y = y.copy()
    y[::40] += 5.0
    found = run(y, FORM, loss="tukey", seconds=3)
    (outcome,) = found.guesses
    assert outcome.verdict == CONFIRMED
    fitted = {constant.name: constant.value for constant in outcome.formula.constants}
    assert fitted["tau"] == pytest.approx(1.73, abs=0.02) and len(found.outliers) == 10


def test_saved_and_loaded(tmp_path, smaller):
    found = smaller
    save_run(found, tmp_path, options=DiscoveryOptions(guesses=("a*x",)))
    again = load_run(tmp_path).summary
    assert again.options["guesses"] == ["a*x"]
    for old, new in zip(found.guesses, again.guesses, strict=True):
        assert new.to_dict() == old.to_dict()
    report = " ".join(text_report(again).split())
    assert "The guesses" in report and f"{FORM} + B*x*z" in report and "smaller: The data do not need B*x*z" in report
    assert "fitted: " in report and "tau = " in report and "unusable: it has no finite value" in report
    # Records of before there were guesses.
    path = tmp_path / "formula.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["guesses"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert load_run(tmp_path).summary.guesses == ()
    for broken in ([{}], [{**found.guesses[0].to_dict(), "verdict": "perfect"}], "text"):
        path.write_text(json.dumps({**record, "guesses": broken}), encoding="utf-8")
        with pytest.raises(StorageError):
            load_run(tmp_path)


def test_an_outcome_in_json_and_back():
    outcome = GuessOutcome("a*x", UNUSABLE, "no value")
    assert GuessOutcome.from_dict(outcome.to_dict()).to_dict() == outcome.to_dict()
