"""TrackingTime's outgoing webhooks over its API: list, get, add, enable, disable, reset token, delete.

What is quoted is said by https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time. The paths are
those that TrackingTime's own node for n8n asks for: https://github.com/TrackingTime/n8n-nodes-trackingtime.
"""

import base64
from urllib.parse import urlencode

import pytest

from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest, GetSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.http import ask
from tests.support.server import ON_SQLITE

URL = "https://127.0.0.1:9/webhook/time-entry-updates?token=secret"
UNKNOWN = "01890000-0000-7000-8000-000000000001"
#: "The available events are as follow": of projects, tasks and time entries.
EVENTS = {
    "project.add": "project.created",
    "project.close": "project.closed",
    "task.add": "task.created",
    "task.close": "task.closed",
    "task.track": "timer.started",
    "task.stop": "timer.stopped",
    "event.add": "timelog.created",
    "event.delete": "timelog.deleted",
}


async def test_a_webhook_is_added_listed_disabled_enabled_reset_and_deleted(server):
    """Said there: "You can manage your account and user webhooks ... via the API"."""
    added = await hooks(server, "/add", {"url": URL, "events": "task.track", "description": "Invoices"})
    assert (added.status, added.json["response"]) == (200, {"status": 200, "message": "OK"})
    webhook = added.json["data"]
    token, id_ = webhook.pop("token"), webhook["id"]
    assert webhook.pop("secret") == token
    assert webhook == {
        "id": id_,
        "event_name": "task.track",
        "events": ["task.track"],
        "description": "Invoices",
        "url": URL,
        "callback_url": URL,
        "status": "ENABLED",
        "is_incoming": False,
        "service": None,
        "user_id": None,
    }
    assert (await hooks(server, "", method="GET")).json["data"] == [webhook]
    assert (await hooks(server, f"/{id_}", method="GET")).json["data"] == webhook
    assert (await hooks(server, f"/disable/{id_}", method="PUT")).json["data"] == webhook | {"status": "DISABLED"}
    assert (await hooks(server, f"/enable/{id_}", method="PUT")).json["data"] == webhook
    reset = (await hooks(server, f"/reset_token/{id_}")).json["data"]
    assert reset["token"] == reset["secret"] != token
    assert (await hooks(server, f"/{id_}", method="DELETE")).json["data"] == {"id": id_}
    assert (await hooks(server, f"/{id_}", method="GET")).status == 404
    assert (await hooks(server, "", method="GET")).json["data"] == []


@ON_SQLITE
async def test_each_parameter_that_its_api_documents_is_taken(server):
    """https://app.trackingtime.co/doc/webhooks.jsp: what a webhook has, what is required and what is the default."""
    sent = {"event_name": "task.add", "callback_url": URL, "description": "x", "is_incoming": False, "service": ""}
    for status, shown in (("", "ENABLED"), ("ENABLED", "ENABLED"), ("ACTIVE", "ENABLED"), ("DISABLED", "DISABLED")):
        webhook = (await hooks(server, "/add", sent | {"status": status})).json["data"]
        assert webhook["status"] == shown
        assert (await hooks(server, f"/{webhook['id']}", method="GET")).json["data"]["status"] == shown


@ON_SQLITE
async def test_it_is_a_subscription_underneath(server):
    """Said there: "Webhooks can be configured for the whole account or for a single user"."""
    async with server.client() as client:
        ada = (await client.create("user", user_name="Ada")).record.id
        for user_id, users in (("", []), (ada, [ada])):
            sent = {"callback_url": URL, "events": [*EVENTS], "user_id": user_id}
            webhook = (await hooks(server, "/add", sent)).json["data"]
            made = await subscription(client, webhook["id"])
            assert list(made.filter.event_types) == list(EVENTS.values())
            assert list(made.filter.user_ids) == users
            assert (made.payload_format, made.signed) == (Subscription.PAYLOAD_FORMAT_TRACKINGTIME, True)
            assert (webhook["user_id"] or "", webhook["events"]) == (user_id, [*EVENTS])


@ON_SQLITE
async def test_a_reset_token_ends_the_one_before_at_once(server):
    id_ = (await hooks(server, "/add", {"url": URL, "events": "task.add"})).json["data"]["id"]
    async with server.client() as client:
        before = await subscription(client, id_)
        await hooks(server, f"/reset_token/{id_}")
        after = await subscription(client, id_)
    assert before.secret_fingerprint != after.secret_fingerprint
    assert not after.HasField("rotation_end_time")


@ON_SQLITE
async def test_the_requests_of_its_own_node_for_n8n_are_answered(server):
    """It adds and deletes with GET, finds the id and the secret in `data`, and its own webhook in the list."""
    query = urlencode({"url": URL, "events": "event.updated,event.created", "grouped": "false"})
    added = (await hooks(server, f"/add?{query}", method="GET")).json["data"]
    assert added["secret"].startswith("whsec_")
    assert added["events"] == ["event.update", "event.add"]
    listed = (await hooks(server, "", method="GET")).json["data"]
    assert [each["id"] for each in listed] == [added["id"]]
    assert (await hooks(server, f"/{added['id']}/delete", method="GET")).status == 200
    assert (await hooks(server, f"/{added['id']}/delete", method="GET")).status == 404


@ON_SQLITE
async def test_a_list_can_be_of_those_with_a_status(server):
    ids = [(await hooks(server, "/add", {"url": URL, "events": "task.add"})).json["data"]["id"] for _ in range(2)]
    await hooks(server, f"/disable/{ids[0]}", method="PUT")
    for wanted, found in (("ALL", ids), ("ENABLED", ids[1:]), ("DISABLED", ids[:1]), ("ACTIVE", [])):
        listed = (await hooks(server, f"?filter={wanted}", method="GET")).json["data"]
        assert sorted(each["id"] for each in listed) == sorted(found)  # both were made in the same moment
    async with server.client() as client:
        project = (await client.create("project", project_name="Website")).record.id
        await client.create("task", task_name="Fix", project_id=project)
    [active] = (await hooks(server, "?filter=ACTIVE", method="GET")).json["data"]
    assert (active["id"], active["status"]) == (ids[1], "ACTIVE")
    enabled = (await hooks(server, "?filter=ENABLED", method="GET")).json["data"]
    assert [each["id"] for each in enabled] == ids[1:]


@ON_SQLITE
async def test_the_key_may_be_the_password_of_api_token(server):
    for user, password, status in (
        ("API_TOKEN", server.api_key, 200),
        ("API_TOKEN", "cw_live_wrong", 401),
        ("ada", server.api_key, 401),
    ):
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        answer = await hooks(server, "", method="GET", authorization=f"Basic {basic}")
        assert (answer.status, answer.json["response"]["status"]) == (status, status)
    for broken in ("Basic", "Basic %", "Basic 4pyT", "Digest x", ""):
        assert (await hooks(server, "", method="GET", authorization=broken)).status == 401, broken


@ON_SQLITE
async def test_scopes_are_those_of_subscriptions_and_readers_see_no_secrets(server):
    id_ = (await hooks(server, "/add", {"url": URL, "events": "task.add"})).json["data"]["id"]
    reader = f"Bearer {server.new_key('subscriptions.read')}"
    [seen] = (await hooks(server, "", method="GET", authorization=reader)).json["data"]
    assert "token=secret" not in seen["url"]
    assert {"token", "secret"}.isdisjoint(seen)
    for path, method in (
        *(("/add", "POST"), (f"/enable/{id_}", "PUT"), (f"/disable/{id_}", "PUT")),
        *((f"/reset_token/{id_}", "POST"), (f"/{id_}", "DELETE"), (f"/{id_}/delete", "GET")),
    ):
        answer = await hooks(server, path, method=method, authorization=reader)
        assert (answer.status, "subscriptions.write" in answer.json["response"]["message"]) == (403, True), path
    for path in ("", f"/{id_}"):
        key = f"Bearer {server.new_key('records.read')}"
        assert (await hooks(server, path, method="GET", authorization=key)).status == 403


@ON_SQLITE
async def test_there_is_no_way_into_another_account(server):
    id_ = (await hooks(server, "/add", {"url": URL, "events": "task.add"})).json["data"]["id"]
    other = server.new_workspace()
    stranger = f"Bearer {server.new_key(workspace_id=other)}"
    assert (await hooks(server, "", method="GET", authorization=stranger)).status == 403
    for path, method in ((f"/{id_}", "GET"), (f"/disable/{id_}", "PUT"), (f"/{id_}", "DELETE")):
        mine = await hooks(server, path, method=method, authorization=stranger, account=other)
        assert mine.status == 404, path
    assert (await hooks(server, "", method="GET", authorization=stranger, account=other)).json["data"] == []
    operator = f"Bearer {server.operator_key}"
    assert len((await hooks(server, "", method="GET", authorization=operator)).json["data"]) == 1


@ON_SQLITE
async def test_subscriptions_of_other_kinds_are_none_of_its_webhooks(server):
    made = Subscription(target_url=URL, filter=EventFilter(event_types=["*"]))
    async with server.client() as client:
        request = CreateSubscriptionRequest(subscription=made)
        id_ = (await client.subscriptions.CreateSubscription(request)).subscription.id
        for path, method in (
            *((f"/{id_}", "GET"), (f"/enable/{id_}", "PUT"), (f"/disable/{id_}", "PUT")),
            *((f"/reset_token/{id_}", "POST"), (f"/{id_}", "DELETE")),
        ):
            assert (await hooks(server, path, method=method)).status == 404, path
        assert (await hooks(server, "", method="GET")).json["data"] == []
        assert (await subscription(client, id_)).state == Subscription.STATE_ACTIVE


WRONG = [
    ({"events": "task.add"}, "url: is needed"),
    ({"url": URL}, "events: is needed"),
    ({"url": URL, "events": "task.fly"}, "'task.fly' is no event; there are project.add"),
    ({"url": URL, "events": ["task.add", 7]}, "events: is needed"),
    ({"url": URL, "events": "task.add,"}, "'' is no event"),
    ({"url": URL, "callback_url": "https://other.example", "events": "task.add"}, "one of them is enough"),
    ({"url": URL, "events": "task.add", "user_id": "12"}, "user_id"),
    ({"url": URL, "events": "task.add", "user_id": 12}, "user_id: must be a text"),
    ({"url": URL, "events": "task.add", "grouped": True}, "grouped: must be false"),
    ({"url": URL, "events": "task.add", "is_incoming": "true"}, "InboundHookService"),
    ({"url": URL, "events": "task.add", "service": "slack"}, "service: must be empty"),
    ({"url": URL, "events": "task.add", "status": "ALL"}, "status: must be one of ENABLED, DISABLED, ACTIVE"),
    ({"url": URL, "events": "task.add", "status": ["ENABLED"]}, "status: must be one of"),
    ({"url": URL, "events": "task.add", "descripton": "x"}, "descripton: is no field"),
    ({"url": URL, "events": "task.add", "description": "x" * 501}, "500"),
    ({"url": "ftp://127.0.0.1/", "events": "task.add"}, "target_url"),
    ({"url": "https://10.0.0.1/", "events": "task.add"}, "target_url"),
    (b"[]", "must be a JSON object"),
]


@ON_SQLITE
async def test_errors_say_what_is_wrong(server):
    for sent, told in WRONG:
        answer = await hooks(server, "/add", sent)
        assert (answer.status, answer.json["response"]["status"], answer.json["data"]) == (400, 400, None), sent
        assert told in answer.json["response"]["message"], answer
    assert (await hooks(server, "/add", b"x" * 65_537)).status == 413
    assert (await hooks(server, f"/add?url={URL}&url={URL}", method="GET")).status == 400
    assert (await hooks(server, "?filter=SOME", method="GET")).status == 400
    assert (await hooks(server, "", method="GET")).json["data"] == []


@pytest.mark.parametrize("id_", [UNKNOWN, "12", "%00", "add"])
async def test_what_is_not_there_is_not_found(server, id_):
    for path, method in ((f"/{id_}", "DELETE"), (f"/enable/{id_}", "PUT"), (f"/reset_token/{id_}", "POST")):
        assert (await hooks(server, path, method=method)).status == 404


async def hooks(server, path, body=None, *, method="POST", account="", **headers):
    """The answer of the API for webhooks."""
    sent = b"" if body is None else body
    return await ask(server, f"/api/v4/{account or server.workspace_id}/webhooks{path}", sent, method=method, **headers)


async def subscription(client, id_):
    """What a webhook is underneath."""
    return (await client.subscriptions.GetSubscription(GetSubscriptionRequest(subscription_id=id_))).subscription
