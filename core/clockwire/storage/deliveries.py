"""Deliveries' rows. Who claims them, and what leases mean, is in `claims.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, tuple_, update

from clockwire.model.delivery import Delivery, DeliveryKind, DeliveryState
from clockwire.model.instants import Instant
from clockwire.storage.bulk import BulkInsert, BulkUpdate
from clockwire.storage.tables import delivery, event_body

NAMES = Delivery._fields

#: Time of creation, event's sequence, id: newest first.
Place = tuple[Instant, int, str]

_columns = delivery.c
_all = [_columns[name] for name in NAMES]
_KIND, _STATE = NAMES.index("kind"), NAMES.index("state")
_KINDS = {each.value: each for each in DeliveryKind}
_STATES = {each.value: each for each in DeliveryState}
_insert = BulkInsert(delivery, NAMES)
_changing = (
    "state",
    "attempt_count",
    "earlier_attempt_count",
    "due_time",
    "lease",
    "last_outcome",
    "last_http_status",
    "end_time",
)
_changed = attrgetter("id", *_changing)
_update = BulkUpdate(delivery, keys=["id"], columns=_changing)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Which deliveries are listed; all given conditions must hold."""

    subscription_id: str = ""
    event_id: str = ""
    record_id: str = ""
    states: Sequence[int] = ()
    #: None: of any type.
    event_types: Sequence[str] | None = None
    start_time: Instant | None = None
    end_time: Instant | None = None


def insert_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """The deliveries are stored."""
    _insert.run(connection, deliveries)


def update_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Where the deliveries stand is stored; the caller holds their leases or their subscriptions' locks."""
    _update.run(connection, [_changed(each) for each in deliveries])


def find_delivery(
    connection: Connection, workspace_id: str, delivery_id: str, *, lock: bool = False
) -> Delivery | None:
    """The delivery of an id; with *lock* as it is until the commit."""
    query = select(*_all).where(_columns.workspace_id == workspace_id, _columns.id == delivery_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return of_row(row) if row else None


def select_deliveries(
    connection: Connection, workspace_id: str, query: DeliveryQuery, *, after: Place | None, limit: int
) -> list[Delivery]:
    """Deliveries that are asked for, newest event first, those that come after a place."""
    order = (_columns.create_time, _columns.event_sequence, _columns.id)
    chosen = select(*_all).where(_columns.workspace_id == workspace_id, *_conditions(query))
    if after is not None:
        chosen = chosen.where(tuple_(*order) < tuple_(*after))
    rows = connection.execute(chosen.order_by(*(each.desc() for each in order)).limit(limit))
    return [of_row(row) for row in rows]


def select_bodies(connection: Connection, deliveries: Iterable[Delivery]) -> dict[tuple[str, int], bytes]:
    """The bodies of deliveries by event and shape, as far as they are kept."""
    wanted = {each.event_id for each in deliveries}
    if not wanted:
        return {}
    columns = event_body.c
    query = select(columns.event_id, columns.shape, columns.body).where(columns.event_id.in_(wanted))
    return {(row.event_id, row.shape): row.body for row in connection.execute(query)}


def hold(connection: Connection, subscription_id: str) -> None:
    """What waits for this subscription is held."""
    waiting = _of(subscription_id, DeliveryState.PENDING, DeliveryState.WAITING)
    connection.execute(update(delivery).where(waiting).values(state=DeliveryState.HELD, due_time=None))


def release_held(connection: Connection, subscription_id: str, now: Instant) -> int:
    """How many deliveries were held for this subscription, and are due now."""
    held = _of(subscription_id, DeliveryState.HELD)
    released = update(delivery).where(held).values(state=DeliveryState.PENDING, due_time=now)
    return connection.execute(released).rowcount


def cancel(connection: Connection, subscription_id: str, now: Instant, *states: DeliveryState) -> int:
    """How many deliveries of this subscription in these states have been cancelled."""
    ended = {"state": DeliveryState.CANCELLED, "due_time": None, "end_time": now}
    return connection.execute(update(delivery).where(_of(subscription_id, *states)).values(ended)).rowcount


def of_row(row: Sequence[Any]) -> Delivery:
    """The delivery in a row of the whole table."""
    kind, state = _KINDS[row[_KIND]], _STATES[row[_STATE]]
    return Delivery._make((*row[:_KIND], kind, *row[_KIND + 1 : _STATE], state, *row[_STATE + 1 :]))


def _of(subscription_id: str, *states: DeliveryState) -> ColumnElement[bool]:
    open_ = (_columns.subscription_id == subscription_id) & _columns.end_time.is_(None)
    return open_ & _columns.state.in_(states)


def _conditions(query: DeliveryQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.subscription_id:
        conditions.append(_columns.subscription_id == query.subscription_id)
    if query.event_id:
        conditions += [_columns.event_id == query.event_id, _columns.kind == DeliveryKind.EVENT]
    if query.record_id:
        conditions.append(_columns.record_id == query.record_id)
    if query.states:
        conditions.append(_columns.state.in_(query.states))
    if query.event_types is not None:
        conditions.append(_columns.event_type.in_(query.event_types))
    if query.start_time is not None:
        conditions.append(_columns.create_time >= query.start_time)
    if query.end_time is not None:
        conditions.append(_columns.create_time < query.end_time)
    return conditions
