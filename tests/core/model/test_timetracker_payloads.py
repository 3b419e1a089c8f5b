"""The bodies of TimeTracker's webhooks: field by field and key by key as its documentation shows them.

https://docs.timetracker.in/api-reference/integrations/zapier/triggers/timer-stopped/subscribe, "Webhook Payload
Structure", and the pages beside it.
"""

import json
from datetime import UTC, datetime

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.model.payloads import PayloadFormat, Shape, render
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS
from clockwire.model.samples import sample_event
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import (
    PROJECT_STATUS_ACTIVE,
    PROJECT_STATUS_CLOSED,
    PROJECT_STATUS_ON_HOLD,
    TASK_PRIORITY_HIGH,
    TASK_STATUS_IN_PROGRESS,
    Client,
    Project,
    Record,
    Task,
    TimeLog,
    User,
)
from clockwire.v1.timers_pb2 import Timer

TIMETRACKER = Shape(payload_format=PayloadFormat.TIMETRACKER)
WORKSPACE, USER = "abc12345-e89b-12d3-a456-426614174003", "def67890-e89b-12d3-a456-426614174004"
PROJECT, TASK = "456e7890-e89b-12d3-a456-426614174001", "789e0123-e89b-12d3-a456-426614174002"
CLIENT = "c1a2b3c4-d5e6-7890-abcd-ef1234567890"

#: "When a timer is stopped, your webhook endpoint receives a POST request with this payload"
STOPPED = """{
  "id": "123e4567-e89b-12d3-a456-426614174000",
  "description": "Working on user authentication implementation",
  "date": "2024-01-15T00:00:00.000Z",
  "startTime": "2024-01-15T10:00:00.000Z",
  "endTime": "2024-01-15T12:30:00.000Z",
  "duration": 9000,
  "billable": true,
  "action": "stop_timer",
  "workspace": {"id": "abc12345-e89b-12d3-a456-426614174003", "name": "Development Team"},
  "teamMember": {"id": "def67890-e89b-12d3-a456-426614174004", "name": "John Doe"},
  "project": {"id": "456e7890-e89b-12d3-a456-426614174001", "name": "Mobile App Development"},
  "task": {"id": "789e0123-e89b-12d3-a456-426614174002", "name": "Implement user authentication"},
  "tags": [
    {"id": "ghi11111-e89b-12d3-a456-426614174005", "name": "authentication"},
    {"id": "jkl22222-e89b-12d3-a456-426614174006", "name": "mobile"}
  ],
  "createdAt": "2024-01-15T10:00:00.000Z",
  "updatedAt": "2024-01-15T12:30:00.000Z"
}"""


class Team:
    """A workspace with some records around."""

    workspace_name = "Development Team"

    def __init__(self, *records: Record) -> None:
        self._records = {record.id: record for record in records}

    def find(self, ids):
        return {id_: self._records[id_] for id_ in ids if id_ in self._records}


def at(hour: int, minute: int = 0, *, micros: int = 0) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(datetime(2024, 1, 15, hour, minute, tzinfo=UTC))
    moment.nanos = micros * 1000
    return moment


def a_timer(**changes) -> Timer:
    values = {
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "state": Timer.STATE_RUNNING,
        "user_id": USER,
        "user_name": "John Doe",
        "project_id": PROJECT,
        "project_name": "Mobile App Development",
        "task_id": TASK,
        "task_name": "Implement user authentication",
        "description": "Working on user authentication implementation",
        "billable": True,
        "tags": [
            Tag(id="ghi11111-e89b-12d3-a456-426614174005", name="authentication"),
            Tag(id="jkl22222-e89b-12d3-a456-426614174006", name="mobile"),
        ],
        "time_zone": "UTC",
        "start_time": at(10),
        "create_time": at(10),
        "update_time": at(10),
    }
    return Timer(**{**values, **changes})


def stopped(**changes) -> Timer:
    end = {"stop_time": at(12, 30), "duration": Duration(seconds=9000), "update_time": at(12, 30)}
    return a_timer(state=Timer.STATE_STOPPED, **{**end, **changes})


def body_of(type_: str, state: Record | Timer, around: Team | None = None, shape: Shape = TIMETRACKER) -> bytes:
    event = Event(type=type_, workspace_id=WORKSPACE, record_id=state.id, record_type=EVENT_TYPES[type_].record_type)
    getattr(event, "timer" if isinstance(state, Timer) else "record").CopyFrom(state)
    return render(event, shape, around or Team())


def same(body: bytes, documented: str) -> bool:
    """Whether it is the same text but for blanks: keys in their order, digits as they stand there."""
    return body.decode() == json.dumps(json.loads(documented), separators=(",", ":"), ensure_ascii=False)


def test_a_stopped_timer_has_exactly_the_documented_payload():
    assert same(body_of("timer.stopped", stopped()), STOPPED)


def test_a_started_timer_has_the_same_without_end_time_and_duration():
    documented = json.loads(STOPPED) | {"action": "start_timer", "updatedAt": "2024-01-15T10:00:00.000Z"}
    del documented["endTime"], documented["duration"]

    assert same(body_of("timer.started", a_timer()), json.dumps(documented))


def test_what_is_not_set_keeps_its_key_and_its_type():
    bare = a_timer(project_id="", project_name="", task_id="", task_name="", description="", tags=[])
    bare.ClearField("billable")

    body = json.loads(body_of("timer.started", bare))

    assert list(body) == [key for key in json.loads(STOPPED) if key not in {"endTime", "duration"}]
    assert (body["project"], body["task"], body["tags"]) == (None, None, [])
    assert (body["description"], body["billable"]) == ("", False)


def test_times_are_cut_to_milliseconds_and_the_duration_to_whole_seconds():
    timer = stopped(start_time=at(10, micros=999_999), duration=Duration(seconds=8999, nanos=999_999_999))

    body = json.loads(body_of("timer.stopped", timer))

    assert (body["startTime"], body["duration"]) == ("2024-01-15T10:00:00.999Z", 8999)


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Auckland", "16"), ("UTC", "15"), ("America/New_York", "15"), ("", "15")]
)
def test_the_date_is_the_day_where_the_timer_was_started(zone, day):
    body = json.loads(body_of("timer.started", a_timer(start_time=at(12), time_zone=zone)))

    assert body["date"] == f"2024-01-{day}T00:00:00.000Z"


def test_a_zone_that_there_is_not_leaves_no_date():
    assert json.loads(body_of("timer.started", a_timer(time_zone="Nowhere/\x00")))["date"] is None


def a_log(**changes) -> Record:
    log = TimeLog(
        user_id=USER, user_name="John Doe", date=Date(year=2024, month=1, day=15), duration=Duration(seconds=9000)
    )
    log.MergeFrom(TimeLog(**changes))
    return Record(id=TASK, time_log=log, create_time=at(13), update_time=at(14))


def test_an_entry_that_was_typed_in_is_a_manual_entry_with_the_same_keys():
    body = json.loads(body_of("timelog.created", a_log(manually_entered=True, start_time=at(10), end_time=at(12, 30))))

    assert list(body) == list(json.loads(STOPPED))
    assert (body["action"], body["duration"]) == ("manual_entry", 9000)
    assert (body["startTime"], body["endTime"]) == ("2024-01-15T10:00:00.000Z", "2024-01-15T12:30:00.000Z")
    assert (body["createdAt"], body["updatedAt"]) == ("2024-01-15T13:00:00.000Z", "2024-01-15T14:00:00.000Z")


@pytest.mark.parametrize(
    ("type_", "state", "action"),
    [
        ("timer.updated", a_timer(), "update_timer"),
        ("timer.discarded", a_timer(state=Timer.STATE_DISCARDED), "discard_timer"),
        ("timelog.created", a_log(), "create_entry"),
        ("timelog.updated", a_log(manually_entered=True), "update_entry"),
    ],
)
def test_events_that_timetracker_does_not_have_say_what_was_done(type_, state, action):
    assert json.loads(body_of(type_, state))["action"] == action


CUSTOMER = Record(
    id=CLIENT,
    client=Client(
        client_id=CLIENT,
        client_name="Acme Corporation",
        contact_email="contact@acme.example",
        contact_phone="+1-800-555-0199",
        address_1="456 Innovation Drive",
        city="Silicon Valley",
        postal_code="94043",
        active=True,
    ),
    create_time=at(10, 30),
    update_time=at(10, 30),
)
CUSTOMER.custom_fields.update({"client_type": "company"})


def test_a_new_client_has_the_documented_object():
    documented = {
        "id": CLIENT,
        "name": "Acme Corporation",
        "email": "contact@acme.example",
        "phone": "+1-800-555-0199",
        "address": "456 Innovation Drive, Silicon Valley, 94043",
        "status": "active",
        "type": "company",
        "workspace": {"id": WORKSPACE, "name": "Development Team"},
        "createdAt": "2024-01-15T10:30:00.000Z",
        "updatedAt": "2024-01-15T10:30:00.000Z",
    }
    assert same(body_of("client.created", CUSTOMER), json.dumps(documented))


def test_a_client_of_whom_nothing_was_said_is_an_active_individual():
    body = json.loads(body_of("client.created", Record(id=CLIENT, client=Client(client_name="A"))))

    assert (body["type"], body["status"], body["email"], body["address"]) == ("individual", "active", "", "")


def a_project(**changes) -> Record:
    project = Project(project_name="New Mobile App", client_id=CLIENT, client_name="Acme Corporation")
    project.MergeFrom(Project(**changes))
    return Record(id=PROJECT, project=project, create_time=at(10), update_time=at(10))


def test_a_new_project_has_the_documented_object():
    project = a_project(
        description="For both stores",
        status=PROJECT_STATUS_ACTIVE,
        billable=True,
        client_rate=Decimal(value="75.0"),
        estimated_time=Duration(seconds=200 * 3600),
        budget_amount=Decimal(value="15000.0"),
    )
    documented = (
        f'{{"id":"{PROJECT}","name":"New Mobile App","description":"For both stores","status":"active",'
        f'"workspace":{{"id":"{WORKSPACE}","name":"Development Team"}},"client":{{"id":"{CLIENT}",'
        '"name":"Acme Corporation","email":"contact@acme.example","phone":"+1-800-555-0199","status":"active",'
        '"type":"company"},"defaultBillable":true,"defaultBillableRate":75.0,"estimatedHours":200,'
        '"estimatedBudget":15000.0,"isPrivate":false,"createdAt":"2024-01-15T10:00:00.000Z",'
        '"updatedAt":"2024-01-15T10:00:00.000Z"}'
    )

    assert body_of("project.created", project, Team(CUSTOMER)).decode() == documented


@pytest.mark.parametrize(
    ("status", "word"),
    [(PROJECT_STATUS_ACTIVE, "active"), (PROJECT_STATUS_ON_HOLD, "inactive"), (PROJECT_STATUS_CLOSED, "completed")],
)
def test_the_status_of_a_project_is_one_of_the_documented_words(status, word):
    assert json.loads(body_of("project.created", a_project(status=status)))["status"] == word


def test_a_client_that_is_gone_keeps_its_name():
    body = json.loads(body_of("project.created", a_project()))

    assert body["client"]["name"] == "Acme Corporation"
    assert body["client"]["email"] == ""


def test_a_project_without_a_client_has_none():
    project = Record(id=PROJECT, project=Project(project_name="Own"))
    assert json.loads(body_of("project.created", project))["client"] is None


def test_a_new_task_tells_of_its_project_its_client_and_its_people():
    user = Record(id=USER, user=User(user_name="John Doe", email="j@acme.example", role="Developer", department="IT"))
    task = Task(
        task_name="Implement user authentication",
        project_id=PROJECT,
        project_name="Mobile App Development",
        client_id=CLIENT,
        client_name="Acme Corporation",
        status=TASK_STATUS_IN_PROGRESS,
        priority=TASK_PRIORITY_HIGH,
        estimated_time=Duration(seconds=8 * 3600),
        due_date=Date(year=2024, month=1, day=31),
        assigned_user_ids=[USER],
    )
    body = json.loads(body_of("task.created", Record(id=TASK, task=task), Team(CUSTOMER, user)))

    documented = ["id", "name", "description", "project", "client", "workspace", "teamMembers"]
    assert list(body)[: len(documented)] == documented
    assert body["client"]["email"] == "contact@acme.example"
    [member] = body["teamMembers"]
    assert list(member) == [
        *("id", "name", "email", "avatar", "designation", "department", "status", "role", "billableRate"),
    ]
    assert (member["name"], member["role"]["name"]) == ("John Doe", "Developer")
    assert (body["status"], body["priority"], body["estimatedHours"]) == ("in-progress", "high", 8)
    assert body["dueDate"] == "2024-01-31T00:00:00.000Z"


def test_amounts_are_text_for_whoever_asked_for_that():
    shape = Shape(payload_format=PayloadFormat.TIMETRACKER, decimals_as_strings=True)
    body = json.loads(body_of("project.created", a_project(client_rate=Decimal(value="75.50")), shape=shape))

    assert (body["defaultBillableRate"], body["estimatedBudget"]) == ("75.50", None)


OBJECTS = {"timer", "timelog", "client", "project", "task"}


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_has_a_body_whether_timetracker_knows_it_or_not(event_type):
    event = sample_event(event_type, 1_705_312_800_000_000, WORKSPACE)
    body, flat = render(event, TIMETRACKER, Team()), render(event, Shape())

    known = SUBJECTS[event.record_type].token in OBJECTS and not event_type.endswith(".deleted")
    assert ("event" in json.loads(body)) is not known
    assert known or body == flat
