"""Which of the trained networks is read, and when."""

import math

import pytest
import torch

from kansym.kan.growth import Candidate, Decision
from kansym.kan.network import Network
from kansym.search.held import HeldNetworks

NETWORK = Network.create((2, 1), grid=3, generator=torch.Generator().manual_seed(0))


def candidate(error, first=None):
    decision = Decision("start", (2, 1), 5, first or error, first or error, True, "")
    return Candidate(NETWORK, NETWORK, error**2, error**2, (decision,))


class Networks:
    """What is asked of the networks of a search."""

    def __init__(self, floor=0.0):
        self.floor = floor

    def loss(self, one):
        return one.validation_loss

    def readable(self, held):
        return min(held, key=lambda one: one.validation_loss, default=None)


def held(*errors, floor=0.0):
    found = HeldNetworks(Networks(floor))
    found.all += [candidate(*error) if isinstance(error, tuple) else candidate(error) for error in errors]
    return found


def chosen(found, *, best_loss=math.inf, noisy=False):
    one = found.next(best_loss, noisy=noisy)
    return None if one is None else found.all.index(one)


@pytest.mark.parametrize(
    ("errors", "place"),
    [
        ((0.3, 0.02), None),
        ((0.1, (0.02, 0.07)), None),
        ((0.1, (5e-4, 1e-2)), 1),  # finer grids have brought it near
        ((0.1, 2e-5), None),
        ((0.1, 5e-7), 1),
        ((0.2, 0.19, 0.19), None),
        ((0.2, 0.19, 0.19, 0.19), 0),  # without noise three larger ones must say that there is no more to see
    ],
)
def test_without_noise_a_network_is_read_where_it_may_have_the_right_shape(errors, place):
    assert chosen(held(*errors)) == place


def test_with_noise_a_precise_network_is_read_and_one_that_larger_ones_do_not_better():
    assert chosen(held(0.1, 0.02), noisy=True) == 1
    assert chosen(held(0.2, 0.19, 0.19), noisy=True) == 0
    assert chosen(held(0.2, 0.19, 0.1), noisy=True) is None
    assert chosen(held(0.2, 0.12, floor=0.05)) == 1


def test_nothing_is_read_that_a_formula_betters():
    assert chosen(held(0.3, 0.02), best_loss=1e-5) is None


def test_at_the_end_the_smallest_near_the_best_comes_first_and_nothing_twice():
    found = held(0.5, 0.105, 0.1, 0.3, 0.4)
    rest = [(found.all.index(one), thorough) for one, thorough in found.rest(unread=True)]
    assert rest == [(2, False), (1, True), (2, True), (3, True), (4, True)]
    found.mark(found.all[1], done=True)
    assert [found.all.index(one) for one, _ in found.rest(unread=False)] == [2, 3, 4]
    assert list(held().rest(unread=True)) == []
