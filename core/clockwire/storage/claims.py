"""How due deliveries are claimed: round the subscriptions that have some, the oldest first in each.

The index `delivery_due` holds only what waits, by subscription. So a claim costs what it takes, however many wait: it
steps from one subscription to the next without reading the rows between, and takes the first few of each.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.engine.interfaces import DBAPICursor

from clockwire.model.delivery import Delivery, DeliveryKind, DeliveryState
from clockwire.model.instants import Instant
from clockwire.storage.bulk import BulkUpdate
from clockwire.storage.deliveries import NAMES, of_row
from clockwire.storage.keyed import LockingSelect
from clockwire.storage.tables import delivery

_columns = delivery.c
_take = BulkUpdate(delivery, keys=["id"], columns=["state", "lease", "due_time"])

_leases = LockingSelect("SELECT id, lease, attempt_count FROM delivery", id_="id", lock="FOR UPDATE")

_DUE = text("""
    WITH RECURSIVE one (subscription_id) AS (
        SELECT (SELECT subscription_id FROM delivery WHERE due_time IS NOT NULL ORDER BY subscription_id LIMIT 1)
        UNION ALL
        SELECT (SELECT subscription_id FROM delivery
                WHERE due_time IS NOT NULL AND subscription_id > one.subscription_id ORDER BY subscription_id LIMIT 1)
        FROM one WHERE subscription_id IS NOT NULL
    )
    SELECT subscription_id, (SELECT due_time FROM delivery
                             WHERE subscription_id = one.subscription_id AND due_time IS NOT NULL
                             ORDER BY due_time LIMIT 1) AS due_time
    FROM one WHERE subscription_id IS NOT NULL
""")

_listed = ", ".join(NAMES)
_SQLITE = f"SELECT {_listed} FROM delivery WHERE subscription_id = ? AND due_time <= ? ORDER BY due_time, id LIMIT ?"
_POSTGRESQL = f"""
    SELECT found.* FROM unnest(%s::text[], %s::integer[]) AS wanted (subscription_id, places)
    CROSS JOIN LATERAL (
        SELECT {_listed} FROM delivery
        WHERE delivery.subscription_id = wanted.subscription_id AND due_time <= %s
        ORDER BY due_time, id LIMIT wanted.places FOR UPDATE SKIP LOCKED
    ) AS found
"""


def select_due_times(connection: Connection) -> dict[str, Instant]:
    """Each subscription that has deliveries waiting or in flight, and when the first of them is due."""
    return {row.subscription_id: row.due_time for row in connection.execute(_DUE)}


def claim(
    connection: Connection, places: Mapping[str, int], *, now: Instant, lease: str, until: Instant
) -> list[Delivery]:
    """Due deliveries, at most so many of each subscription, AS THEY WERE before they were leased."""
    if not places:
        return []
    # The driver's own cursor: SQLAlchemy's results cost more than the rows.
    with closing(connection.connection.cursor()) as cursor:
        find = _find_postgresql if connection.dialect.name == "postgresql" else _find_sqlite
        found = [of_row(row) for row in find(cursor, places, now)]
    _take.run(connection, [(each.id, DeliveryState.IN_FLIGHT, lease, until) for each in found])
    return found


def select_due(connection: Connection, subscription_ids: Collection[str], now: Instant) -> list[Delivery]:
    """What is due for these subscriptions; nobody else changes it until the commit."""
    query = select(*(_columns[name] for name in NAMES)).where(
        _columns.subscription_id.in_(subscription_ids), _columns.due_time <= now
    )
    return [of_row(row) for row in connection.execute(query.order_by(_columns.id).with_for_update())]


def lock_held(connection: Connection, held: Sequence[Delivery]) -> set[str]:
    """Ids of those deliveries whose lease still is who thinks he holds it; nobody changes them until the commit.

    A delivery that was claimed again has another lease, or has counted the attempt that nobody knows of.
    """
    rows = _leases.run(connection, [each.id for each in held])
    now = {id_: (lease, attempt_count) for id_, lease, attempt_count in rows}
    return {each.id for each in held if now.get(each.id) == (each.lease, each.attempt_count)}


def end_leases(connection: Connection, now: Instant) -> None:
    """Deliveries of events that somebody holds are due now: for who knows that all holders have died."""
    held = (_columns.due_time.is_not(None), _columns.due_time > now, _columns.lease != "")
    connection.execute(update(delivery).where(*held, _columns.kind == DeliveryKind.EVENT.value).values(due_time=now))


def end_leases_of(connection: Connection, lease: str, now: Instant) -> None:
    """Deliveries held under this lease are due now: for who knows that its holder has died."""
    held = (_columns.due_time.is_not(None), _columns.due_time > now, _columns.lease == lease)
    connection.execute(update(delivery).where(*held).values(due_time=now))


def _find_sqlite(cursor: DBAPICursor, places: Mapping[str, int], now: Instant) -> Iterator[Sequence[Any]]:
    for subscription_id, count in places.items():
        cursor.execute(_SQLITE, (subscription_id, now, count))
        yield from cursor.fetchall()


def _find_postgresql(cursor: DBAPICursor, places: Mapping[str, int], now: Instant) -> Iterator[Sequence[Any]]:
    cursor.execute(_POSTGRESQL, (list(places), list(places.values()), now))
    yield from cursor.fetchall()
