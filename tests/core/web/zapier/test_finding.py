"""A Zap's searches: by a part of a name, or by what a time entry is.

Quoted are the pages https://docs.timetracker.in/api-reference/integrations/zapier/find/*.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.server import ON_SQLITE
from tests.support.zapier import Zap

KINDS = ("clients", "projects", "tasks", "time-entries")


async def names(asking) -> list[str]:
    """What was found, by name."""
    answer = await asking
    assert answer.status == 200
    return [each["name"] for each in answer.json]


async def test_a_client_is_found_by_a_part_of_its_name_whatever_its_case(zap):
    """Performs a case-insensitive partial match search. Example: "acme" will match "Acme Corporation"."""
    made = (await zap.create("clients", name="Acme Corporation", type="company", note="Enterprise")).json
    await zap.create("clients", name="Other")

    [found] = (await zap.find("clients", name="acme")).json

    assert list(found) == [
        *("id", "name", "type", "status", "email", "phone", "address", "note", "currency", "created_at", "updated_at")
    ]
    assert found["id"] == made["id"]
    assert (found["type"], found["note"]) == ("company", "Enterprise")
    for part in ("ACME CORPORATION", "me corp", "Acme Corporation"):
        assert await names(zap.find("clients", name=part)) == ["Acme Corporation"]


@ON_SQLITE
async def test_without_a_match_the_array_is_empty(zap):
    """When no matching client is found, returns an empty array."""
    for kind in KINDS[:3]:
        assert (await zap.find(kind, name="nobody")).json == []
    assert (await zap.find("time-entries", description="nothing")).json == []


async def test_letters_beyond_ascii_match_in_either_case_and_wildcards_are_letters(zap):
    for name in ("Übergröße", "Straße 100 %", "A_B", "Ι\u0345"):
        await zap.create("clients", name=name)

    assert await names(zap.find("clients", name="ÜBERGRÖSSE")) == ["Übergröße"]
    assert await names(zap.find("clients", name="u\u0308bergr")) == ["Übergröße"]
    assert await names(zap.find("clients", name="100 %")) == ["Straße 100 %"]
    assert await names(zap.find("clients", name="%")) == ["Straße 100 %"]
    assert await names(zap.find("clients", name="_")) == ["A_B"]
    assert await names(zap.find("clients", name='"; DROP TABLE record; --')) == []


async def test_the_exact_name_comes_first_and_then_the_newest(zap, clock):
    for name in ("Web", "Web shop", "My web"):
        await zap.create("projects", name=name)
        clock.forward(timedelta(seconds=1))

    assert await names(zap.find("projects", name="web")) == ["Web", "My web", "Web shop"]


async def test_a_project_is_found_with_what_belongs_to_it(server, zap):
    """Detailed project information including client details, workspace information, and project statistics."""
    async with server.client() as client:
        people = [(await client.create("user", user_name=name)).record.id for name in ("Ada", "Ben")]
        times = {"user_id": people[0], "date": "2024-01-15", "duration": "1:00"}
        customer = (await zap.create("clients", name="Acme Corp")).json["id"]
        project = (await zap.create("projects", name="Website Redesign", client_id=customer)).json["id"]
        for number, assigned in enumerate([people, people[:1], []]):
            await zap.create("tasks", name=f"T{number}", project_id=project, assignee_ids=",".join(assigned))
        await client.create("timelog", project_id=project, **times)
        await client.create("timelog", **times)

    [found] = (await zap.find("projects", name="website")).json

    assert list(found) == [
        *("id", "name", "description", "status", "is_private", "default_billable_rate", "default_billable"),
        *("estimated_hours", "estimated_budget", "workspace_id", "workspace_name", "client_id", "client_name"),
        *("task_count", "time_entry_count", "member_count", "created_at", "updated_at"),
    ]
    assert (found["workspace_name"], found["client_name"]) == ("Test", "Acme Corp")
    assert (found["task_count"], found["time_entry_count"], found["member_count"]) == (3, 1, 2)


async def test_a_task_is_found_with_get_and_with_post(server, zap):
    """This endpoint supports both GET and POST methods."""
    async with server.client() as client:
        user = (await client.create("user", user_name="Ada", email="ada@acme.example")).record.id
        project = (await zap.create("projects", name="Mobile App")).json["id"]
        task = (
            await zap.create("tasks", name="Implement user authentication", project_id=project, assignee_ids=user)
        ).json["id"]
        await client.create("timelog", user_id=user, task_id=task, date="2024-01-15", duration="4:30")

    posted = await zap.find("tasks", name="authentication")
    got = await zap.find_by_get("tasks", name="AUTHENTICATION")

    assert posted.json == got.json
    [found] = posted.json
    assert list(found)[:8] == [
        *("id", "name", "description", "status", "priority", "estimated_hours", "actual_hours", "due_date")
    ]
    assert (found["actual_hours"], found["time_entry_count"]) == (4.5, 1)
    assert (found["project_name"], found["project_status"]) == ("Mobile App", "active")
    assert (found["client_id"], found["client_name"]) == (None, None)
    assert found["assignees"] == [{"id": user, "name": "Ada", "email": "ada@acme.example"}]


@pytest.fixture
async def logged(server, zap):
    """Three time entries; the first is found by each of the filters below, and the others by none of them."""
    async with server.client() as client:
        ada, ben = [(await client.create("user", user_name=name)).record.id for name in ("Ada", "Ben")]
    first, second = [(await zap.create("projects", name=name)).json["id"] for name in ("P", "Q")]
    task = (await zap.create("tasks", name="T", project_id=first)).json["id"]
    wanted = {"description": "Development work", "team_member_id": ada, "project_id": first, "task_id": task}
    made = await zap.create(
        "time-entries",
        **wanted,
        billable=True,
        manually_entered=True,
        start_time="2024-01-15T09:00:00Z",
        end_time="2024-01-15T10:00:00Z",
    )
    for day in ("10", "20"):
        await zap.create(
            "time-entries",
            description="Meeting",
            team_member_id=ben,
            project_id=second,
            billable=False,
            manually_entered=False,
            start_time=f"2024-01-{day}T12:00:00Z",
            end_time=f"2024-01-{day}T13:00:00Z",
        )
    return made.json["id"], wanted


async def test_time_entries_are_found_by_each_of_the_documented_filters(zap, logged):
    """Date ranges, project/task filters, team member selection, and billable status filtering."""
    entry, wanted = logged
    filters = [
        {"description": "development"},
        *({name: value} for name, value in wanted.items() if name != "description"),
        {"billable": "true"},
        {"manually_entered": "true"},
        {"date_after": "2024-01-11T00:00:00Z", "date_before": "2024-01-19T23:59:59Z"},
        {"start_time_after": "2024-01-15T09:00:00Z", "start_time_before": "2024-01-15T10:00:00+01:00"},
        {"end_time_after": "2024-01-15T09:30:00Z", "end_time_before": "2024-01-15T10:30:00Z"},
        {"description": "work", "billable": True, **{name: wanted[name] for name in ("project_id", "task_id")}},
    ]
    for each in filters:
        found = (await zap.find("time-entries", **each)).json
        assert [one["id"] for one in found] == [entry], each
    assert len((await zap.find("time-entries")).json) == 3
    assert len((await zap.find_by_get("time-entries", billable="false")).json) == 2


@ON_SQLITE
async def test_what_is_wrong_with_a_search_is_named(zap):
    """400 Bad Request - Invalid Parameters: ensure both workspace_id and name are provided with valid formats."""
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("clients", {}, "name: is required"),
        ("clients", {"name": 7}, "name: must be a string"),
        ("clients", {"name": "x", "workspace_id": None}, "workspace_id: is required"),
        ("time-entries", {"project_id": '" OR true'}, "project_id"),
        ("time-entries", {"billable": "perhaps"}, "billable: must be true or false"),
        ("time-entries", {"date_after": "soon"}, "date_after: must be a time in ISO 8601"),
        ("time-entries", {"start_time_after": "2024-01-15T09:00:00"}, "start_time_after: needs an offset"),
    ]
    for kind, fields, told in wrong:
        answer = await zap.find(kind, **fields)
        assert (answer.status, told in answer.json["error"]) == (400, True), (kind, fields, answer)


@ON_SQLITE
async def test_as_many_as_anybody_reads_are_found(zap):
    for number in range(30):
        await zap.create("clients", name=f"Client {number}")

    assert len((await zap.find("clients", name="client")).json) == 25


async def test_nothing_of_another_workspace_is_found(server, zap):
    elsewhere = server.new_workspace()
    other = Zap(server, server.new_key(workspace_id=elsewhere))
    await zap.create("clients", name="Ours")

    assert (await other.post("triggers/clients/find", {"workspace_id": elsewhere, "name": "ours"})).json == []
    answer = await other.find("clients", name="ours")
    assert (answer.status, "does not belong to workspace" in answer.json["error"]) == (403, True)


@ON_SQLITE
async def test_a_key_without_the_scope_finds_nothing(server):
    answer = await Zap(server, server.new_key("records.write")).find("clients", name="x")
    assert (answer.status, answer.json) == (403, {"error": "the API key lacks the scope records.read"})
