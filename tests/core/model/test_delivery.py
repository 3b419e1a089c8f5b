"""What becomes of a delivery: by what it met, by its subscription, and by its schedule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.delivery import LEASE, ClaimedDelivery, Delivery, DeliveryState
from clockwire.model.instants import HOUR, MINUTE, SECOND
from clockwire.model.outcome import OutcomeKind
from clockwire.model.payloads import PayloadFormat, Shape
from clockwire.model.subscription import Subscription, SubscriptionState
from tests.support.delivering import a_subscription, an_event, an_outcome

ACTIVE = a_subscription()
PAUSED = a_subscription(state=SubscriptionState.PAUSED)
DELETED = a_subscription(delete_time=1)
NOW = 10**15


def a_delivery(subscription: Subscription = ACTIVE) -> Delivery:
    return Delivery.planned("d", subscription, an_event(NOW), now=NOW)


def settled(delivery: Delivery, status: int, subscription: Subscription = ACTIVE, **outcome: object) -> Delivery:
    return delivery.settle(an_outcome(status, at=NOW, **outcome), subscription, now=NOW, random=0.5)


def test_a_delivery_is_due_at_once_if_its_subscription_sends():
    delivery = a_delivery()

    assert (delivery.state, delivery.due_time) == (DeliveryState.PENDING, NOW)


def test_a_delivery_to_a_paused_subscription_is_held():
    delivery = a_delivery(PAUSED)

    assert (delivery.state, delivery.due_time) == (DeliveryState.HELD, None)


def test_a_delivery_that_begins_leased_is_due_when_the_lease_ends():
    delivery = Delivery.planned("d", ACTIVE, an_event(NOW), now=NOW, lease="mine")

    assert (delivery.state, delivery.due_time, delivery.lease) == (DeliveryState.IN_FLIGHT, NOW + LEASE, "mine")


@pytest.mark.parametrize("status", [200, 204, 299])
@pytest.mark.parametrize("subscription", [ACTIVE, PAUSED, DELETED])
def test_any_2xx_ends_it(status: int, subscription: Subscription):
    delivery = settled(a_delivery(), status, subscription)

    assert delivery.state is DeliveryState.SUCCEEDED
    assert (delivery.due_time, delivery.end_time, delivery.lease) == (None, NOW, "")


@pytest.mark.parametrize("status", [0, 301, 400, 404, 408, 425, 429, 500, 503])
def test_anything_else_but_410_waits_for_the_next_delay(status: int):
    delivery = settled(a_delivery(), status)

    assert (delivery.state, delivery.due_time) == (DeliveryState.WAITING, NOW + SECOND)
    assert (delivery.attempt_count, delivery.last_http_status) == (1, status)


def test_410_ends_it_though_attempts_are_left():
    assert settled(a_delivery(), 410).state is DeliveryState.EXHAUSTED


def test_it_is_exhausted_when_the_schedule_is():
    delivery = a_delivery()
    states = []
    for _ in range(3):
        delivery = settled(delivery, 500)
        states.append((delivery.state, delivery.due_time))

    assert states == [
        (DeliveryState.WAITING, NOW + SECOND),
        (DeliveryState.WAITING, NOW + MINUTE),
        (DeliveryState.EXHAUSTED, None),
    ]


def test_it_waits_at_least_as_long_as_the_receiver_asks():
    assert settled(a_delivery(), 503, retry_after=HOUR).due_time == NOW + HOUR
    assert settled(a_delivery(), 503, retry_after=1).due_time == NOW + SECOND


def test_what_fails_after_its_subscription_was_paused_is_held():
    delivery = settled(a_delivery(), 500, PAUSED)

    assert (delivery.state, delivery.due_time, delivery.end_time) == (DeliveryState.HELD, None, None)


def test_what_fails_after_its_subscription_was_deleted_is_cancelled():
    delivery = settled(a_delivery(), 500, DELETED)

    assert (delivery.state, delivery.due_time, delivery.end_time) == (DeliveryState.CANCELLED, None, NOW)


def test_an_attempt_nobody_knows_of_counts_and_is_repeated_at_once():
    delivery = settled(a_delivery(), 0, kind=OutcomeKind.UNKNOWN)

    assert (delivery.state, delivery.due_time, delivery.attempt_count) == (DeliveryState.WAITING, NOW, 1)


def test_a_test_is_sent_once_whatever_the_schedule_says():
    delivery = Delivery.test("d", ACTIVE, an_event(NOW), now=NOW, lease="mine")

    assert settled(delivery, 500).state is DeliveryState.EXHAUSTED


def test_sent_again_it_has_a_fresh_run_of_the_schedule_and_says_so():
    exhausted = settled(settled(settled(a_delivery(), 500), 500), 500)
    again = exhausted.again(ACTIVE, now=NOW)

    assert (again.state, again.due_time, again.end_time) == (DeliveryState.PENDING, NOW, None)
    assert settled(again, 500).due_time == NOW + SECOND
    assert settled(again, 500).attempt_count == 4
    assert ClaimedDelivery.of(again, ACTIVE, b"").redelivery
    assert not ClaimedDelivery.of(a_delivery(), ACTIVE, b"").redelivery


def test_it_keeps_the_shape_it_was_made_with():
    strings = a_subscription(payload_format=PayloadFormat.CLOUDEVENTS, decimals_as_strings=True)

    claimed = ClaimedDelivery.of(a_delivery(strings), ACTIVE, b"")

    assert claimed.shape == Shape(payload_format=PayloadFormat.CLOUDEVENTS, decimals_as_strings=True)


@given(
    delays=st.lists(st.integers(SECOND, HOUR), max_size=6),
    statuses=st.lists(st.sampled_from([0, 200, 302, 404, 410, 429, 500]), min_size=10, max_size=10),
    random=st.floats(0, 1, exclude_max=True),
)
def test_there_are_never_more_attempts_than_the_schedule_has(delays: list[int], statuses: list[int], random: float):
    subscription = a_subscription(retry_delays=tuple(delays), retry_disabled=not delays)
    delivery, now = a_delivery(subscription), NOW
    for status in statuses:
        if delivery.end_time is not None:
            break
        before = now
        delivery = delivery.settle(an_outcome(status), subscription, now=now, random=random)
        assert (delivery.due_time is None) == (delivery.end_time is not None)
        now = delivery.due_time or now
        assert now > before or delivery.end_time is not None
    assert delivery.attempt_count <= len(delays) + 1
    assert delivery.end_time is not None
