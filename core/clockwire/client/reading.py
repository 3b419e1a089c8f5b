"""Where reading begins, which events are read, and what becomes of a reader whose call failed."""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration

from clockwire.client.attempts import Backoff
from clockwire.client.errors import (
    Cancelled,
    ClockwireError,
    Conflict,
    DeadlineExceeded,
    Exhausted,
    ServerFault,
    Unavailable,
)
from clockwire.client.values import parsed_instant
from clockwire.v1.event_service_pb2 import (
    PullEventsRequest,
    PullEventsResponse,
    WatchEventsRequest,
    WatchEventsResponse,
)
from clockwire.v1.events_pb2 import Event, EventFilter, EventStart, EventView

Start = EventStart | str | dt.datetime
Filter = EventFilter | Mapping[str, object] | None

PASSING = (Unavailable, DeadlineExceeded, Exhausted, Conflict, ServerFault, Cancelled)
HEARTBEAT_SECONDS = 15.0
# Silence of this many heartbeats means that the stream is dead (EventService.WatchEvents).
SILENT_HEARTBEATS = 3

_RESUME_BACKOFF = Backoff(first=0.5, longest=30.0)
_POSITIONS = {"earliest": EventStart.POSITION_EARLIEST, "latest": EventStart.POSITION_LATEST}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events, perhaps none, and the place after them: store `cursor` once they are dealt with."""

    events: tuple[Event, ...]
    cursor: str
    caught_up: bool
    backlog: int

    @classmethod
    def of(cls, response: WatchEventsResponse | PullEventsResponse) -> "Batch":
        """What either way of reading answers."""
        caught_up = response.complete if isinstance(response, PullEventsResponse) else response.caught_up
        return cls(tuple(response.events), response.cursor, caught_up, response.backlog)


def event_start(start: Start) -> EventStart:
    """A place in the log: "earliest", "latest", "consumer:NAME", a time (also as RFC 3339 text), or a cursor."""
    if isinstance(start, EventStart):
        return start
    if isinstance(start, dt.datetime):
        return EventStart(time=parsed_instant(start))
    if start in _POSITIONS:
        return EventStart(position=_POSITIONS[start])
    if start.startswith("consumer:"):
        return EventStart(consumer=start.removeprefix("consumer:"))
    if not start:
        raise ValueError('start is empty: it is "earliest", "latest", "consumer:NAME", a time or a cursor')
    # A cursor is URL-safe text and so never holds a colon; a time always does.
    return EventStart(time=parsed_instant(start)) if ":" in start else EventStart(cursor=start)


def event_filter(event_types: Iterable[str] = (), conditions: Filter = None) -> EventFilter:
    """These event types (all if none) and these conditions: a message, or its fields as a mapping."""
    if isinstance(event_types, str):
        raise ValueError(f"event_types is a list: [{event_types!r}]")  # noqa: TRY004 - as every other bad value
    chosen = EventFilter()
    if isinstance(conditions, EventFilter):
        chosen.CopyFrom(conditions)
    elif conditions:
        _parse_filter(conditions, chosen)
    chosen.event_types.extend(event_types)
    return chosen


def pull_request(
    start: EventStart, conditions: EventFilter, *, view: EventView.ValueType, max_events: int, wait: float
) -> PullEventsRequest:
    """One batch from *start* on, waiting up to so many seconds for a first event."""
    request = PullEventsRequest(start=start, filter=conditions, view=view, max_events=max_events)
    if wait > 0:
        request.wait_timeout.CopyFrom(_length(wait))
    return request


def watch_request(start: EventStart, conditions: EventFilter, *, follow: bool, heartbeat: float) -> WatchEventsRequest:
    """A stream from *start* on, without end if it follows the log."""
    return WatchEventsRequest(
        start=start,
        filter=conditions,
        heartbeat_interval=_length(heartbeat),
        stop_at_head=not follow,
    )


class Reader:
    """How far a reader has come, and how often in a row it has failed since."""

    def __init__(self, start: Start) -> None:
        self.start = event_start(start)
        self._failures = 0

    def took(self, batch: Batch) -> Batch:
        """The reader goes on after *batch*."""
        self.start = EventStart(cursor=batch.cursor)
        self._failures = 0
        return batch

    def delay_after(self, error: ClockwireError) -> float:
        """Seconds to wait before going on from the same place; raises *error* if going on cannot help."""
        if not isinstance(error, PASSING):
            raise error
        self._failures += 1
        at_once = isinstance(error, Unavailable) and self._failures == 1
        delay = max(0.0 if at_once else _RESUME_BACKOFF.delay(self._failures), error.retry_after or 0.0)
        _log.warning("reading events was interrupted, going on in %.1f s: %s", delay, error)
        return delay


def _parse_filter(conditions: Mapping[str, object], chosen: EventFilter) -> None:
    mapping = dict(conditions)
    # JSON writes a field mask as one text; a list reads better.
    if isinstance(paths := mapping.pop("changed_paths", None), list | tuple):
        chosen.changed_paths.paths.extend(paths)
    elif paths is not None:
        raise ValueError(f"changed_paths is a list, not {paths!r}")
    try:
        json_format.ParseDict(mapping, chosen)
    except json_format.ParseError as error:
        raise ValueError(f"the event filter cannot be read: {error}") from error


def _length(seconds: float) -> Duration:
    length = Duration()
    length.FromTimedelta(dt.timedelta(seconds=seconds))
    return length
