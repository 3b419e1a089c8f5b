"""What waits in the triggerer: for one event, or for a consumer to fall behind."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

from clockwire_provider.feed import Feed
from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.triggers.bell import FIRST_RERING_SECONDS, LONGEST_RERING_SECONDS


class ClockwireEventTrigger(BaseTrigger):
    """Fires once, with the first matching event after `start`, or with what makes waiting for it hopeless.

    It only reads, and a triggerer that takes it over begins at `start` again, so it finds the same event. What it fires
    holds the event's id and no more, since the triggerer logs it.
    """

    def __init__(
        self,
        *,
        clockwire_conn_id: str,
        start: str,
        event_types: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.clockwire_conn_id = clockwire_conn_id
        self.start = start
        self.event_types = event_types
        self.filter = filter

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain values, from which another triggerer makes the same trigger."""
        return f"{__name__}.{type(self).__name__}", {
            "clockwire_conn_id": self.clockwire_conn_id,
            "start": self.start,
            "event_types": list(self.event_types),
            "filter": dict(self.filter or {}),
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event: {"status": "found", "event_id", "cursor"} or {"status": "error", "message"}."""
        from clockwire.client import ClockwireError

        try:
            async with await ClockwireHook(self.clockwire_conn_id).aget_client() as client:
                watch = client.watch(self.start, event_types=self.event_types, filter=self.filter)
                async with aclosing(watch) as events:
                    event = await anext(events)
        except (ClockwireError, AirflowException, ValueError) as error:
            yield TriggerEvent({"status": "error", "message": str(error)})  # type: ignore[no-untyped-call]
        else:
            yield TriggerEvent({"status": "found", "event_id": event.id, "cursor": event.cursor})  # type: ignore[no-untyped-call]


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
