"""Slack's slash commands: /track, /stop and /status.

What is quoted in docstrings is said by https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time.
"""

import asyncio
import threading
from datetime import timedelta
from time import monotonic
from urllib.parse import urlencode

import pytest
from starlette.responses import Response

from clockwire.model.caller import Caller
from clockwire.model.instants import SECOND
from clockwire.v1.inbound_hook_service_pb2 import InboundHook
from clockwire.web.inbound.slack import in_time
from tests.core.model.test_inbound_signatures import SLACK_BODY, SLACK_SECRET, SLACK_SIGNATURE, SLACK_TIME
from tests.support.clock import MovableClock
from tests.support.hooks import FORM, SECRET, new_hook, send, slack, slash
from tests.support.server import ANY_PORT, ON_SQLITE, served


async def test_a_message_in_a_channel_tracks_a_task(server):
    """Said there: "automatically starts tracking a task when you type a message like "/track [someTask] in ..."."""
    hook = await slack_hook(server)
    ada = await user(server, "Ada", "U2CERLKJA")
    told = await slash(server, hook, "/track [someTask] in [someProject]")
    assert told == "Tracking *someTask* in *someProject*. The project and the task are new."
    server.clock.forward(timedelta(minutes=25))
    assert await slash(server, hook, "/status") == "Tracking *someTask* in *someProject* for 25 min."
    assert await slash(server, hook, "/track Review in someProject") == (
        "Tracking *Review* in *someProject*. The task is new. Stopped *someTask* in *someProject* after 25 min."
    )
    server.clock.forward(timedelta(minutes=60))
    assert await slash(server, hook, "/stop") == "Stopped *Review* in *someProject* after 1:00 h."
    assert await slash(server, hook, "/stop") == "Nothing is being tracked."
    assert await slash(server, hook, "/status") == "Nothing is being tracked."
    async with server.client() as client:
        logs = [each.time_log async for each in client.list("timelog")]
    assert {(log.task_name, log.user_id, log.duration.seconds) for log in logs} == {
        ("someTask", ada, 1500),
        ("Review", ada, 3600),
    }


@ON_SQLITE
async def test_slack_s_own_example_is_let_in_and_no_later_than_five_minutes_after(database_url):
    clock = MovableClock(SLACK_TIME * SECOND)
    headers = {"x_slack_signature": SLACK_SIGNATURE, "x_slack_request_timestamp": str(SLACK_TIME)}
    async with served(database_url, clock, http=ANY_PORT) as server:
        hook = await new_hook(server, service=InboundHook.SERVICE_SLACK, secret=SLACK_SECRET.text)
        told = await send(server, hook, SLACK_BODY, content_type=FORM, **headers)
        assert (told.status, "/track [task] in [project]" in told.json["text"]) == (200, True)
        clock.forward(timedelta(seconds=301))
        late = await send(server, hook, SLACK_BODY, content_type=FORM, **headers)
        assert (late.status, late.json["code"]) == (401, "unauthenticated")
        assert "five minutes" in late.json["message"]


@ON_SQLITE
async def test_what_slack_has_not_signed_is_not_done(server):
    hook, body = await slack_hook(server), urlencode({"command": "/track", "text": "x", "user_id": "U1"}).encode()
    await user(server, "Ada", "U1")
    refused = [
        await send(server, hook, body, content_type=FORM),
        await slack(server, hook, body, secret="another secret of Slack"),
        await slack(server, hook, body, age=301),
        await slack(server, hook, body, age=-301),
    ]
    assert [each.status for each in refused] == [401] * 4
    assert (await slack(server, hook, body)).json["text"].startswith("Tracking *x* in *")


@ON_SQLITE
async def test_whatever_goes_wrong_is_told_in_a_sentence(server):
    hook = await slack_hook(server)
    await user(server, "Ada", "U1")
    await user(server, "Bea", "U2")
    await user(server, "Bob", "U2")
    for line, speaker, told in [
        ("/fly", "U1", "I did not understand that: text is no command: there are /track [task] in [project]"),
        ("/track", "U1", "I did not understand that: text does not say what to track"),
        ("/track x", "U9", "I do not know you yet: nobody has 'U9' among the custom fields of the user in Clockwire"),
        ("/track x", "U2", "I do not know you yet: 2 users have 'U2'"),
        ("/track x", "", "I do not know you yet"),
        ("/track " + "x" * 201, "U1", "at most 200"),
        ("/track <!channel> in <x|y>", "U1", "Tracking *&lt;!channel&gt;* in *&lt;x|y&gt;*."),
    ]:
        assert told in await slash(server, hook, line, speaker=speaker), line


@ON_SQLITE
async def test_names_come_out_as_they_were_typed(server):
    hook = await slack_hook(server)
    await user(server, "Ada", "U2CERLKJA")
    await slash(server, hook, "/track R&amp;D &lt;3 in Q&amp;A")
    async with server.client() as client:
        [task] = [each.task async for each in client.list("task")]
    assert (task.task_name, task.project_name) == ("R&D <3", "Q&A")


@ON_SQLITE
async def test_one_command_is_done_once(server):
    hook = await slack_hook(server)
    await user(server, "Ada", "U2CERLKJA")
    told = [await slash(server, hook, "/track x in y", trigger_id="398738663015.47445629121") for _ in range(2)]
    assert told[0] == told[1] == "Tracking *x* in *y*. The project and the task are new."


@ON_SQLITE
async def test_a_hook_for_a_single_user_obeys_that_user_alone(server):
    """Said there: "Webhooks can be configured for the whole account or for a single user."""
    ada = await user(server, "Ada", "U1")
    await user(server, "Bob", "U2")
    hook = await slack_hook(server, user_id=ada)
    assert (
        await slash(server, hook, "/track x in y", speaker="U1")
        == "Tracking *x* in *y*. The project and the task are new."
    )
    assert "belongs to another user" in await slash(server, hook, "/track x", speaker="U2")


@ON_SQLITE
async def test_a_hook_does_what_its_commands_say(server):
    hook = await slack_hook(server, commands=["task.stop"])
    await user(server, "Ada", "U2CERLKJA")
    assert "asks for what this hook does not do" in await slash(server, hook, "/track x")
    assert await slash(server, hook, "/status") == "Nothing is being tracked."


@ON_SQLITE
async def test_slack_is_answered_within_three_seconds_however_long_the_database_takes(server):
    hook = await slack_hook(server)
    await user(server, "Ada", "U1")
    ready = threading.Event()
    writing = server.engine.writer.write(lambda _: ready.wait(60), Caller(workspace_id=server.workspace_id))
    held, begin = asyncio.ensure_future(writing), monotonic()
    told = await slash(server, hook, "/track x in y", speaker="U1")
    assert monotonic() - begin < 3
    assert told == "This takes longer than usual. Ask /status in a moment to see what came of it."
    ready.set()
    await held
    assert await slash(server, hook, "/status", speaker="U1") == "Tracking *x* in *y* for 0 min."


async def test_what_was_spent_before_counts():
    ready = asyncio.Event()

    async def slowly():
        await ready.wait()
        return Response("done")

    assert b"/status" in (await in_time(slowly(), since=monotonic() - 3)).body
    ready.set()


async def test_slack_is_answered_in_time_and_what_was_begun_is_done_all_the_same():
    ready, done = asyncio.Event(), asyncio.Event()

    async def slowly():
        await ready.wait()
        done.set()
        return Response("done")

    late = await in_time(slowly(), since=monotonic(), seconds=0.01)
    assert b"/status" in late.body
    assert (late.status_code, done.is_set()) == (200, False)
    ready.set()
    await done.wait()
    assert (await in_time(slowly(), since=monotonic())).body == b"done"


@pytest.mark.parametrize("seconds", [0.01])
async def test_what_fails_too_late_is_in_the_log_and_nowhere_else(seconds):
    ready, failed = asyncio.Event(), asyncio.Event()

    async def badly():
        await ready.wait()
        failed.set()
        raise ValueError("too late")

    assert (await in_time(badly(), since=monotonic(), seconds=seconds)).status_code == 200
    ready.set()
    await failed.wait()


async def slack_hook(server, **fields):
    """The address of a hook for Slack."""
    return await new_hook(server, service=InboundHook.SERVICE_SLACK, secret=SECRET, **fields)


async def user(server, name, slack_user_id):
    """The id of a user who is known to be this one in Slack."""
    async with server.client() as client:
        created = await client.create("user", user_name=name, custom_fields={"slack_user_id": slack_user_id})
    return created.record.id
