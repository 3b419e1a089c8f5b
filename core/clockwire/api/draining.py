"""When something ends that would go on for ever, and that the server shuts down: those who wait are told."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from clockwire.model.errors import ClockwireError, ServerDraining

T = TypeVar("T")


class Ending:
    """Something that can end, once, and those who wait are told. Belongs to the event loop it is made in."""

    def __init__(self) -> None:
        self._over: asyncio.Future[ClockwireError] = asyncio.get_running_loop().create_future()

    def end(self, error: ClockwireError) -> None:
        """It is over, for this reason; the first one counts."""
        if not self._over.done():
            self._over.set_result(error)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over.done()

    async def before(self, waiting: Awaitable[T]) -> T:
        """What *waiting* gives if that comes first; else it is cancelled, and the reason of the end is raised."""
        work = asyncio.ensure_future(waiting)
        try:
            waits: set[asyncio.Future[Any]] = {work, self._over}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise self._over.result()
            return work.result()
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work})


class Drain(Ending):
    """Whether the server is shutting down. Calls that wait for something wait `before` it."""

    def begin(self) -> None:
        """No call waits any longer: each ends with SERVER_DRAINING."""
        self.end(ServerDraining())
