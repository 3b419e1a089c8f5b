"""What is subscribed to at TimeTracker's endpoint arrives, over TLS and in TimeTracker's bodies.

Quoted are https://docs.timetracker.in/api-reference/integrations/zapier/triggers/timer-started/subscribe and
timer-stopped/subscribe.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.instants import system_clock
from clockwire.model.signing import Secret, verify
from clockwire.v1.subscription_service_pb2 import PreviewPayloadRequest, UpdateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.core.model.test_timetracker_payloads import STOPPED
from tests.support.product import Product, product_at
from tests.support.receivers import Authority, Received
from tests.support.server import ANY_PORT
from tests.support.zapier import Zap

SECRET = "0123456789abcdef0123456789abcdef"
KEYS = list(json.loads(STOPPED))


@dataclass(frozen=True)
class Zapped:
    """A product, somebody with a Zap, and the certificate of the Zap's hook."""

    product: Product
    zap: Zap
    authority: Authority

    async def subscribe(self, *events: str, **more: object) -> str:
        """The id of a webhook, whose certificate is trusted."""
        answer = await self.zap.subscribe(*events, url=self.product.receiver.url("/hooks/catch/1/a/"), **more)
        assert answer.status == 200, answer
        webhook_id: str = answer.json["webhook"]["id"]
        id_ = re.sub(r"wh_(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", webhook_id)
        changed = Subscription(id=id_, ca_certificate_pem=self.authority.pem)
        mask = FieldMask(paths=["ca_certificate_pem"])
        await self.product.client.subscriptions.UpdateSubscription(
            UpdateSubscriptionRequest(subscription=changed, update_mask=mask)
        )
        return webhook_id

    async def bodies(self, count: int) -> list[dict[str, Any]]:
        """What came, in the order of what happened."""
        came = await self.product.received(count)
        return [json.loads(each.body) for each in sorted(came, key=_sequence)]


def _sequence(received: Received) -> int:
    return int(received.headers["clockwire-sequence"])


@pytest.fixture
async def zapped(database_url: str) -> AsyncIterator[Zapped]:
    authority = Authority()
    async with product_at(database_url, tls=authority.server_context("127.0.0.1"), http=ANY_PORT) as product:
        yield Zapped(product, Zap(product.server), authority)


async def work(product: Product, **fields: Any) -> tuple[str, dict[str, str]]:
    """The id of a timer that was started and stopped, and of what it was about."""
    client = product.client
    ids = {"client_id": (await client.create("client", client_name="Acme Corporation")).record.id}
    ids["project_id"] = (await client.create("project", project_name="Mobile App Development", **ids)).record.id
    named = {"task_name": "Implement user authentication", "project_id": ids["project_id"]}
    ids["task_id"] = (await client.create("task", **named)).record.id
    ids["user_id"] = (await client.create("user", user_name="John Doe")).record.id
    timer = (await client.start_timer(ids["user_id"], task_id=ids["task_id"], **fields)).timer
    await client.stop_timer(timer.id)
    return timer.id, ids


async def test_a_started_and_a_stopped_timer_are_told_as_documented(zapped: Zapped):
    """When a timer is stopped, your webhook endpoint receives a POST request with this payload."""
    await zapped.subscribe("TIMER_STARTED", "TIMER_STOPPED")

    timer_id, ids = await work(
        zapped.product, description="Working on user authentication", tags=["authentication", "mobile"]
    )

    started, stopped = await zapped.bodies(2)
    assert list(stopped) == KEYS
    assert list(started) == [key for key in KEYS if key not in {"endTime", "duration"}]
    assert (started["action"], stopped["action"]) == ("start_timer", "stop_timer")
    for body in (started, stopped):
        assert (body["id"], body["description"]) == (timer_id, "Working on user authentication")
        assert body["workspace"] == {"id": zapped.zap.workspace_id, "name": "Test"}
        assert body["teamMember"] == {"id": ids["user_id"], "name": "John Doe"}
        assert body["project"] == {"id": ids["project_id"], "name": "Mobile App Development"}
        assert body["task"] == {"id": ids["task_id"], "name": "Implement user authentication"}
        assert [tag["name"] for tag in body["tags"]] == ["authentication", "mobile"]
        for name in ("date", "startTime", "createdAt", "updatedAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body[name])
        assert body["date"].endswith("T00:00:00.000Z")
    ran = datetime.fromisoformat(stopped["endTime"]) - datetime.fromisoformat(stopped["startTime"])
    assert stopped["duration"] == ran // timedelta(seconds=1)
    [first, _] = await zapped.product.received(2)
    assert (first.method, first.path) == ("POST", "/hooks/catch/1/a/")
    assert "webhook-signature" not in first.headers
    assert "x-st-webhook-signature" not in first.headers


async def test_only_what_was_subscribed_to_arrives_until_it_is_ended(zapped: Zapped):
    """The webhook remains active and receives event notifications until deleted."""
    webhook_id = await zapped.subscribe("CLIENT_CREATED", "PROJECT_CREATED", "TASK_CREATED")
    await work(zapped.product)

    customer, project, task = await zapped.bodies(3)
    assert (customer["name"], customer["workspace"]["name"]) == ("Acme Corporation", "Test")
    assert (project["name"], project["client"]["name"]) == ("Mobile App Development", "Acme Corporation")
    assert (task["project"]["id"], task["client"]["id"]) == (project["id"], customer["id"])

    assert (await zapped.zap.unsubscribe(webhook_id)).status == 200
    await zapped.product.client.create("client", client_name="Later")
    await zapped.subscribe("PROJECT_CREATED")
    await zapped.product.client.create("project", project_name="Last")
    assert (await zapped.bodies(4))[3]["name"] == "Last"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_sent_is_signed_if_a_secret_was_wanted(zapped: Zapped):
    """Validate webhook signatures if implementing custom security."""
    await zapped.subscribe("CLIENT_CREATED", secret=SECRET)
    await zapped.product.client.create("client", client_name="A")

    [received] = await zapped.product.received()
    verify(received.headers, received.body, valid=[Secret(SECRET)], now=system_clock())
    assert received.headers["x-st-webhook-signature"].startswith("sha256=")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_created_by_one_zap_starts_another(zapped: Zapped):
    await zapped.subscribe("MANUAL_TIME_ENTRY")
    user = (await zapped.product.client.create("user", user_name="Ada")).record.id
    await work(zapped.product)  # a timer's time log was not typed in
    times = {"start_time": "2024-01-15T10:00:00.000Z", "end_time": "2024-01-15T12:30:00.000Z"}
    made = (await zapped.zap.create("time-entries", team_member_id=user, billable=True, **times)).json

    [body] = await zapped.bodies(1)
    assert list(body) == KEYS
    assert (body["id"], body["action"], body["duration"]) == (made["id"], "manual_entry", 9000)
    assert (body["startTime"], body["endTime"]) == (times["start_time"], times["end_time"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_any_subscription_can_have_these_bodies_and_anybody_can_preview_them(zapped: Zapped):
    product = zapped.product
    await product.subscribe(
        "client.*",
        payload_format=Subscription.PAYLOAD_FORMAT_TIMETRACKER,
        ca_certificate_pem=zapped.authority.pem,
    )
    made = (await product.client.create("client", client_name="A")).record
    previewed = await product.client.subscriptions.PreviewPayload(
        PreviewPayloadRequest(
            event_type="client.created", record_id=made.id, payload_format=Subscription.PAYLOAD_FORMAT_TIMETRACKER
        )
    )
    [body] = await zapped.bodies(1)
    assert previewed.body == (await product.received())[0].body
    assert body["id"] == made.id

    await product.client.delete("client", made.id)
    assert (await zapped.bodies(2))[1] == {"event": "client.deleted", "id": made.id}
