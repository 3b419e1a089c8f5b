"""How timers are read: one, or a page of them, with the labels that hold now as long as they run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.errors import ResourceNotFound
from clockwire.model.timer import labelled_timer, timer_references
from clockwire.model.values import check_id
from clockwire.operations.event_log import log_of
from clockwire.operations.reading import related
from clockwire.storage.timers import Place, TimerQuery, find_timer, select_timers
from clockwire.v1.timers_pb2 import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerPage:
    """Some of the timers of a list."""

    timers: Sequence[Timer]
    #: The head of the log as it is now.
    cursor: str


def get_timer(connection: Connection, workspace_id: str, timer_id: str) -> Timer:
    """One timer. Raises FieldInvalid, ResourceNotFound."""
    timer = find_timer(connection, workspace_id, check_id("timer_id", timer_id))
    if timer is None:
        raise ResourceNotFound("timer", timer_id)
    [shown] = _with_labels(connection, workspace_id, [timer])
    return shown


def list_timers(
    connection: Connection, workspace_id: str, query: TimerQuery, *, after: Place | None = None, limit: int
) -> TimerPage:
    """Timers that are asked for, oldest start first, those that come after a place."""
    log = log_of(connection, workspace_id)
    found = select_timers(connection, workspace_id, query, after=after, limit=limit)
    cursor = encode_cursor(Cursor(log.epoch, workspace_id, log.head))
    return TimerPage(timers=_with_labels(connection, workspace_id, found), cursor=cursor)


def _with_labels(connection: Connection, workspace_id: str, timers: Iterable[Timer]) -> list[Timer]:
    """Those that run get their labels anew; those that ended keep the last ones, of records that may be gone."""
    listed = [*timers]
    running = [each for each in listed if each.state == Timer.STATE_RUNNING]
    ids = {id_ for _, id_ in chain.from_iterable(map(timer_references, running))}
    known = related(connection, workspace_id, ids)
    return [labelled_timer(each, known.get) if each.state == Timer.STATE_RUNNING else each for each in listed]
