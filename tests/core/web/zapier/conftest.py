"""What tests of TimeTracker's endpoints may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.support.clock import MovableClock
from tests.support.server import ANY_PORT, Served, served
from tests.support.zapier import LOOPBACK, Zap


@pytest.fixture
async def server(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server that answers HTTP, and may send to this machine."""
    async with served(database_url, clock, http=ANY_PORT, allow_target=[LOOPBACK]) as server:
        yield server


@pytest.fixture
def zap(server: Served) -> Zap:
    """Somebody who has built on TimeTracker, with the workspace's key."""
    return Zap(server)
