"""How subscriptions are found, and how they are doing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.event_filter import compile_filter
from clockwire.model.instants import DAY, Instant
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.subscription import NO_DELIVERIES, Subscription, SubscriptionStats
from clockwire.storage.subscriptions import count_deliveries, find_by_name, find_subscription, select_subscriptions

_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionQuery:
    """Which subscriptions are listed; all given conditions must hold."""

    states: Sequence[int] = ()
    target_url: str = ""
    event_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription, and how it is doing if that was asked."""

    subscription: Subscription
    stats: SubscriptionStats | None = None


def get_subscription(
    connection: Connection, workspace_id: str, *, subscription_id: str = "", name: str = "", now: Instant
) -> SubscriptionView:
    """The subscription of an id or a name, with its stats. Raises ResourceNotFound."""
    if subscription_id:
        found = find_subscription(connection, workspace_id, subscription_id)
    else:
        found = find_by_name(connection, workspace_id, name)
    if found is None:
        raise ResourceNotFound("subscription", subscription_id or name)
    return _views(connection, [found], now)[0]


def list_subscriptions(
    connection: Connection,
    workspace_id: str,
    query: SubscriptionQuery,
    *,
    after_id: str,
    limit: int,
    stats_at: Instant | None,
) -> list[SubscriptionView]:
    """Subscriptions from the oldest to the newest, those after an id; with their stats as of *stats_at*, if given."""
    if query.event_type and query.event_type not in EVENT_TYPES:
        raise FieldInvalid.of("event_type", f"{query.event_type[:100]!r} is no event type")
    found = list(islice(_matching(connection, workspace_id, query, after_id), limit))
    if stats_at is None:
        return [SubscriptionView(subscription=each) for each in found]
    return _views(connection, found, stats_at)


def _matching(
    connection: Connection, workspace_id: str, query: SubscriptionQuery, after_id: str
) -> Iterator[Subscription]:
    """A filter's event types can't be asked of the database: what it finds is looked through."""
    while True:
        page = select_subscriptions(
            connection,
            workspace_id,
            states=query.states,
            target_url=query.target_url,
            after_id=after_id,
            limit=_READ_AT_ONCE,
        )
        yield from (each for each in page if _gets(each, query.event_type))
        if len(page) < _READ_AT_ONCE:
            return
        after_id = page[-1].id


def _gets(subscription: Subscription, event_type: str) -> bool:
    if not event_type:
        return True
    event_types = compile_filter(subscription.filter).event_types
    return event_types is None or event_type in event_types


def _views(connection: Connection, found: Sequence[Subscription], now: Instant) -> list[SubscriptionView]:
    stats = count_deliveries(connection, [each.id for each in found], now - DAY)
    return [SubscriptionView(subscription=each, stats=stats.get(each.id, NO_DELIVERIES)) for each in found]
