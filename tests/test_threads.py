"""Small tables run on one thread, and the caller's setting comes back."""

import pytest
import torch
from threadpoolctl import threadpool_info

from kansym.threads import SMALL_ROWS, threads_for


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def three_threads():
    """Three threads for torch, whatever the tests run with."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_small_tables_run_on_one_thread(three_threads):
    before = blas_threads()
    with threads_for(100):
        assert torch.get_num_threads() == 1
        assert set(blas_threads()) == {1}
    assert torch.get_num_threads() == 3
    assert blas_threads() == before


def test_large_tables_keep_the_callers_threads(three_threads):
    with threads_for(SMALL_ROWS):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_setting_comes_back_after_an_error(three_threads, error):
    with pytest.raises(error), threads_for(100):
        raise error
    assert torch.get_num_threads() == 3


def test_blas_is_limited_also_where_torch_has_one_thread_already():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threads_for(100):
        assert set(blas_threads()) == {1}
    torch.set_num_threads(before)
