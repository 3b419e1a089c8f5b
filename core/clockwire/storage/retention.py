"""What is removed when its time is over, a piece at a time: the writer is never kept from others for long."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Select, delete, exists, func, or_, select, tuple_, update

from clockwire.model.identifiers import id_prefix
from clockwire.model.instants import Instant
from clockwire.storage.tables import attempt, delivery, event, event_body, metadata, workspace
from clockwire.storage.workspaces import set_earliest


class BodyKey(NamedTuple):
    """One webhook body."""

    event_id: str
    shape: int


class AttemptKey(NamedTuple):
    """One attempt."""

    delivery_id: str
    number: int


_WAITED_FOR = exists().where(delivery.c.event_id == event_body.c.event_id, delivery.c.end_time.is_(None))


def delete_oldest_events(connection: Connection, workspace_id: str, through: int) -> None:
    """The log begins after *through*; what was owed and tried because of the events before is gone with them."""
    removed = select(event.c.id).where(event.c.workspace_id == workspace_id, event.c.sequence <= through)
    delete_deliveries(connection, select(delivery.c.id).where(delivery.c.event_id.in_(removed)))
    connection.execute(delete(event_body).where(event_body.c.event_id.in_(removed)))
    connection.execute(delete(event).where(event.c.workspace_id == workspace_id, event.c.sequence <= through))
    set_earliest(connection, workspace_id, through + 1)


def select_loose_deliveries(connection: Connection, workspace_id: str, before: Instant, limit: int) -> Sequence[str]:
    """Deliveries of samples, which no log holds, from before a time."""
    query = select(delivery.c.id).where(
        delivery.c.workspace_id == workspace_id,
        delivery.c.id < id_prefix(before),
        ~exists().where(event.c.id == delivery.c.event_id),
    )
    return connection.execute(query.limit(limit)).scalars().all()


def delete_deliveries(connection: Connection, ids: Select[tuple[str]] | Sequence[str]) -> None:
    """The deliveries are gone, and their attempts."""
    connection.execute(delete(attempt).where(attempt.c.delivery_id.in_(ids)))
    connection.execute(delete(delivery).where(delivery.c.id.in_(ids)))


def select_old_bodies(connection: Connection, workspace_id: str, before: Instant, limit: int) -> Sequence[BodyKey]:
    """Webhook bodies from before a time that nobody waits for."""
    query = select(event_body.c.event_id, event_body.c.shape).where(
        event_body.c.workspace_id == workspace_id, event_body.c.create_time < before, ~_WAITED_FOR
    )
    return [BodyKey(*row) for row in connection.execute(query.limit(limit))]


def delete_bodies(connection: Connection, keys: Sequence[BodyKey]) -> None:
    """These webhook bodies are gone, but for those that somebody waits for again."""
    found = tuple_(event_body.c.event_id, event_body.c.shape).in_(keys)
    connection.execute(delete(event_body).where(found, ~_WAITED_FOR))


def select_old_responses(
    connection: Connection, workspace_id: str, before: Instant, *, after: AttemptKey, limit: int
) -> Sequence[AttemptKey]:
    """Attempts that still hold a response from before a time, in the order of their keys."""
    query = (
        select(attempt.c.delivery_id, attempt.c.number)
        .where(
            attempt.c.workspace_id == workspace_id,
            attempt.c.start_time < before,
            func.length(attempt.c.response_body) > 0,
            or_(
                attempt.c.delivery_id > after.delivery_id,
                (attempt.c.delivery_id == after.delivery_id) & (attempt.c.number > after.number),
            ),
        )
        .order_by(attempt.c.delivery_id, attempt.c.number)
        .limit(limit)
    )
    return [AttemptKey(*row) for row in connection.execute(query)]


def clear_responses(connection: Connection, keys: Sequence[AttemptKey]) -> None:
    """These attempts hold no response body any more."""
    connection.execute(
        update(attempt).where(tuple_(attempt.c.delivery_id, attempt.c.number).in_(keys)).values(response_body=b"")
    )


def select_doomed(connection: Connection, before: Instant) -> Sequence[str]:
    """Workspaces that were marked for deletion before a time."""
    query = select(workspace.c.id).where(workspace.c.delete_time < before).order_by(workspace.c.id)
    return connection.execute(query).scalars().all()


def delete_some_of_workspace(connection: Connection, workspace_id: str, limit: int) -> bool:
    """Whether there is more to remove. The workspace itself goes last, so that what is left is found again."""
    for table in metadata.sorted_tables:
        if "workspace_id" in table.c:
            some = select(*table.primary_key).where(table.c.workspace_id == workspace_id).limit(limit)
            if connection.execute(delete(table).where(tuple_(*table.primary_key).in_(some))).rowcount:
                return True
    connection.execute(delete(workspace).where(workspace.c.id == workspace_id))
    return False
