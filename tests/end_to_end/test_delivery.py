"""A record changes over gRPC, and its webhook arrives: signed, whole, again if need be, and nowhere it should not."""

import json
import threading
from collections.abc import AsyncIterator

import jsonschema
import pytest

from clockwire.v1 import subscription_service_pb2 as service
from clockwire.v1.deliveries_pb2 import Delivery, DeliveryAttempt
from clockwire.v1.delivery_service_pb2 import (
    RedeliverRequest,
)
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.record_service_pb2 import ListRecordTypesRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.product import Product, product_at
from tests.support.receivers import Answer, Receiver
from tests.support.verifying import verify, verify_flat, verify_standard
from tests.support.world import WORDS, populate

FORMATS = Subscription.PayloadFormat
#: Those that are made of the flat body; other products' have tests of their own.
OF_OURS = [
    FORMATS.PAYLOAD_FORMAT_FLAT,
    FORMATS.PAYLOAD_FORMAT_STANDARD,
    FORMATS.PAYLOAD_FORMAT_CLOUDEVENTS,
    FORMATS.PAYLOAD_FORMAT_THIN,
]
OUTCOMES = DeliveryAttempt.Outcome
SEND = service.ResumeSubscriptionRequest.HELD_SEND
CANCEL = service.ResumeSubscriptionRequest.HELD_CANCEL


@pytest.fixture
async def product(database_url: str) -> AsyncIterator[Product]:
    async with product_at(database_url) as product:
        yield product


async def test_every_type_arrives_with_its_documented_columns_and_is_believed_by_three_verifiers(product: Product):
    _, secret = await product.subscribe(max_in_flight=64)
    world = await populate(product.client)
    log = await product.client.events.GetEventLog(GetEventLogRequest())
    schemas = {each.name: json.loads(each.payload_schema) for each in log.event_types}
    types = (await product.client.records.ListRecordTypes(ListRecordTypesRequest())).types
    columns = {each.token: {column.name for column in each.columns} for each in types}

    bodies = [verify(each, secret) for each in await product.received(len(world.events))]

    assert {body["id"] for body in bodies} == {event.record_id for event in world.events}
    for body in bodies:
        jsonschema.validate(body, schemas[str(body["event"])])
        of_type = columns.get(str(body["event"]).partition(".")[0], set())  # a timer is of none: its schema has them
        assert {"event", "id"} | of_type <= set(body)
    [time_log] = [body for body in bodies if body["event"] == "timelog.created"]
    assert time_log["ProjectName"] == f"{WORDS} project"
    assert time_log["Duration"] == 1.0


@pytest.mark.parametrize("format_", OF_OURS)
async def test_every_format_of_ours_is_sent_as_it_is_described_and_verifies(product: Product, format_):
    _, secret = await product.subscribe("client.*", payload_format=format_)
    event_id = await product.change("Å & sons")
    record_id = (await product.client.list("client").__anext__()).id
    await product.client.delete("client", record_id)

    created, deleted = sorted(await product.received(2), key=lambda each: int(each.headers["clockwire-sequence"]))
    first, second = verify(created, secret), verify(deleted, secret)
    flat = first if format_ in {FORMATS.PAYLOAD_FORMAT_FLAT, FORMATS.PAYLOAD_FORMAT_THIN} else first["data"]
    gone = second if format_ in {FORMATS.PAYLOAD_FORMAT_FLAT, FORMATS.PAYLOAD_FORMAT_THIN} else second["data"]

    assert created.headers["webhook-id"] == event_id
    assert gone == {"event": "client.deleted", "id": record_id}
    assert isinstance(flat, dict)
    assert (flat["event"], flat["id"]) == ("client.created", record_id)
    assert flat.get("ClientName") == (None if format_ == FORMATS.PAYLOAD_FORMAT_THIN else "Å & sons")
    if format_ == FORMATS.PAYLOAD_FORMAT_STANDARD:
        assert first.keys() == {"type", "timestamp", "data"}
    if format_ == FORMATS.PAYLOAD_FORMAT_CLOUDEVENTS:
        assert (first["specversion"], first["id"], first["type"]) == ("1.0", event_id, "client.created")
        assert created.headers["content-type"].startswith("application/cloudevents+json")


async def test_a_failed_delivery_comes_again_the_same_and_every_attempt_is_logged(product: Product):
    _, secret = await product.subscribe(headers={"X-Own": "hidden"})
    product.receiver.plan(Answer(500, (("X-Why", "broken"),), b"no"), Answer(302, (("Location", "/elsewhere"),)))
    event_id = await product.change()
    answer = await product.ended(event_id)

    received = await product.received(3)
    assert [each.headers["clockwire-attempt"] for each in received] == ["1", "2", "3"]
    assert {each.headers["webhook-id"] for each in received} == {event_id}
    assert len({each.body for each in received}) == 1
    for each in received:
        verify(each, secret)
        assert each.headers["x-own"] == "hidden"
    assert answer.delivery.state == Delivery.STATE_SUCCEEDED
    assert [(each.number, each.outcome, each.http_status) for each in answer.attempts] == [
        (1, OUTCOMES.OUTCOME_HTTP_ERROR, 500),
        (2, OUTCOMES.OUTCOME_REDIRECT_REFUSED, 302),
        (3, OUTCOMES.OUTCOME_SUCCEEDED, 200),
    ]
    first = answer.attempts[0]
    assert (first.remote_ip, first.response_body, first.request_body) == ("127.0.0.1", b"no", received[0].body)
    assert first.response_headers["x-why"] == "broken"
    assert first.request_headers["webhook-signature"] == received[0].headers["webhook-signature"]
    assert "hidden" not in str(answer)


async def test_retry_after_is_obeyed_by_the_whole_endpoint(product: Product):
    await product.subscribe(max_in_flight=1)
    product.receiver.plan(Answer(429, (("Retry-After", "2"),)))
    first, second = await product.change("A"), await product.change("B")
    attempts = (await product.ended(first)).attempts
    await product.ended(second)

    received = await product.received(3)
    assert attempts[0].retry_after.seconds == 2
    assert all(each.time - received[0].time >= 1.9 for each in received[1:])


async def test_an_endpoint_that_is_gone_is_asked_no_more_until_it_is_resumed(product: Product):
    subscription, _ = await product.subscribe()
    product.receiver.plan(Answer(410))
    assert (await product.ended(await product.change("A"))).delivery.state == Delivery.STATE_EXHAUSTED
    held = await product.change("B")

    now = await product.client.subscriptions.GetSubscription(
        service.GetSubscriptionRequest(subscription_id=subscription.id)
    )
    assert now.subscription.state == Subscription.STATE_DISABLED
    assert now.subscription.state_reason == Subscription.STATE_REASON_GONE
    assert (await product.delivery(held)).state == Delivery.STATE_HELD

    resumed = await product.client.subscriptions.ResumeSubscription(
        service.ResumeSubscriptionRequest(subscription_id=subscription.id)
    )
    assert resumed.held_count == 1
    assert (await product.ended(held)).delivery.state == Delivery.STATE_SUCCEEDED


@pytest.mark.parametrize(
    "held", [service.ResumeSubscriptionRequest.HELD_SEND, service.ResumeSubscriptionRequest.HELD_CANCEL]
)
async def test_what_happens_during_a_pause_is_sent_or_dropped_afterwards(product: Product, held):
    subscription, _ = await product.subscribe()
    await product.client.subscriptions.PauseSubscription(
        service.PauseSubscriptionRequest(subscription_id=subscription.id)
    )
    during = [await product.change(str(each)) for each in range(3)]
    resumed = await product.client.subscriptions.ResumeSubscription(
        service.ResumeSubscriptionRequest(subscription_id=subscription.id, held=held)
    )
    after = await product.change("after")
    await product.ended(after)

    assert resumed.held_count == 3
    sent = {each.headers["webhook-id"] for each in await product.received(4 if held == SEND else 1)}
    assert sent == {after, *(during if held == SEND else ())}


async def test_a_delivery_is_sent_again_on_demand_under_the_same_id(product: Product):
    _, secret = await product.subscribe()
    event_id = await product.change()
    ended = await product.ended(event_id)
    await product.client.deliveries.Redeliver(RedeliverRequest(delivery_id=ended.delivery.id))

    first, second = await product.received(2)
    assert verify(first, secret) == verify(second, secret)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == event_id
    assert "clockwire-redelivery" not in first.headers
    assert second.headers["clockwire-redelivery"] == "true"


async def test_a_test_is_sent_at_once_and_its_answer_is_shown(product: Product):
    subscription, secret = await product.subscribe("project.*")
    product.receiver.plan(Answer(503, (), b"later"))
    request = service.TestSubscriptionRequest(subscription_id=subscription.id, event_type="project.closed")
    answer = await product.client.subscriptions.TestSubscription(request)

    [received] = await product.received()
    assert verify(received, secret)["event"] == "project.closed"
    assert received.headers["clockwire-test"] == "true"
    assert (answer.attempt.http_status, answer.attempt.response_body) == (503, b"later")
    assert answer.delivery.kind == Delivery.KIND_TEST


async def test_during_an_overlap_the_old_secret_verifies_both_headers_and_the_new_one_the_standard(product: Product):
    subscription, old = await product.subscribe()
    await product.change("before")
    rotated = await product.client.subscriptions.RotateSecret(
        service.RotateSecretRequest(subscription_id=subscription.id)
    )
    await product.change("during")
    await product.received(2)  # what is sent later is signed as it is then
    finish = service.FinishSecretRotationRequest(subscription_id=subscription.id)
    await product.client.subscriptions.FinishSecretRotation(finish)
    await product.change("after")

    before, during, after = sorted(await product.received(3), key=lambda each: int(each.headers["clockwire-sequence"]))
    verify(before, old)
    verify(during, old)
    verify_standard(during, rotated.secret)
    with pytest.raises(AssertionError):
        verify_flat(during, rotated.secret)
    verify(after, rotated.secret)
    with pytest.raises(Exception, match=r"No matching signature|^$"):
        verify_standard(after, old)


async def test_a_slow_endpoint_holds_up_no_other(product: Product):
    held = threading.Event()
    with Receiver() as slow:
        slow.always(Answer(held=held))
        await product.subscribe(url=slow.url(), name="slow")
        await product.subscribe(name="fast", max_in_flight=64)
        for number in range(12):
            await product.change(str(number))
        assert len(await product.received(12)) == 12
        assert len(slow.received) <= 4
        held.set()
