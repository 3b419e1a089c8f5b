"""SubscriptionService and DeliveryService over a real socket, with webhooks that really arrive."""

import ipaddress
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.client.errors import (
    EtagMismatch,
    FieldInvalid,
    MaskInvalid,
    PageTokenInvalid,
    ResourceNotFound,
    ScopeMissing,
    TargetUrlRefused,
    ValueTaken,
)
from clockwire.model.identifiers import new_id
from clockwire.v1 import delivery_service_pb2 as delivery_requests
from clockwire.v1 import subscription_service_pb2 as requests
from clockwire.v1.deliveries_pb2 import Delivery, DeliveryAttempt
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.clock import MovableClock
from tests.support.receivers import Answer, Receiver
from tests.support.server import ON_SQLITE, Served, served

Create = requests.CreateSubscriptionRequest
UNKNOWN: Any = 77
MINUTE = Duration(seconds=60)
#: A secret of the caller's own.
OWN = "0123456789abcdef" * 4


@pytest.fixture
async def hooks(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server that sends webhooks, to this machine too."""
    loopback = (ipaddress.ip_network("127.0.0.0/8"),)
    async with served(database_url, clock, dispatch=True, allow_target=loopback) as here:
        yield here


def to(url: str, **fields: Any) -> Subscription:
    """A subscription to everything."""
    return Subscription(**{"target_url": url, "filter": EventFilter(event_types=["*"]), **fields})


async def test_a_change_arrives_signed_and_is_logged(hooks: Served):
    with Receiver() as receiver:
        async with hooks.client() as client:
            made = await client.subscriptions.CreateSubscription(
                Create(subscription=to(receiver.url("/hook?key=hidden")))
            )
            await client.create("project", project_name="Rollout")
            [received] = receiver.wait_for(1)
            listed = await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest())
            [delivery] = listed.deliveries
            read = await client.deliveries.GetDelivery(
                delivery_requests.GetDeliveryRequest(delivery_id=delivery.id, include_bodies=True, wait_timeout=MINUTE)
            )

    assert read.delivery.state == Delivery.STATE_SUCCEEDED
    assert read.delivery.subscription_id == made.subscription.id
    [attempt] = read.attempts
    assert (attempt.outcome, attempt.http_status) == (DeliveryAttempt.OUTCOME_SUCCEEDED, 200)
    assert (attempt.request_body, attempt.remote_ip) == (received.body, "127.0.0.1")
    assert attempt.target_url.endswith("/hook?key=***")
    assert attempt.request_headers["webhook-signature"] == received.headers["webhook-signature"]
    assert received.headers["clockwire-delivery"] == delivery.id
    assert received.headers["webhook-id"] == delivery.event_id
    assert made.secret.startswith("whsec_")


async def test_a_delivery_is_sent_again_with_the_same_id(hooks: Served):
    with Receiver() as receiver:
        async with hooks.client() as client:
            await client.subscriptions.CreateSubscription(Create(subscription=to(receiver.url())))
            await client.create("project", project_name="Rollout")
            receiver.wait_for(1)
            [delivery] = (await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest())).deliveries
            wait = delivery_requests.GetDeliveryRequest(delivery_id=delivery.id, wait_timeout=MINUTE)
            await client.deliveries.GetDelivery(wait)
            again = delivery_requests.RedeliverRequest(delivery_id=delivery.id, request_id=new_id(0))
            redelivered = await client.deliveries.Redeliver(again)
            first, second = receiver.wait_for(2)
            assert await client.deliveries.Redeliver(again) == redelivered
            read = await client.deliveries.GetDelivery(wait)

    assert redelivered.delivery.state == Delivery.STATE_PENDING
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert second.headers["clockwire-redelivery"] == "true"
    assert "clockwire-redelivery" not in first.headers
    assert [attempt.number for attempt in read.attempts] == [1, 2]


@pytest.mark.parametrize("paused", [False, True])
async def test_a_test_is_sent_in_every_state_and_does_not_count(hooks: Served, paused: bool):
    with Receiver() as receiver:
        receiver.always(Answer(500, body=b"no"))
        async with hooks.client() as client:
            made = await client.subscriptions.CreateSubscription(Create(subscription=to(receiver.url()), paused=paused))
            tested = await client.subscriptions.TestSubscription(
                requests.TestSubscriptionRequest(subscription_id=made.subscription.id, event_type="timelog.created")
            )
            read = await client.subscriptions.GetSubscription(
                requests.GetSubscriptionRequest(subscription_id=made.subscription.id)
            )
        [received] = receiver.received

    assert (tested.delivery.kind, tested.delivery.state) == (Delivery.KIND_TEST, Delivery.STATE_EXHAUSTED)
    assert (tested.delivery.event_id, tested.delivery.event_sequence) == ("", 0)
    assert (tested.attempt.http_status, tested.attempt.response_body) == (500, b"no")
    assert tested.attempt.request_body == received.body
    assert received.headers["clockwire-test"] == "true"
    assert received.headers["clockwire-event"] == "timelog.created"
    assert read.subscription.stats.consecutive_failures == 0
    assert read.subscription.stats.exhausted_count_24h == 0


async def test_a_test_may_be_of_a_real_record(hooks: Served):
    with Receiver() as receiver:
        async with hooks.client() as client:
            record = (await client.create("project", project_name="Rollout")).record
            made = await client.subscriptions.CreateSubscription(Create(subscription=to(receiver.url())))
            ask = {"subscription_id": made.subscription.id, "record_id": record.id}
            await client.subscriptions.TestSubscription(
                requests.TestSubscriptionRequest(event_type="project.updated", **ask)
            )
            with pytest.raises(FieldInvalid):
                await client.subscriptions.TestSubscription(
                    requests.TestSubscriptionRequest(event_type="task.updated", **ask)
                )
        [received] = receiver.received

    assert record.id.encode() in received.body
    assert b"Rollout" in received.body


async def test_a_preview_shows_body_and_headers_and_sends_nothing(hooks: Served):
    async with hooks.client() as client:
        shown = await client.subscriptions.PreviewPayload(
            requests.PreviewPayloadRequest(
                event_type="invoice.created", payload_format=Subscription.PAYLOAD_FORMAT_CLOUDEVENTS
            )
        )
        listed = await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest())

    assert b'"specversion":"1.0"' in shown.body
    assert shown.headers["Content-Type"].startswith("application/cloudevents+json")
    assert "webhook-signature" not in shown.headers
    assert not listed.deliveries


async def test_a_secret_is_in_no_answer_but_one_and_in_no_log(hooks: Served, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    async with hooks.client() as client:
        create = Create(
            subscription=to("http://127.0.0.1:9/?key=hidden", headers={"X-Key": "hidden"}), request_id=new_id(0)
        )
        made = await client.subscriptions.CreateSubscription(create)
        repeated = await client.subscriptions.CreateSubscription(create)
        read = await client.subscriptions.GetSubscription(
            requests.GetSubscriptionRequest(subscription_id=made.subscription.id)
        )
        rotate = requests.RotateSecretRequest(subscription_id=made.subscription.id, request_id=new_id(0))
        rotated = await client.subscriptions.RotateSecret(rotate)
        assert await client.subscriptions.RotateSecret(rotate) == rotated
        given = Create(subscription=to("http://127.0.0.1:9/"), secret_source=Create.SECRET_SOURCE_PROVIDED, secret=OWN)
        assert OWN not in str(await client.subscriptions.CreateSubscription(given))
    printed = capfd.readouterr()
    with hooks.database.reading() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM subscription").all())

    assert repeated == made
    assert rotated.secret != made.secret
    assert rotated.subscription.secret_fingerprint != made.subscription.secret_fingerprint
    assert dict(made.subscription.headers) == {"X-Key": "***"}
    for secret in (made.secret, rotated.secret, OWN):
        for text in (str(read), caplog.text, printed.out, printed.err, rows):
            assert secret not in text


async def test_query_values_are_masked_for_who_may_only_read(hooks: Served):
    async with hooks.client() as client, hooks.client(hooks.new_key("subscriptions.read")) as reader:
        made = await client.subscriptions.CreateSubscription(
            Create(subscription=to("http://127.0.0.1:9/?key=hidden", name="billing"))
        )
        read = await reader.subscriptions.GetSubscription(requests.GetSubscriptionRequest(name="billing"))
        listed = await reader.subscriptions.ListSubscriptions(requests.ListSubscriptionsRequest())
        with pytest.raises(ScopeMissing):
            await reader.subscriptions.PauseSubscription(
                requests.PauseSubscriptionRequest(subscription_id=made.subscription.id)
            )

    assert made.subscription.target_url == "http://127.0.0.1:9/?key=hidden"
    assert read.subscription.target_url == "http://127.0.0.1:9/?key=***"
    assert [each.target_url for each in listed.subscriptions] == ["http://127.0.0.1:9/?key=***"]


@ON_SQLITE
@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "https://[::1]/", "ftp://example.com/", "https://me@example.com/", ""]
)
async def test_targets_inside_are_refused(hooks: Served, url: str):
    async with hooks.client() as client:
        with pytest.raises(TargetUrlRefused):
            await client.subscriptions.CreateSubscription(Create(subscription=to(url), validate_only=True))


@ON_SQLITE
async def test_trying_stores_nothing(hooks: Served):
    async with hooks.client() as client:
        await client.subscriptions.CreateSubscription(
            Create(subscription=to("http://127.0.0.1:9/"), validate_only=True)
        )
        listed = await client.subscriptions.ListSubscriptions(requests.ListSubscriptionsRequest())

    assert not listed.subscriptions


async def test_an_update_writes_what_its_mask_names(hooks: Served):
    async with hooks.client() as client:
        made = (
            await client.subscriptions.CreateSubscription(
                Create(subscription=to("http://127.0.0.1:9/", name="billing", max_in_flight=7))
            )
        ).subscription

        async def update(etag: str = "", *paths: str, **fields: Any) -> Subscription:
            sent = Subscription(id=made.id, etag=etag, **fields)
            request = requests.UpdateSubscriptionRequest(subscription=sent, update_mask=FieldMask(paths=paths))
            return (await client.subscriptions.UpdateSubscription(request)).subscription

        updated = await update(made.etag, "max_in_flight", "retry_policy", description="not named")
        assert (updated.max_in_flight, updated.description, updated.name) == (0, "", "billing")
        assert (await update(description="every field that is set")).name == "billing"
        with pytest.raises(EtagMismatch):
            await update(made.etag, "name", name="other")
        with pytest.raises(MaskInvalid):
            await update("", "state")
        with pytest.raises(TargetUrlRefused):
            await update(target_url="https://10.0.0.1/")
        with pytest.raises(ValueTaken):
            await client.subscriptions.CreateSubscription(
                Create(subscription=to("http://127.0.0.1:9/", name="billing"))
            )


async def test_another_workspace_reaches_nothing(hooks: Served):
    with Receiver() as receiver:
        stranger_key = hooks.new_key(workspace_id=hooks.new_workspace())
        async with hooks.client() as client, hooks.client(stranger_key) as stranger:
            made = await client.subscriptions.CreateSubscription(
                Create(subscription=to(receiver.url(), name="billing"))
            )
            await client.create("project", project_name="Rollout")
            receiver.wait_for(1)
            [delivery] = (await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest())).deliveries
            which: dict[str, Any] = {"subscription_id": made.subscription.id}
            subscriptions, deliveries = stranger.subscriptions, stranger.deliveries
            calls: list[tuple[Any, Any]] = [
                (subscriptions.GetSubscription, requests.GetSubscriptionRequest(**which)),
                (subscriptions.GetSubscription, requests.GetSubscriptionRequest(name="billing")),
                (
                    subscriptions.UpdateSubscription,
                    requests.UpdateSubscriptionRequest(subscription=Subscription(id=made.subscription.id)),
                ),
                (subscriptions.DeleteSubscription, requests.DeleteSubscriptionRequest(**which)),
                (subscriptions.PauseSubscription, requests.PauseSubscriptionRequest(**which)),
                (subscriptions.ResumeSubscription, requests.ResumeSubscriptionRequest(**which)),
                (subscriptions.RotateSecret, requests.RotateSecretRequest(**which)),
                (subscriptions.FinishSecretRotation, requests.FinishSecretRotationRequest(**which)),
                (subscriptions.TestSubscription, requests.TestSubscriptionRequest(**which)),
                (deliveries.GetDelivery, delivery_requests.GetDeliveryRequest(delivery_id=delivery.id)),
                (deliveries.Redeliver, delivery_requests.RedeliverRequest(delivery_id=delivery.id)),
            ]
            for call, request in calls:
                with pytest.raises(ResourceNotFound):
                    await call(request)
            listed = await deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest(**which))
            assert not listed.deliveries
            assert not (await subscriptions.ListSubscriptions(requests.ListSubscriptionsRequest())).subscriptions
            await stranger.create("project", project_name="Elsewhere")
            await client.create("project", project_name="Here")
            bodies = b"".join(each.body for each in receiver.wait_for(2))

    assert b"Elsewhere" not in bodies


async def test_lists_come_in_pages(hooks: Served):
    async with hooks.client() as client:
        for name in ("one", "two", "three"):
            await client.subscriptions.CreateSubscription(
                Create(subscription=to("http://127.0.0.1:9/", name=name), paused=True)
            )
            hooks.clock.now += 1000
        await client.create("project", project_name="Rollout")
        names, token = [], ""
        while True:
            ask = requests.ListSubscriptionsRequest(page_size=2, page_token=token, include_stats=True)
            page = await client.subscriptions.ListSubscriptions(ask)
            names.append([each.name for each in page.subscriptions])
            assert all(each.stats.pending_count == 1 for each in page.subscriptions)
            if not (token := page.next_page_token):
                break
        first = await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest(page_size=2))
        rest = await client.deliveries.ListDeliveries(
            delivery_requests.ListDeliveriesRequest(page_size=2, page_token=first.next_page_token)
        )
        with pytest.raises(PageTokenInvalid):
            await client.deliveries.ListDeliveries(
                delivery_requests.ListDeliveriesRequest(record_id="r", page_token=first.next_page_token)
            )

    assert names == [["one", "two"], ["three"]]
    assert (len(first.deliveries), len(rest.deliveries), rest.next_page_token) == (2, 1, "")
    assert {each.state for each in first.deliveries} == {Delivery.STATE_HELD}


async def test_held_deliveries_are_sent_when_the_subscription_is_resumed(hooks: Served):
    with Receiver() as receiver:
        async with hooks.client() as client:
            made = await client.subscriptions.CreateSubscription(Create(subscription=to(receiver.url()), paused=True))
            await client.create("project", project_name="Rollout")
            resumed = await client.subscriptions.ResumeSubscription(
                requests.ResumeSubscriptionRequest(subscription_id=made.subscription.id)
            )
            receiver.wait_for(1)
            gone = requests.DeleteSubscriptionRequest(subscription_id=made.subscription.id)
            await client.subscriptions.DeleteSubscription(gone)
            await client.subscriptions.DeleteSubscription(gone)

    assert (resumed.held_count, resumed.subscription.state) == (1, Subscription.STATE_ACTIVE)


@ON_SQLITE
async def test_hostile_values_are_named_not_crashed_on(hooks: Served):
    async with hooks.client() as client:
        for request in (
            Create(subscription=to("http://127.0.0.1:9/", payload_format=99)),
            Create(subscription=to("http://127.0.0.1:9/"), secret_source=UNKNOWN),
            Create(subscription=to("http://127.0.0.1:9/"), secret="given without saying so"),
            Create(subscription=to("http://127.0.0.1:9/"), secret_source=Create.SECRET_SOURCE_PROVIDED, secret="short"),
            Create(subscription=to("http://127.0.0.1:9/", request_timeout=Duration(seconds=2**40))),
            Create(subscription=Subscription(target_url="http://127.0.0.1:9/")),
        ):
            with pytest.raises(FieldInvalid):
                await client.subscriptions.CreateSubscription(request)
        with pytest.raises(FieldInvalid):
            await client.subscriptions.GetSubscription(requests.GetSubscriptionRequest())
        with pytest.raises(FieldInvalid):
            await client.subscriptions.ListSubscriptions(requests.ListSubscriptionsRequest(states=[UNKNOWN]))
        with pytest.raises(FieldInvalid):
            await client.deliveries.ListDeliveries(delivery_requests.ListDeliveriesRequest(states=[UNKNOWN]))
        with pytest.raises(FieldInvalid):
            await client.deliveries.GetDelivery(
                delivery_requests.GetDeliveryRequest(delivery_id=new_id(0), wait_timeout=Duration(seconds=61))
            )
        with pytest.raises(FieldInvalid):
            await client.deliveries.GetDelivery(delivery_requests.GetDeliveryRequest(delivery_id="\x00'; --"))
