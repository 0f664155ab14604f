import numpy as np
import pytest

from kansym import load_dataset
from kansym.fitting.residuals import residuals_of
from kansym.validation import rivals
from kansym.validation.rivals import NEAR, nearest_rival


def _rival(discovery):
    return nearest_rival(discovery, residuals_of(discovery.formula, discovery.dataset), seed=0)


def test_the_pick_with_constants_to_spare_is_no_rival(discovered, rng):
    x = rng.uniform(0, 3, 80)
    y = 4 * np.exp(-1.3 * x) + 0.02 * rng.normal(size=80)
    rival = _rival(discovered(x, y, "4.1*exp(-1.2*x)", "4.1*exp(-1.2*x) + 0.01", "1.2/(x + 0.31)"))
    # The same with an offset is nearer and is passed over, and so are exponentials of polynomials.
    assert any(words.startswith("t = ") and "exp" in words for words in rival.special_cases)
    assert "exp" not in rival.words
    assert rival.margin > 20
    assert rival.better < 0.5
    assert rival.odds == pytest.approx(2**rival.margin)


def test_two_forms_of_one_short_curve_are_rivals(discovered, rng):
    x = rng.uniform(1, 1.5, 60)
    y = x**2 + 0.02 * rng.normal(size=60)
    rival = _rival(discovered(x, y, "1.01*x**2", "0.6*exp(1.1*x)"))
    # The words name one of them, and no table as short decides between them.
    assert rival.margin < 30


def test_the_bits_are_the_gain_in_squared_residuals(discovered, rng):
    x = rng.uniform(1, 5, 200)
    y = 3 / x + 0.05 * rng.normal(size=200)
    rival = _rival(discovered(x, y, "3.1/x"))
    terms = int(rival.words.split("degree ")[1][0]) + 1
    misfit = 200 * np.log2(rival.rms / rival.pick_rms)
    # What is not misfit is the price of terms: 3 for a constant, half of log2(200), and a product, sum and variable.
    assert rival.margin - misfit == pytest.approx((terms - 1) * (3 + 3.8 + 3 + 2.5 + 1.8), rel=0.5)
    assert rival.better < 0.05


def test_a_polynomial_was_not_chosen(discovered, rng):
    # Over half of its rise a logistic function is a curve of little more than three numbers.
    x = rng.uniform(0, 2, 60)
    y = 2 / (1 + np.exp(-x)) + 0.004 * rng.normal(size=60)
    rival = _rival(discovered(x, y, "2.0/(1 + exp(-1.0*x))"))
    assert NEAR < rival.margin < rival.needed
    assert rival.near
    # A power of the input is one of few.
    power = _rival(discovered(x + 1, 2 * (x + 1) ** 1.5 + 0.004 * rng.normal(size=60), "2.0*x**(3/2)"))
    assert power.needed == NEAR
    assert not power.near


def test_a_formula_with_nearly_as_many_constants_as_rows_is_no_rival(discovered):
    # Of the nine planets eight constants leave one.
    table = load_dataset("kepler", target="period")
    long = "4.83559 - 0.00274466*((x - 0.00175158)**1.49939 - 4.82907)*(besselj(0, 0.300711*x - 14.4319) - 364.864)"
    rival = _rival(discovered(table.X[:, :1], table.y, "0.99937*x**(3/2)", long))
    assert "besselj" not in rival.words


@pytest.mark.parametrize(
    ("nearly", "bits", "untold"), [(60.0, 60.0, True), (20.0, 60.0, False), (60.0, 3.0, False)], ids=str
)
def test_a_form_of_about_the_length_that_fits_as_well(discovered, rng, monkeypatch, nearly, bits, untold):
    monkeypatch.setattr(rivals, "NEARLY", nearly)
    monkeypatch.setattr(rivals, "UNTOLD", bits)
    X = rng.uniform([0, 0], [3, 1], (80, 2))
    y = np.sin(5 * X[:, 0]) * np.exp(-1.5 * X[:, 1]) + 0.005 * rng.normal(size=80)
    rival = _rival(discovered(X, y, "1.0*sin(5.0*x)*exp(-1.5*y)", "1.0*sin(5.0*x)/(0.2*y + 1)**8"))
    # It is some fifty bits longer, most of them for what it leaves of the data, and sixteen for a high power of a sum.
    assert rival.untold == untold and 40 < rival.margin < 60


def test_a_correction_that_changes_nothing_says_nothing_else(discovered, rng):
    x = rng.uniform(1, 3, 2000)
    y = 2 * x * (1 + 0.01 * rng.normal(size=2000))
    rival = _rival(discovered(x, y, "2.0*x", "0.002*x*(1000.0 + 1/x)"))
    assert rival is None or not rival.untold


@pytest.mark.parametrize(
    ("pick", "passed_over"),
    [("0.8*exp(-2.5*(1.1*x - y)**2)", True), ("0.8*exp(-2.5*(1.1*x - y)**2) + 0.01*x + 0.02*y", False)],
)
def test_the_pick_with_one_constant_less_says_the_same(discovered, rng, pick, passed_over):
    X = rng.uniform([0, 0], [2, 2], (80, 2))
    y = 0.8 * np.exp(-2.5 * (1.002 * X[:, 0] - X[:, 1]) ** 2) + 0.01 * rng.normal(size=80)
    rival = _rival(discovered(X, y, pick, "0.8*exp(-2.5*(x - y)**2)"))
    # A pick that is longer by more than that has terms that the data do not ask for.
    assert any("(x - y)**2" in words for words in rival.special_cases) == passed_over
    assert ("(x - y)**2" in rival.words) != passed_over


# At 1/300 it is as near as the errors around the rows, but not in the box, and at 1/10 neither.
@pytest.mark.parametrize(("rounded", "same"), [("1/2000", True), ("1/500", True), ("1/300", False), ("1/10", False)])
def test_a_kink_that_is_rounded_within_the_errors_says_the_same(discovered, rng, rounded, same):
    x = rng.uniform(-3, 3, 60)
    y = 0.25 * np.abs(x + 0.5) + 0.01 * rng.normal(size=60)
    # What is held below the root keeps either form from giving the values of the other.
    rival = _rival(discovered(x, y, "0.25*Abs(x + 0.5)", f"0.25*sqrt((x + 1/2)**2 + {rounded})"))
    assert any("sqrt" in words for words in rival.special_cases) is same
    assert ("sqrt" in rival.words) is not same
