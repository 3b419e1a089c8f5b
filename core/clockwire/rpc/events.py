"""EventService: the log, followed or pulled.

The two calls that carry many events write their responses as bytes: a response is the concatenation of its fields, and
its events were encoded when they were stored. Encoding them again for each reader would be most of the work.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.api.draining import Drain
from clockwire.model.caller import Caller
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.event_filter import compile_filter
from clockwire.model.instants import MINUTE, SECOND, Clock
from clockwire.model.values.times import check_duration, check_timestamp
from clockwire.operations.event_log import EventLog, log_ends, log_of
from clockwire.operations.watching import Reader
from clockwire.rpc.messages.events import batch_bytes, ends_message
from clockwire.storage.database import Database
from clockwire.storage.events import find_entry
from clockwire.v1 import event_service_pb2 as messages
from clockwire.v1.event_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from clockwire.v1.events_pb2 import Event, EventFilter, EventView

_USUAL_EVENTS = 100
_MOST_WATCHED = 500
_MOST_PULLED = 1_000
_USUAL_HEARTBEAT = 15.0
_LONGEST_HEARTBEAT = 5 * MINUTE
_LONGEST_WAIT = timedelta(seconds=60)
#: A long poll is answered this long before its caller would stop waiting.
_ANSWER_BEFORE = 0.5

Context = grpc.aio.ServicerContext[Any, Any]


class Events(EventServiceServicer):
    """The servicer."""

    def __init__(self, log: EventLog, database: Database, drain: Drain, clock: Clock) -> None:
        self._log = log
        self._database = database
        self._drain = drain
        self._clock = clock

    async def WatchEvents(self, request: messages.WatchEventsRequest, context: Context) -> AsyncIterator[bytes]:  # type: ignore[override]
        """The batches of a watch, each as an encoded WatchEventsResponse."""
        here = caller()
        reader = self._reader(here, request.filter, request.view, _count(request.max_events, _MOST_WATCHED))
        heartbeat = _heartbeat(request)
        epoch = await self._epoch(here)
        after = await self._log.position(here.workspace_id, request.start)
        async for batch in reader.watch(after, heartbeat_seconds=heartbeat, stop_at_head=request.stop_at_head):
            tail = messages.WatchEventsResponse(caught_up=not batch.backlog, backlog=batch.backlog)
            yield batch_bytes(batch, tail, epoch=epoch, workspace_id=here.workspace_id)

    async def PullEvents(self, request: messages.PullEventsRequest, context: Context) -> bytes:  # type: ignore[override]
        """One batch, as an encoded PullEventsResponse."""
        here = caller()
        reader = self._reader(here, request.filter, request.view, _count(request.max_events, _MOST_PULLED))
        end_time = check_timestamp("end_time", request.end_time) if request.HasField("end_time") else None
        wait = _wait(request, context)
        epoch = await self._epoch(here)
        after = await self._log.position(here.workspace_id, request.start)
        batch = await self._drain.before(reader.pull(after, end_time=end_time, wait_seconds=wait))
        complete = batch.ended or (end_time is None and not batch.backlog)
        tail = messages.PullEventsResponse(complete=complete, backlog=batch.backlog)
        return batch_bytes(batch, tail, epoch=epoch, workspace_id=here.workspace_id)

    async def GetEvent(self, request: messages.GetEventRequest, context: Context) -> messages.GetEventResponse:
        """One event, whole."""
        entry = await self._database.read(find_entry, caller().workspace_id, request.event_id)
        if entry is None:
            raise ResourceNotFound("event", request.event_id)
        return messages.GetEventResponse(event=Event.FromString(entry.message))

    async def GetEventLog(self, request: messages.GetEventLogRequest, context: Context) -> messages.GetEventLogResponse:
        """The ends of the log, and the event types."""
        return ends_message(await self._database.read(log_ends, caller().workspace_id))

    def _reader(self, here: Caller, filter_: EventFilter, view: EventView.ValueType, most_events: int) -> Reader:
        if view not in EventView.values():
            raise FieldInvalid.of("view", "must be BASIC or FULL")
        return Reader(
            log=self._log,
            workspace_id=here.workspace_id,
            matcher=compile_filter(filter_),
            most_events=most_events,
            basic=view == EventView.EVENT_VIEW_BASIC,
            clock=self._clock,
        )

    async def _epoch(self, here: Caller) -> str:
        return (await self._database.read(log_of, here.workspace_id)).epoch


def add_events(servicer: Events, server: grpc.aio.Server) -> None:
    """The server answers for EventService."""
    add_EventServiceServicer_to_server(servicer, server)
    raw: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "WatchEvents": grpc.unary_stream_rpc_method_handler(
            servicer.WatchEvents, request_deserializer=messages.WatchEventsRequest.FromString
        ),
        "PullEvents": grpc.unary_unary_rpc_method_handler(
            servicer.PullEvents, request_deserializer=messages.PullEventsRequest.FromString
        ),
    }
    server.add_registered_method_handlers("clockwire.v1.EventService", raw)


def _count(asked: int, most: int) -> int:
    if asked < 0:
        raise FieldInvalid.of("max_events", f"must be 0 to {most}")
    return min(asked or _USUAL_EVENTS, most)


def _heartbeat(request: messages.WatchEventsRequest) -> float:
    asked = check_duration("heartbeat_interval", request.heartbeat_interval)
    if asked and not SECOND <= asked <= _LONGEST_HEARTBEAT:
        raise FieldInvalid.of("heartbeat_interval", "must be 1 s to 5 min, or 0 for 15 s")
    return asked / SECOND or _USUAL_HEARTBEAT


def _wait(request: messages.PullEventsRequest, context: Context) -> float:
    """How long the caller waits for a first event, in seconds."""
    seconds = check_duration("wait_timeout", request.wait_timeout, maximum=_LONGEST_WAIT) / SECOND
    remaining: float | None = context.time_remaining()  # None without a deadline, whatever the stubs say
    return seconds if remaining is None else max(0.0, min(seconds, remaining - _ANSWER_BEFORE))
