"""An asset that is rung for whenever events wait for a Dag: a doorbell, whose visitor the Dag's first task lets in.

    time_logs = clockwire_asset("payroll", start="latest", event_types=["timelog.*"])

schedules a Dag with `schedule=[time_logs]` (and `max_active_runs=1`), and is given as its `asset` to the drain,
`@task.clockwire_events` or `ClockwireDrainOperator`. One asset, and one consumer, for each Dag that consumes: a
consumer keeps one place.

What that promises: every matching event after the consumer's beginning is handed to the drain, in order, also if the
triggerer is killed, the Dag is paused, a run fails or Airflow loses a ring; and no event whose page was worked off is
handed over again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, AssetWatcher

from clockwire_provider.feed import Feed
from clockwire_provider.hooks.clockwire import ClockwireHook
from clockwire_provider.triggers.bell import FIRST_RERING_SECONDS, LONGEST_RERING_SECONDS
from clockwire_provider.triggers.events import ClockwireDoorbellTrigger


def clockwire_asset(
    consumer: str,
    *,
    start: str,
    event_types: Sequence[str] = (),
    filter: Mapping[str, Any] | None = None,  # noqa: A002
    clockwire_conn_id: str = ClockwireHook.default_conn_name,
    first_rering_seconds: float = FIRST_RERING_SECONDS,
    longest_rering_seconds: float = LONGEST_RERING_SECONDS,
) -> Asset:
    """The asset, with its watcher, of the events that wait for a consumer.

    :param consumer: the name under which Clockwire keeps the place: 1 to 63 of a-z, 0-9, ".", "_", "-"
    :param start: where the consumer begins when it is first made: "latest", "earliest", a time, or a cursor
    :param event_types: which events, e.g. ["timelog.*", "project.closed"]; all if empty
    :param filter: more conditions, by the field names of EventFilter, e.g. {"project_ids": ["..."]}
    :param first_rering_seconds: when an unanswered ring is repeated; each further time takes twice as long
    :param longest_rering_seconds: up to this
    """
    feed = Feed(
        consumer=consumer, start=start, event_types=event_types, filter=filter, clockwire_conn_id=clockwire_conn_id
    )
    trigger = ClockwireDoorbellTrigger(
        consumer=consumer,
        start=start,
        event_types=event_types,
        filter=filter,
        clockwire_conn_id=clockwire_conn_id,
        first_rering_seconds=first_rering_seconds,
        longest_rering_seconds=longest_rering_seconds,
    )
    return Asset(
        name=f"clockwire-{consumer}",
        uri=f"clockwire://{clockwire_conn_id}/consumers/{consumer}",
        group="clockwire",
        extra=feed.as_extra(),
        watchers=[AssetWatcher(name=f"clockwire-{consumer}-doorbell", trigger=trigger)],
    )
