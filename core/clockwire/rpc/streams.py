"""When a stream ends that would go on for ever: the server drains, the key ends, or it has grown old.

The interceptor guards every stream with this, and every unary call that may wait for something (a long poll);
servicers know nothing of it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from datetime import timedelta
from typing import TypeVar

from clockwire.api.authentication import Authenticator
from clockwire.api.draining import Drain, Ending
from clockwire.model.errors import KeyInvalid, QuotaExceeded, ServerDraining, Unavailable

T = TypeVar("T")

REFRESH = timedelta(seconds=2)
AGE = timedelta(minutes=60)
_JITTER = 1 / 12  # 55 to 65 minutes: streams that began together do not come back together


class Streams:
    """The open streams of this server."""

    def __init__(
        self,
        authenticator: Authenticator,
        drain: Drain,
        *,
        limit: int,
        age: timedelta = AGE,
        refresh: timedelta = REFRESH,
    ) -> None:
        """At most *limit* are open for one key."""
        self._authenticator = authenticator
        self._drain = drain
        self._limit = limit
        self._age = age
        self._refresh = refresh
        self._open: dict[Ending, tuple[str, bytes]] = {}
        self._counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled: what is known of keys is refreshed, and streams whose key has ended end."""
        while True:
            await asyncio.sleep(self._refresh.total_seconds())
            await self.check_keys()

    async def check_keys(self) -> None:
        """Every open stream has a valid key. While the database is away nothing is decided."""
        known = [(ending, key_hash) for ending, (_, key_hash) in self._open.items()]  # more may open meanwhile
        try:
            valid = await self._authenticator.refresh({key_hash for _, key_hash in known})
        except Unavailable:
            return
        for ending, key_hash in known:
            if key_hash not in valid:
                ending.end(KeyInvalid())

    async def guard(self, responses: AsyncGenerator[T], api_key_id: str, key_hash: bytes) -> AsyncGenerator[T]:
        """The responses of a stream, until it ends by itself or has to. QuotaExceeded if too many are open."""
        with self._opened(api_key_id, key_hash) as ending:
            async with aclosing(responses):
                while True:
                    try:
                        response = await ending.before(anext(responses))
                    except StopAsyncIteration:
                        return
                    yield response

    def drain(self) -> None:
        """Every open stream ends, and tells its reader to come back."""
        self._drain.begin()
        for ending in list(self._open):
            ending.end(ServerDraining())

    @property
    def open_count(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @contextmanager
    def _opened(self, api_key_id: str, key_hash: bytes) -> Iterator[Ending]:
        if self._drain.over:
            raise ServerDraining
        if self._counts[api_key_id] >= self._limit:
            raise QuotaExceeded("open streams per API key", self._limit)
        ending = Ending()
        age = self._age.total_seconds() * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load
        aged = asyncio.get_running_loop().call_later(age, ending.end, ServerDraining())
        self._open[ending] = api_key_id, key_hash
        self._counts[api_key_id] += 1
        try:
            yield ending
        finally:
            aged.cancel()
            del self._open[ending]
            self._counts[api_key_id] -= 1
            if not self._counts[api_key_id]:
                del self._counts[api_key_id]
