"""What a Zap's editor is shown: the newest there is, or the documented sample.

Quoted are the pages https://docs.timetracker.in/api-reference/integrations/zapier/triggers/*/fallback.
"""

import json
from datetime import timedelta

from clockwire.client import AsyncClient
from clockwire.v1.timer_service_pb2 import DiscardTimerRequest
from tests.core.model.test_timetracker_payloads import STOPPED
from tests.support.clock import MovableClock
from tests.support.server import ON_SQLITE
from tests.support.zapier import Zap

TRIGGERS = ("clients", "projects", "tasks", "time-entries/start", "time-entries/stop", "time-entries/manual")


async def only(zap, trigger):
    """The one object of the array."""
    answer = await zap.fallback(trigger)
    assert answer.status == 200
    [found] = answer.json
    return found


@ON_SQLITE
async def test_an_empty_workspace_has_an_array_of_exactly_one_sample_each(zap):
    """Returns an array containing one object - either your most recent one or sample data."""
    stopped = json.loads(STOPPED)
    assert await only(zap, "time-entries/stop") == stopped
    assert list(await only(zap, "time-entries/stop")) == list(stopped)

    started = await only(zap, "time-entries/start")
    assert list(started) == [name for name in stopped if name not in {"endTime", "duration"}]
    assert started["action"] == "start_timer"

    assert (await only(zap, "time-entries/manual"))["action"] == "manual_entry"
    assert (await only(zap, "clients"))["name"] == "Acme Corporation"
    assert (await only(zap, "projects"))["estimatedBudget"] == 15000.0
    assert (await only(zap, "tasks"))["teamMembers"][0]["name"] == "John Doe"


async def worked(client: AsyncClient, name: str, clock: MovableClock) -> tuple[str, str]:
    """A user who has worked an hour for a new client, and the timer of that."""
    customer = (await client.create("client", client_name=f"{name} client")).record.id
    project = (await client.create("project", project_name=f"{name} project", client_id=customer)).record.id
    task = (await client.create("task", task_name=f"{name} task", project_id=project)).record.id
    user = (await client.create("user", user_name=f"{name} user")).record.id
    timer = (await client.start_timer(user, task_id=task, description=name)).timer
    clock.forward(timedelta(hours=1))
    await client.stop_timer(timer.id)
    clock.forward(timedelta(seconds=1))
    return user, timer.id


async def test_what_is_there_is_shown_as_a_webhook_would_tell_it(server, zap, clock):
    """This endpoint intelligently returns your most recent data when available."""
    samples = {trigger: list(await only(zap, trigger)) for trigger in TRIGGERS}
    async with server.client() as client:
        await worked(client, "Old", clock)
        user, timer_id = await worked(client, "New", clock)
        await client.start_timer(user, description="Running")
        clock.forward(timedelta(seconds=1))
        other = (await client.create("user", user_name="Other")).record.id
        thrown_away = (await client.start_timer(other)).timer
        await client.timers.DiscardTimer(DiscardTimerRequest(timer_id=thrown_away.id))

    for trigger in ("clients", "projects", "tasks"):
        found = await only(zap, trigger)
        assert found["name"] == f"New {trigger[:-1]}"
        assert list(found) == samples[trigger]
    stopped = await only(zap, "time-entries/stop")
    assert (stopped["id"], stopped["description"], stopped["duration"]) == (timer_id, "New", 3600)
    assert list(stopped) == samples["time-entries/stop"]
    started = await only(zap, "time-entries/start")
    assert started["id"] == thrown_away.id
    assert list(started) == samples["time-entries/start"]
    # No entry was typed in yet.
    assert (await only(zap, "time-entries/manual"))["id"] == json.loads(STOPPED)["id"]


@ON_SQLITE
async def test_a_timer_that_was_stopped_is_still_shown_as_it_was_started(server, zap, clock):
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
        timer = (await client.start_timer(user)).timer
        clock.forward(timedelta(hours=1))
        await client.stop_timer(timer.id)

    found = await only(zap, "time-entries/start")
    assert (found["id"], found["action"]) == (timer.id, "start_timer")
    assert "endTime" not in found
    assert "duration" not in found


@ON_SQLITE
async def test_manual_entries_are_those_that_were_typed_in(server, zap, clock):
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
        times = {"user_id": user, "start_time": "2024-01-15T09:00:00Z", "end_time": "2024-01-15T10:30:00Z"}
        await client.create("timelog", description="typed in", manually_entered=True, **times)
        clock.forward(timedelta(seconds=1))
        await client.create("timelog", description="tracked", manually_entered=False, **times)

    found = await only(zap, "time-entries/manual")
    assert (found["description"], found["duration"], found["date"]) == ("typed in", 5400, "2024-01-15T00:00:00.000Z")


async def test_nothing_of_another_workspace_is_shown(server, zap):
    other = Zap(server, server.new_key(workspace_id=server.new_workspace()))
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
        await client.create("client", client_name="Ours")
        await client.start_timer(user)

    assert (await only(zap, "clients"))["name"] == "Ours"
    assert (await only(other, "clients"))["name"] == "Acme Corporation"
    assert (await only(other, "time-entries/start"))["teamMember"]["name"] == "John Doe"


@ON_SQLITE
async def test_a_key_needs_the_scope_of_what_is_shown(server):
    records, timers = Zap(server, server.new_key("records.read")), Zap(server, server.new_key("timers.read"))

    assert [(await records.fallback(each)).status for each in TRIGGERS] == [200, 200, 200, 403, 403, 200]
    assert [(await timers.fallback(each)).status for each in TRIGGERS] == [403, 403, 403, 200, 200, 403]
