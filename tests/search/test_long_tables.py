"""Searches of files that are read in parts: the pick is of all rows, and so is what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

from kansym import DiscoveryOptions, certify, discover, load_run, read_table, save_run
from kansym.report.text import text_report
from kansym.run.replacing import table_of_a_search
from kansym.run.summary import RunSummary
from kansym.search.final_fit import settled_on_all, with_exact
from kansym.search.front import ParetoFront
from kansym.symbolic.constants import Constant
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression
from kansym.validation.certificate import Certificate

ROWS = 6000
OPTIONS = DiscoveryOptions(max_seconds=1.0, deterministic=True, guesses=("k*a/b",))


@pytest.fixture(scope="module", autouse=True)
def _long():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kansym.data.large.MOST_ROWS", 300)
        patch.setattr("kansym.data.readers.LONG", 1000)
        yield


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (ROWS, 2))
    return np.column_stack([X, 1.7 * X[:, 0] / X[:, 1] + 0.02 * rng.normal(size=ROWS), np.full(ROWS, 0.02)])


@pytest.fixture(scope="module")
def file(numbers, tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "run7.npy"
    np.save(path, np.rec.fromarrays(numbers.T, names=["a", "b", "y", "dy"]))
    return path


def slope(numbers):
    """The constant of the law, and its standard error, on all rows."""
    u, y = numbers[:, 0] / numbers[:, 1], numbers[:, 2]
    c = float(u @ y / (u @ u))
    return c, float(np.sqrt(np.sum((y - c * u) ** 2) / (len(u) - 1) / (u @ u)))


@pytest.fixture(scope="module")
def found(file):
    return discover(read_table(file, target="y", columns=["a", "b"]), OPTIONS)


@pytest.mark.long
def test_constants_and_certificate_are_of_all_rows(found, file, numbers, tmp_path):
    (constant,) = found.formula.constants
    c, error = slope(numbers)
    assert constant.value == pytest.approx(c, abs=1e-3 * error) and constant.error == pytest.approx(error, rel=1e-6)
    assert found.front.best is found.formula and found.dataset.n_rows <= 300
    assert found.all_rows.rows == ROWS and f"{ROWS} rows" in repr(found)
    certificate = certify(found, options=OPTIONS)
    assert certificate.is_law, certificate.verdict.against
    assert certificate.fit.rows == ROWS and certificate.fit.freedom == ROWS - 1
    assert "all rows" in str(certificate)
    assert Certificate.from_dict(certificate.to_dict()) == certificate
    summary = RunSummary.of(found, options=OPTIONS, certificate=certificate)
    assert summary.rows == ROWS and f"{ROWS} rows" in text_report(summary)
    run = load_run(save_run(found, tmp_path / "out", options=OPTIONS, certificate=certificate))
    assert run.summary.rows == ROWS and run.dataset.n_rows == found.dataset.n_rows
    assert run.summary.agreement.rms == pytest.approx(found.all_rows.rms)
    # Another sample is the same table.
    other = read_table(file, target="y", columns=["a", "b"], seed=5)
    assert table_of_a_search(other) == run.summary.data_sha256 == table_of_a_search(found.dataset)


@pytest.mark.long
def test_known_errors_of_y_are_those_of_the_constants(file, numbers):
    found = discover(read_table(file, target="y", error="dy"), OPTIONS)
    u = numbers[:, 0] / numbers[:, 1]
    assert found.formula.constants[0].error == pytest.approx(0.02 / np.sqrt(u @ u), rel=1e-6)
    fit = certify(found, options=OPTIONS).fit
    expected = np.sum((numbers[:, 2] - found.formula.constants[0].value * u) ** 2) / 0.02**2
    assert fit.chi2 == pytest.approx(expected, rel=1e-9)


def test_what_all_rows_know_better_speaks_against_a_law(found, numbers):
    (along_a, *_) = found.all_rows.means
    off = replace(along_a, p_value=1e-9, mean=0.01, error=0.001)
    known = replace(found, all_rows=replace(found.all_rows, means=(off, *found.all_rows.means[1:])))
    certificate = certify(known, options=OPTIONS)
    assert not certificate.is_law
    assert any(words.startswith("over all 6000 rows, the residuals from") for words in certificate.verdict.against)
    assert "on average (p =" in str(certificate)


def test_rows_far_off_are_left_out_by_a_robust_search(found, numbers, tmp_path):
    spoilt = numbers.copy()
    spoilt[::200, 2] += 5.0
    np.save(tmp_path / "run7.npy", spoilt[:, :3])
    dataset = read_table(tmp_path / "run7.npy", target="x2")
    settled = settled_on_all(renamed(found), dataset, dataset.whole, loss="tukey", until=np.inf)
    clean = np.delete(numbers, np.arange(0, ROWS, 200), axis=0)
    (constant,) = settled.formula.constants
    assert constant.value == pytest.approx(slope(clean)[0], abs=0.1 * constant.error)
    assert settled.all_rows.left_out == len(range(0, ROWS, 200))
    assert any("were left out of the last fit" in note for note in settled.notes)


def test_exact_numbers_stay_and_the_others_are_fitted(found):
    expression = parse_expression("1.69*a/b + 2*a - 2*a", ["a", "b"])
    exact = Constant("k0", 2.0, error=0.1, snapped="2")
    formula = with_exact(replace(found.formula, expression=expression), [exact])
    before = replace(found, formula=formula)
    settled = settled_on_all(before, found.dataset, found.dataset.whole, loss="linear", until=np.inf)
    assert settled.formula.constants[-1] == exact
    assert settled.formula.constants[0].value == pytest.approx(found.formula.constants[0].value, rel=1e-6)
    assert settled.formula.covariance.shape == (2, 2)


def renamed(found):
    """The same formula of x0 and x1."""
    names = {"a": "x0", "b": "x1"}
    expression = found.formula.expression.subs({plain_symbol(old): plain_symbol(new) for old, new in names.items()})
    formula = replace(found.formula, expression=expression, variables=("x0", "x1"), target="x2")
    return replace(found, formula=formula, front=ParetoFront([formula]))


@pytest.mark.long
def test_the_reading_of_all_rows_is_shown_and_can_be_interrupted(file):
    seen = []

    def watch(progress):
        seen.append((progress.stage, progress.message))
        if progress.stage == "all rows":
            raise KeyboardInterrupt

    found = discover(read_table(file, target="y", columns=["a", "b"]), OPTIONS, progress=watch)
    assert seen[-1] == ("all rows", "fit, pass 1: 6,000 of 6,000 rows")
    assert found.interrupted and found.all_rows is None
    assert "interrupted" in " ".join(found.notes)
