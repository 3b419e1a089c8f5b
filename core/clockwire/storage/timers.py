"""Timers' rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, select, tuple_

from clockwire.model.instants import Instant, of_timestamp
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.keyed import BulkSelect
from clockwire.storage.tables import timer
from clockwire.v1.timers_pb2 import Timer

#: Start and id, in whose order timers are listed.
Place = tuple[Instant, str]

_LATELY = 100
_columns = timer.c
_put = BulkInsert(
    timer, ["workspace_id", "id", "user_id", "project_id", "start_time", "end_time", "message"], replace=True
)

_by_id = BulkSelect(timer, keys=["id"], columns=["message"])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerQuery:
    """Which timers are listed; all given conditions must hold."""

    user_ids: Sequence[str] = ()
    project_ids: Sequence[str] = ()
    started_before: Instant | None = None
    include_ended: bool = False


def put_timer(connection: Connection, workspace_id: str, value: Timer) -> None:
    """The timer is stored, new or not."""
    start = of_timestamp(value.start_time)
    end = None if value.state == Timer.STATE_RUNNING else of_timestamp(value.update_time)
    row = (workspace_id, value.id, value.user_id, value.project_id, start, end, value.SerializeToString())
    _put.run(connection, [row])


def find_timer(connection: Connection, workspace_id: str, timer_id: str) -> Timer | None:
    """The timer of an id, whether it runs or not."""
    rows = _by_id.run(connection, workspace_id, [(timer_id,)])
    return Timer.FromString(rows[0][0]) if rows else None


def find_running(connection: Connection, workspace_id: str, user_id: str) -> Timer | None:
    """The timer of a user that runs."""
    query = _running(workspace_id).where(_columns.user_id == user_id)
    message = connection.scalars(query).one_or_none()
    return None if message is None else Timer.FromString(message)


def select_running(connection: Connection, workspace_id: str) -> list[Timer]:
    """All timers that run, in the order of their ids."""
    query = _running(workspace_id).order_by(_columns.id)
    return [Timer.FromString(message) for message in connection.scalars(query)]


def find_latest_started(connection: Connection, workspace_id: str) -> Timer | None:
    """The timer with the latest start, whether it runs or not."""
    query = select(_columns.message).where(_columns.workspace_id == workspace_id)
    message = connection.scalars(query.order_by(_columns.start_time.desc(), _columns.id.desc()).limit(1)).one_or_none()
    return None if message is None else Timer.FromString(message)


def find_latest_stopped(connection: Connection, workspace_id: str) -> Timer | None:
    """The timer that was stopped last, of those that ended lately; discarded ones do not count."""
    ended = select(_columns.message).where(_columns.workspace_id == workspace_id, _columns.end_time.is_not(None))
    latest = ended.order_by(_columns.end_time.desc(), _columns.id.desc()).limit(_LATELY)
    timers = map(Timer.FromString, connection.scalars(latest))
    return next((each for each in timers if each.state == Timer.STATE_STOPPED), None)


def select_timers(
    connection: Connection, workspace_id: str, query: TimerQuery, *, after: Place | None, limit: int
) -> list[Timer]:
    """Timers that are asked for, oldest start first, those that come after a place."""
    chosen = select(_columns.message).where(_columns.workspace_id == workspace_id)
    if not query.include_ended:
        chosen = chosen.where(_columns.end_time.is_(None))
    if query.user_ids:
        chosen = chosen.where(_columns.user_id.in_(query.user_ids))
    if query.project_ids:
        chosen = chosen.where(_columns.project_id.in_(query.project_ids))
    if query.started_before is not None:
        chosen = chosen.where(_columns.start_time < query.started_before)
    if after is not None:
        chosen = chosen.where(tuple_(_columns.start_time, _columns.id) > tuple_(*after))
    rows = connection.execute(chosen.order_by(_columns.start_time, _columns.id).limit(limit)).scalars()
    return [Timer.FromString(message) for message in rows]


def has_ended_timers(connection: Connection, workspace_id: str, before: Instant) -> bool:
    """Whether there are timers that had ended before a time."""
    return connection.execute(_ended(workspace_id, before).limit(1)).first() is not None


def delete_ended_timers(connection: Connection, workspace_id: str, before: Instant, limit: int) -> None:
    """Of the timers that had ended before a time, *limit* are gone."""
    old = _ended(workspace_id, before).limit(limit)
    connection.execute(delete(timer).where(_columns.workspace_id == workspace_id, _columns.id.in_(old)))


def _ended(workspace_id: str, before: Instant) -> Select[tuple[str]]:
    return select(_columns.id).where(_columns.workspace_id == workspace_id, _columns.end_time < before)


def _running(workspace_id: str) -> Select[Any]:
    return select(_columns.message).where(_columns.workspace_id == workspace_id, _columns.end_time.is_(None))
