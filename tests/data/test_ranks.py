import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from kansym.data.ranks import average_ranks


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_equal_values_share_their_ranks(values):
    np.testing.assert_array_equal(average_ranks(np.array(values)), scipy.stats.rankdata(values))


@pytest.mark.parametrize("shape", [(40, 3), (1, 2), (0, 2), (5, 0)])
def test_columns_have_ranks_of_their_own(rng, shape):
    values = rng.normal(size=shape).round(1)
    np.testing.assert_array_equal(average_ranks(values), scipy.stats.rankdata(values, axis=0))
