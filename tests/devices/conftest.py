"""Fixtures for tests on a pretended card."""

from collections.abc import Iterator

import pytest

from tests.devices.pretended_card import PretendedCard, pretended_card


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    """A pretended CUDA card; see `tests.devices.pretended_card`."""
    with pretended_card() as card:
        yield card
