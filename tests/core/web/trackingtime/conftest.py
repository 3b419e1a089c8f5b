"""What tests of TrackingTime's endpoints may ask for."""

import ipaddress
from collections.abc import AsyncIterator

import pytest

from tests.support.clock import MovableClock
from tests.support.server import ANY_PORT, Served, served


@pytest.fixture
async def server(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server that answers HTTP, and may send to this machine."""
    loopback = [ipaddress.ip_network("127.0.0.0/8")]
    async with served(database_url, clock, http=ANY_PORT, allow_target=loopback) as server:
        yield server
