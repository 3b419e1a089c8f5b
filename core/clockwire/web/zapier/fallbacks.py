"""What does a Zap's editor show before anything has happened? The newest there is, as it would be sent, or a sample.

https://docs.timetracker.in/api-reference/integrations/zapier/triggers: the pages "fallback".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import caller
from clockwire.api.calls import Call, Method
from clockwire.api.scopes import Access
from clockwire.model.payloads import PayloadFormat, Shape, render
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.timer import copied_timer
from clockwire.operations.searching import newest
from clockwire.operations.surroundings import around_in
from clockwire.operations.timer_lists import get_timer
from clockwire.storage.timers import find_latest_started, find_latest_stopped
from clockwire.v1.events_pb2 import Event
from clockwire.v1.timers_pb2 import Timer
from clockwire.web.framing import keyed
from clockwire.web.parts import Parts
from clockwire.web.zapier import samples
from clockwire.web.zapier.refusals import refuse

#: The newest subject of an event, told as the event that it would be; None if there is none.
Latest = Callable[[Connection, str], Event | None]

_SHAPE = Shape(payload_format=PayloadFormat.TIMETRACKER)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fallback:
    """One trigger's."""

    path: str
    scope: str
    latest: Latest
    sample: object


def routes(parts: Parts, prefix: str) -> Sequence[BaseRoute]:
    """GET one for each trigger."""
    return [
        Route(
            f"{prefix}/triggers/{each.path}/fallback",
            keyed(
                parts.calls,
                Method("Zapier/Fallback", Access(scope=each.scope)),
                _Answer(parts, each).answer,
                refuse=refuse,
            ),
            methods=["GET"],
        )
        for each in FALLBACKS
    ]


class _Answer:
    """An array of exactly one object."""

    def __init__(self, parts: Parts, fallback: _Fallback) -> None:
        self._parts = parts
        self._fallback = fallback

    async def answer(self, _request: Request, _call: Call) -> Response:
        """The newest object, or the sample."""
        body = await self._parts.database.read(_latest_body, caller().workspace_id, self._fallback.latest)
        shown = orjson.dumps(self._fallback.sample) if body is None else body
        return Response(b"[" + shown + b"]", media_type="application/json")


def _latest_body(connection: Connection, workspace_id: str, latest: Latest) -> bytes | None:
    event = latest(connection, workspace_id)
    return None if event is None else render(event, _SHAPE, around_in(connection, workspace_id))


def _created(event_type: str, filter_: str = "") -> Latest:
    """The record of this type that was created last."""
    type_ = EVENT_TYPES[event_type].record_type

    def latest(connection: Connection, workspace_id: str) -> Event | None:
        record = newest(connection, workspace_id, type_, filter_=filter_)
        if record is None:
            return None
        return Event(type=event_type, workspace_id=workspace_id, record_type=type_, record=record)

    return latest


def _started(connection: Connection, workspace_id: str) -> Event | None:
    """The timer with the latest start, as it was then: running."""
    found = find_latest_started(connection, workspace_id)
    if found is None:
        return None
    timer = copied_timer(get_timer(connection, workspace_id, found.id))
    timer.state = Timer.STATE_RUNNING
    return Event(type="timer.started", workspace_id=workspace_id, timer=timer)


def _stopped(connection: Connection, workspace_id: str) -> Event | None:
    """The timer that was stopped last; those that ended are kept as long as events are."""
    timer = find_latest_stopped(connection, workspace_id)
    return None if timer is None else Event(type="timer.stopped", workspace_id=workspace_id, timer=timer)


_RECORDS, _TIMERS = "records.read", "timers.read"
#: Of the six triggers.
FALLBACKS = (
    _Fallback(path="clients", scope=_RECORDS, latest=_created("client.created"), sample=samples.CLIENT),
    _Fallback(path="projects", scope=_RECORDS, latest=_created("project.created"), sample=samples.PROJECT),
    _Fallback(path="tasks", scope=_RECORDS, latest=_created("task.created"), sample=samples.TASK),
    _Fallback(path="time-entries/start", scope=_TIMERS, latest=_started, sample=samples.STARTED),
    _Fallback(path="time-entries/stop", scope=_TIMERS, latest=_stopped, sample=samples.STOPPED),
    _Fallback(
        path="time-entries/manual",
        scope=_RECORDS,
        latest=_created("timelog.created", "manually_entered = true"),
        sample=samples.MANUAL,
    ),
)
