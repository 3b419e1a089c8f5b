"""What Standard Time's document says of its webhooks holds here; each test quotes the sentence that it proves.

The document: https://www.strdtime.com/webhooks-integration.html
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from clockwire.cli.catching import Catcher, Reply
from clockwire.model.record_types import RECORD_TYPES
from clockwire.settings import Address
from clockwire.v1 import subscription_service_pb2 as service
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.node import run_node
from tests.support.product import Product, product_at
from tests.support.receivers import Answer, Receiver
from tests.support.verifying import verify_flat

TOKENS = [info.token for info in RECORD_TYPES.values()]
#: One of each type; @ refers to one that was made before.
RECORDS: dict[str, dict[str, str]] = {
    "client": {"client_name": "Acme"},
    "user": {"user_name": "Ada"},
    "category": {"category_name": "Painting"},
    "inventory": {"inventory_name": "Brush"},
    "project": {"project_name": "Website", "client_id": "@client"},
    "subproject": {"subproject_name": "Phase 1", "project_id": "@project"},
    "task": {"task_name": "Paint", "project_id": "@project"},
    "billingrate": {"project_id": "@project", "client_rate": "95"},
    "invoice": {"client_id": "@client"},
    "expense": {"project_id": "@project", "user_id": "@user", "date": "2025-01-15", "amount": "12.50"},
    "timelog": {"project_id": "@project", "user_id": "@user", "date": "2025-01-15", "duration": "1:30"},
}
VERBS = ("created", "updated", "deleted")

# As the document has it, comments and all.
NODE_RECIPE = """\
const crypto = require('crypto');
const expected = 'sha256=' + crypto.createHmac('sha256', secret)
    .update(rawBody, 'utf8')
    .digest('hex');
if (!crypto.timingSafeEqual(Buffer.from(expected), Buffer.from(receivedHeader))) {
    // reject — signature mismatch
"""


@pytest.fixture
async def product(database_url: str) -> AsyncIterator[Product]:
    async with product_at(database_url) as product:
        yield product


async def subscribe(product: Product, event_type: str, url: str, **request) -> service.CreateSubscriptionResponse:
    """A subscription of one event type to one URL."""
    made = Subscription(target_url=url, filter=EventFilter(event_types=[event_type]))
    return await product.client.subscriptions.CreateSubscription(
        service.CreateSubscriptionRequest(subscription=made, **request)
    )


async def go_through_all_33(product: Product) -> dict[str, str]:
    """The id of the record of each type that was created, updated and deleted."""
    client = product.client
    ids: dict[str, str] = {}
    for token, fields in RECORDS.items():
        named = {name: ids[value[1:]] if str(value).startswith("@") else value for name, value in fields.items()}
        ids[token] = (await client.create(token, **named)).record.id
    for token, id_ in ids.items():
        await client.update(token, id=id_, custom_fields={"seen": "yes"})
    for token, id_ in reversed(ids.items()):
        await client.delete(token, id_, force=True)
    return ids


async def test_each_of_33_subscriptions_gets_its_own_event_type_at_its_own_url_and_nothing_else(product: Product):
    """Cited: "Every subscription you register is scoped to one event type [...] and one target URL.".

    "You can register as many subscriptions as you need, mixing event types and destinations freely." "All 11 record
    types [...] are available here, each with three events: created, updated, and deleted. That's 33 event types in
    total." "created and updated payloads carry the full field set for that record type".
    """
    types = [f"{token}.{verb}" for token in TOKENS for verb in VERBS]
    with Receiver() as other:
        for number, event_type in enumerate(types):
            await subscribe(product, event_type, (product.receiver, other)[number % 2].url(f"/{event_type}"))
        ids = await go_through_all_33(product)
        await product.received(17)
        await asyncio.to_thread(other.wait_for, 16)
        received = [*product.receiver.received, *other.received]

    assert len(types) == 33
    assert len(received) == 33
    for info in RECORD_TYPES.values():
        columns = [column.name for column in info.payload_columns]
        for verb in VERBS:
            [body] = [json.loads(each.body) for each in received if each.path == f"/{info.token}.{verb}"]
            assert (body["event"], body["id"]) == (f"{info.token}.{verb}", ids[info.token])
            assert list(body) == ["event", "id", *([] if verb == "deleted" else columns)]


async def test_a_deleted_payload_is_minimal(product: Product):
    """Cited: "A deleted payload is intentionally minimal [...]: { "event": "project.deleted", "id": "41984..." }"."""
    await subscribe(product, "project.deleted", product.receiver.url())
    project = (await product.client.create("project", project_name="Rollout")).record.id
    await product.client.delete("project", project)
    [received] = await product.received()

    assert json.loads(received.body) == {"event": "project.deleted", "id": project}


async def test_with_a_secret_the_header_is_there_exactly_and_the_node_recipe_believes_it(product: Product):
    """Cited: "signs the request body with HMAC-SHA256 and adds it as a header".

    "X-ST-Webhook-Signature: sha256=<lowercase hex digest>". "recompute the HMAC over the exact raw request body using
    your secret, then compare to the header value".
    """
    made = await subscribe(product, "project.created", product.receiver.url())
    await product.client.create("project", project_name="Übergröße ✓ \u2028")
    [received] = await product.received()
    signature = received.headers["x-st-webhook-signature"]

    assert re.fullmatch("sha256=[0-9a-f]{64}", signature)
    assert received.headers["content-type"].startswith("application/json")
    for body, rejects in ((received.body, False), (received.body + b" ", True)):
        values = {"secret": made.secret, "rawBody": body.decode(), "receivedHeader": signature}
        program = f"result = false;\n{NODE_RECIPE}    result = true;\n}}"
        assert await asyncio.to_thread(run_node, program, **values) is rejects


async def test_the_header_is_spelled_as_documented(product: Product):
    """Cited: "X-ST-Webhook-Signature: sha256=<lowercase hex digest>", letter by letter, for receivers that mind."""
    with Catcher(Address.of("127.0.0.1:0"), lambda _: Reply(HTTPStatus.NO_CONTENT)) as catcher:
        await subscribe(product, "project.deleted", catcher.url)
        project = (await product.client.create("project", project_name="Rollout")).record.id
        await product.client.delete("project", project)
        came = await asyncio.to_thread(catcher.next, 15)

    assert came is not None
    assert (came[0].method, [name for name, _ in came[0].headers].count("X-ST-Webhook-Signature")) == ("POST", 1)


async def test_without_a_secret_the_header_is_omitted(product: Product):
    """Cited: "If you leave the secret blank, the X-ST-Webhook-Signature header is simply omitted."."""
    source = service.CreateSubscriptionRequest.SECRET_SOURCE_NONE
    made = await subscribe(product, "project.created", product.receiver.url(), secret_source=source)
    await product.client.create("project", project_name="Rollout")
    [received] = await product.received()

    assert made.secret == ""
    assert not [name for name in received.headers if "signature" in name]


async def test_a_secret_you_already_have_in_mind_signs(product: Product):
    """Cited: "leave Auto-generate checked for the secret unless you already have one in mind"."""
    own = "0123456789abcdef" * 4
    source = service.CreateSubscriptionRequest.SECRET_SOURCE_PROVIDED
    made = await subscribe(product, "project.created", product.receiver.url(), secret_source=source, secret=own)
    await product.client.create("project", project_name="Rollout")

    assert made.secret == ""
    verify_flat((await product.received())[0], own)


async def test_a_test_sends_a_sample_at_once_without_a_real_change(product: Product):
    """Cited: "POSTs a representative sample record [...] immediately, without waiting for a real record change"."""
    made = await subscribe(product, "expense.updated", product.receiver.url())
    before = (await product.client.events.GetEventLog(GetEventLogRequest())).latest_cursor
    request = service.TestSubscriptionRequest(subscription_id=made.subscription.id)
    await product.client.subscriptions.TestSubscription(request)
    [received] = product.receiver.received
    after = (await product.client.events.GetEventLog(GetEventLogRequest())).latest_cursor

    body = json.loads(received.body)
    assert (body["event"], body["ProjectName"]) == ("expense.updated", "Mobile App Development")
    assert before == after
    verify_flat(received, made.secret)


async def test_webhooks_only_push(product: Product):
    """Cited: "webhooks only push notifications out": what an endpoint answers changes nothing."""
    await subscribe(product, "client.created", product.receiver.url())
    body = b'{"event":"client.created","ClientName":"Injected"}'
    product.receiver.always(Answer(200, (("Content-Type", "application/json"),), body))
    await product.ended(await product.change("Acme"))

    assert [each.client.client_name async for each in product.client.list("client")] == ["Acme"]


async def test_a_deleted_subscription_sends_no_more(product: Product):
    """Cited: "save another project, and confirm no further requests reach"; "Delete removes a subscription"."""
    made = await subscribe(product, "client.created", product.receiver.url())
    kept = await subscribe(product, "client.created", product.receiver.url("/kept"))
    await product.change("before")
    await asyncio.to_thread(product.receiver.wait_for, 2)
    gone = service.DeleteSubscriptionRequest(subscription_id=made.subscription.id)
    await product.client.subscriptions.DeleteSubscription(gone)
    await product.change("after")
    received = await product.received(3)
    listed = await product.client.subscriptions.ListSubscriptions(service.ListSubscriptionsRequest())

    assert [each.path for each in received].count("/hook") == 1
    assert [each.id for each in listed.subscriptions] == [kept.subscription.id]
