"""How deliveries get sent: at once, again, fairly, and never lost."""

import asyncio
import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook

from clockwire.model.delivery import LEASE, DeliveryState
from clockwire.model.instants import SECOND, system_clock
from clockwire.model.outcome import OutcomeKind
from clockwire.model.signing import Secret
from clockwire.model.subscription import SubscriptionState
from clockwire.model.vault import KEY_BYTES, Vault
from clockwire.operations.subscriptions import delete_subscription, pause_subscription, resume_subscription
from clockwire.storage.subscriptions import select_planned
from tests.core.operations.test_event_log import happen
from tests.support.clock import MovableClock
from tests.support.dispatching import attempts, deliveries, dispatching, subscribe, until
from tests.support.receivers import Answer, Receiver
from tests.support.writing import make_workspace


@pytest.fixture
def now():
    """The dispatcher waits for real sockets: its clock runs, and can be moved ahead."""
    return RunningClock()


class RunningClock(MovableClock):
    """The machine's clock, moved ahead as far as a test wants."""

    def __init__(self):
        super().__init__(0)

    def __call__(self):
        return system_clock() + self.now


@pytest.fixture
def caller(database, now):
    return make_workspace(database, now)


@pytest.fixture
async def work(database, now):
    async with dispatching(database, now) as here:
        yield here


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


async def received(receiver, count):
    return await asyncio.to_thread(receiver.wait_for, count)


def states(database, caller):
    return [each.state for each in deliveries(database, caller)]


async def test_an_event_is_posted_once_it_is_committed(work, caller, receiver):
    await subscribe(work, caller, receiver.url())
    await happen(work, caller, "a")
    [request] = await received(receiver, 1)

    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["clockwire-event"] == "client.created"
    assert json.loads(request.body)["ClientName"] == "a"


async def test_a_delivery_succeeds_and_its_attempt_is_logged(work, caller, receiver, database):
    receiver.plan(Answer(201, (("X-Trace", "7"),), b"thanks"))
    await subscribe(work, caller, receiver.url())
    await happen(work, caller, "a")
    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED])

    [delivery] = deliveries(database, caller)
    [attempt] = attempts(database, delivery)
    assert (attempt.number, attempt.outcome.kind, attempt.outcome.http_status) == (1, OutcomeKind.SUCCEEDED, 201)
    assert attempt.outcome.response_body == b"thanks"
    assert attempt.outcome.response_headers["x-trace"] == "7"
    assert attempt.outcome.remote_ip == "127.0.0.1"
    assert attempt.request_headers["webhook-id"] == delivery.event_id


async def test_both_libraries_and_the_standard_time_recipe_verify_what_is_sent(work, caller, receiver):
    text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    await subscribe(work, caller, receiver.url(), secret=Secret(text))
    await happen(work, caller, "Übergröße ✓")
    [request] = await received(receiver, 1)

    StandardWebhook(text).verify(request.body, request.headers)
    SvixWebhook(text).verify(request.body, request.headers)
    recipe = hmac.new(text.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-st-webhook-signature"] == f"sha256={recipe}"


async def test_without_a_secret_nothing_is_signed(work, caller, receiver):
    await subscribe(work, caller, receiver.url(), secret=None)
    await happen(work, caller, "a")
    [request] = await received(receiver, 1)

    assert not {"webhook-signature", "x-st-webhook-signature"} & set(request.headers)


async def test_a_failed_delivery_is_tried_again_by_the_schedule_under_the_same_id(
    work, caller, receiver, database, now
):
    receiver.plan(Answer(500), Answer(404))
    await subscribe(work, caller, receiver.url(), retry_delays=(60 * SECOND, 60 * SECOND))
    await happen(work, caller, "a")
    for made in (1, 2):
        await received(receiver, made)
        await until(lambda: states(database, caller) == [DeliveryState.WAITING])
        now.forward(timedelta(seconds=80))
    await received(receiver, 3)
    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED])

    requests = receiver.received
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    assert [request.headers["clockwire-attempt"] for request in requests] == ["1", "2", "3"]
    assert len({request.body for request in requests}) == 1
    [delivery] = deliveries(database, caller)
    assert [each.outcome.http_status for each in attempts(database, delivery)] == [500, 404, 200]


async def test_a_delivery_that_fails_to_the_end_of_its_schedule_is_exhausted(work, caller, receiver, database):
    receiver.always(Answer(500))
    await subscribe(work, caller, receiver.url(), retry_disabled=True)
    await happen(work, caller, "a")

    await until(lambda: states(database, caller) == [DeliveryState.EXHAUSTED])


async def test_gone_disables_the_subscription_and_holds_what_follows(work, caller, receiver, database):
    receiver.always(Answer(410))
    await subscribe(work, caller, receiver.url())
    await happen(work, caller, "a")
    await until(lambda: states(database, caller) == [DeliveryState.EXHAUSTED])
    await until(lambda: subscription_state(database, caller) is SubscriptionState.DISABLED)
    await happen(work, caller, "b")

    await until(lambda: states(database, caller) == [DeliveryState.HELD, DeliveryState.EXHAUSTED])
    assert len(receiver.received) == 1


async def test_what_was_handed_over_with_an_event_that_met_gone_is_held_unsent(work, caller, receiver, database):
    receiver.always(Answer(410))
    await subscribe(work, caller, receiver.url(), max_in_flight=1)
    await happen(work, caller, "a", "b", "c")

    held = [DeliveryState.HELD, DeliveryState.HELD, DeliveryState.EXHAUSTED]
    await until(lambda: sorted(states(database, caller)) == sorted(held))
    assert len(receiver.received) == 1


def subscription_state(database, caller):
    with database.reading() as connection:
        [subscription] = select_planned(connection, caller.workspace_id)
    return subscription.state


async def test_too_many_requests_slow_the_whole_endpoint(work, caller, receiver, database, now):
    receiver.plan(Answer(429, (("Retry-After", "120"),)))
    await subscribe(work, caller, receiver.url(), max_in_flight=1)
    await happen(work, caller, "a", "b")
    await until(lambda: DeliveryState.WAITING in states(database, caller))
    await happen(work, caller, "c")
    assert len(receiver.received) == 1
    now.forward(timedelta(seconds=500))

    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED] * 3)


async def test_a_paused_subscription_keeps_what_happens_until_it_is_resumed(work, caller, receiver, database):
    subscription = await subscribe(work, caller, receiver.url())
    await work.writer.write(lambda each: pause_subscription(each, subscription.id), caller)
    await happen(work, caller, "a", "b")
    assert states(database, caller) == [DeliveryState.HELD] * 2
    await work.writer.write(lambda each: resume_subscription(each, subscription.id, cancel_held=False), caller)

    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED] * 2)


async def test_no_attempt_begins_once_a_subscription_was_deleted(work, caller, receiver, database):
    held = threading.Event()
    receiver.always(Answer(held=held))
    subscription = await subscribe(work, caller, receiver.url(), max_in_flight=1)
    await happen(work, caller, *(f"{each}" for each in range(20)))
    await received(receiver, 1)
    await work.writer.write(lambda each: delete_subscription(each, subscription.id, etag=""), caller)
    held.set()
    await until(lambda: not {DeliveryState.IN_FLIGHT, DeliveryState.PENDING} & set(states(database, caller)))

    assert len(receiver.received) == 1
    assert sorted(set(states(database, caller))) == [DeliveryState.SUCCEEDED, DeliveryState.CANCELLED]


async def test_a_slow_endpoint_takes_nothing_from_the_others(work, caller, receiver, database):
    held = threading.Event()
    with Receiver() as slow:
        slow.always(Answer(held=held))
        await subscribe(work, caller, slow.url(), request_timeout=30 * SECOND)
        await subscribe(work, caller, receiver.url())
        await happen(work, caller, *(f"{each}" for each in range(300)))
        await received(receiver, 300)
        assert len(slow.received) == 4
        held.set()
        await until(lambda: set(states(database, caller)) == {DeliveryState.SUCCEEDED})


async def test_no_more_attempts_run_at_the_same_time_than_the_subscription_wants(work, caller, receiver, database):
    held = threading.Event()
    receiver.always(Answer(held=held))
    await subscribe(work, caller, receiver.url(), max_in_flight=3)
    await happen(work, caller, *(f"{each}" for each in range(10)))
    await received(receiver, 3)

    assert receiver.connection_count == 3
    held.set()
    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED] * 10)


async def test_no_more_attempts_are_made_in_a_minute_than_the_subscription_wants(work, caller, receiver, database, now):
    await subscribe(work, caller, receiver.url(), max_per_minute=5, max_in_flight=64)
    await happen(work, caller, *(f"{each}" for each in range(8)))
    await received(receiver, 5)
    assert len(receiver.received) == 5
    now.forward(timedelta(seconds=61))

    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED] * 8)


async def test_a_backlog_is_sent_whole_and_each_event_once(database, caller, receiver, now):
    async with dispatching(database, now) as first:
        await subscribe(first, caller, receiver.url(), max_in_flight=8)
        receiver.always(Answer(500))
    async with dispatching(database, now) as work:
        receiver.always(Answer(200))
        await asyncio.gather(*(happen(work, caller, f"{each}") for each in range(1500)))
        await until(lambda: set(states(database, caller)) == {DeliveryState.SUCCEEDED}, seconds=40)

    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1500
    assert len(receiver.received) == 1500


async def test_what_a_dead_dispatcher_held_is_sent_once_its_lease_ends(database, caller, receiver, now):
    held = threading.Event()
    receiver.plan(Answer(held=held))
    async with dispatching(database, now, grace=0) as first:
        await subscribe(first, caller, receiver.url(), retry_delays=(SECOND,))
        await happen(first, caller, "a")
        await received(receiver, 1)
    held.set()
    async with dispatching(database, now):
        now.forward(timedelta(microseconds=LEASE + SECOND))
        await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED])

    [delivery] = deliveries(database, caller)
    assert [each.outcome.kind for each in attempts(database, delivery)] == [OutcomeKind.UNKNOWN, OutcomeKind.SUCCEEDED]


async def test_stopping_lets_what_is_under_way_end_and_gives_back_the_rest(database, caller, receiver, now):
    held = threading.Event()
    receiver.plan(Answer(held=held))
    async with dispatching(database, now) as work:
        await subscribe(work, caller, receiver.url(), max_in_flight=1)
        await happen(work, caller, "a", "b", "c")
        await received(receiver, 1)
        threading.Timer(0.2, held.set).start()

    assert sorted(states(database, caller)) == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.SUCCEEDED]


async def test_an_address_that_is_not_allowed_any_more_is_not_connected_to(work, caller, database):
    await subscribe(work, caller, "https://10.0.0.1/hook", retry_disabled=True)
    await happen(work, caller, "a")
    await until(lambda: states(database, caller) == [DeliveryState.EXHAUSTED])

    [delivery] = deliveries(database, caller)
    assert [each.outcome.kind for each in attempts(database, delivery)] == [OutcomeKind.ADDRESS_REFUSED]


async def test_the_log_shows_no_value_of_the_subscribers_own_headers(work, caller, receiver, database):
    await subscribe(work, caller, receiver.url(), headers={"X-Token": "hush"})
    await happen(work, caller, "a")
    await until(lambda: states(database, caller) == [DeliveryState.SUCCEEDED])

    [request] = receiver.received
    [delivery] = deliveries(database, caller)
    [attempt] = attempts(database, delivery)
    assert request.headers["x-token"] == "hush"
    assert attempt.request_headers["X-Token"] == "***"


async def test_a_secret_that_cannot_be_opened_holds_up_nobody_and_keeps_no_place(database, caller, receiver, now):
    with Receiver() as unreached:
        async with (
            asyncio.timeout(30),
            dispatching(database, now, grace=60) as work,
        ):  # a kept place would be waited for
            await subscribe(work, caller, unreached.url(), vault=Vault([bytes(KEY_BYTES)]))
            await subscribe(work, caller, receiver.url())
            await happen(work, caller, "a")
            await received(receiver, 1)

        assert unreached.received == []
