"""What waits in the triggerer: for one event, or for a consumer to fall behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

from clockwire_provider.feed import Feed
from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.triggers.bell import FIRST_RERING_SECONDS, LONGEST_RERING_SECONDS

if TYPE_CHECKING:
    from clockwire.v1.events_pb2 import Event

#: How long a first look may take, from `start` to the head of the log, though the deadline passes meanwhile.
_LOOK_SECONDS = 30.0


class ClockwireEventTrigger(BaseTrigger):
    """Fires once: with the first matching event after `start`, at its deadline, or with what makes waiting hopeless.

    It only reads, and a triggerer that takes it over begins at `start` again, so it finds the same event. What it fires
    holds the event's id and no more, since the triggerer logs it. Even if it begins after its deadline, because Airflow
    was busy, it looks once: an event that is there is found.

    :param deadline: when waiting ends, in seconds since the epoch; never if it is None
    """

    def __init__(
        self,
        *,
        clockwire_conn_id: str,
        start: str,
        event_types: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        deadline: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.clockwire_conn_id = clockwire_conn_id
        self.start = start
        self.event_types = event_types
        self.filter = filter
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain values, from which another triggerer makes the same trigger."""
        return f"{__name__}.{type(self).__name__}", {
            "clockwire_conn_id": self.clockwire_conn_id,
            "start": self.start,
            "event_types": list(self.event_types),
            "filter": dict(self.filter or {}),
            "deadline": self.deadline,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, with a "status", and the "deadline" that was given.

        {"status": "found", "event_id", "cursor"}, {"status": "timeout"}, or {"status": "error", "message"}.
        """
        from clockwire.client import ClockwireError

        try:
            event = await self._first_event()
        except (ClockwireError, AirflowException, ValueError) as error:
            fired = {"status": "error", "message": str(error)}
        else:
            found = {"status": "found", "event_id": event.id, "cursor": event.cursor} if event else None
            fired = found or {"status": "timeout"}
        yield TriggerEvent({**fired, "deadline": self.deadline})  # type: ignore[no-untyped-call]

    async def _first_event(self) -> "Event | None":
        """The event, or None if it has not come by the deadline and by the end of a first look."""
        async with await ClockwireHook(self.clockwire_conn_id).aget_client() as client:
            limit = _until(self.deadline and max(self.deadline, time.time() + _LOOK_SECONDS))
            watch = client.watch_batches(self.start, event_types=self.event_types, filter=self.filter)
            try:
                async with limit, aclosing(watch) as batches:
                    async for batch in batches:
                        if batch.events:
                            return batch.events[0]
                        if batch.caught_up:
                            limit.reschedule(_until(self.deadline).when())
            except TimeoutError:
                if not limit.expired():
                    raise
        return None


def _until(deadline: float | None) -> asyncio.Timeout:
    """The limit of time that ends then, in seconds since the epoch; never if it is None."""
    return asyncio.timeout(None if deadline is None else deadline - time.time())


class ClockwireDoorbellTrigger(BaseEventTrigger):
    """Rings as long as events wait for a consumer; the drain in the Dag fetches them.

    It keeps no place of its own: a triggerer that takes it over starts at the consumer's place. It never ends by
    itself. A fault that can pass is waited out; one that cannot is rung for as well, less and less often, so that it
    shows as a failed drain and not only in the triggerer's log.
    """

    def __init__(
        self,
        *,
        consumer: str,
        start: str,
        event_types: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        clockwire_conn_id: str = ClockwireHook.default_conn_name,
        first_rering_seconds: float = FIRST_RERING_SECONDS,
        longest_rering_seconds: float = LONGEST_RERING_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.feed = Feed(
            consumer=consumer,
            start=start,
            event_types=event_types,
            filter=filter,
            clockwire_conn_id=clockwire_conn_id,
        )
        self.first_rering_seconds = first_rering_seconds
        self.longest_rering_seconds = longest_rering_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain values. The consumer is among them: Airflow would run equal triggers of two assets as one."""
        return f"{__name__}.{type(self).__name__}", {
            "consumer": self.feed.consumer,
            "start": self.feed.start,
            "event_types": list(self.feed.event_types),
            "filter": dict(self.feed.filter or {}),
            "clockwire_conn_id": self.feed.clockwire_conn_id,
            "first_rering_seconds": self.first_rering_seconds,
            "longest_rering_seconds": self.longest_rering_seconds,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """A ring: {"consumer", "reason": "new" | "behind" | "error", "head"}."""
        from clockwire_provider.triggers.doorbell import Doorbell

        doorbell = Doorbell(self.feed, first=self.first_rering_seconds, longest=self.longest_rering_seconds)
        async with aclosing(doorbell.rings()) as rings:
            async for ring in rings:
                yield TriggerEvent(ring)  # type: ignore[no-untyped-call]
