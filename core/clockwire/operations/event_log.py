"""How the event log is read: pages after a place, and the place a start names.

The promise is kept here: a page begins right after the place that was asked for, or the call fails. Nothing is
skipped in silence, whatever retention removed meanwhile.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from clockwire.model.caller import system
from clockwire.model.cursor import Cursor, decode_cursor, encode_cursor
from clockwire.model.errors import CursorEpochChanged, CursorExpired, FieldInvalid, ResourceNotFound
from clockwire.model.event import LogEntry
from clockwire.model.instants import Clock, Instant, to_text
from clockwire.model.values.times import check_timestamp
from clockwire.operations.tail import Tail
from clockwire.storage.consumers import find_consumer
from clockwire.storage.database import Database
from clockwire.storage.events import first_since, select_entries, time_of
from clockwire.storage.transaction import Log, Transaction
from clockwire.storage.workspaces import find_log
from clockwire.storage.writer import Writer
from clockwire.v1.events_pb2 import EventStart

PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive entries of a log, and where its head was when they were read."""

    entries: list[LogEntry]
    head: int
    #: No event will be committed before this time any more.
    last_time: Instant


@dataclass(frozen=True, slots=True)
class LogEnds:
    """A log, and when its oldest and its newest event were committed."""

    log: Log
    earliest_time: Instant | None
    latest_time: Instant | None


class EventLog:
    """The logs of all workspaces, for reading."""

    def __init__(
        self, database: Database, writer: Writer[Any], tail: Tail, *, clock: Clock, poll_seconds: float
    ) -> None:
        """*poll_seconds*: how often to look for what other processes wrote, should a wake-up get lost."""
        self._database = database
        self._writer = writer
        self._tail = tail
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._loading: dict[tuple[str, int], asyncio.Task[Page]] = {}

    @contextmanager
    def reading(self, workspace_id: str) -> Iterator[None]:
        """While a reader is here, new events of the workspace reach it from memory."""
        with self._tail.reading(workspace_id):
            yield

    async def page(self, workspace_id: str, after: int) -> Page:
        """The next entries after a sequence; none at the head. Raises CursorExpired if some were removed."""
        if found := self._tail.after(workspace_id, after, PAGE):
            entries, newest = found
            return Page(entries, newest.sequence, newest.commit_time)
        return await self._shared_page(workspace_id, after)

    async def news(self, workspace_id: str, after: int, timeout_seconds: float) -> None:
        """Returns when there may be events after a sequence, or when the time is over."""
        await self._tail.news(workspace_id, after, min(timeout_seconds, self._poll_seconds))

    async def head(self, workspace_id: str) -> int:
        """The sequence of the newest event, whichever process wrote it."""
        return (await self._database.read(log_of, workspace_id)).head

    async def position(self, workspace_id: str, start: EventStart) -> int:
        """The sequence after which a reader begins."""
        return await self._database.read(resolve_start, workspace_id, start)

    async def close_time(self, workspace_id: str) -> None:
        """From now on no event of the workspace is committed with an earlier time than now."""
        await self._writer.write(_close_time, system(workspace_id))

    async def _shared_page(self, workspace_id: str, after: int) -> Page:
        """The page from the database, read once for all who wait at the same place."""
        key = workspace_id, after
        if (task := self._loading.get(key)) is None:
            task = asyncio.create_task(self._database.read(read_page, workspace_id, after))
            self._loading[key] = task
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(task)


def read_page(connection: Connection, workspace_id: str, after: int) -> Page:
    """A page as the database has it at one moment."""
    log = log_of(connection, workspace_id)
    _check_kept(connection, log, after)
    return Page(select_entries(connection, workspace_id, after, PAGE), log.head, log.last_time)


def log_ends(connection: Connection, workspace_id: str) -> LogEnds:
    """The log and its ends."""
    log = log_of(connection, workspace_id)
    times = [time_of(connection, workspace_id, sequence) for sequence in (log.earliest, log.head)]
    return LogEnds(log, times[0], times[1])


def resolve_start(connection: Connection, workspace_id: str, start: EventStart) -> int:
    """The sequence after which *start* begins. Raises FieldInvalid, the cursor errors, ResourceNotFound."""
    log = log_of(connection, workspace_id)
    match start.WhichOneof("start"):
        case "cursor":
            after = place_of(log, start.cursor)
        case "time":
            after = _before_time(connection, log, check_timestamp("start.time", start.time))
        case "position" if start.position == EventStart.POSITION_EARLIEST:
            after = log.earliest - 1
        case "position" if start.position == EventStart.POSITION_LATEST:
            after = log.head
        case "consumer":
            consumer = find_consumer(connection, workspace_id, start.consumer)
            if consumer is None:
                raise ResourceNotFound("consumer", start.consumer)
            after = _in_epoch(log, Cursor(consumer.epoch, workspace_id, consumer.sequence))
        case _:
            raise FieldInvalid.of("start", "set exactly one of cursor, time, position (EARLIEST or LATEST), consumer")
    _check_kept(connection, log, after)
    return after


def log_of(connection: Connection, workspace_id: str) -> Log:
    """The log of a workspace as it is now. Raises ResourceNotFound."""
    log = find_log(connection, workspace_id)
    if log is None:
        raise ResourceNotFound("workspace", workspace_id)
    return log


def place_of(log: Log, cursor: str) -> int:
    """The sequence a cursor stands at. Raises CursorInvalid or CursorEpochChanged."""
    return _in_epoch(log, decode_cursor(cursor, log.workspace.id))


def _in_epoch(log: Log, cursor: Cursor) -> int:
    """Its sequence, if it was given out in this life of the log: one beyond the head was not."""
    if cursor.epoch != log.epoch or cursor.sequence > log.head:
        raise CursorEpochChanged(cursor.epoch, log.epoch)
    return cursor.sequence


def _before_time(connection: Connection, log: Log, time: Instant) -> int:
    """The sequence before the first event of a time or later; refused if events of that time may be gone."""
    if log.earliest > 1:
        oldest = time_of(connection, log.workspace.id, log.earliest)
        if time <= (log.last_time if oldest is None else oldest):
            raise _expired(connection, log)
    first = first_since(connection, log.workspace.id, time)
    return log.head if first is None else first - 1


def _check_kept(connection: Connection, log: Log, after: int) -> None:
    if after + 1 < log.earliest:
        raise _expired(connection, log)


def _expired(connection: Connection, log: Log) -> CursorExpired:
    oldest = time_of(connection, log.workspace.id, log.earliest)
    earliest = Cursor(log.epoch, log.workspace.id, log.earliest - 1)
    return CursorExpired(encode_cursor(earliest), to_text(oldest) if oldest is not None else "")


def _close_time(transaction: Transaction) -> None:
    log = transaction.log
    assert log is not None
    if transaction.now > log.last_time:
        log.last_time = transaction.now
        log.changed = True
