"""POST /hooks/in/{id}/{token} as anybody may send it: TrackingTime's eight incoming events, and what goes wrong.

What is quoted in docstrings is said by https://help.trackingtime.co/article/146-setting-webhooks-in-tracking-time.
"""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from clockwire.v1.common_pb2 import ORIGIN_INBOUND, Actor
from clockwire.v1.timer_service_pb2 import ListTimersRequest
from tests.support.hooks import FORM, new_hook, send
from tests.support.server import ON_SQLITE


async def test_a_project_is_added_and_closed(server):
    """Said there: "Projects: Add new project, Close project"."""
    hook = await new_hook(server)
    added = (await send(server, hook, {"event": "project.add", "project_name": "Website"})).json
    assert (added["message"], added["created"]) == ("Added the project Website.", ["project"])
    again = (await send(server, hook, {"event": "project.add", "project_name": "website"})).json
    assert (again["project_id"], again["unchanged"]) == (added["project_id"], True)
    closed = (await send(server, hook, {"event": "project.close", "project_name": "Website"})).json
    assert closed["message"] == "The project Website is closed."
    again = (await send(server, hook, {"event": "project.close", "project_id": added["project_id"]})).json
    assert again["message"] == "The project Website was closed already."
    assert await types(server) == ["project.created", "project.updated", "project.closed"]


async def test_a_task_is_added_and_closed(server):
    """Said there: "Tasks: Add new task, Close task"."""
    hook = await new_hook(server)
    task = {"task_name": "Fix login", "project_name": "Website"}
    added = (await send(server, hook, {"event": "task.add", **task, "notes": "as soon as possible"})).json
    assert (added["message"], added["created"]) == ("Added the task Fix login in Website.", ["project", "task"])
    assert (await send(server, hook, {"event": "task.add", **task})).json["unchanged"]
    closed = (await send(server, hook, {"event": "task.close", **task})).json
    assert (closed["message"], closed["task_id"]) == ("The task Fix login is closed.", added["task_id"])
    assert await types(server) == ["project.created", "task.created", "task.updated", "task.closed"]


async def test_a_task_is_tracked_and_stopped(server):
    """Said there: "Tasks: Track task, Stop task": a timer, and its time log."""
    hook, ada = await new_hook(server), await user(server, "Ada", email="ada@example.com")
    track = {"event": "task.track", "task_name": "Fix login", "project_name": "Website", "user": "ada@example.com"}
    tracked = (await send(server, hook, {**track, "tags": ["on site"], "notes": "in the lobby"})).json
    assert tracked["message"] == "Tracking Fix login in Website. The project and the task are new."
    server.clock.forward(timedelta(minutes=65))
    stopped = (await send(server, hook, {"event": "task.stop", "user_id": ada})).json
    assert stopped["message"] == "Stopped Fix login in Website after 1:05 h."
    assert stopped["timer_id"] == stopped["event_id"] == tracked["timer_id"]
    async with server.client() as client:
        log = (await client.get("timelog", id=stopped["event_id"])).time_log
    assert (log.task_name, log.user_name, log.duration.seconds) == ("Fix login", "Ada", 3900)
    assert ([tag.name for tag in log.tags], log.description) == (["on site"], "in the lobby")


async def test_a_time_entry_is_added_and_deleted(server):
    """Said there: "Time Entries: Add new time entry, Delete time entry"."""
    hook = await new_hook(server)
    await user(server, "Ada", time_zone="Europe/Berlin")
    entry = {"event": "event.add", "user": "ada", "start": "2025-01-15 10:00:00", "end": "2025-01-15 11:30:00"}
    added = (await send(server, hook, {**entry, "task_name": "Fix", "project_name": "Web", "billable": "false"})).json
    assert added["message"] == "Added 1:30 h for Fix in Web."
    async with server.client() as client:
        log = (await client.get("timelog", id=added["event_id"])).time_log
    assert log.start_time.ToJsonString() == "2025-01-15T09:00:00Z"
    assert (log.billable, log.manually_entered, log.user_name) == (False, True, "Ada")
    deleted = (await send(server, hook, {"event": "event.delete", "event_id": added["event_id"]})).json
    assert (deleted["message"], deleted["event_id"]) == ("The time entry is deleted.", added["event_id"])
    assert (await types(server))[-2:] == ["timelog.created", "timelog.deleted"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("times", "start", "seconds", "day"),
    [
        ({"start": "2025-01-15T23:30:00Z", "duration": "1800"}, "2025-01-15T23:30:00Z", 1800, 16),
        ({"date": "2025-01-14", "duration": 5400}, "", 5400, 14),
        ({"duration": 60}, "", 60, 15),
        ({"start": "2025-01-15 10:00:00", "duration": 60, "timezone": "GMT+10:00"}, "2025-01-15T00:00:00Z", 60, 15),
        ({"start": "2025-01-15 10:00", "duration": 60, "timezone": "America/New_York"}, "2025-01-15T15:00:00Z", 60, 15),
    ],
)
async def test_times_are_those_of_the_user_unless_they_say_more(server, times, start, seconds, day):
    hook = await new_hook(server, commands=["event.add"])
    await user(server, "Ada", time_zone="Europe/Berlin")
    added = await send(server, hook, {"user": "Ada", "notes": "x", **times})
    async with server.client() as client:
        log = (await client.get("timelog", id=added.json["event_id"])).time_log
    assert (log.start_time.ToJsonString() if start else "", log.duration.seconds, log.date.day) == (start, seconds, day)


@ON_SQLITE
async def test_a_form_says_the_same_as_json(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    form = urlencode([("event", "task.track"), ("task_name", "Grüße"), ("user", "Ada"), ("tags", "a"), ("tags", "b")])
    tracked = await send(server, hook, form.encode(), content_type=FORM)
    async with server.client() as client:
        [timer] = (await client.timers.ListTimers(ListTimersRequest())).timers
    assert (timer.id, timer.task_name) == (tracked.json["timer_id"], "Grüße")
    assert sorted(tag.name for tag in timer.tags) == ["a", "b"]


@ON_SQLITE
async def test_events_say_that_they_came_in_and_through_which_hook(server):
    hook = await new_hook(server, name="CI")
    await send(server, hook, {"event": "project.add", "project_name": "Website"}, webhook_id="delivery-1")
    async with server.client() as client:
        [event] = [each async for each in client.watch("earliest", follow=False)]
    assert (event.origin, event.causation_id) == (ORIGIN_INBOUND, "delivery-1")
    assert (event.actor.kind, event.actor.display_name) == (Actor.KIND_INBOUND_HOOK, "CI")
    assert f"/{event.actor.inbound_hook_id}/" in hook
    assert event.record.create_actor == event.actor


@pytest.mark.parametrize("named", ["webhook_id", "idempotency_key", "delivery_id"])
async def test_a_delivery_that_comes_again_does_nothing_twice(server, named):
    hook = await new_hook(server)
    body, headers = {"event": "event.add", "user": "Ada", "duration": 60, "notes": "x"}, {}
    await user(server, "Ada")
    if named == "delivery_id":
        body["delivery_id"] = "1"
    else:
        headers[named] = "1"
    first, again = await send(server, hook, body, **headers), await send(server, hook, body, **headers)
    assert again.body == first.body
    assert (await types(server)).count("timelog.created") == 1


@ON_SQLITE
async def test_the_same_delivery_id_means_one_thing_at_each_hook(server):
    one, other = await new_hook(server), await new_hook(server)
    for hook, name in ((one, "A"), (other, "B")):
        await send(server, hook, {"event": "project.add", "project_name": name}, webhook_id="1")
    assert (await types(server)).count("project.created") == 2
    reused = await send(server, one, {"event": "project.add", "project_name": "C"}, webhook_id="1")
    assert (reused.status, reused.reason) == (400, "REQUEST_ID_REUSED")


@ON_SQLITE
async def test_a_delivery_that_was_refused_may_come_again(server):
    hook = await new_hook(server)
    body = {"event": "task.stop", "user": "Ada"}
    assert (await send(server, hook, body, webhook_id="1")).status == 400
    await user(server, "Ada")
    assert (await send(server, hook, body, webhook_id="1")).reason == "TIMER_NOT_RUNNING"


@ON_SQLITE
async def test_a_hook_with_one_command_need_not_be_told_which(server):
    hook = await new_hook(server, commands=["project.add"])
    assert (await send(server, hook, {"project_name": "Website"})).json["event"] == "project.add"
    refused = await send(server, hook, {"event": "project.close", "project_name": "Website"})
    assert refused.violations == [("event", "project.close is not for this hook: it takes project.add")]


@ON_SQLITE
async def test_a_hook_for_a_single_user_works_for_nobody_else(server):
    """Said there: "Webhooks can be configured for the whole account or for a single user"."""
    ada, bob = await user(server, "Ada"), await user(server, "Bob")
    hook = await new_hook(server, user_id=ada)
    tracked = await send(server, hook, {"event": "task.track", "task_name": "Standup"})
    assert tracked.json["message"] == "Tracking Standup in A hook. The project and the task are new."
    assert (await send(server, hook, {"event": "task.stop", "user": "Ada"})).status == 200
    for who in (bob, "Bob"):
        refused = await send(server, hook, {"event": "task.track", "task_name": "Standup", "user": who})
        assert refused.violations == [("user", "is another than Ada, for whom this hook is")]
    async with server.client() as client:
        theirs = await client.create("timelog", user_id=bob, date="2025-01-15", duration="1:00")
    refused = await send(server, hook, {"event": "event.delete", "event_id": theirs.record.id})
    assert (refused.status, refused.reason) == (404, "RECORD_NOT_FOUND")


@ON_SQLITE
async def test_what_runs_is_stopped_for_what_is_tracked_unless_that_is_forbidden(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    track = {"event": "task.track", "user": "Ada", "project_name": "Website"}
    await send(server, hook, {**track, "task_name": "One"})
    server.clock.forward(timedelta(minutes=5))
    same = await send(server, hook, {**track, "task_name": "One"})
    assert same.json["message"] == "You are tracking One in Website already, for 5 min."
    refused = await send(server, hook, {**track, "task_name": "Two", "stop_running_task": False})
    assert refused.reason == "TIMER_RUNNING"
    switched = await send(server, hook, {**track, "task_name": "Two"})
    assert switched.json["message"] == "Tracking Two in Website. The task is new. Stopped One in Website after 5 min."


async def test_a_task_of_no_project_is_made_in_that_of_the_hook_s_own_name(server):
    """Its API makes tasks of any name; here each has its project."""
    hook = await new_hook(server, name="Door bell")
    await user(server, "Ada")
    tracked = (await send(server, hook, {"event": "task.track", "user": "Ada", "task_name": "Ring"})).json
    assert tracked["message"] == "Tracking Ring in Door bell. The project and the task are new."
    entry = {"event": "event.add", "user": "Ada", "task_name": "Knock", "duration": 60}
    added = (await send(server, hook, entry)).json
    assert (added["created"], added["project_id"]) == (["task"], tracked["project_id"])
    again = (await send(server, hook, {"event": "task.add", "task_name": "ring"})).json
    assert (again["unchanged"], again["task_id"]) == (True, tracked["task_id"])
    async with server.client() as client:
        log = (await client.get("timelog", id=added["event_id"])).time_log
    assert (log.task_name, log.project_name, log.description) == ("Knock", "Door bell", "")


@ON_SQLITE
async def test_a_task_that_is_known_is_tracked_where_it_is(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    await send(server, hook, {"event": "task.add", "task_name": "Fix login", "project_name": "Website"})
    tracked = (await send(server, hook, {"event": "task.track", "user": "Ada", "task_name": "fix login"})).json
    assert (tracked["message"], tracked["created"]) == ("Tracking Fix login in Website.", [])


@ON_SQLITE
async def test_only_what_is_meant_is_stopped(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    await send(server, hook, {"event": "task.track", "user": "Ada", "task_name": "One", "project_name": "Web"})
    stop = {"event": "task.stop", "user": "Ada"}
    refused = await send(server, hook, {**stop, "task_name": "Two"})
    assert refused.violations == [("task_name", "is not what is being tracked: that is One in Web")]
    assert (await send(server, hook, {**stop, "task_name": "one"})).status == 200


@ON_SQLITE
async def test_a_name_of_several_is_refused_and_one_that_is_open_comes_first(server):
    hook = await new_hook(server)
    async with server.client() as client:
        ids = [(await client.create("project", project_name="Website")).record.id for _ in range(2)]
        refused = await send(server, hook, {"event": "project.close", "project_name": "Website"})
        [(field, told)] = refused.violations
        assert field == "project_name"
        assert told.startswith("2 open projects are called so")
        await send(server, hook, {"event": "project.close", "project_id": ids[0]})
        closed = await send(server, hook, {"event": "project.close", "project_name": "Website"})
    assert closed.json["project_id"] == ids[1]


WRONG = [
    ({}, "event", "is needed: this hook takes project.add"),
    ({"event": "project.fly"}, "event", "'project.fly' is no command"),
    ({"event": 7}, "event", "'7' is no command"),
    ({"event": "project.add"}, "project_name", "is needed"),
    ({"event": "project.add", "project_name": 7}, "project_name", "must be a text"),
    ({"event": "project.add", "project_name": "x" * 201}, "project_name", "201 characters"),
    ({"event": "project.add", "project_name": "a\0b"}, "project_name", "U+0000"),
    ({"event": "project.add", "projekt_name": "x"}, "projekt_name", "is no field of project.add"),
    ({"event": "task.add", "project_name": "x"}, "task_name", "is needed"),
    ({"event": "task.track", "task_name": "x"}, "user", "is needed: the id, mail address or name"),
    (
        {"event": "task.track", "task_name": "x", "user": "Eve"},
        "user",
        "no user has the id, mail address or name 'Eve'",
    ),
    ({"event": "task.track", "task_name": "x", "user": "Ada", "user_id": "1"}, "user_id", "says what user says"),
    ({"event": "task.track", "user": "Ada"}, "task_name", "is needed, or project_name"),
    ({"event": "task.track", "task_name": "x", "user": "Ada", "date": "soon"}, "date", "'soon' is no time"),
    ({"event": "task.track", "task_name": "x", "user": "Ada", "tags": [1]}, "tags", "must be a text"),
    ({"event": "task.track", "task_name": "x", "user": "Ada", "tags": ["x"] * 51}, "tags", "at most 50"),
    ({"event": "event.add", "user": "Ada", "duration": 86401}, "duration", "1 to 86400"),
    ({"event": "event.add", "user": "Ada", "duration": True}, "duration", "whole number"),
    ({"event": "event.add", "user": "Ada", "start": "2025-02-30 10:00:00"}, "start", "there is no time"),
    ({"event": "event.add", "user": "Ada", "duration": 1, "timezone": "Mars"}, "timezone", "no time zone"),
    ({"event": "event.add", "user": "Ada", "duration": 1, "billable": "maybe"}, "billable", "true or false"),
    ({"event": "event.delete"}, "event_id", "is needed, or event_external_id"),
    ({"text": "hello"}, "text", "/track [task] in [project]"),
    ({"text": 7}, "text", "must be a text"),
    ({"text": "/stop", "user": "a@\0"}, "user", "U+0000"),
    ({"text": "/stop", "event": "task.stop"}, "event", "is no field beside text"),
    ({"event": "room_message"}, "item", "is needed"),
    ({"delivery_id": 7}, "delivery_id", "must be a text"),
]


@ON_SQLITE
async def test_errors_say_what_was_wrong(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    for body, field, told in WRONG:
        answer = await send(server, hook, body)
        assert (answer.status, answer.reason, answer.violations[0][0]) == (400, "FIELD_INVALID", field), body
        assert told in answer.violations[0][1], answer.violations
    assert await types(server) == ["user.created"]


@ON_SQLITE
async def test_what_names_nothing_is_not_found(server):
    hook = await new_hook(server)
    for body in (
        {"event": "project.close", "project_name": "Nothing"},
        {"event": "project.close", "project_id": "nothing"},
        {"event": "project.close", "project_external_id": "nothing"},
        {"event": "task.close", "task_name": "Nothing", "project_name": "Nothing"},
        {"event": "event.delete", "event_external_id": "nothing"},
    ):
        answer = await send(server, hook, body)
        assert (answer.status, answer.reason) == (404, "RECORD_NOT_FOUND"), body


@ON_SQLITE
async def test_a_line_of_text_is_obeyed_as_in_a_chat(server):
    hook = await new_hook(server)
    await user(server, "Ada")
    for text, told in (
        ("/track [Fix login] in [Website]", "Tracking Fix login in Website. The project and the task are new."),
        ("/status", "Tracking Fix login in Website for 0 min."),
        ("/stop", "Stopped Fix login in Website after 0 min."),
        ("/stop", "Nothing is being tracked."),
    ):
        assert (await send(server, hook, {"text": text, "user": "Ada"})).json == {"message": told}


@ON_SQLITE
async def test_hipchat_s_old_form_is_accepted(server):
    """Said there: "a message like "/track [someTask] in [someProject]" in a Slack channel or a HipChat room"."""
    hook = await new_hook(server)
    await user(server, "Ada")
    author = {"id": 12, "mention_name": "ada", "name": "Ada"}
    message = {"id": "c1d2", "from": author, "message": "/track [someTask] in [someProject]", "type": "message"}
    room = {"event": "room_message", "item": {"message": message, "room": {"id": 7, "name": "Work"}}, "webhook_id": 578}
    first, again = await send(server, hook, room), await send(server, hook, room)
    assert first.json["message"] == "Tracking someTask in someProject. The project and the task are new."
    assert (first.json["color"], first.json["message_format"]) == ("green", "text")
    assert again.body == first.body


async def user(server, name, **fields):
    """The id of a new user."""
    async with server.client() as client:
        return (await client.create("user", user_name=name, **fields)).record.id


async def types(server):
    """The types of all events, in order."""
    async with server.client() as client:
        return [each.type async for each in client.watch("earliest", follow=False)]
