"""How a bell is kept ringing: through faults, and without losing or inventing anything."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace

from clockwire.client import AsyncClient, Batch
from clockwire.client.attempts import Backoff
from clockwire.client.errors import CursorRewind, EtagMismatch
from clockwire.client.reading import PASSING
from clockwire.v1.consumer_service_pb2 import GetConsumerRequest
from clockwire.v1.events_pb2 import EventView
from clockwire_provider.feed import Feed
from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.triggers.bell import Bell, Level

COALESCE_SECONDS = 0.5
_MOST_NEWS = 1000
_WAIT_FOR_SERVER = Backoff(first=1.0, longest=60.0)

_log = logging.getLogger(__name__)


class Doorbell:
    """The rings for one feed, without end. It never raises."""

    def __init__(self, feed: Feed, *, first: float, longest: float) -> None:
        self._feed = feed
        self._first = first
        self._longest = longest
        self._failures = 0

    async def rings(self) -> AsyncGenerator[dict[str, str]]:
        """Each ring says for which consumer, why, and how far the log had come."""
        while True:
            try:
                async with aclosing(self._rings()) as rings:
                    async for ring in rings:
                        yield ring
            except (*PASSING, OSError) as error:
                _log.warning("%s: waiting for the server: %s", self._feed.consumer, error)
                await self._pause(_WAIT_FOR_SERVER)
            except Exception:  # noqa: BLE001 - the loop must go on; it is logged, and rung for
                # An error that stays is rung for, so that the drain meets it and fails where people look.
                _log.exception("%s: events cannot be read", self._feed.consumer)
                yield {"consumer": self._feed.consumer, "reason": "error", "head": ""}
                await self._pause(Backoff(self._first, self._longest))

    async def _rings(self) -> AsyncGenerator[dict[str, str]]:
        """Rings over one connection."""
        bell = Bell(first=self._first, longest=self._longest)
        async with await ClockwireHook(self._feed.clockwire_conn_id).aget_client() as client:
            seen = (await client.open_consumer(self._feed.consumer, self._feed.start)).cursor
            newest = 0
            while True:
                news = await self._news(client, seen, wait=bell.seconds_to_next_look(time.monotonic()))
                self._failures = 0
                seen = news.cursor
                newest = news.events[-1].sequence if news.events else newest
                if reason := bell.look(await self._level(client), newest, time.monotonic()):
                    yield {"consumer": self._feed.consumer, "reason": reason, "head": seen}

    async def _news(self, client: AsyncClient, seen: str, *, wait: float) -> Batch:
        """What happened after *seen*: a first event, and what came within a moment of it."""
        news = await self._pull(client, seen, wait=wait)
        if not news.events:
            return news
        await asyncio.sleep(COALESCE_SECONDS)
        more = await self._pull(client, news.cursor)
        return more if more.events else replace(more, events=news.events)

    async def _level(self, client: AsyncClient) -> Level:
        """How far the consumer is behind.

        A consumer for which nothing waits is moved to the head, past what its filter leaves out: otherwise it would
        fall out of retention while nothing happens that concerns it. The etag sees to it that this never undoes what
        a drain, or a person, has set meanwhile.
        """
        consumer = (await client.consumers.GetConsumer(GetConsumerRequest(name=self._feed.consumer))).consumer
        page = await self._pull(client, consumer.cursor, max_events=1)
        while not page.events and not page.caught_up:
            page = await self._pull(client, page.cursor, max_events=1)
        if page.events:
            return Level(consumer.cursor, page.events[0].sequence)
        if page.cursor != consumer.cursor:
            with suppress(EtagMismatch, CursorRewind):
                await client.commit(consumer.name, page.cursor, etag=consumer.etag)
        return Level(consumer.cursor, None)

    async def _pull(self, client: AsyncClient, start: str, *, wait: float = 0.0, max_events: int = _MOST_NEWS) -> Batch:
        return await client.pull(
            start,
            event_types=self._feed.event_types,
            filter=self._feed.filter,
            view=EventView.EVENT_VIEW_BASIC,
            max_events=max_events,
            wait=wait,
        )

    async def _pause(self, backoff: Backoff) -> None:
        self._failures += 1
        await asyncio.sleep(backoff.delay(self._failures))
