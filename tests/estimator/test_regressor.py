"""The scikit-learn estimator: its contract, and what it adds to `discover`."""

import pickle
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from kansym import ArgumentError, DataError, DiscoveryOptions, SymbolicRegressor, default_library
from kansym.clock import DEFAULT_SECONDS
from kansym.extraction.selection import SelectionOptions
from kansym.kan.growth import GrowthOptions
from kansym.kan.training import TrainingOptions
from kansym.symbolic.parser import parse_expression

# The contract does not need good formulas: small networks, two primitives and a tenth of a second for each fit.
CHEAP = DiscoveryOptions(
    growth=GrowthOptions(population=1, last_grid=5, training=TrainingOptions(steps=5)),
    selection=SelectionOptions(top_k=2, beam=2, screen_steps=5, finalists=1, final_steps=5, rounds=1),
    formulas_per_network=1,
)
# Nor does it need all of the engines: formulas are read from networks.
CHEAPEST = replace(CHEAP, structure=False)


@parametrize_with_checks([SymbolicRegressor(primitives=["x", "x^2"], max_seconds=0.1, options=CHEAPEST)])
def test_contract_of_scikit_learn(estimator, check):
    check(estimator)


def law(X):
    return 1.7 * X[:, 0] ** 2 / (X[:, 1] + 0.5)


def table(rows=200, seed=0):
    X = np.random.default_rng(seed).uniform(1, 4, (rows, 2))
    return X, law(X)


@pytest.fixture(scope="module")
def model():
    return SymbolicRegressor(max_seconds=30).fit(*table())


def test_it_finds_and_predicts_a_law(model):
    X, y = table(seed=5)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-9)
    assert model.score(X, y) == pytest.approx(1.0, abs=1e-12)
    assert (model.n_features_in_, model.variable_names_) == (2, ("x0", "x1"))
    x0, x1 = sympy.symbols("x0 x1")
    np.testing.assert_allclose(sympy.lambdify([x0, x1], model.sympy())(*X.T), y, rtol=1e-9)


def test_formulas_of_the_front_by_index(model):
    X, _ = table(seed=5)
    picked = int(np.flatnonzero(model.equations_["picked"])[0])
    np.testing.assert_array_equal(model.predict(X, index=picked), model.predict(X))
    for index, formula in enumerate(model.front_):
        np.testing.assert_array_equal(model.predict(X, index=index), formula.predict(X))
        assert model.sympy(index) == formula.expression
        assert model.latex(index) == formula.latex()
    assert model.sympy(-1) == model.front_[len(model.front_) - 1].expression
    assert model.get_best()["equation"] == model.equations_["equation"][picked]
    assert len(model.equations_) == len(model.front_)


def test_a_wrong_index_is_named(model):
    count = len(model.front_)
    for index in (count, -count - 1, 99):
        with pytest.raises(ArgumentError, match=rf"index must name one of the {count} formulas of the front, got"):
            model.sympy(index)


def test_latex_has_the_wanted_precision(model):
    # 1.7 a^2 / (b + 0.5), or the same law with whole numbers below.
    assert "1.7" in model.latex() or "3.4" in model.latex()
    noisy = SymbolicRegressor(max_seconds=1)
    x = np.linspace(1, 3, 50)
    noisy.fit(x[:, None], 1.23456789 * np.exp(x))
    assert "1.235" in noisy.latex(precision=4) and "1.23457" in noisy.latex(precision=6)


def test_latex_has_the_digits_that_the_data_allow():
    x = np.linspace(1, 3, 50)
    noise = np.random.default_rng(0).normal(0, 0.05, 50)
    model = SymbolicRegressor(max_seconds=0.3).fit(x[:, None], 1.23456789 * x**2 + noise, variable_names=["x"])
    error = model.formula_.constants[0].error
    assert 0.001 < error < 0.002  # so that the fourth decimal is the last that says something
    assert re.fullmatch(r"1\.2\d{3} x\^\{2\}", model.latex()), model.latex()


def test_before_fit_everything_says_so():
    model = SymbolicRegressor()
    calls = (model.sympy, model.latex, model.get_best, model.get_hof, model.latex_table, model.to_pysr_guess)
    for call in (lambda: model.predict([[1.0]]), *calls):
        with pytest.raises(NotFittedError):
            call()


def test_columns_of_a_frame_are_names():
    X, y = table()
    frame = pd.DataFrame(X, columns=["mass", "r"])
    model = SymbolicRegressor(max_seconds=30).fit(frame, pd.Series(y, name="force"))
    assert list(model.feature_names_in_) == ["mass", "r"] and model.formula_.target == "force"
    assert {symbol.name for symbol in model.sympy().free_symbols} == {"mass", "r"}
    np.testing.assert_allclose(model.predict(frame), y, rtol=1e-9)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"r": "s"}))


@pytest.mark.parametrize("names", [("E", "λ (nm)"), ("lambda", "x-1")], ids=str)
def test_any_string_names_a_variable(names):
    X, y = table()
    model = SymbolicRegressor(max_seconds=30).fit(X, y, variable_names=names)
    found = model.sympy()
    assert {symbol.name for symbol in found.free_symbols} == set(names)
    # Plain symbols: those that the user makes from the names are the same ones.
    function = sympy.lambdify([sympy.Symbol(name) for name in names], found)
    np.testing.assert_allclose(function(*X.T), y, rtol=1e-9)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-9)
    text = model.latex()
    assert text.count("{") == text.count("}") and "\\frac" in text
    for index in range(len(model.front_)):
        assert isinstance(model.latex(index), str) and isinstance(model.sympy(index), sympy.Expr)


def test_a_target_named_like_a_column_is_primed():
    X, y = table(30)
    model = SymbolicRegressor(max_seconds=3, primitives=["x", "x^2", "x^-1"])
    model.fit(pd.DataFrame(X, columns=["y", "z"]), pd.Series(y, name="y"))
    assert model.formula_.target == "y'"


def test_errors_of_y_weigh_the_rows():
    # Half of the rows are spoiled, and their errors say so.
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, 200)
    error = np.where(np.arange(200) % 2, 10.0, 0.01)
    y = 2.0 * x**2 + error * rng.normal(size=200)
    model = SymbolicRegressor(max_seconds=0.5, primitives=["x", "x^2", "x^3", "exp"]).fit(x[:, None], y, y_error=error)
    fresh = np.linspace(1, 3, 20)
    np.testing.assert_allclose(model.predict(fresh[:, None]), 2 * fresh**2, rtol=0.01)
    assert model.discovery_.noise_floor == pytest.approx(np.mean(error**-2.0) ** -0.5, rel=1e-9)


def test_rows_of_zero_weight_do_not_count():
    X, y = table()
    y = y.copy()
    y[::4] = 1e3
    weight = np.ones(len(y))
    weight[::4] = 0
    model = SymbolicRegressor(max_seconds=30).fit(X, y, sample_weight=weight)
    fresh, expected = table(seed=5)
    np.testing.assert_allclose(model.predict(fresh), expected, rtol=1e-9)


def test_a_constant_column_is_left_out_and_may_come_back_in_predict():
    X, y = table()
    wide = np.column_stack([X[:, 0], np.full(len(y), 3.0), X[:, 1]])
    model = SymbolicRegressor(max_seconds=30).fit(wide, y)
    assert model.n_features_in_ == 3 and model.formula_.variables == ("x0", "x2")
    wide[:, 1] = -7.0
    np.testing.assert_allclose(model.predict(wide), y, rtol=1e-9)
    assert any("x1" in note for note in model.discovery_.notes)


def test_parameters_are_those_of_the_constructor():
    library = default_library().only("x", "exp")
    model = SymbolicRegressor(max_seconds=5, random_state=3, primitives=library, options=CHEAP)
    parameters = model.get_params()
    assert set(parameters) == {
        "max_seconds", "random_state", "device", "primitives", "validation_fraction", "options", "progress",
        "given", "loss", "guesses", "timeout_in_seconds", "deterministic",
        "exact", "bounds", "fixed",
    }  # fmt: skip
    assert parameters["random_state"] == 3 and parameters["options"] is CHEAP
    model.set_params(max_seconds=7.5)
    copy = clone(model)
    assert copy is not model and copy.max_seconds == 7.5 and list(copy.primitives) == ["x", "exp"]
    with pytest.raises(ValueError, match="Invalid parameter 'seconds'"):
        model.set_params(seconds=1)


def test_parameters_override_the_options():
    options = SymbolicRegressor(max_seconds=5, random_state=np.int64(3), primitives=["exp"], options=CHEAP)._options()
    assert (options.max_seconds, options.seed, list(options.primitives)) == (5, 3, ["exp"])
    assert options.growth == CHEAP.growth and options.selection == CHEAP.selection


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"random_state": "seven"}, "random_state must be an integer, got 'seven'"),
        ({"random_state": None}, "random_state must be an integer, got None"),
        ({"random_state": -1}, "seed must be an integer of at least 0, got -1"),
        ({"max_seconds": 0}, "max_seconds must be a positive number of seconds, got 0"),
        ({"validation_fraction": 1.5}, r"validation_fraction must lie in \[0, 0.9\), got 1.5"),
        ({"device": "abacus"}, "device must be 'auto', 'cpu' or 'cuda', got 'abacus'"),
        (
            {"primitives": ["sine"]},
            "^primitives: there is no primitive 'sine'; close names: .*sin.*`kansym primitives` and",
        ),
        (
            {"primitives": "sin, exp"},
            r"primitives must be a list of names, got 'sin, exp'; write primitives=\['sin', 'exp'\]",
        ),
        ({"primitives": []}, r"primitives=\[\] leaves no function to use; .*`kansym primitives`"),
        ({"primitives": 3}, "primitives must be a list of names or a PrimitiveLibrary, got 3"),
        ({"primitives": [np.sin]}, "primitives must be a list of names, got .<ufunc 'sin'>. in it"),
        ({"max_seconds": "10"}, "max_seconds must be a positive number of seconds, got '10'"),
        ({"validation_fraction": "a"}, "validation_fraction must lie in .*, got 'a'"),
        ({"given": "x0**2"}, r"given 'x0\*\*2' has no '\.\.\.'"),
        ({"given": 3}, "given must be a text, such as .*, got 3"),
        ({"options": DiscoveryOptions, "max_seconds": 1}, "options must be a DiscoveryOptions, got"),
    ],
    ids=str,
)
def test_wrong_parameters_are_named_at_fit(parameters, message):
    with pytest.raises(ArgumentError, match=message):
        SymbolicRegressor(**parameters).fit(*table(20))


def test_wrong_data_are_named():
    X, y = table(20)
    with pytest.raises(DataError, match=r"^variable_names has 3 entries, but X has 2 columns"):
        SymbolicRegressor().fit(X, y, variable_names=["a", "b", "c"])
    with pytest.raises(ArgumentError, match=r"variable_names must be a list of names, such as .*, got 'ab'"):
        SymbolicRegressor().fit(X, y, variable_names="ab")
    with pytest.raises(ValueError, match="contains NaN"):
        SymbolicRegressor().fit(np.full_like(X, np.nan), y, variable_names=5)
    with pytest.raises(ArgumentError, match=r"guesses must be several texts, .*, got 5"):
        SymbolicRegressor(guesses=5).fit(X, y)
    assert DiscoveryOptions(guesses=iter(["a*x"])).guesses == ("a*x",)
    with pytest.raises(DataError, match=r"^X_units must have one entry per column of X \(2\), got \['m'\]"):
        SymbolicRegressor().fit(X, y, X_units=["m"])
    with pytest.raises(DataError, match=r"^X_units names 'q', which is not a column; columns: x0, x1"):
        SymbolicRegressor().fit(X, y, X_units={"q": "m"})
    with pytest.raises(DataError, match="unit of the target 'y': '5' is not a text"):
        SymbolicRegressor().fit(X, y, y_units=5)
    with pytest.raises(DataError, match="unit of the target 'y': 'm//s' is not a unit"):
        SymbolicRegressor().fit(X, y, y_units="m//s")
    with pytest.raises(DataError, match="y_error must be positive"):
        SymbolicRegressor().fit(X, y, y_error=-1.0)
    with pytest.raises(DataError, match="constant"):
        SymbolicRegressor().fit(X, np.ones(20))


def frame_with(column, values):
    frame = pd.DataFrame(table(5)[0], columns=["a", "b"])
    frame[column] = values
    return frame


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, 3, np.nan, 5], r"^column 'b' has NaN or inf in 1 row, row 3 \(counted from 0\); .*drop_missing=True"),
        ([1, np.inf, 3, np.nan, 5], "^column 'b' has NaN or inf in 2 rows, rows 1, 3"),
        (["1", "2", "high", "4", "5"], "^column 'b', row 2: 'high' is not a number"),
        (pd.date_range("2024-01-01", periods=5), "^column 'b' holds dates or durations; convert it to numbers"),
        (pd.to_timedelta(range(5), unit="s"), "^column 'b' holds dates or durations"),
        ([1j, 2, 3, 4, 5], "column 'b' holds complex numbers"),
        ([{}, 2, 3, 4, 5], "^column 'b', row 0: '{}' is not a number"),
    ],
    ids=["nan", "inf", "text", "dates", "durations", "complex", "objects"],
)
def test_what_is_no_number_is_named_by_column_and_row(values, message, model):
    frame = frame_with("b", values)
    with pytest.raises(DataError, match=message):
        SymbolicRegressor().fit(frame, np.arange(5.0))
    with pytest.raises(DataError, match=message):
        model.__class__.predict(with_names(model, ["a", "b"]), frame)


def with_names(model, names):
    """A fitted model as if its columns had been called so."""
    other = pickle.loads(pickle.dumps(model))
    other.variable_names_, other.feature_names_in_ = tuple(names), np.array(names, dtype=object)
    return other


def test_what_is_no_number_is_named_in_arrays_and_targets(model):
    X, y = table(5)
    X[3, 1] = y[2] = np.nan
    with pytest.raises(DataError, match=r"^column 'x1' has NaN or inf in 1 row, row 3"):
        SymbolicRegressor().fit(X, y)
    with pytest.raises(DataError, match=r"^column 'r' has NaN or inf in 1 row, row 3"):
        SymbolicRegressor().fit(X, y, variable_names=["m", "r"])
    with pytest.raises(DataError, match=r"^column 'x1' has NaN"):
        model.predict(X)
    with pytest.raises(DataError, match=r"^target 'force' has NaN or inf in 1 row, row 2"):
        SymbolicRegressor().fit(table(5)[0], pd.Series(y, name="force"))
    with pytest.raises(DataError, match=r"^column 'x0' holds dates"):
        SymbolicRegressor().fit(np.array([["2024-01-01"], ["2024-01-02"]], dtype="M8[s]"), [1.0, 2.0])


@pytest.fixture(scope="module")
def noisy_model():
    X, y = table()
    noise = 1 + 0.01 * np.random.default_rng(4).standard_normal(len(y))
    options = DiscoveryOptions(structure=False)
    return SymbolicRegressor(max_seconds=2, options=options, deterministic=True).fit(X, y * noise)


def test_a_fitted_model_survives_pickle(noisy_model):
    again = pickle.loads(pickle.dumps(noisy_model))
    X, _ = table(seed=5)
    np.testing.assert_array_equal(again.predict(X), noisy_model.predict(X))
    assert again.sympy() == noisy_model.sympy() and str(again.front_) == str(noisy_model.front_)
    np.testing.assert_array_equal(again.network_.predict(X), noisy_model.network_.predict(X))


def test_the_network_predicts_on_its_own_and_beside_an_exact_law_there_is_none(model, noisy_model):
    X, y = table(seed=5)
    rmse = np.sqrt(np.mean((noisy_model.network_.predict(X) - y) ** 2))
    assert 0 < rmse < 0.05 * y.std()
    assert model.network_ is None  # an exact law


def test_in_a_grid_search():
    # Exact algebra finds the law with any library.
    X, y = table(60)
    model = SymbolicRegressor(max_seconds=10, options=CHEAP)
    search = GridSearchCV(model, {"primitives": [["x"], ["x", "x^2", "x^-1"]]}, cv=2)
    search.fit(X, y)
    # Which of the two is the better hangs on the last digit.
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], 1.0, atol=1e-9)
    assert search.best_estimator_.primitives == search.best_params_["primitives"]


def test_progress_reaches_the_callback():
    seen = []
    SymbolicRegressor(max_seconds=1.0, options=CHEAP, progress=seen.append).fit(*table(30))
    assert seen and seen[-1].stage == "finishing"


# -- PySR's names ------------------------------------------------------------------------------------------------------


def test_rows_of_the_hall_of_fame(model):
    frame = model.get_hof()
    assert frame is model.equations_ and model.nout_ == 1
    assert {"complexity", "loss", "score", "equation", "sympy_format"} <= set(frame.columns)
    for index in (0, -1):
        assert model.get_best(index)["equation"] == frame["equation"].iloc[index]
    with pytest.raises(ArgumentError, match="index must name one of"):
        model.get_best(99)


def test_a_latex_table_of_the_front(model):
    table = model.latex_table()
    assert table.count(r"\\") == len(model.front_) + 1 and "booktabs" in table
    one = model.latex_table([-1], precision=2, columns=["equation", "loss"])
    assert one.count(r"\\") == 2 and "Equation & Loss" in one
    with pytest.raises(ArgumentError, match="columns must be some of"):
        model.latex_table(columns=["nothing"])


def test_weights_are_sample_weight():
    X, y = table()
    y = y.copy()
    y[::4] = 1e3
    weight = np.ones(len(y))
    weight[::4] = 0
    fresh, expected = table(seed=5)
    model = SymbolicRegressor(max_seconds=30).fit(X, y, weights=weight)
    np.testing.assert_allclose(model.predict(fresh), expected, rtol=1e-9)
    with pytest.raises(ArgumentError, match="weights and sample_weight are two names of one thing"):
        SymbolicRegressor().fit(X, y, weights=weight, sample_weight=weight)


def test_the_budget_has_two_names():
    assert SymbolicRegressor()._options().max_seconds == DEFAULT_SECONDS
    assert SymbolicRegressor(timeout_in_seconds=7)._options().max_seconds == 7
    assert SymbolicRegressor(max_seconds=7, timeout_in_seconds=7)._options().max_seconds == 7
    assert SymbolicRegressor(options=DiscoveryOptions(max_seconds=9))._options().max_seconds == 9
    assert SymbolicRegressor(max_seconds=8, options=DiscoveryOptions(max_seconds=9))._options().max_seconds == 8
    assert not SymbolicRegressor()._options().deterministic
    assert SymbolicRegressor(deterministic=True)._options().deterministic
    assert SymbolicRegressor(options=DiscoveryOptions(deterministic=True))._options().deterministic
    with pytest.raises(ArgumentError, match="timeout_in_seconds=7 contradicts max_seconds=60"):
        SymbolicRegressor(max_seconds=60, timeout_in_seconds=7)._options()
    with pytest.raises(ArgumentError, match="max_seconds must be a positive number of seconds, got 0"):
        SymbolicRegressor(timeout_in_seconds=0)._options()


def test_guesses_reach_the_search():
    X, y = table()
    model = SymbolicRegressor(max_seconds=20, guesses=["1.5*a^2/(b + c)"]).fit(X, y, variable_names=["a", "b"])
    (outcome,) = model.discovery_.guesses
    assert outcome.verdict == "confirmed"
    fresh, expected = table(seed=5)
    np.testing.assert_allclose(model.predict(fresh), expected, rtol=1e-9)
    # Other seeds have to find the law on their own.
    assert model._options().guesses == ("1.5*a^2/(b + c)",) and clone(model).guesses == model.guesses
    with pytest.raises(ArgumentError, match="guesses must be several texts"):
        SymbolicRegressor(guesses="a*b")._options()


def test_a_formula_for_pysr_and_back(model):
    X, y = table(seed=5)
    for index in (None, *range(len(model.front_))):
        text = model.to_pysr_guess(index)
        expression = parse_expression(text, ["x0", "x1"])
        np.testing.assert_allclose(
            sympy.lambdify(sympy.symbols("x0 x1"), expression)(*X.T) * np.ones(len(y)),
            model.predict(X, index=index),
            rtol=1e-13,
            # Beside a zero of the formula its terms cancel: two orders of adding them differ by roundings of the terms.
            atol=1e-13 * float(np.max(np.abs(y))),
        )
    assert "mass" in model.to_pysr_guess(names=["mass", "r"]) and "mass" in model.to_pysr_guess(names={"x0": "mass"})
    with pytest.raises(ArgumentError, match="PySR refuses 'beta'"):
        model.to_pysr_guess(names=["mass", "beta"])


def test_names_for_pysr_count_columns_that_were_left_out():
    X, y = table(40)
    wide = np.column_stack([X[:, 0], np.full(len(y), 3.0), X[:, 1]])
    model = SymbolicRegressor(max_seconds=5, guesses=["1.7*x0^2/(x2 + 0.5)"]).fit(wide, y)
    text = model.to_pysr_guess(names=["a", "b", "c"])
    assert "a" in text and "c" in text and "b" not in text


def test_parameters_of_pysr(caplog):
    with caplog.at_level("WARNING", logger="kansym"):
        model = SymbolicRegressor.from_pysr_parameters(
            niterations=40,
            populations=20,
            binary_operators=["+", "*", "/"],
            unary_operators=["exp"],
            timeout_in_seconds=5,
            random_state=1,
        )
    assert model.timeout_in_seconds == 5 and model.random_state == 1 and "sin" not in model.primitives
    (record,) = caplog.records
    assert "niterations and populations: " in record.getMessage()
    X, y = table()
    np.testing.assert_allclose(model.fit(X, y).predict(X), y, rtol=1e-9)
    with pytest.raises(ArgumentError, match="no parameter of PySRRegressor"):
        SymbolicRegressor.from_pysr_parameters(niterationz=3)
