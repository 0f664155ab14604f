import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf

from kansym.errors import ArgumentError, StorageError
from kansym.executors import WorkerFailure
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.parser import parse_expression
from kansym.validation.agreement import Rerun
from kansym.validation.certificate import Certificate, certify
from kansym.validation.peers import PeerFinding
from kansym.validation.reruns import agreement, bootstrap, compared
from kansym.validation.verdict import DESCRIPTION, Topic


class _Network:
    """Predicts the target's own curve, with the error that it says."""

    has_splines = True

    def __init__(self, function, error):
        self.function, self.validation_loss, self.train_loss = function, error**2, error**2

    def predict(self, X):
        return self.function(X[:, 0])


@pytest.fixture(scope="module")
def planck(discovered):
    rng = np.random.default_rng(20240519)
    x = np.linspace(2, 21, 43)
    y = 39.7 * x**3 / (np.exp(0.528 * x) - 1)
    network = _Network(lambda x: 39.7 * x**3 / (np.exp(0.528 * x) - 1), 0.03)
    y = y + 0.02 * rng.normal(size=43)
    return discovered(
        x, y, "39.71*x**3/(exp(0.5281*x) - 1)", "90.1*x*exp(-0.11*x)", "100.1", y_error=0.02, network=network
    )


@pytest.fixture(scope="module")
def certified(planck):
    return certify(planck)


def test_a_law_with_noise(certified):
    certificate = certified
    assert certificate.is_law, certificate.verdict.against
    assert certificate.found
    assert certificate.domain.status == "defined"
    assert certificate.rival.margin > 7
    text = str(certificate)
    assert "Verdict: law." in text
    assert "chi-squared" in text
    assert "c0 = 39.7" in text
    assert "against network" in text
    assert all(len(line) < 200 for line in certificate.text())


def test_an_exact_law(discovered, rng):
    X = rng.uniform(1, 3, (60, 2))
    certificate = certify(discovered(X, 6.674 * X[:, 0] / X[:, 1] ** 2, "6.67*x/y**2", "3.1*x - 1.1*y", "2.1"))
    assert certificate.is_law, certificate.verdict.against
    assert certificate.residual_tests == ()
    assert "level of rounding" in str(certificate)


def test_noise_is_no_law(discovered, rng):
    x = rng.uniform(0, 1, 60)
    certificate = certify(discovered(x, rng.normal(size=60), "1.1*x + 0.1", "0.1"))
    assert certificate.verdict.kind == "no closed form found"
    assert "no network" in str(certificate)


def test_the_network_still_predicts_what_no_formula_does(discovered, rng):
    x = np.sort(rng.uniform(0, 1, 200))
    curve = np.cumsum(np.sin(40 * x) + np.sin(93 * x**2))
    network = _Network(lambda points: np.interp(points, x, curve), 0.05)
    certificate = certify(discovered(x, curve, "1.1*x + 0.1", "0.1", network=network))
    assert certificate.verdict.kind == "no closed form found"
    assert "The network predicts: held out, it leaves" in str(certificate)


def test_a_smooth_curve_by_six_constants_is_a_description_at_most(discovered, rng):
    x = np.linspace(0, 2, 80)
    y = np.exp(np.sin(2 * x)) + 0.5 * np.tanh(3 * x - 2) + 0.005 * rng.normal(size=80)
    six = "1.01*exp(1.02*sin(2.01*x + 0.01)) + 0.51*tanh(3.01*x - 2.01)"
    certificate = certify(discovered(x, y, six, "1.1*x + 0.1"))
    assert certificate.verdict.kind == "good description"


def test_seven_rows_and_copies_and_constants_go_through(discovered, rng):
    x = np.arange(1.0, 8)
    for text in ("2.1*x", "5.1"):
        assert certify(discovered(x, 2 * x + rng.normal(size=7), text)).verdict.kind != "law"


def test_rows_where_the_formula_is_undefined(discovered, rng):
    x = np.linspace(1, 2, 40)
    discovery = discovered(x, x**2 + 0.1 * rng.normal(size=40), "1.1*x**2")
    root = replace(discovery.formula, expression=parse_expression("1.1*sqrt(x - 3/2)", ["x"]))
    certificate = certify(replace(discovery, formula=root))
    assert certificate.fit.undefined_rows == 20
    assert certificate.verdict.kind == "no closed form found"
    assert certificate.domain.among_rows


def test_back_and_forth_through_json(certified):
    certificate = certified
    record = json.loads(json.dumps(certificate.to_dict(), allow_nan=False))
    again = Certificate.from_dict(record)
    assert again == certificate
    assert again.text() == certificate.text()
    with pytest.raises(StorageError):
        Certificate.from_dict({key: value for key, value in record.items() if key != "fit"})


def test_functions_of_a_law_with_noise_stay(certified):
    assert certified.freed is not None and not certified.freed.moved and len(certified.freed.functions) > 1
    (line,) = (line for line in certified.text() if line.startswith("freed functions"))
    assert f"the data do not move any of {len(certified.freed.functions)} functions, least p = " in line


def test_a_look_alike_is_named_in_the_certificate(discovered, rng):
    x = np.linspace(-2, 2, 200)
    y = 3 * erf(x) + 0.02 * rng.normal(size=200)
    certificate = certify(discovered(x, y, "3.01*tanh(1.12*x)", "1.1*x", y_error=0.02))
    assert certificate.freed is not None and certificate.freed.named.startswith("tanh(")
    assert any(line.startswith("freed functions    the data move tanh(") for line in certificate.text())
    assert "of its spread (p = " in str(certificate)


def test_an_exact_fit_frees_nothing_and_says_why(discovered, rng):
    x = rng.uniform(1, 2, 40)
    certificate = certify(discovered(x, 2.5 * np.exp(x), "2.4*exp(1.01*x)"))
    assert certificate.freed is not None and not certificate.freed.functions
    assert "freed functions    the fit is exact" in str(certificate)


def test_certificates_without_freed_functions_can_still_be_read(certified):
    record = certified.to_dict()
    del record["freed"]
    old = Certificate.from_dict(record)
    assert old.freed is None and not any(line.startswith("freed") for line in old.text())


@pytest.mark.long
def test_the_same_twice(planck, certified):
    assert certify(planck) == certified


@pytest.mark.parametrize(
    "arguments", [{"seeds": -1}, {"seeds": 1.5}, {"seeds": True}, {"seconds": 0}, {"seconds_each": -1}]
)
def test_arguments_are_checked(planck, arguments):
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        certify(planck, **arguments)


def test_other_seeds_find_an_easy_law(discovered, rng):
    x = rng.uniform(1, 3, 60)
    discovery = discovered(x, 2.5 / x, "2.4/x")
    certificate = certify(discovery, seeds=2, options=DiscoveryOptions(max_seconds=3, device="cpu", deterministic=True))
    assert certificate.agreement.asked == 2
    assert certificate.agreement.same_form == len(certificate.agreement.reruns) == 2
    assert "the same formula in 2 of 2 searches" in str(certificate)


@pytest.mark.long
def test_other_seeds_and_rows_drawn_anew_on_any_number_of_workers(discovered, rng):
    x = rng.uniform(1, 3, 60)
    discovery = discovered(x, 2.5 / x, "2.4/x")
    options = DiscoveryOptions(max_seconds=0.2, device="cpu", deterministic=True)

    def without_time(found):
        return found.reruns, found.asked

    here = bootstrap(discovery.dataset, discovery.formula, 2, options=options)
    assert here.asked == len(here.reruns) == 2 and [one.seed for one in here.reruns] == [0, 1]
    with ThreadPoolExecutor(2) as pool:
        certificate = certify(discovery, seeds=1, resamples=2, options=options, executor=pool)
    assert certificate.bootstrap is not None and certificate.agreement is not None
    assert without_time(certificate.bootstrap) == without_time(here)
    assert [one.seed for one in certificate.agreement.reruns] == [1]
    assert Certificate.from_dict(certificate.to_dict()) == certificate
    same = here.same_form
    assert f"rows drawn anew    the same formula in {same} of 2 searches" in str(certificate)
    with pytest.raises(ArgumentError, match="resamples"):
        certify(discovery, resamples=-1)


def test_no_formula_of_noisy_data_is_a_law_before_rivals_of_it_were_looked_for(discovered, rng):
    x = np.sort(rng.uniform(1, 3, 60))
    discovery = discovered(x, 2.5 / x + 0.01 * rng.standard_normal(60), "2.4/x")
    assert certify(discovery).is_law
    verdict = certify(replace(discovery, challenged=False)).verdict
    assert verdict.kind == DESCRIPTION and [one.topic for one in verdict.grounds if not one.supports] == [Topic.RIVAL]
    exact = discovered(x, 2.5 / x, "2.4/x")
    assert certify(replace(exact, challenged=False)).is_law


def test_rows_are_drawn_anew_by_seed_and_number(discovered, rng, monkeypatch):
    x = np.sort(rng.uniform(1, 3, 60))
    discovery, drawn = discovered(x, 2.5 / x, "2.4/x"), []

    def search(dataset, options, *, progress=None):
        drawn.append((options.seed, tuple(dataset.X[:, 0])))
        return discovery

    monkeypatch.setattr("kansym.validation.reruns.discover", search)
    for seed in (0, 0, 1):
        bootstrap(discovery.dataset, discovery.formula, 3, options=DiscoveryOptions(seed=seed))
    assert drawn[:3] == drawn[3:6] and len({rows for _, rows in drawn}) == 6
    assert [seed for seed, _ in drawn] == [0] * 6 + [1] * 3
    for _, rows in drawn:
        assert len(rows) == 60 and set(rows) <= set(x)
        # 1 - (1 - 1/60)^60 of the rows, with a spread of three.
        assert 28 < len(set(rows)) < 48


def test_a_search_lost_with_its_worker_is_not_counted(discovered, rng, monkeypatch):
    x = rng.uniform(1, 3, 60)
    discovery = discovered(x, 2.5 / x, "2.4/x")
    rerun = Rerun(3, "y = 2.5/x", same_form=True, same_values=True)
    outcomes = [(1, WorkerFailure("its process died twice")), (2, rerun), (0, rerun)]
    monkeypatch.setattr("kansym.validation.reruns.completed", lambda *_, **__: iter(outcomes))
    found = agreement(discovery.dataset, discovery.formula, range(3), jobs=2)
    assert (len(found.reruns), found.asked) == (2, 3)


def test_ctrl_c_keeps_what_was_counted(discovered, rng, monkeypatch):
    x = rng.uniform(1, 3, 60)
    discovery = discovered(x, 2.5 / x, "2.4/x")
    calls = []

    def search(dataset, options, *, progress=None):
        calls.append(options.seed)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return discovery

    monkeypatch.setattr("kansym.validation.reruns.discover", search)
    found = agreement(discovery.dataset, discovery.formula, [5, 6, 7])
    assert (len(found.reruns), found.asked, calls) == (1, 3, [5, 6])


def test_an_interrupted_search_is_said_unless_it_found_a_law(discovered, rng):
    x = rng.uniform(1, 3, 60)
    words = "the search was interrupted, and a longer one may find more"
    poor = discovered(x, np.sin(5 * x) + x, "0.9*x")
    assert words not in certify(poor).verdict.reason
    assert words in str(certify(replace(poor, stopped="interrupted")))
    law = certify(replace(discovered(x, 2.5 / x, "2.4/x"), stopped="interrupted"))
    assert law.is_law and words not in law.verdict.reason


def test_no_search_starts_that_would_not_fit(discovered, rng, monkeypatch):
    x = rng.uniform(1, 3, 60)
    discovery = discovered(x, 2.5 / x, "2.4/x")
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr("kansym.validation.reruns.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("kansym.validation.reruns.discover", lambda dataset, options, progress=None: discovery)
    found = agreement(discovery.dataset, discovery.formula, range(50), seconds_each=4, seconds=30)
    assert 1 <= len(found.reruns) <= 7


def test_same_form_and_same_values_are_told_apart(discovered, rng):
    x = rng.uniform(0, 1, 80)
    y = 3 * np.exp(-x) + 0.05 * rng.normal(size=80)
    discovery = discovered(x, y, "3.1*exp(-1.1*x)", "3.1*2**(-1.5*x)", "3.1 - 2.9*x + 1.1*x**2", "1.9")
    exponential, other, parabola, mean = (
        next(f for f in discovery.front if test(str(f)))
        for test in (
            lambda text: "exp" in text,
            lambda text: "exp" in text or "2**" in text,
            lambda text: "x**2" in text or "x*(" in text,
            lambda text: "x" not in text,
        )
    )
    verdicts = [
        (rerun.same_form, rerun.same_values)
        for rerun in (compared(f, exponential, discovery.dataset, 1) for f in (exponential, other, parabola, mean))
    ]
    assert verdicts == [(True, True), (True, True), (False, True), (False, False)]


def _peer(**changes):
    same = {"same": "same formula", "error": 0.02, "own_error": 0.02, "unseen": True, "spread": 10.0, "failure": ""}
    return PeerFinding(**{"tool": "other", "version": "1", "formula": "x**2", "complexity": 3} | same | changes)


def test_grounds_of_peers_are_replaced_also_in_a_certificate_stored_without_topics(certified):
    plain = certified
    agreed, better = _peer(), _peer(same="different", error=0.002)
    doubted = plain.with_peers([agreed, better])
    assert [ground.topic for ground in doubted.verdict.grounds][-2:] == [Topic.PEERS] * 2
    assert doubted.verdict.kind == "good description"
    record = json.loads(json.dumps(doubted.to_dict()))
    for ground in record["verdict"]["grounds"]:
        del ground["topic"]
    old = Certificate.from_dict(record)
    assert old.text() == doubted.text()
    again = old.with_peers([agreed])
    assert again.verdict.supporting == plain.with_peers([agreed]).verdict.supporting
    assert again.verdict.against == ()


@pytest.mark.parametrize(
    ("units", "consistent", "told"),
    [
        (["s"], True, "its units go together"),
        pytest.param([None], True, "", marks=pytest.mark.long),
        ([None], False, "its units do not go together"),
    ],
)
def test_units_are_a_ground_only_where_they_are_known(discovered, rng, units, consistent, told):
    x = np.linspace(1, 2, 40)
    found = discovered(x, 2 * x + rng.normal(0, 0.01, 40), "1.9*x", units=units, y_units="m")
    found = replace(found, formula=replace(found.formula, consistent=consistent))
    words = [ground.words for ground in certify(found).verdict.grounds if "its units" in ground.words]
    assert words == ([told] if told else [])
