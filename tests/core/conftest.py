"""What a test of the service may ask for: a whole server in its own process."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.support.clock import MovableClock
from tests.support.server import Served, served


@pytest.fixture(autouse=True)
def _usual_log() -> Iterator[None]:
    """Airflow decides, once it is imported, how all of its process logs; here nothing is decided yet."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.fixture
async def server(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server on each kind of database, with a workspace and keys; `tests/support/server.py: served` has more to set.

    A test for which one kind is enough says `@ON_SQLITE`.
    """
    async with served(database_url, clock) as server:
        yield server
