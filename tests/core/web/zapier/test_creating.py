"""A Zap's actions: clients, projects, tasks and time entries with TimeTracker's fields.

Quoted are the pages https://docs.timetracker.in/api-reference/integrations/zapier/create/*.
"""

import json
from datetime import datetime
from typing import Any

import pytest

from clockwire.v1.events_pb2 import Event
from tests.support.server import ON_SQLITE
from tests.support.zapier import Zap

TIMES = {"start_time": "2024-01-15T09:00:00.000Z", "end_time": "2024-01-15T17:00:00.000Z", "billable": True}


async def events(server) -> list[Event]:
    """What stands in the log."""
    async with server.client() as client:
        return [each async for each in client.watch("earliest", follow=False)]


async def test_the_documented_client_is_created_and_answered(server, zap):
    """Returns the created client object with all associated data."""
    sent = {
        "name": "Acme Corporation",
        "type": "company",
        "status": "active",
        "email": "contact@acme.example",
        "phone": "+1-800-555-0199",
        "address": "456 Innovation Drive, Silicon Valley, CA 94043",
        "note": "Enterprise client with multiple projects",
        "currency": "USD",
    }
    answer = await zap.create("clients", **sent)

    assert answer.status == 201
    made = answer.json
    assert {name: made[name] for name in sent} == sent
    assert made["workspaces"] == [{"id": server.workspace_id, "name": "Test"}]
    assert (made["projects"], made["project_count"], made["workspace_count"]) == ([], 0, 1)
    assert datetime.fromisoformat(made["created_at"]).tzinfo is not None
    [event] = await events(server)
    assert (event.type, event.record_id) == ("client.created", made["id"])
    assert event.record.client.contact_email == "contact@acme.example"


@ON_SQLITE
async def test_a_name_has_1_to_255_characters(zap):
    """The name of the client or company, project or task. Must be between 1-255 characters."""
    project = (await zap.create("projects", name="ß" * 255)).json["id"]
    assert (await zap.create("clients", name="x" * 255)).status == 201
    assert (await zap.create("tasks", name="x", project_id=project)).status == 201
    assert (await zap.create("tasks", name="x" * 256, project_id=project)).status == 400
    assert (await zap.create("clients", name="   ")).status == 400


@ON_SQLITE
async def test_what_is_left_out_of_a_client_has_the_documented_default(zap):
    """type: default "individual"; status: default "active"; currency: the workspace's, which is USD."""
    made = (await zap.create("clients", name="Ada", email=None, note="")).json

    assert (made["type"], made["status"], made["currency"], made["email"]) == ("individual", "active", "USD", "")
    assert (await zap.create("clients", name="B", status="inactive")).json["status"] == "inactive"


async def test_the_documented_project_is_created_and_answered(server, zap):
    client_id = (await zap.create("clients", name="Acme Corp")).json["id"]
    sent = {
        "name": "New Website Project",
        "description": "Complete redesign of company website",
        "status": "active",
        "isPrivate": True,
        "defaultBillableRate": 75.0,
        "defaultBillable": True,
        "estimatedHours": 120.5,
        "estimatedBudget": 9000.0,
        "client_id": client_id,
    }
    answer = await zap.create("projects", **sent)

    assert answer.status == 201
    made = answer.json
    assert (made["name"], made["description"], made["status"]) == (sent["name"], sent["description"], "active")
    assert (made["is_private"], made["default_billable"], made["default_billable_rate"]) == (True, True, 75.0)
    assert (made["estimated_hours"], made["estimated_budget"]) == (120.5, 9000.0)
    assert (made["client_id"], made["client_name"]) == (client_id, "Acme Corp")
    project = (await events(server))[-1].record.project
    assert project.client_rate.value == "75.0"


@ON_SQLITE
async def test_the_project_s_rate_is_what_its_hours_cost(server, zap):
    """Default hourly rate for this project (overrides workspace default)."""
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada", client_rate="10")).record.id
    project = (await zap.create("projects", name="P", defaultBillableRate=75)).json["id"]
    await zap.create("time-entries", project_id=project, team_member_id=user, **TIMES)

    assert (await events(server))[-1].record.time_log.client_cost.value == "600.00"


@ON_SQLITE
async def test_what_is_left_out_of_a_project_has_the_documented_default(zap):
    """status: default "active"; isPrivate: default false; defaultBillable: default true."""
    made = (await zap.create("projects", name="P")).json

    assert (made["status"], made["is_private"], made["default_billable"]) == ("active", False, True)
    assert (made["default_billable_rate"], made["client_id"]) == (None, None)
    assert (await zap.create("projects", name="Q", status="completed")).json["status"] == "completed"


async def test_the_documented_task_is_created_and_answered(server, zap):
    """Comma-separated list of team member IDs to assign to the task."""
    async with server.client() as client:
        people = [(await client.create("user", user_name=name)).record.id for name in ("Ada", "Ben")]
    project = (await zap.create("projects", name="Mobile App")).json["id"]
    sent = {
        "name": "Implement user authentication",
        "description": "Add OAuth2 authentication to the mobile app",
        "status": "in-progress",
        "priority": "high",
        "estimated_hours": 8.0,
        "due_date": "2024-01-15T00:00:00.000Z",
        "project_id": project,
    }
    answer = await zap.post("triggers/tasks", {**sent, "assignee_ids": ",".join(people)})

    assert answer.status == 201
    made = answer.json
    assert {name: made[name] for name in sent} == sent
    assert (made["project_name"], made["actual_hours"]) == ("Mobile App", 0)
    assert [each["name"] for each in made["assignees"]] == ["Ada", "Ben"]


@ON_SQLITE
async def test_what_is_left_out_of_a_task_has_the_documented_default(zap):
    """status: default "todo"; priority: default "medium"."""
    project = (await zap.create("projects", name="P")).json["id"]
    made = (await zap.create("tasks", name="T", project_id=project)).json

    assert (made["status"], made["priority"], made["due_date"], made["assignees"]) == ("todo", "medium", None, [])
    assert (await zap.create("tasks", name="U", project_id=project, status="completed")).json["status"] == "completed"


async def test_the_documented_time_entry_is_created_and_answered(server, zap):
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
        tagged = (await client.create("timelog", user_id=user, date="2024-01-01", duration="1:00", tags=["x"])).record
    project = (await zap.create("projects", name="P")).json["id"]
    task = (await zap.create("tasks", name="T", project_id=project)).json["id"]
    sent = {
        "date": "2024-01-15T10:00:00.000Z",
        "description": "Development work on new feature",
        "manually_entered": True,
        "team_member_id": user,
        "project_id": project,
        "task_id": task,
        "tag_ids": [tagged.time_log.tags[0].id],
        **TIMES,
    }
    answer = await zap.create("time-entries", **sent)

    assert answer.status == 201
    made = answer.json
    same = ("description", "manually_entered", "team_member_id", "project_id", "task_id", *TIMES)
    assert {name: made[name] for name in same} == {name: sent[name] for name in same}
    assert (made["date"], made["duration"]) == ("2024-01-15T00:00:00.000Z", 28_800)
    assert (made["team_member_name"], made["project_name"], made["task_name"]) == ("Ada", "P", "T")
    assert [tag["name"] for tag in made["tags"]] == ["x"]


@ON_SQLITE
async def test_what_is_left_out_of_a_time_entry_follows_from_the_rest(server, zap):
    """date: defaults to the date from start_time; duration: calculated from start_time and end_time."""
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
    times = {"start_time": "2024-01-15T23:30:00+02:00", "end_time": "2024-01-16T00:45:00+02:00", "billable": "false"}
    made = (await zap.create("time-entries", team_member_id=user, **times)).json

    assert (made["date"], made["duration"]) == ("2024-01-15T00:00:00.000Z", 4_500)
    assert (made["start_time"], made["billable"], made["manually_entered"]) == ("2024-01-15T21:30:00.000Z", False, True)


@ON_SQLITE
async def test_a_duration_below_the_span_leaves_a_break_and_one_above_is_refused(server, zap):
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
    made = await zap.create("time-entries", team_member_id=user, duration=25_200, **TIMES)
    longer = await zap.create("time-entries", team_member_id=user, duration=28_801, **TIMES)

    assert made.json["duration"] == 25_200
    assert (await events(server))[-1].record.time_log.break_time.seconds == 3_600
    assert (longer.status, "at most the 28800 s" in longer.json["error"]) == (400, True)


@ON_SQLITE
async def test_who_worked_is_the_person_the_key_is_used_for_if_nobody_is_named(server, zap):
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
    body = {"workspace_id": server.workspace_id, **TIMES}
    path = "triggers/time-entries"

    nobody = await zap.post(path, body)
    made = await zap._ask(path, body, x_on_behalf_of=user)

    assert (nobody.status, nobody.json) == (400, {"error": "team_member_id: is required"})
    assert made.json["team_member_id"] == user


NOBODY = "01890000-0000-7000-8000-000000000000"
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("clients", {}, "name: is required"),
    ("clients", {"name": "x" * 256}, "name: must have at most 255 characters"),
    ("clients", {"name": ["x"]}, "name: must be a string"),
    ("clients", {"name": "x", "type": "enterprise"}, "type: must be individual or company"),
    ("clients", {"name": "x", "status": "gone"}, "status: must be active or inactive"),
    ("clients", {"name": "x", "email": "nobody"}, "email: 'nobody' is no mail address"),
    ("clients", {"name": "x", "currency": "DOLLARS"}, "currency: 'DOLLARS' is no ISO 4217 currency code"),
    ("clients", {"name": "a\x00b"}, "name: holds the character U+0000"),
    ("projects", {"name": "x", "defaultBillableRate": 0}, "defaultBillableRate: must be a number above 0"),
    ("projects", {"name": "x", "defaultBillableRate": True}, "defaultBillableRate: must be a number above 0"),
    ("projects", {"name": "x", "defaultBillableRate": "1e999999999"}, "defaultBillableRate"),
    ("projects", {"name": "x", "estimatedHours": "NaN"}, "estimatedHours: must be a number above 0"),
    ("projects", {"name": "x", "estimatedHours": 1e300}, "estimatedHours: must be a number above 0"),
    ("projects", {"name": "x", "isPrivate": "yes"}, "isPrivate: must be true or false"),
    ("projects", {"name": "x", "isPrivate": {}}, "isPrivate: must be true or false"),
    ("projects", {"name": "x", "client_id": "7"}, "client_id: '7' is no lower-case canonical UUID"),
    ("projects", {"name": "x", "client_id": NOBODY}, f"client_id: there is no client {NOBODY}"),
    ("projects", {"name": "x", "status": {"a": 1}}, "status: must be active or completed"),
    ("tasks", {"name": "x"}, "project_id: is required"),
    ("tasks", {"name": "x", "project_id": NOBODY}, f"project_id: there is no project {NOBODY}"),
    ("tasks", {"name": "x", "project_id": NOBODY, "due_date": "soon"}, "due_date: must be a time in ISO 8601"),
    ("tasks", {"name": "x", "project_id": NOBODY, "assignee_ids": 7}, "assignee_ids: must be ids"),
    ("tasks", {"name": "x", "project_id": NOBODY, "priority": 1}, "priority: must be low, medium or high"),
    ("time-entries", {}, "start_time: is required; end_time: is required; billable: is required"),
    ("time-entries", {**TIMES, "end_time": TIMES["start_time"], "team_member_id": NOBODY}, "no user"),
    ("time-entries", {**TIMES, "start_time": "2024-01-15T09:00:00"}, "start_time: needs an offset"),
    ("time-entries", {**TIMES, "start_time": 7}, "start_time: must be a string"),
    ("time-entries", {**TIMES, "billable": "maybe"}, "billable: must be true or false"),
]


@ON_SQLITE
async def test_a_field_that_is_wrong_is_named_as_the_caller_knows_it(zap):
    for kind, fields, told in WRONG:
        answer = await zap.create(kind, **fields)
        assert (answer.status, list(answer.json)) == (400, ["error"]), (kind, fields, answer)
        assert told in answer.json["error"], (kind, fields)
        assert "record." not in answer.json["error"]


@ON_SQLITE
async def test_an_end_before_the_start_and_a_task_elsewhere_are_refused(server, zap):
    """The end time must be after the start time. The task must be a valid task in the specified project."""
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada")).record.id
    first, second = [(await zap.create("projects", name=name)).json["id"] for name in ("P", "Q")]
    task = (await zap.create("tasks", name="T", project_id=first)).json["id"]
    backwards = {**TIMES, "end_time": "2024-01-15T08:00:00.000Z"}

    late = await zap.create("time-entries", team_member_id=user, duration=60, **backwards)
    elsewhere = await zap.create("time-entries", team_member_id=user, project_id=second, task_id=task, **TIMES)

    assert (late.status, "end_time: must be after start_time" in late.json["error"]) == (400, True)
    assert (elsewhere.status, "task_id" in elsewhere.json["error"]) == (400, True)


@ON_SQLITE
async def test_a_body_that_is_no_json_object_is_refused(zap):
    for body in (b"", b"{", b"[]", b"7", b'"x"', b"\xff", b"{" * 100_000, json.dumps([{}]).encode()):
        answer = await zap.post("triggers/clients", body)
        assert (answer.status, list(answer.json)) == (400, ["error"]), body[:20]


@pytest.mark.parametrize("kind", ["clients", "projects", "tasks", "time-entries"])
@ON_SQLITE
async def test_nothing_is_created_in_another_workspace_nor_with_what_is_there(server, zap, kind):
    other = Zap(server, server.new_key(workspace_id=(elsewhere := server.new_workspace())))
    client_id = (await zap.create("clients", name="Ours")).json["id"]
    project_id = (await zap.create("projects", name="Ours")).json["id"]
    fields = {"name": "x", "project_id": project_id, "client_id": client_id, "team_member_id": NOBODY, **TIMES}

    named = await other.post(f"triggers/{kind}", {**fields, "workspace_id": server.workspace_id})
    assert (named.status, "does not belong to workspace" in named.json["error"]) == (403, True)
    if kind != "clients":
        used = await other.post(f"triggers/{kind}", {**fields, "workspace_id": elsewhere})
        assert (used.status, "there is no" in used.json["error"]) == (400, True)


@ON_SQLITE
async def test_a_key_without_the_scope_creates_nothing(server):
    answer = await Zap(server, server.new_key("records.read")).create("clients", name="x")
    assert (answer.status, answer.json) == (403, {"error": "the API key lacks the scope records.write"})
