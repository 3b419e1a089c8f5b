"""What the address of a hook does with those who mean no good, or speak otherwise than was agreed."""

import gzip
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from clockwire.model.instants import SECOND
from clockwire.v1.inbound_hook_service_pb2 import (
    DeleteInboundHookRequest,
    DisableInboundHookRequest,
    ResetInboundHookTokenRequest,
)
from clockwire.v1.workspace_service_pb2 import DeleteWorkspaceRequest
from tests.support.hooks import FORM, SECRET, new_hook, send
from tests.support.http import ask
from tests.support.server import ON_SQLITE

ADD = {"event": "project.add", "project_name": "Website"}
OTHER_ID = "01890000-0000-7000-8000-000000000001"


@ON_SQLITE
async def test_nobody_is_told_what_of_an_address_is_wrong(server):
    hook = await new_hook(server)
    _, id_, token = hook.rsplit("/", 2)
    refused = [
        await send(server, path, ADD)
        for path in (
            f"/hooks/in/{id_}/{'0' * 64}",
            f"/hooks/in/{id_}/{token[:-1]}",
            f"/hooks/in/{id_}/{token}0",
            f"/hooks/in/{id_.upper()}/{token}",
            f"/hooks/in/{OTHER_ID}/{token}",
            f"/hooks/in/{token}/{id_}",
            f"/hooks/in/{id_}/%00%ff",
        )
    ]
    assert {(each.status, each.reason) for each in refused} == {(404, "RESOURCE_NOT_FOUND")}
    assert await types(server) == []


async def test_an_address_ends_with_its_token_its_hook_or_its_workspace(server):
    hooks = [await new_hook(server) for _ in range(4)]
    ids = [hook.split("/")[-2] for hook in hooks]
    async with server.client() as client:
        await client.inbound_hooks.DisableInboundHook(DisableInboundHookRequest(inbound_hook_id=ids[0]))
        await client.inbound_hooks.DeleteInboundHook(DeleteInboundHookRequest(inbound_hook_id=ids[1]))
        reset = ResetInboundHookTokenRequest(inbound_hook_id=ids[2])
        renewed = (await client.inbound_hooks.ResetInboundHookToken(reset)).path
    assert [(await send(server, hook, ADD)).status for hook in (*hooks, renewed)] == [404, 404, 404, 200, 200]
    async with server.operator() as operator:
        gone = DeleteWorkspaceRequest(workspace_id=server.workspace_id, confirm_name="Test")
        await operator.workspaces.DeleteWorkspace(gone)
    assert [(await send(server, hook, ADD)).status for hook in (hooks[3], renewed)] == [404, 404]


@ON_SQLITE
async def test_a_hook_sees_and_touches_its_own_workspace_alone(server):
    hook = await new_hook(server)
    other = server.new_workspace()
    async with server.client(server.new_key(workspace_id=other)) as stranger:
        project = (await stranger.create("project", project_name="Website", external_id="ours")).record
        user = (await stranger.create("user", user_name="Eve", email="eve@example.com")).record
        log = (await stranger.create("timelog", user_id=user.id, date="2025-01-15", duration="1:00")).record
        for body in (
            {"event": "project.close", "project_id": project.id},
            {"event": "project.close", "project_name": "Website"},
            {"event": "project.close", "project_external_id": "ours"},
            {"event": "task.track", "task_name": "x", "user": user.id},
            {"event": "task.track", "task_name": "x", "user": "eve@example.com"},
            {"event": "event.delete", "event_id": log.id},
        ):
            assert (await send(server, hook, body)).status in (400, 404), body
        assert (await send(server, hook, ADD)).json["created"] == ["project"]
        assert [each.id async for each in stranger.list("project")] == [project.id]


@ON_SQLITE
async def test_no_token_and_no_secret_comes_into_logs_or_answers(server):
    with capture_logs() as lines:
        hook = await new_hook(server, secret=SECRET)
        _, id_, token = hook.rsplit("/", 2)
        answers = [
            await send(server, hook, ADD),
            await send(server, f"/hooks/in/{id_}/{token}x", ADD),
            await send(server, f"/hooks/in/{token}/{id_}", ADD),
            await send(server, f"{hook}/more?token={token}", ADD),
            await send(server, hook, b"{", x_st_webhook_signature=signature(b"{")),
        ]
    said = str([(each.headers, each.body) for each in answers]) + str(lines)
    assert [each.status for each in answers] == [401, 404, 404, 404, 400]
    assert token not in said
    assert SECRET not in said
    assert len([line for line in lines if line.get("method") == "Hooks/In"]) == 4


@ON_SQLITE
async def test_a_hook_with_a_secret_wants_the_signatures_of_our_own_webhooks(server):
    hook, body = await new_hook(server, secret=SECRET), json.dumps(ADD).encode()
    signed, wrong = {"x_st_webhook_signature": signature(body)}, {"x_st_webhook_signature": signature(b"other")}
    assert [(await send(server, hook, body, **headers)).status for headers in ({}, wrong, signed)] == [401, 401, 200]
    old = {"webhook_id": "1", "webhook_timestamp": str(server.clock() // SECOND - 301), "webhook_signature": "v1,AA=="}
    assert "300 s" in (await send(server, hook, body, **old)).json["message"]


BODIES = [
    (b"", 400, "no JSON"),
    (b"{", 400, "no JSON"),
    (b"null", 400, "must be a JSON object"),
    (b"[]", 400, "must be a JSON object"),
    (b'"text"', 400, "must be a JSON object"),
    (b"[" * 100_000, 400, "no JSON"),
    (b'{"a":' * 50_000, 400, "no JSON"),
    (b'{"event":"project.add","project_name":{"a":[1]}}', 400, "must be a text"),
    (b'{"event":"project.add","project_name":"\xff"}', 400, "no JSON in UTF-8"),
    (b'{"event":"project.add","project_name":"\\ud800"}', 400, "no JSON"),
    (b'{"event":"project.add","project_name":"\\u0007"}', 400, "U+0007"),
    ('{"event":"project.add","project_name":"x"}'.encode("utf-16"), 400, "no JSON"),
    (b'{"event":NaN}', 400, "no JSON"),
    (b'{"event":"project.add","project_name":' + b"9" * 5_000 + b"}", 400, "no JSON"),
    (b'{"x":"' + b"x" * 1024 * 1024 + b'"}', 429, "at most 1048576"),
]
FORMS = [
    (b"", "is needed: this hook takes"),
    (b"event=project.add&event=project.add", "is there twice"),
    (b"event=project.add&project_name=%ff", "no form"),
    ("event=project.add&project_name=ü".encode(), "no form"),
    (b"&".join(b"a%d=1" % number for number in range(101)), "no form of at most 100"),
]


@ON_SQLITE
async def test_bodies_that_are_no_requests_are_refused_in_words(server):
    hook = await new_hook(server)
    for body, status, told in BODIES:
        answer = await send(server, hook, body)
        assert (answer.status, told in answer.json["message"]) == (status, True), (body[:60], answer)
    for body, told in FORMS:
        answer = await send(server, hook, body, content_type=FORM)
        assert (answer.status, told in answer.json["message"]) == (400, True), (body[:60], answer)
    assert await types(server) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("application/json; charset=iso-8859-1", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=UTF-8", 200),
        ('Application/JSON;charset="utf-8"', 200),
    ],
)
async def test_only_json_and_forms_in_utf_8_are_read(server, content_type, status):
    answer = await send(server, await new_hook(server), ADD, content_type=content_type)
    assert answer.status == status


@ON_SQLITE
async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(server):
    body = gzip.compress(b'{"x":"' + b"x" * 2_000_000 + b'"}')
    assert (await send(server, await new_hook(server), body, content_encoding="gzip")).reason == "MESSAGE_TOO_LARGE"
    packed = gzip.compress(json.dumps(ADD).encode())
    assert (await send(server, await new_hook(server), packed, content_encoding="gzip")).status == 200


@ON_SQLITE
async def test_text_that_means_something_to_a_database_means_nothing(server):
    hook = await new_hook(server)
    for name in ("'; DROP TABLE record; --", "%", "_", "\\", "${x}", "{{x}}", "\u202eevil", "𝔘𝔫𝔦"):
        added = await send(server, hook, urlencode(ADD | {"project_name": name}).encode(), content_type=FORM)
        assert added.json["message"] == f"Added the project {name}."
        assert (await send(server, hook, ADD | {"project_name": name})).json["unchanged"]


@ON_SQLITE
async def test_other_methods_are_told_what_is_possible(server):
    answer = await ask(server, await new_hook(server), method="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def types(server):
    """The types of all events, in order."""
    async with server.client() as client:
        return [each.type async for each in client.watch("earliest", follow=False)]


def signature(body):
    """X-ST-Webhook-Signature of a body."""
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
