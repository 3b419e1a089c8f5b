"""The event log's rows."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from clockwire.model.event import LogEntry
from clockwire.model.instants import Instant
from clockwire.storage.bulk import BulkInsert
from clockwire.storage.tables import event, event_body

_columns = event.c
_entry = select(*(_columns[name] for name in LogEntry._fields))
_insert = BulkInsert(event, ["workspace_id", *LogEntry._fields])
_insert_bodies = BulkInsert(event_body, ["event_id", "shape", "workspace_id", "create_time", "body"], ignore=True)


def insert_entries(connection: Connection, entries: Sequence[tuple[str, LogEntry]]) -> None:
    """The entries stand in the logs of their workspaces."""
    _insert.run(connection, [(workspace_id, *entry) for workspace_id, entry in entries])


def insert_bodies(connection: Connection, rows: Sequence[tuple[str, int, str, Instant, bytes]]) -> None:
    """The webhook bodies are kept; a row is event, shape, workspace, time and body."""
    _insert_bodies.run(connection, rows)


def select_entries(connection: Connection, workspace_id: str, after: int, limit: int) -> list[LogEntry]:
    """The entries after a sequence, in log order, at most *limit*."""
    query = _entry.where(_columns.workspace_id == workspace_id, _columns.sequence > after)
    return [LogEntry(*row) for row in connection.execute(query.order_by(_columns.sequence).limit(limit))]


def find_entry(connection: Connection, workspace_id: str, event_id: str) -> LogEntry | None:
    """The entry of an event, if the log still holds it."""
    query = _entry.where(_columns.workspace_id == workspace_id, _columns.id == event_id)
    row = connection.execute(query).one_or_none()
    return LogEntry(*row) if row else None


def time_of(connection: Connection, workspace_id: str, sequence: int) -> Instant | None:
    """When the event of a sequence was committed, if the log still holds it."""
    query = select(_columns.commit_time).where(_columns.workspace_id == workspace_id, _columns.sequence == sequence)
    return connection.execute(query).scalar_one_or_none()


def first_since(connection: Connection, workspace_id: str, time: Instant) -> int | None:
    """The sequence of the first event committed at or after a time."""
    query = select(func.min(_columns.sequence)).where(
        _columns.workspace_id == workspace_id, _columns.commit_time >= time
    )
    sequence: int | None = connection.execute(query).scalar_one()
    return sequence


def last_before(connection: Connection, workspace_id: str, time: Instant) -> int | None:
    """The sequence of the last event committed before a time."""
    query = select(func.max(_columns.sequence)).where(
        _columns.workspace_id == workspace_id, _columns.commit_time < time
    )
    sequence: int | None = connection.execute(query).scalar_one()
    return sequence


def delete_entries(connection: Connection, workspace_id: str, through: int) -> int:
    """How many entries up to a sequence, and including it, are gone."""
    statement = delete(event).where(_columns.workspace_id == workspace_id, _columns.sequence <= through)
    return connection.execute(statement).rowcount
