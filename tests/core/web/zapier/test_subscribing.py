"""Subscribing and unsubscribing, sentence by sentence.

Quoted are https://docs.timetracker.in/api-reference/integrations/zapier/triggers/timer-stopped/subscribe, the page of
timer-started, which says the same, and unsubscribe.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from clockwire.api.errors import Internal
from clockwire.model.errors import (
    KeyInvalid,
    MessageTooLarge,
    QuotaExceeded,
    ResourceNotFound,
    ScopeMissing,
    StoreUnavailable,
    TargetUrlRefused,
)
from clockwire.v1.subscription_service_pb2 import GetSubscriptionRequest, ListSubscriptionsRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from clockwire.web.zapier.refusals import refuse, refuse_to_delete
from tests.support.http import ask
from tests.support.server import ON_SQLITE, Served
from tests.support.zapier import HOOK, PREFIX, Zap

#: "Array of event types to monitor", of the five pages.
EVENTS = {
    "TIMER_STARTED": "timer.started",
    "TIMER_STOPPED": "timer.stopped",
    "CLIENT_CREATED": "client.created",
    "PROJECT_CREATED": "project.created",
    "TASK_CREATED": "task.created",
}


async def stored(server: Served, webhook: Mapping[str, str]) -> Subscription:
    """The subscription as the contract shows it."""
    id_ = re.sub(r"wh_(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", webhook["id"])
    request = GetSubscriptionRequest(subscription_id=id_)
    async with server.client() as client:
        return (await client.subscriptions.GetSubscription(request)).subscription


async def test_the_documented_request_gets_the_documented_answer(server, zap):
    """Success Response: {"success": true, "webhook": {"id", "url", "events", "status": "ACTIVE"}}."""
    answer = await zap.subscribe("TIMER_STOPPED", description="Zapier webhook for timer stopped")

    assert answer.status == 200
    assert list(answer.json) == ["success", "webhook"]
    webhook = answer.json["webhook"]
    assert answer.json == {
        "success": True,
        "webhook": {"id": webhook["id"], "url": HOOK, "events": ["TIMER_STOPPED"], "status": "ACTIVE"},
    }
    assert list(webhook) == ["id", "url", "events", "status"]
    assert re.fullmatch("wh_[0-9a-f]{32}", webhook["id"])


async def test_a_subscription_is_one_of_ours_with_timetracker_s_bodies(server, zap):
    """Optional description to identify this webhook in your dashboard."""
    made = await stored(server, (await zap.subscribe("TIMER_STOPPED", description="of a Zap")).json["webhook"])

    assert (made.description, made.target_url) == ("of a Zap", HOOK)
    assert made.payload_format == Subscription.PAYLOAD_FORMAT_TIMETRACKER
    assert [*made.filter.event_types] == ["timer.stopped"]
    assert not made.signed


CHOICES = [[each] for each in EVENTS] + [[*EVENTS], ["TASK_CREATED", "TASK_CREATED"]]


@ON_SQLITE
async def test_each_documented_event_can_be_subscribed_to_alone_and_with_others(server, zap):
    for events in CHOICES:
        webhook = (await zap.subscribe(*events)).json["webhook"]

        assert webhook["events"] == [*dict.fromkeys(events)]
        made = await stored(server, webhook)
        assert [*made.filter.event_types] == [EVENTS[each] for each in dict.fromkeys(events)]


INCOMPLETE = [
    {},
    {"events": ["TIMER_STOPPED"]},
    {"url": HOOK},
    {"url": "", "events": ["TIMER_STOPPED"]},
    {"url": None, "events": ["TIMER_STOPPED"]},
    {"url": HOOK, "events": []},
    {"url": HOOK, "events": "TIMER_STOPPED"},
    {"url": HOOK, "events": {"TIMER_STOPPED": True}},
    {"url": HOOK, "events": [7]},
    [],
    "url",
    b"",
    b"{",
    b"\xff\xfe",
    b'{"url":' * 5_000,
]


@ON_SQLITE
async def test_missing_fields_get_the_documented_error(server, zap):
    """400 Bad Request - Missing Fields: "url or events are missing from the request"."""
    for body in INCOMPLETE:
        answer = await zap.post("webhooks/subscribe", body)

        assert (answer.status, answer.json) == (400, {"error": "URL and events array are required"})


NOT_HTTPS = [
    "not a url",
    "hooks.zapier.com/hooks/catch/1/a",
    "http://127.0.0.1:9/hook",  # allowed by the operator, and still not https
    "ftp://hooks.example.com/x",
    "https://",
    "https://user:pass@127.0.0.1/hook",
    "https://127.0.0.1/hook#fragment",
    "https://127.0.0.1:0/hook",
    " https://127.0.0.1/hook",
    "https://127.0.0.1/\r\nHost: evil",
    "https://10.0.0.1/hook",  # an address that webhooks may not go to
    "https://[::ffff:10.0.0.1]/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://127.0.0.1/" + "a" * 3_000,
    "javascript:alert(1)",
    7,
    ["https://127.0.0.1/hook"],
]


@ON_SQLITE
async def test_a_url_that_is_not_https_gets_the_documented_error(server, zap):
    """The destination URL must be a valid HTTPS URL. 400 Bad Request - Invalid URL."""
    for url in NOT_HTTPS:
        answer = await zap.post("webhooks/subscribe", {"url": url, "events": ["TIMER_STOPPED"]})

        assert (answer.status, answer.json) == (400, {"error": "Invalid URL format"})
        async with server.client() as client:
            assert not (await client.subscriptions.ListSubscriptions(ListSubscriptionsRequest())).subscriptions


NO_KEYS = ["", "Bearer", "Bearer YOUR_API_KEY", "Basic dXNlcjpwYXNz"]


@ON_SQLITE
async def test_without_a_valid_key_the_documented_error_comes(server):
    """401: Invalid or missing API key in the Authorization header."""
    for authorization in NO_KEYS:
        for path, method in (
            ("webhooks/subscribe", "POST"),
            ("webhooks/wh_1234567890abcdef", "DELETE"),
            ("triggers/time-entries/stop/fallback", "GET"),
            ("triggers/clients", "POST"),
            ("triggers/tasks/find", "POST"),
            ("triggers/tasks/find", "GET"),
        ):
            answer = await ask(server, f"{PREFIX}/{path}", method=method, authorization=authorization)
            assert (answer.status, answer.json) == (401, {"error": "Unauthorized"})
            assert answer.headers["www-authenticate"] == "Bearer"


@ON_SQLITE
async def test_a_bug_of_ours_gets_the_documented_error_and_the_log_the_cause(server, zap):
    """500: An unexpected server error occurred. Try again or contact support."""
    webhook = (await zap.subscribe("TIMER_STOPPED")).json["webhook"]
    with server.database.writing() as connection:
        connection.execute(text("UPDATE event_log SET subscriptions_version = 'no number'"))
    with capture_logs() as lines:
        answers = [await zap.subscribe("TIMER_STOPPED"), await zap.unsubscribe(webhook["id"])]

    assert [(each.status, each.json) for each in answers] == [(500, {"error": "Internal server error"})] * 2
    assert [line["event"] for line in lines if line["log_level"] == "error"]


@ON_SQLITE
async def test_an_event_that_is_not_documented_is_refused_by_name(server, zap):
    answer = await zap.subscribe("TIMER_STOPPED", "TIMER_PAUSED")

    assert answer.status == 400
    assert "'TIMER_PAUSED' is none of TIMER_STARTED, TIMER_STOPPED" in answer.json["error"]


@ON_SQLITE
async def test_manual_entries_can_be_subscribed_to_alone(server, zap):
    made = await stored(server, (await zap.subscribe("MANUAL_TIME_ENTRY")).json["webhook"])
    assert ([*made.filter.event_types], made.filter.expression) == (["timelog.created"], "manually_entered = true")

    answer = await zap.subscribe("MANUAL_TIME_ENTRY", "TASK_CREATED")
    assert (answer.status, "of its own" in answer.json["error"]) == (400, True)


WRONG: list[dict[str, Any]] = [{"description": 7}, {"description": "x" * 501}, {"secret": 7}, {"secret": "short"}]


@ON_SQLITE
async def test_other_fields_that_are_wrong_are_named(server, zap):
    for wrong in WRONG:
        answer = await zap.subscribe("TIMER_STOPPED", **wrong)

        assert (answer.status, next(iter(wrong)) in answer.json["error"]) == (400, True)


async def test_a_secret_is_made_or_taken_and_told_only_if_it_was_made(server, zap):
    made = (await zap.subscribe("TIMER_STOPPED", secret=True)).json["webhook"]
    given = (await zap.subscribe("TIMER_STOPPED", secret="0123456789abcdef")).json["webhook"]

    assert made["secret"].startswith("whsec_")
    assert "secret" not in given
    assert (await stored(server, made)).signed
    assert (await stored(server, given)).signed


@ON_SQLITE
async def test_a_body_that_is_too_large_is_not_read(server, zap):
    answer = await zap.subscribe("TIMER_STOPPED", description="x" * 300_000)
    assert (answer.status, list(answer.json)) == (413, ["error"])


async def test_a_subscription_is_ended(server, zap):
    """Success Response: {"success": true}. Deleting a webhook that is gone already succeeds too."""
    webhook = (await zap.subscribe("TIMER_STOPPED")).json["webhook"]

    for _ in range(2):
        answer = await zap.unsubscribe(webhook["id"])
        assert (answer.status, answer.json) == (200, {"success": True})
    async with server.client() as client:
        assert not (await client.subscriptions.ListSubscriptions(ListSubscriptionsRequest())).subscriptions


NEVER_ISSUED = [
    "wh_1234567890abcdef",
    "wh_" + "0" * 32,
    "WH_" + "0" * 32,
    "wh_" + "0" * 31 + "%00",
    "wh_..%2f..%2f",
    "x" * 4_000,
    "01890000-0000-7000-8000-000000000000",
]


@ON_SQLITE
async def test_a_webhook_that_never_was_gets_the_documented_error(server, zap):
    """400 Bad Request - Webhook Not Found: the specified webhook ID doesn't exist."""
    for webhook_id in NEVER_ISSUED:
        answer = await zap.unsubscribe(webhook_id)

        if webhook_id.endswith("%2f"):
            assert answer.status == 404  # another address
        else:
            assert (answer.status, answer.json) == (400, {"error": "Webhook not found"})


async def test_subscriptions_are_tied_to_the_key_s_workspace(server, zap):
    """Webhook subscriptions are tied to your specific API key and workspace."""
    other = Zap(server, server.new_key(workspace_id=server.new_workspace()))
    webhook = (await zap.subscribe("TIMER_STOPPED")).json["webhook"]

    answer = await other.unsubscribe(webhook["id"])

    assert (answer.status, answer.json) == (400, {"error": "Webhook not found"})
    assert (await stored(server, webhook)).state == Subscription.STATE_ACTIVE


@ON_SQLITE
async def test_a_key_without_the_scope_is_refused_with_a_reason(server):
    answer = await Zap(server, server.new_key("records.read")).subscribe("TIMER_STOPPED")

    assert (answer.status, answer.json) == (403, {"error": "the API key lacks the scope subscriptions.write"})


@ON_SQLITE
async def test_an_operator_s_key_stands_for_nobody(server):
    """401 Unauthorized - User ID Not Found: valid, but without the required user identification."""
    answer = await Zap(server, server.operator_key).unsubscribe("wh_" + "0" * 32)

    assert (answer.status, answer.json) == (401, {"error": "User ID not found in authentication result"})


@ON_SQLITE
async def test_neither_keys_nor_urls_nor_secrets_are_logged(server, zap):
    url, secret = "https://127.0.0.1:9/hooks/catch/1/hidden-path?token=hidden-token", "hidden-secret-0123456789"
    with capture_logs() as lines:
        webhook = (await zap.subscribe("TIMER_STOPPED", url=url, secret=secret)).json["webhook"]
        await zap.subscribe("TIMER_STOPPED", url=url.replace("https", "http"), secret=secret)
        await zap.subscribe("TIMER_PAUSED", url=url, secret=secret)
        await zap.unsubscribe(webhook["id"])

    assert len([line for line in lines if line["event"] == "call"]) == 4
    for hidden in ("hidden", server.api_key, "catch"):
        assert hidden not in str(lines)


ANSWERS = [
    (KeyInvalid(), 401, "Unauthorized"),
    (TargetUrlRefused("must begin with https://"), 400, "Invalid URL format"),
    (Internal("an-incident"), 500, "Internal server error"),
    (ScopeMissing("records.read"), 403, "the API key lacks the scope records.read"),
    (MessageTooLarge(2, 1), 413, "the message would have 2 bytes, at most 1 are allowed"),
    (QuotaExceeded("operations", 1), 429, "at most 1 operations"),
]


@pytest.mark.parametrize(("error", "status", "sentence"), ANSWERS)
def test_each_error_has_one_sentence(error, status, sentence):
    """500: An unexpected server error occurred. Try again or contact support."""
    answer = refuse(error)
    assert (answer.status_code, answer.body) == (status, f'{{"error":"{sentence}"}}'.encode())


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (ResourceNotFound("subscription", "x"), 400, "Webhook not found"),
        (StoreUnavailable(), 400, "Failed to delete webhook"),
        (QuotaExceeded("operations", 1), 400, "Failed to delete webhook"),
        (Internal("an-incident"), 500, "Internal server error"),
        (KeyInvalid(), 401, "Unauthorized"),
    ],
)
def test_each_error_of_deleting_has_the_documented_sentence(error, status, sentence):
    """The webhook exists but couldn't be deleted due to system constraints."""
    answer = refuse_to_delete(error)
    assert (answer.status_code, answer.body) == (status, f'{{"error":"{sentence}"}}'.encode())
