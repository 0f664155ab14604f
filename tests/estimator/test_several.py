"""`SymbolicRegressor` with several targets: scikit-learn's contract and PySR's conventions."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from kansym import ArgumentError, DataError, SymbolicRegressor
from kansym.estimator.several import errors_of_targets, index_of_each, units_of_targets

BRIEF = {"max_seconds": 2, "deterministic": True}


def table():
    t = np.linspace(1, 3, 20)
    return pd.DataFrame({"t": t}), pd.DataFrame({"u": 2.5 * t, "v": 1 / t})


@pytest.fixture(scope="module")
def model():
    return SymbolicRegressor(**BRIEF).fit(*table())


def test_predictions_have_a_column_for_each_target(model):
    X, Y = table()
    np.testing.assert_allclose(model.predict(X), Y.to_numpy(), rtol=1e-9)
    assert model.score(X, Y) == pytest.approx(r2_score(Y, model.predict(X))) == pytest.approx(1)
    assert (model.nout_, model.n_features_in_, model.variable_names_) == (2, 1, ("t",))


def test_everything_is_a_list(model):
    assert [formula.target for formula in model.formula_] == ["u", "v"]
    assert [len(frame) for frame in model.equations_] == [len(front) for front in model.front_]
    assert [str(one) for one in model.sympy()] == [str(formula.expression) for formula in model.formula_]
    assert model.latex() == [formula.latex() for formula in model.formula_]
    assert [best["equation"] for best in model.get_best()] == [formula.text() for formula in model.formula_]
    assert len(model.to_pysr_guess()) == 2 and model.get_hof() is model.equations_
    assert [certificate.target for certificate in model.certificate_] == ["u", "v"]


def test_formulas_of_the_fronts_by_index(model):
    X, _ = table()
    assert [str(one) for one in model.sympy([0, -1])] == [
        str(model.front_[0][0].expression),
        str(model.front_[1][-1].expression),
    ]
    np.testing.assert_array_equal(model.predict(X, index=0)[:, 1], model.front_[1][0].predict(X))
    with pytest.raises(ArgumentError, match="one for each of 2 targets"):
        model.predict(X, index=[0])


def test_each_target_is_an_estimator_of_its_own(model):
    X, _ = table()
    first = model.estimators_[0]
    np.testing.assert_array_equal(first.predict(X), model.predict(X)[:, 0])
    assert first.nout_ == 1 and first.get_params() == model.get_params()
    assert first.figure("parity") is not None
    for call in (lambda: model.figure("parity"), model.edit, model.finished, model.latex_table):
        with pytest.raises(ArgumentError, match=r"estimators_\[0\]"):
            call()
    assert model.targets_["v"].discovery is model.discovery_[1]


def test_it_is_copied_pickled_shown_and_fitted_anew(model, tmp_path):
    X, Y = table()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert not hasattr(clone(model), "estimators_")
    assert "u = " in model._repr_mimebundle_()["text/plain"] and "<" in model._repr_html_()
    page = model.report(tmp_path / "page.html").read_text()
    assert "u, v from t" in page
    again = pickle.loads(pickle.dumps(model)).fit(X, Y["u"])
    assert again.nout_ == 1 and again.predict(X).shape == (20,) and str(again.formula_).startswith("u = ")


def test_one_column_is_one_target_with_a_warning():
    X, Y = table()
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        model = SymbolicRegressor(max_seconds=0.2, deterministic=True).fit(X, Y[["u"]].to_numpy())
    assert model.predict(X).shape == (20,) and model.nout_ == 1


def test_names_errors_and_units_of_targets():
    X, Y = table()
    fit = {"X_units": ["s"], "y_units": ["m", None], "y_error": np.full((20, 2), [0.1, 0.2])}
    model = SymbolicRegressor(max_seconds=0.4, deterministic=True).fit(
        X.to_numpy(), Y.to_numpy(), variable_names=["t"], target_names=["a", "b"], **fit
    )
    tables = [discovery.dataset for discovery in model.discovery_]
    assert [(one.target, one.y_units, one.y_error[0]) for one in tables] == [("a", "m", 0.1), ("b", None, 0.2)]
    assert "target_names=['a', 'b']" in model.estimators_[0]._command


@pytest.mark.long
def test_scores_of_a_cross_validation():
    X, Y = table()
    scores = cross_val_score(SymbolicRegressor(max_seconds=0.4, deterministic=True), X, Y, cv=2)
    assert scores.shape == (2,) and np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"target_names": ["a"]}, "target_names has 1 entries, but y has 2 columns"),
        ({"target_names": "ab"}, "target_names must be a list"),
        ({"target_names": ["a", "a"]}, "must differ"),
        ({"y_units": ["m"]}, "one entry per target"),
        ({"y_error": {"w": 1.0}}, "no target; targets: 'u', 'v'"),
        ({"y_error": np.ones((20, 3))}, r"expected \(20, 2\)"),
    ],
)
def test_bad_arguments_are_named(given, words):
    with pytest.raises((ArgumentError, DataError), match=words):
        SymbolicRegressor(**BRIEF).fit(*table(), **given)


def test_bad_targets_are_named():
    X, Y = table()
    with pytest.raises(DataError, match=r"target 'v' has NaN or inf in 1 row, row 3"):
        SymbolicRegressor(**BRIEF).fit(X, Y.assign(v=Y["v"].where(Y.index != 3)))
    with pytest.raises(DataError, match="the target 'v' is constant"):
        SymbolicRegressor(**BRIEF).fit(X, Y.assign(v=1.0))
    with pytest.raises(ArgumentError, match="one target"):
        SymbolicRegressor(guesses=["a*t"], **BRIEF).fit(X, Y)


def test_errors_in_every_form():
    targets, n = ["u", "v"], 4
    both = np.arange(1.0, 9).reshape(4, 2)
    assert errors_of_targets(None, targets, n) == [None, None]
    assert errors_of_targets("1%", targets, n) == ["1%", "1%"]
    assert errors_of_targets(0.1, targets, n) == [0.1, 0.1]
    assert errors_of_targets([0.1, 0.2], targets, n) == [0.1, 0.2]
    assert errors_of_targets({"v": 0.2}, targets, n) == [None, 0.2]
    np.testing.assert_array_equal(errors_of_targets(both, targets, n), both.T)
    below, above = errors_of_targets((both, 2 * both), targets, n)[1]
    np.testing.assert_array_equal(above, 2 * below)
    assert units_of_targets("m", targets) == ["m", "m"] and units_of_targets({"v": "V"}, targets) == [None, "V"]
    assert index_of_each(None, 2) == [None, None] and index_of_each(-1, 2) == [-1, -1]
