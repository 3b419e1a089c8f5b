"""Dispatchers and callers of several processes at the same deliveries: on PostgreSQL only locks keep them apart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from clockwire.model.delivery import DeliveryState
from clockwire.operations.subscriptions import pause_subscription, resume_subscription
from clockwire.storage.database import Database
from tests.support.clock import MovableClock
from tests.support.delivering import Desk
from tests.support.writing import make_workspace

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ROUNDS = 15


@pytest.fixture
def desk(database: Database, clock: MovableClock) -> Desk:
    """A workspace and its dispatcher."""
    return Desk(database, clock, make_workspace(database, clock))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned; they begin together."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_two_dispatchers_never_claim_the_same(desk: Desk):
    hook = desk.subscribe(max_in_flight=64)
    owed = {desk.owe(hook).id for _ in range(60)}
    seen: list[str] = []
    while len(seen) < len(owed):
        for claims in at_once(lambda: desk.claim(lease="one", limit=7), lambda: desk.claim(lease="other", limit=7)):
            seen += [each.delivery.id for each in claims.deliveries]

    assert sorted(seen) == sorted(owed)


def test_what_fails_while_its_subscription_is_paused_is_held(desk: Desk):
    hook = desk.subscribe()
    for _ in range(ROUNDS):
        owed = desk.owe(hook)
        claimed = desk.claim_one()
        at_once(lambda: desk.settle(claimed, 500), lambda: desk.run(pause_subscription, hook.id))  # noqa: B023

        assert desk.delivery(owed.id).state is DeliveryState.HELD
        desk.run(resume_subscription, hook.id, cancel_held=True)


def test_what_is_claimed_while_its_subscription_is_paused_is_sent_or_held(desk: Desk):
    hook = desk.subscribe()
    for _ in range(ROUNDS):
        owed = desk.owe(hook)
        claims, _ = at_once(desk.claim, lambda: desk.run(pause_subscription, hook.id))

        expected = DeliveryState.IN_FLIGHT if claims.deliveries else DeliveryState.HELD
        assert desk.delivery(owed.id).state is expected
        for claimed in claims.deliveries:
            desk.settle(claimed, 200)
        desk.run(resume_subscription, hook.id, cancel_held=True)
