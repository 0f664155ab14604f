"""Rows that are proposed against random ones: a table that two forms share, and what a reading does to them."""

import numpy as np
import pytest

from benchmarks import next_measurement
from benchmarks.calibration_of_forms.tables import Table
from kansym.bench import sampling
from kansym.bench.law import Law, Noise
from kansym.bench.problem import make_problem
from kansym.bench.sampling import Variable
from kansym.data.dataset import make_dataset
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression


@pytest.fixture
def shared():
    """Rows in the middle of a range, where a decay and a line are alike; the decay is the law."""
    noise = Noise("absolute", 0.02, given=True)
    law = Law("decay", "exp(-0.5*t)", "y", (Variable("t", 0.0, 6.0),), noise=noise)
    problem = make_problem(law, rows=200, seed=1)
    middle = (problem.X[:, 0] > 1) & (problem.X[:, 0] < 1.8)
    dataset = make_dataset(problem.X[middle], problem.y[middle], names=["x0"], y_error=problem.errors[middle])
    texts = ("0.9 - 0.3*x0", "1.1*exp(-0.45*x0)")
    forms = tuple(parametrize(parse_expression(text, ["x0"]), (plain_symbol("x0"),)) for text in texts)
    table = Table("1-000", "lab", dataset, problem)
    return next_measurement.Open("1-000", table, forms, np.array([0.0, 4.0]), np.array([15.0, 19.0]), 1, 0.1)


def test_nothing_changes_without_a_row(shared):
    _, bits = shared.misfits(shared.table.dataset)
    shares = shared.shares(bits, bits)
    assert shares.sum() == pytest.approx(1.0) and shares[0] > shares[1]


def test_a_row_far_out_tells_more_than_one_in_the_middle(shared):
    def at(x):
        return lambda forms, dataset: np.array([x])

    gains = {}
    for x in (1.4, 5.5):
        gain, right = next_measurement.measured(shared, at(x), sampling.generator("row", 0))
        gains[x] = gain, right
    assert gains[5.5][0] > gains[1.4][0] + 5 and gains[5.5][1]


def test_proposed_rows_are_counted_beside_random_ones(shared):
    one = next_measurement.examine(shared, beyond=True)
    assert one.random > 0 and one.random_right > 0.5
    said = next_measurement.headlines([one])
    assert said["tables whose rows do not decide"] == "1"
