"""How deliveries are looked at, and sent again. How they are sent is in `dispatch.py`."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from clockwire.model.delivery import Attempt, Delivery, DeliveryState
from clockwire.model.errors import DeliveryState as DeliveryStateForbids
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.model.event_patterns import types_of, why_unknown
from clockwire.operations.endings import Endings
from clockwire.storage.attempts import select_attempts
from clockwire.storage.database import Database
from clockwire.storage.deliveries import (
    DeliveryQuery,
    Place,
    find_delivery,
    select_bodies,
    select_deliveries,
    update_deliveries,
)
from clockwire.storage.subscriptions import lock_subscriptions
from clockwire.storage.transaction import Transaction

_LOOK_AGAIN_SECONDS = 1.0
"""How soon the end of a delivery is seen that another process settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery with all its attempts, and what was sent."""

    delivery: Delivery
    attempts: Sequence[Attempt]
    #: None if it is not kept any more.
    body: bytes | None


def list_deliveries(
    connection: Connection, workspace_id: str, query: DeliveryQuery, *, after: Place | None, limit: int
) -> list[Delivery]:
    """Deliveries that are asked for, newest event first, those that come after a place."""
    return select_deliveries(connection, workspace_id, query, after=after, limit=limit)


def matching_types(patterns: Sequence[str]) -> Sequence[str] | None:
    """The event types that some patterns stand for; None: of any type. Raises FieldInvalid for an unknown one."""
    if not patterns:
        return None
    for index, pattern in enumerate(patterns):
        if not types_of(pattern):
            raise FieldInvalid.of(f"event_types[{index}]", why_unknown(pattern))
    return sorted(frozenset[str]().union(*map(types_of, patterns)))


def get_delivery(connection: Connection, workspace_id: str, delivery_id: str) -> DeliveryView:
    """The delivery of an id. Raises ResourceNotFound."""
    delivery = _found(connection, workspace_id, delivery_id)
    bodies = select_bodies(connection, [delivery])
    return DeliveryView(
        delivery=delivery,
        attempts=select_attempts(connection, delivery.id),
        body=bodies.get((delivery.event_id, delivery.shape)),
    )


async def await_delivery(
    database: Database, endings: Endings, workspace_id: str, delivery_id: str, *, timeout_seconds: float
) -> DeliveryView:
    """The delivery once it has ended, or as it is when the time is over. Raises ResourceNotFound."""
    over = asyncio.get_running_loop().time() + timeout_seconds
    with endings.heard(delivery_id) as ended:
        while True:
            view = await database.read(get_delivery, workspace_id, delivery_id)
            left = over - asyncio.get_running_loop().time()
            if view.delivery.end_time is not None or left <= 0:
                return view
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), min(left, _LOOK_AGAIN_SECONDS))
            ended.clear()


def redeliver(transaction: Transaction, delivery_id: str) -> Delivery:
    """The delivery, due at once for a fresh run of the retry schedule, or held if its subscription does not send.

    Raises ResourceNotFound, also if its subscription was deleted or its body is not kept any more, and DeliveryState
    while an attempt is running.
    """
    connection = transaction.connection
    seen = _found(connection, transaction.workspace.id, delivery_id)
    subscription = lock_subscriptions(connection, [seen.subscription_id])[seen.subscription_id]
    if subscription.delete_time is not None:
        raise ResourceNotFound("subscription", subscription.id)
    delivery = find_delivery(connection, transaction.workspace.id, delivery_id, lock=True) or seen
    if delivery.state is DeliveryState.IN_FLIGHT:
        raise DeliveryStateForbids(delivery.id, delivery.state.name)
    if not select_bodies(connection, [delivery]):
        raise ResourceNotFound("body of delivery", delivery.id)
    again = delivery.again(subscription, now=transaction.now)
    update_deliveries(connection, [again])
    transaction.subscriptions_changed = True  # nothing of them did, but it makes every dispatcher look for work at once
    return again


def _found(connection: Connection, workspace_id: str, delivery_id: str) -> Delivery:
    delivery = find_delivery(connection, workspace_id, delivery_id)
    if delivery is None:
        raise ResourceNotFound("delivery", delivery_id)
    return delivery
