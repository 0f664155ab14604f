"""scikit-learn's way in."""

from kansym.estimator.regressor import SymbolicRegressor as SymbolicRegressor
