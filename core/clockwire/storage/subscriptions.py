"""Subscriptions' rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select, update

from clockwire.model.delivery import DeliveryKind, DeliveryState
from clockwire.model.instants import Instant
from clockwire.model.payloads import PayloadFormat
from clockwire.model.subscription import Health, StateReason, Subscription, SubscriptionState, SubscriptionStats
from clockwire.storage.bulk import BulkInsert, BulkUpdate
from clockwire.storage.keyed import LockingSelect
from clockwire.storage.tables import delivery, subscription
from clockwire.v1.events_pb2 import EventFilter

_columns = subscription.c
_names = [column.name for column in _columns]
_health_names = [each.name for each in fields(Health)]
_plain_names = [name for name in _names if name not in _health_names and name != "filter"]
_put = BulkInsert(subscription, _names, replace=True)
_update_health = BulkUpdate(subscription, keys=["id"], columns=_health_names)
# Built once: every claim and every settlement asks them. SQLite has its own lock, and leaves FOR UPDATE out.
_of_ids = select(subscription).where(_columns.id.in_(bindparam("ids", expanding=True))).order_by(_columns.id)
_lock_ids = _of_ids.with_for_update(key_share=True)
_lock_health = LockingSelect(
    f"SELECT id, version, {', '.join(_health_names)} FROM subscription", id_="id", lock="FOR NO KEY UPDATE"
)


def find_subscription(connection: Connection, workspace_id: str, subscription_id: str) -> Subscription | None:
    """The subscription of an id, unless it was deleted."""
    return _find(connection, _columns.id == subscription_id, _here(workspace_id))


def find_by_name(connection: Connection, workspace_id: str, name: str) -> Subscription | None:
    """The subscription of a name."""
    return _find(connection, _columns.name == name, _here(workspace_id))


def was_deleted(connection: Connection, workspace_id: str, subscription_id: str) -> bool:
    """Whether there was such a subscription once."""
    condition = (_columns.workspace_id == workspace_id) & _columns.delete_time.is_not(None)
    return _find(connection, _columns.id == subscription_id, condition) is not None


def select_planned(connection: Connection, workspace_id: str) -> list[Subscription]:
    """All subscriptions that events may be owed to, sending or not."""
    return _select(connection, select(subscription).where(_here(workspace_id)).order_by(_columns.id))


def select_subscriptions(
    connection: Connection,
    workspace_id: str,
    *,
    states: Sequence[int] = (),
    target_url: str = "",
    after_id: str = "",
    limit: int,
) -> list[Subscription]:
    """Subscriptions by age, those after an id, that meet all conditions given."""
    query = select(subscription).where(_here(workspace_id), _columns.id > after_id)
    if states:
        query = query.where(_columns.state.in_(states))
    if target_url:
        query = query.where(_columns.target_url == target_url)
    return _select(connection, query.order_by(_columns.id).limit(limit))


def select_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, Subscription]:
    """Subscriptions of any workspace, deleted ones too."""
    wanted = sorted(ids)
    return {each.id: each for each in _select(connection, _of_ids, {"ids": wanted})} if wanted else {}


def lock_subscriptions(connection: Connection, ids: Iterable[str]) -> dict[str, Subscription]:
    """As `select_by_id`, and nobody else changes them or their deliveries' fate until the commit.

    Whoever changes a subscription and its deliveries takes this lock before the deliveries', in the order of ids.
    """
    return {each.id: each for each in _select(connection, _lock_ids, {"ids": sorted(ids)})}


def lock_health(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[int, Health]]:
    """As `lock_subscriptions`, for who knows the rest: the version of each, and how it is doing."""
    rows = _lock_health.run(connection, ids)
    return {id_: (version, Health(*health)) for id_, version, *health in rows}


def put_subscription(connection: Connection, value: Subscription) -> None:
    """The subscription is stored, new or not."""
    _put.run(connection, [_row(value)])


def update_health(connection: Connection, healths: Iterable[tuple[str, Health]]) -> None:
    """How subscriptions are doing is stored, and nothing else of them."""
    rows = [(id_, *(getattr(health, name) for name in _health_names)) for id_, health in healths]
    _update_health.run(connection, rows)


def disable(connection: Connection, value: Subscription) -> None:
    """The new state of a subscription is stored; the caller holds its lock."""
    changed = {name: getattr(value, name) for name in ("state", "state_reason", "state_time", "version", "update_time")}
    connection.execute(update(subscription).where(_columns.id == value.id).values(changed))


def count_deliveries(connection: Connection, ids: Iterable[str], since: Instant) -> dict[str, SubscriptionStats]:
    """How subscriptions are doing: what has not ended, and what ended since."""
    open_, ended = delivery.c.end_time.is_(None), delivery.c.end_time >= since
    query = (
        select(
            delivery.c.subscription_id,
            delivery.c.state,
            func.count().label("found"),
            func.min(delivery.c.create_time).label("oldest"),
        )
        .where(delivery.c.subscription_id.in_(list(ids)), open_ | ended, delivery.c.kind == DeliveryKind.EVENT)
        .group_by(delivery.c.subscription_id, delivery.c.state)
    )
    found: dict[str, dict[int, tuple[int, Instant]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.subscription_id, {})[row.state] = (row.found, row.oldest)
    return {id_: _stats(by_state) for id_, by_state in found.items()}


def _stats(by_state: dict[int, tuple[int, Instant]]) -> SubscriptionStats:
    waiting = [counted for state, counted in by_state.items() if state <= DeliveryState.HELD]
    return SubscriptionStats(
        pending_count=sum(count for count, _ in waiting),
        oldest_pending_time=min((oldest for _, oldest in waiting), default=None),
        succeeded_count_24h=by_state.get(DeliveryState.SUCCEEDED, (0, 0))[0],
        exhausted_count_24h=by_state.get(DeliveryState.EXHAUSTED, (0, 0))[0],
    )


def _here(workspace_id: str) -> ColumnElement[bool]:
    return (_columns.workspace_id == workspace_id) & _columns.delete_time.is_(None)


def _find(connection: Connection, *conditions: ColumnElement[bool]) -> Subscription | None:
    row = connection.execute(select(subscription).where(*conditions)).one_or_none()
    return _of_row(row) if row else None


def _select(connection: Connection, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Subscription]:
    return [_of_row(row) for row in connection.execute(query, values)]


def _of_row(row: Row[Any]) -> Subscription:
    values = {name: getattr(row, name) for name in _plain_names}
    values["payload_format"] = PayloadFormat(row.payload_format)
    values["retry_delays"] = tuple(int(each) for each in row.retry_delays.split())
    values["state"] = SubscriptionState(row.state)
    values["state_reason"] = StateReason(row.state_reason)
    health = Health(**{name: getattr(row, name) for name in _health_names})
    return Subscription(**values, filter=EventFilter.FromString(row.filter), health=health)


def _row(value: Subscription) -> tuple[Any, ...]:
    stored = {name: getattr(value, name) for name in _plain_names}
    stored |= {name: getattr(value.health, name) for name in _health_names}
    stored["filter"] = value.filter.SerializeToString(deterministic=True)
    stored["retry_delays"] = " ".join(map(str, value.retry_delays))
    return tuple(stored[name] for name in _names)
