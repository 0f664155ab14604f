import numpy as np
import pytest

from kansym.bench.catalogue import load_catalogue
from kansym.bench.evaluation import precise_values, values
from kansym.bench.sampling import Variable
from kansym.symbolic.naming import plain_symbol


def test_columns_are_shuffled_by_the_seed_and_the_law_goes_along(make_law, problem_of):
    law = make_law("a - 2*b + 3*c", a=(1, 2), b=(10, 20), c=(100, 200))
    orders = set()
    for seed in range(12):
        problem = problem_of(law, seed=seed, dummies=1)
        assert problem.names == ("x0", "x1", "x2", "x3")
        assert problem.X.shape == (200, 4)
        np.testing.assert_allclose(problem.law_at(problem.X), problem.y, rtol=1e-13)
        orders.add(tuple(problem.places[name] for name in law.names))
        for name, low in (("a", 1), ("b", 10), ("c", 100)):
            column = problem.X[:, problem.names.index(problem.places[name])]
            assert column.min() >= low and column.max() <= 2 * low
    assert len(orders) > 5


def test_dummies_come_from_the_ranges_of_the_law(make_law, problem_of):
    problem = problem_of(make_law("a*b", a=(1, 2), b=(10, 20)), dummies=3)
    for name in set(problem.names) - set(problem.places.values()):
        column = problem.X[:, problem.names.index(name)]
        assert any(column.min() >= low and column.max() <= 2 * low for low in (1, 10))
    assert len(problem.names) == 5


def test_noise_is_relative_to_the_size_of_the_target(make_law, problem_of):
    law = make_law("100 + x", x=(0, 1))
    clean, noisy = problem_of(law, rows=4000), problem_of(law, rows=4000, noise=0.01)
    assert np.array_equal(clean.X, noisy.X)
    assert np.std(noisy.y - clean.y) == pytest.approx(0.01 * 100.5, rel=0.05)


def test_points_of_the_judge_are_inside_and_outside(make_law, problem_of):
    problem = problem_of(make_law("log(a)*b", a=(1, 3), b={"low": 1.0, "high": 100.0, "distribution": "log"}))
    a, b = (problem.names.index(problem.places[name]) for name in ("a", "b"))

    def within(X):
        return (X[:, a] >= 1) & (X[:, a] <= 3) & (X[:, b] >= 1) & (X[:, b] <= 100)

    assert within(problem.inside).all() and not within(problem.beyond).any()
    assert problem.beyond[:, a].min() < 0.6 and problem.beyond[:, a].max() > 3.4
    assert problem.beyond[:, b].min() < 0.5 and problem.beyond[:, b].max() > 200
    # The same points whatever the seed of the run, so that results can be compared.
    other = problem_of(problem.law, seed=8)
    np.testing.assert_array_equal(np.sort(other.inside, axis=1), np.sort(problem.inside, axis=1))


def test_high_precision_agrees_where_doubles_suffice(make_law):
    law = make_law("exp(-x)*sin(x) + sqrt(x)", x=(0, 5))
    X, y = law.sample(20, 0)
    symbols = [plain_symbol("x")]
    np.testing.assert_allclose(precise_values(law.expression, symbols, X), y, rtol=1e-13)
    outside = np.array([[-1.0]])
    assert np.isnan(values(law.expression, symbols, outside)).all()
    assert np.isnan(precise_values(law.expression, symbols, outside)).all()


def test_box_of_trajectories_is_around_the_rows():
    law = load_catalogue("strogatz")["lv1"]
    X, _ = law.sample(1, 0)
    box = law.box(X)
    assert all(isinstance(variable, Variable) for variable in box)
    assert [(v.low, v.high) for v in box] == [(X[:, j].min(), X[:, j].max()) for j in (0, 1)]
