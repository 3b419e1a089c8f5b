"""Is this server ready? Its database answers and has the tables it needs, webhooks are sent, and it does not drain.

Whoever asks, and however often, the database is looked at once a second at most.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from clockwire.api.draining import Drain
from clockwire.model.errors import StoreUnavailable
from clockwire.storage.database import Database
from clockwire.storage.schema import is_current

OK: Final = "ok"
FRESH_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 2.0
#: The dispatcher looks for work twice a second; a database that was away for a moment is no stall.
STALL_SECONDS: Final = 30.0


class Readiness:
    """What load balancers and orchestrators ask."""

    def __init__(self, database: Database, drain: Drain, stalled_seconds: Callable[[], float]) -> None:
        """*stalled_seconds* says how long ago the dispatcher last got on."""
        self._database = database
        self._drain = drain
        self._stalled_seconds = stalled_seconds
        self._looking: asyncio.Task[Mapping[str, str]] | None = None
        self._look_time = 0.0

    async def checks(self) -> Mapping[str, str]:
        """Each thing that must hold: OK, or what is wrong, in words."""
        stalled = self._stalled_seconds()
        return {
            "server": "is draining" if self._drain.over else OK,
            **await self._of_database(),
            "dispatch": OK if stalled < STALL_SECONDS else f"has not got on for {stalled:.0f} s",
        }

    async def _of_database(self) -> Mapping[str, str]:
        now = time.monotonic()
        if self._looking is None or (self._looking.done() and now - self._look_time > FRESH_SECONDS):
            self._look_time = now
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            return {"database": f"has not answered for {time.monotonic() - self._look_time:.0f} s"}

    async def _look(self) -> Mapping[str, str]:
        try:
            current = await self._database.read(is_current)
        except StoreUnavailable:
            return {"database": "cannot be reached"}
        return {"database": OK, "migrations": OK if current else "are not those of this program"}
