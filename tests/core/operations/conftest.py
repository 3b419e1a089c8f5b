"""What tests of operations may ask for: somebody who keeps records in a workspace of their own."""

import pytest

from tests.support.bookkeeping import Bookkeeper
from tests.support.timing import Timekeeper
from tests.support.writing import make_workspace, working


@pytest.fixture
async def books(database, clock):
    """A bookkeeper with a writer at work."""
    async with working(database, clock) as work:
        yield Bookkeeper(work, make_workspace(database, clock))


@pytest.fixture
def timing(books):
    """Somebody who starts and stops timers in the bookkeeper's workspace."""
    return Timekeeper(books)
