"""How a reader follows the log: a place and a filter, nothing else.

The log is read only as fast as the reader takes batches, so a slow reader costs nothing and falls behind by itself.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from clockwire.model.event_filter import Matcher
from clockwire.model.facets import matches
from clockwire.model.instants import Clock, Instant
from clockwire.operations.event_log import EventLog, Page
from clockwire.v1.events_pb2 import Event

#: The encoded events of one batch stay below this, unless a single one is larger.
_MOST_BYTES = 900 * 1024


@dataclass(slots=True)
class Batch:
    """Matching events, and the place up to which the log was read to find them."""

    #: Encoded `Event` messages, in log order.
    events: list[bytes] = field(default_factory=list)
    sequence: int = 0
    #: Events in the log after `sequence`.
    backlog: int = 0
    #: Every event of an earlier commit time has been read, and none will be committed any more; 0: not known.
    watermark_time: Instant = 0
    #: The end of the range that was asked for has been reached, and nothing can be added before it.
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose log is read, for which events, and in what portions."""

    log: EventLog
    workspace_id: str
    matcher: Matcher
    most_events: int
    #: Leave out the records and timers.
    basic: bool
    clock: Clock

    async def watch(self, after: int, *, heartbeat_seconds: float, stop_at_head: bool) -> AsyncIterator[Batch]:
        """Batches after a place: one at once, then whenever there are events, and one at least every heartbeat.

        Ends only with *stop_at_head*, once all events committed before the call have been given.
        """
        with self.log.reading(self.workspace_id):
            end = await self.log.head(self.workspace_id) if stop_at_head else None
            due = _seconds()
            while True:
                batch = await self._batch(after)
                if batch.events or _seconds() >= due:
                    batch = await self._watermarked(batch)
                    yield batch
                    due = _seconds() + heartbeat_seconds
                after = batch.sequence
                if end is not None and after >= end:
                    return
                if not batch.backlog:
                    await self.log.news(self.workspace_id, after, max(0.0, due - _seconds()))

    async def pull(self, after: int, *, end_time: Instant | None, wait_seconds: float) -> Batch:
        """One batch after a place, before *end_time*; waits for a first matching event if there is none."""
        until = _seconds() + wait_seconds
        with self.log.reading(self.workspace_id):
            while True:
                batch = await self._batch(after, end_time)
                if end_time is not None and not batch.backlog and batch.watermark_time < end_time <= self.clock():
                    await self.log.close_time(self.workspace_id)
                    after = after if batch.events else batch.sequence
                    continue
                if batch.events or batch.ended or (not batch.backlog and _seconds() >= until):
                    return batch
                after = batch.sequence
                if not batch.backlog:
                    await self.log.news(self.workspace_id, after, until - _seconds())

    async def _watermarked(self, batch: Batch) -> Batch:
        """The batch; an idle one says that time has passed without events, which must be made sure of."""
        if not batch.events and not batch.backlog and batch.watermark_time < self.clock():
            await self.log.close_time(self.workspace_id)
            return await self._batch(batch.sequence)
        return batch

    async def _batch(self, after: int, end_time: Instant | None = None) -> Batch:
        page = await self.log.page(self.workspace_id, after)
        batch = Batch(sequence=after)
        size = 0
        for entry in page.entries:
            if end_time is not None and entry.commit_time >= end_time:
                batch.ended = True
                break
            if matches(self.matcher, entry):
                size += len(entry.message)
                if batch.events and (len(batch.events) == self.most_events or size > _MOST_BYTES):
                    break
                batch.events.append(_basic(entry.message) if self.basic else entry.message)
            batch.sequence, batch.watermark_time = entry.sequence, entry.commit_time
        return _concluded(batch, page, end_time)


def _concluded(batch: Batch, page: Page, end_time: Instant | None) -> Batch:
    batch.backlog = page.head - batch.sequence
    if not batch.backlog:
        batch.watermark_time = page.last_time
        batch.ended = end_time is not None and page.last_time >= end_time
    return batch


def _basic(message: bytes) -> bytes:
    event = Event.FromString(message)
    event.ClearField("state")
    return event.SerializeToString()


def _seconds() -> float:
    return asyncio.get_running_loop().time()
