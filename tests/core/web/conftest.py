"""What a test of HTTP may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.support.clock import MovableClock
from tests.support.server import ANY_PORT, Served, served


@pytest.fixture
async def server(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server that answers HTTP too."""
    async with served(database_url, clock, http=ANY_PORT) as server:
        yield server
