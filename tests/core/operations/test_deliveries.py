"""Deliveries are listed, awaited and sent again, and never by another workspace."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from clockwire.model.delivery import Delivery, DeliveryState
from clockwire.model.errors import DeliveryState as DeliveryStateForbids
from clockwire.model.errors import FieldInvalid, ResourceNotFound
from clockwire.operations.deliveries import (
    await_delivery,
    get_delivery,
    list_deliveries,
    matching_types,
    redeliver,
)
from clockwire.operations.endings import Endings
from clockwire.operations.subscriptions import delete_subscription, pause_subscription
from clockwire.storage.database import Database
from clockwire.storage.deliveries import DeliveryQuery, Place
from clockwire.storage.retention import delete_bodies, select_old_bodies
from tests.support.clock import MovableClock
from tests.support.delivering import Desk
from tests.support.writing import make_workspace


@pytest.fixture
def desk(database: Database, clock: MovableClock) -> Desk:
    """A workspace."""
    return Desk(database, clock, make_workspace(database, clock))


@pytest.fixture
def stranger(database: Database, clock: MovableClock) -> Desk:
    """Another workspace of the same database."""
    return Desk(database, clock, make_workspace(database, clock, "Stranger"))


def listed(desk: Desk, *, after: Place | None = None, limit: int = 100, **query: Any) -> list[str]:
    with desk.database.reading() as connection:
        found = list_deliveries(connection, desk.caller.workspace_id, DeliveryQuery(**query), after=after, limit=limit)
    return [each.id for each in found]


def place(delivery: Delivery) -> Place:
    return delivery.create_time, delivery.event_sequence, delivery.id


def test_the_newest_event_is_listed_first(desk: Desk, clock: MovableClock):
    hook = desk.subscribe()
    first, second = desk.owe(hook, sequence=1), desk.owe(hook, sequence=2)
    clock.forward(timedelta(seconds=1))
    third = desk.owe(hook, sequence=3)

    assert listed(desk) == [third.id, second.id, first.id]
    assert listed(desk, after=place(third), limit=1) == [second.id]
    assert listed(desk, after=place(first)) == []


def test_they_are_listed_by_what_they_are_about(desk: Desk, clock: MovableClock):
    one, other = desk.subscribe(), desk.subscribe()
    first = desk.owe(one)
    clock.forward(timedelta(seconds=1))
    second = desk.owe(other, sequence=2)
    desk.settle(desk.claim(wants={other.id: 0}).deliveries[0], 200)

    assert listed(desk, subscription_id=one.id) == [first.id]
    assert listed(desk, event_id=second.event_id) == [second.id]
    assert listed(desk, record_id=first.record_id) == [first.id]
    assert listed(desk, states=[DeliveryState.SUCCEEDED]) == [first.id]
    assert listed(desk, event_types=["project.created"]) == [second.id, first.id]
    assert listed(desk, event_types=["task.created"]) == []
    assert listed(desk, start_time=second.create_time) == [second.id]
    assert listed(desk, end_time=second.create_time) == [first.id]
    assert listed(desk, subscription_id=one.id, event_id=second.event_id) == []


def test_event_types_are_given_with_wildcards():
    assert matching_types([]) is None
    assert set(matching_types(["*.closed"]) or ()) == {"project.closed", "task.closed"}
    with pytest.raises(FieldInvalid, match=r"event_types\[1\]"):
        matching_types(["project.*", "projekt.*"])


def test_another_workspace_finds_nothing(desk: Desk, stranger: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)

    assert listed(stranger) == listed(stranger, subscription_id=hook.id) == []
    with pytest.raises(ResourceNotFound), stranger.database.reading() as connection:
        get_delivery(connection, stranger.caller.workspace_id, owed.id)
    with pytest.raises(ResourceNotFound):
        stranger.run(redeliver, owed.id)


def test_it_is_not_sent_again_while_it_is_being_sent(desk: Desk):
    owed = desk.owe(desk.subscribe())
    desk.claim_one()

    with pytest.raises(DeliveryStateForbids) as refused:
        desk.run(redeliver, owed.id)
    assert refused.value.metadata["state"] == "IN_FLIGHT"


def test_a_waiting_one_is_brought_forward(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    desk.settle(desk.claim_one(), 500)
    again = desk.run(redeliver, owed.id)

    assert (again.state, again.due_time) == (DeliveryState.PENDING, clock())
    assert desk.claim_one().redelivery


def test_sent_again_to_a_paused_subscription_it_is_held(desk: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    desk.settle(desk.claim_one(), 200)
    desk.run(pause_subscription, hook.id)

    assert desk.run(redeliver, owed.id).state is DeliveryState.HELD
    assert desk.claim().deliveries == []


def test_it_can_not_be_sent_again_to_a_deleted_subscription(desk: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    desk.run(delete_subscription, hook.id, etag="")

    with pytest.raises(ResourceNotFound, match="subscription"):
        desk.run(redeliver, owed.id)


def test_it_can_not_be_sent_again_without_its_body(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    desk.settle(desk.claim_one(), 200)
    with desk.database.writing() as connection:
        delete_bodies(connection, select_old_bodies(connection, desk.caller.workspace_id, clock() + 1, 10))

    with pytest.raises(ResourceNotFound, match="body"):
        desk.run(redeliver, owed.id)


async def test_who_waits_hears_of_the_end(desk: Desk):
    endings, owed = Endings(), desk.owe(desk.subscribe())
    waiting = asyncio.create_task(
        await_delivery(desk.database, endings, desk.caller.workspace_id, owed.id, timeout_seconds=30)
    )
    settlement = await asyncio.to_thread(lambda: desk.settle(desk.claim_one(), 200))
    await asyncio.to_thread(endings.tell, settlement.ended)

    assert (await waiting).delivery.state is DeliveryState.SUCCEEDED


async def test_the_end_is_seen_though_nobody_told(desk: Desk):
    owed = desk.owe(desk.subscribe())
    waiting = asyncio.create_task(
        await_delivery(desk.database, Endings(), desk.caller.workspace_id, owed.id, timeout_seconds=30)
    )
    await asyncio.to_thread(lambda: desk.settle(desk.claim_one(), 200))

    assert (await waiting).delivery.state is DeliveryState.SUCCEEDED


async def test_who_waits_in_vain_gets_it_as_it_is(desk: Desk):
    owed = desk.owe(desk.subscribe())
    view = await await_delivery(desk.database, Endings(), desk.caller.workspace_id, owed.id, timeout_seconds=0.01)

    assert view.delivery.state is DeliveryState.PENDING


async def test_who_has_gone_is_forgotten():
    endings = Endings()
    with endings.heard("d") as one, endings.heard("d") as other:
        endings.tell(["d", "e"])
        await asyncio.wait_for(one.wait(), 5)
        await asyncio.wait_for(other.wait(), 5)

    assert endings._waiting == {}
