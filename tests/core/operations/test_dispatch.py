"""Deliveries are claimed by one dispatcher at a time, fairly, and settled by who holds them."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from clockwire.model.delivery import LEASE, Attempted, DeliveryState
from clockwire.model.instants import DAY, HOUR, MINUTE, SECOND, Instant
from clockwire.model.outcome import OutcomeKind
from clockwire.model.subscription import StateReason, SubscriptionState
from clockwire.operations.deliveries import get_delivery, redeliver
from clockwire.operations.dispatch import release
from clockwire.operations.subscriptions import delete_subscription, pause_subscription, resume_subscription
from clockwire.storage.attempts import select_attempts
from clockwire.storage.claims import end_leases
from clockwire.storage.database import Database
from clockwire.storage.retention import delete_bodies, select_old_bodies
from clockwire.storage.tables import attempt, delivery, subscription
from tests.support.clock import MovableClock
from tests.support.delivering import Desk, an_outcome
from tests.support.writing import make_workspace

A_LEASE = timedelta(microseconds=LEASE)


@pytest.fixture
def desk(database: Database, clock: MovableClock) -> Desk:
    """A workspace and its dispatcher."""
    return Desk(database, clock, make_workspace(database, clock))


def attempts_of(desk: Desk, delivery_id: str) -> list[tuple[int, OutcomeKind]]:
    with desk.database.reading() as connection:
        return [(each.number, each.outcome.kind) for each in select_attempts(connection, delivery_id)]


def starts_of(desk: Desk, delivery_id: str) -> list[Instant]:
    with desk.database.reading() as connection:
        return [each.outcome.start_time for each in select_attempts(connection, delivery_id)]


def take_over(desk: Desk) -> None:
    """The leases of a dispatcher that is known to be dead are ended, and what it held is claimed."""
    with desk.database.writing() as connection:
        end_leases(connection, desk.clock())
    desk.claim_one(lease="alive")


def test_a_claim_brings_all_that_an_attempt_needs(desk: Desk):
    owed = desk.owe(desk.subscribe(name="billing"))
    claimed = desk.claim_one()

    assert (claimed.delivery.id, claimed.delivery.event_id) == (owed.id, owed.event_id)
    assert (claimed.delivery.state, claimed.delivery.lease) == (DeliveryState.IN_FLIGHT, "lease")
    assert (claimed.body, claimed.attempt_number, claimed.subscription.name) == (b'{"body":1}', 1, "billing")
    assert not claimed.redelivery
    assert not claimed.test
    assert desk.delivery(owed.id) == claimed.delivery


def test_what_is_claimed_is_nobody_elses(desk: Desk):
    desk.owe(desk.subscribe())
    desk.claim_one()

    assert desk.claim(lease="another").deliveries == []


def test_a_success_ends_the_delivery_and_is_logged(desk: Desk):
    owed = desk.owe(desk.subscribe())
    settlement = desk.settle(desk.claim_one(), 204, remote_ip="192.0.2.1", response_body=b"ok")

    assert settlement.ended == [owed.id]
    assert desk.delivery(owed.id).state is DeliveryState.SUCCEEDED
    with desk.database.reading() as connection:
        view = get_delivery(connection, desk.caller.workspace_id, owed.id)
    [logged] = view.attempts
    assert (logged.number, logged.outcome.http_status, logged.outcome.remote_ip) == (1, 204, "192.0.2.1")
    assert (logged.outcome.response_body, view.body) == (b"ok", b'{"body":1}')
    assert logged.target_url == "https://example.com/hook?key=***"
    assert logged.request_headers == {"webhook-id": "1"}


def test_a_failure_is_due_again_when_the_schedule_says(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe(retry_delays=(MINUTE,)))
    settlement = desk.settle(desk.claim_one(), 500)

    assert settlement.ended == []
    assert desk.delivery(owed.id).state is DeliveryState.WAITING
    claims = desk.claim()
    assert (claims.deliveries, claims.next_due_time) == ([], clock() + MINUTE)
    clock.forward(timedelta(minutes=1))
    assert desk.claim_one().attempt_number == 2


def test_a_lease_that_ran_out_leaves_an_attempt_that_nobody_knows_of(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    desk.claim_one(lease="dead")
    clock.forward(A_LEASE)
    claimed = desk.claim_one(lease="alive")

    assert claimed.attempt_number == 2
    assert desk.delivery(owed.id) == claimed.delivery
    assert attempts_of(desk, owed.id) == [(1, OutcomeKind.UNKNOWN)]
    assert desk.subscription(owed.subscription_id).health.consecutive_failures == 0


def test_an_attempt_that_a_take_over_cut_short_is_not_older_than_the_delivery(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    clock.forward(timedelta(seconds=1))
    desk.claim_one(lease="dead")
    take_over(desk)

    assert starts_of(desk, owed.id) == [owed.create_time]


def test_an_attempt_that_a_take_over_cut_short_comes_after_the_one_before(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe(retry_delays=(SECOND, SECOND)))
    clock.forward(timedelta(seconds=3))
    desk.settle(desk.claim_one(lease="dead"), 500, duration=SECOND)
    first = clock()
    clock.forward(timedelta(seconds=2))
    desk.claim_one(lease="dead")
    take_over(desk)

    assert starts_of(desk, owed.id) == [first, first + SECOND]


def test_a_lost_last_attempt_ends_the_delivery(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe(retry_disabled=True))
    desk.claim_one()
    clock.forward(A_LEASE)
    claims = desk.claim()

    assert (claims.deliveries, claims.ended) == ([], [owed.id])
    assert desk.delivery(owed.id).state is DeliveryState.EXHAUSTED


@pytest.mark.parametrize("lease", ["the same", "another"])
def test_a_late_settlement_of_a_lost_lease_changes_nothing(desk: Desk, clock: MovableClock, lease: str):
    owed = desk.owe(desk.subscribe())
    late = desk.claim_one(lease="the same")
    clock.forward(A_LEASE)
    claimed = desk.claim_one(lease=lease)
    settlement = desk.settle(late, 200)

    assert settlement.ended == []
    assert desk.delivery(owed.id) == claimed.delivery
    assert attempts_of(desk, owed.id) == [(1, OutcomeKind.UNKNOWN)]
    assert desk.subscription(owed.subscription_id).health.last_success_time is None


def test_a_late_settlement_of_a_lease_nobody_took_over_counts(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    late = desk.claim_one()
    clock.forward(2 * A_LEASE)

    assert desk.settle(late, 200).ended == [owed.id]


def test_settling_twice_is_settling_once(desk: Desk):
    owed = desk.owe(desk.subscribe())
    claimed = desk.claim_one()
    desk.settle(claimed, 500)
    desk.settle(claimed, 200)

    assert desk.delivery(owed.id).state is DeliveryState.WAITING
    assert len(attempts_of(desk, owed.id)) == 1


def test_what_is_released_is_due_at_once_and_counts_no_attempt(desk: Desk):
    owed = desk.owe(desk.subscribe())
    desk.dispatch(release, [desk.claim_one(lease="leaving")])

    assert desk.delivery(owed.id).state is DeliveryState.PENDING
    assert desk.claim_one(lease="staying").attempt_number == 1
    assert attempts_of(desk, owed.id) == []


def test_only_the_holder_releases(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    lost = desk.claim_one(lease="dead")
    clock.forward(A_LEASE)
    claimed = desk.claim_one(lease="alive")
    desk.dispatch(release, [lost])

    assert desk.delivery(owed.id) == claimed.delivery


def test_claims_go_round_the_subscriptions(desk: Desk):
    flood, trickle = desk.subscribe(name="flood", max_in_flight=64), desk.subscribe(name="trickle")
    for _ in range(30):
        desk.owe(flood)
    for _ in range(2):
        desk.owe(trickle)
    claimed = Counter(each.subscription.name for each in desk.claim(limit=4).deliveries)

    assert claimed == {"trickle": 2, "flood": 2}


def test_a_subscription_gets_what_the_dispatcher_has_places_for(desk: Desk):
    wanting, full, unknown = (desk.subscribe(name=name, max_in_flight=3) for name in ("wanting", "full", "unknown"))
    for each in (wanting, full, unknown):
        for _ in range(6):
            desk.owe(each)
    claimed = Counter(each.subscription.name for each in desk.claim(wants={wanting.id: 5, full.id: 0}).deliveries)

    assert claimed == {"wanting": 5, "unknown": 3}


def test_the_oldest_are_claimed_first(desk: Desk, clock: MovableClock):
    hook = desk.subscribe()
    owed = []
    for _ in range(4):
        clock.forward(timedelta(seconds=1))
        owed.append(desk.owe(hook).id)

    assert [each.delivery.id for each in desk.claim(wants={hook.id: 2}).deliveries] == owed[:2]


def test_a_paused_subscription_gets_nothing_until_it_is_resumed(desk: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    desk.run(pause_subscription, hook.id)

    assert desk.claim().deliveries == []
    assert desk.delivery(owed.id).state is DeliveryState.HELD
    desk.run(resume_subscription, hook.id, cancel_held=False)
    assert desk.claim_one().delivery.id == owed.id


def test_what_was_planned_for_a_subscription_that_had_stopped_is_held(desk: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    with desk.database.writing() as connection:  # as if it had been disabled by another process just now
        connection.execute(update(subscription).values(state=SubscriptionState.DISABLED))

    assert desk.claim().deliveries == []
    assert desk.delivery(owed.id).state is DeliveryState.HELD


def test_what_was_in_flight_when_its_subscription_was_paused_is_held_once_its_lease_is_lost(
    desk: Desk, clock: MovableClock
):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    desk.claim_one()
    desk.run(pause_subscription, hook.id)
    clock.forward(A_LEASE)

    assert desk.claim().deliveries == []
    assert desk.delivery(owed.id).state is DeliveryState.HELD
    assert attempts_of(desk, owed.id) == [(1, OutcomeKind.UNKNOWN)]


def test_what_was_in_flight_when_its_subscription_was_deleted_still_ends(desk: Desk, clock: MovableClock):
    hook = desk.subscribe()
    failing, arriving, lost = (desk.owe(hook) for _ in range(3))
    claimed = {each.delivery.id: each for each in desk.claim().deliveries}
    assert desk.run(delete_subscription, hook.id, etag="") == 0
    desk.settle(claimed[failing.id], 500)
    desk.settle(claimed[arriving.id], 200)
    clock.forward(A_LEASE)
    assert desk.claim().ended == [lost.id]

    states = [desk.delivery(each.id).state for each in (failing, arriving, lost)]
    assert states == [DeliveryState.CANCELLED, DeliveryState.SUCCEEDED, DeliveryState.CANCELLED]


def test_410_disables_the_subscription_and_holds_what_waits(desk: Desk):
    hook = desk.subscribe(max_in_flight=2)
    gone, failing, waiting = (desk.owe(hook) for _ in range(3))
    first, second = desk.claim().deliveries
    settlement = desk.settle_all(
        [
            Attempted(claimed=first, outcome=an_outcome(410), request_headers={}),
            Attempted(claimed=second, outcome=an_outcome(500), request_headers={}),
        ]
    )

    assert [each.id for each in settlement.disabled] == [hook.id]
    stored = desk.subscription(hook.id)
    assert (stored.state, stored.state_reason) == (SubscriptionState.DISABLED, StateReason.GONE)
    assert stored.version == hook.version + 1
    states = Counter(desk.delivery(each.id).state for each in (gone, failing, waiting))
    assert states == {DeliveryState.EXHAUSTED: 1, DeliveryState.HELD: 2}


def test_five_days_without_a_success_disable_the_subscription(desk: Desk, clock: MovableClock):
    hook = desk.subscribe(retry_delays=(HOUR, DAY))
    desk.owe(hook)
    desk.settle(desk.claim_one(), 500)
    clock.forward(timedelta(days=5, seconds=-1))
    assert desk.settle(desk.claim_one(), 500).disabled == []
    desk.owe(hook)
    clock.forward(timedelta(seconds=2))
    settlement = desk.settle(desk.claim_one(), 500)

    assert [each.state_reason for each in settlement.disabled] == [StateReason.FAILING]
    assert desk.subscription(hook.id).health.consecutive_failures == 3


def test_outcomes_are_counted_in_the_order_in_which_they_came(desk: Desk, clock: MovableClock):
    hook = desk.subscribe()
    for _ in range(3):
        desk.owe(hook)
    claimed = desk.claim().deliveries
    at = [(200, clock() + 2), (500, clock() + 3), (500, clock() + 1)]
    desk.settle_all(
        [
            Attempted(claimed=each, outcome=an_outcome(status, at=start), request_headers={})
            for each, (status, start) in zip(claimed, at, strict=True)
        ]
    )

    assert desk.subscription(hook.id).health.consecutive_failures == 1


def test_a_delivery_whose_body_is_not_kept_any_more_is_cancelled(desk: Desk, clock: MovableClock):
    owed = desk.owe(desk.subscribe())
    desk.settle(desk.claim_one(), 200)
    with desk.database.writing() as connection:
        old = select_old_bodies(connection, desk.caller.workspace_id, clock() + SECOND, 10)
        delete_bodies(connection, old)
        connection.execute(update(delivery).values(state=DeliveryState.PENDING, due_time=clock(), end_time=None))

    assert desk.claim().ended == [owed.id]
    assert desk.delivery(owed.id).state is DeliveryState.CANCELLED


def test_a_delivery_may_be_sent_again_though_it_arrived(desk: Desk):
    owed = desk.owe(desk.subscribe())
    desk.settle(desk.claim_one(), 200)
    desk.run(redeliver, owed.id)
    claimed = desk.claim_one()

    assert (claimed.redelivery, claimed.attempt_number, claimed.delivery.event_id) == (True, 2, owed.event_id)


def test_a_whole_batch_is_claimed_and_settled(desk: Desk):
    hooks = [desk.subscribe(name=str(number), max_in_flight=64) for number in range(3)]
    for each in hooks:
        for _ in range(40):
            desk.owe(each)
    claimed = desk.claim(limit=120).deliveries
    attempted = [Attempted(claimed=each, outcome=an_outcome(), request_headers={}) for each in claimed]
    settlement = desk.settle_all(attempted)

    assert len(settlement.ended) == 120
    with desk.database.reading() as connection:
        assert len(connection.execute(select(attempt.c.number)).all()) == 120
