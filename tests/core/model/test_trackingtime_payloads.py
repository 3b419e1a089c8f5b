"""The bodies of TrackingTime's webhooks, which are documented by us: key by key."""

import json
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.model.instants import micros
from clockwire.model.payloads import PayloadFormat, Shape, render
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.rendering.trackingtime import EVENT_OF
from clockwire.model.samples import sample_event
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, Task, TimeLog

TRACKINGTIME = Shape(payload_format=PayloadFormat.TRACKINGTIME)
NOW = micros(datetime(2024, 1, 15, 10, 0, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC))
WORKSPACE = "018d0c5b-3a00-7000-8000-000000000001"
PLACES = [
    *("user_id", "user", "task_id", "task", "project_id", "project", "customer_id", "customer"),
    *("notes", "tags", "billable"),
]
KEYS = {
    "project": ["id", "name", "customer_id", "customer", "notes", "estimated_time", "is_closed", "external_id"],
    "task": [
        *("id", "name", "project_id", "project", "customer_id", "customer", "user_ids", "notes", "due_date"),
        *("estimated_time", "accumulated_time", "is_closed", "external_id"),
    ],
    "timer": ["id", *PLACES, "start", "end", "duration"],
    "timelog": ["id", *PLACES, "date", "start", "end", "duration", "external_id"],
}


@pytest.mark.parametrize("name", EVENT_OF)
def test_each_event_says_what_happened_where_when_and_to_what(name):
    body = json.loads(render(sample_event(EVENT_OF[name], NOW, WORKSPACE), TRACKINGTIME))
    subject = EVENT_OF[name].partition(".")[0]
    assert list(body) == ["event_name", "account_id", "date", "timezone", "data"]
    assert (body["event_name"], body["account_id"]) == (name, WORKSPACE)
    assert (body["date"], body["timezone"]) == ("2024-01-15 10:00:00", "GMT+00:00")
    assert list(body["data"]) == (["id"] if name == "event.delete" else KEYS[subject])


def test_trackingtime_s_eight_events_are_all_there():
    """Said there: the eight outgoing events; and payloads "every time a task is added, updated, closed, etc."."""
    eight = {
        *("project.add", "project.close"),
        *("task.add", "task.close", "task.track", "task.stop"),
        *("event.add", "event.delete"),
    }
    assert set(EVENT_OF) == eight | {"task.update", "event.update"}


def test_a_stopped_task_is_told_of_with_its_time():
    started = json.loads(render(sample_event("timer.started", NOW), TRACKINGTIME))["data"]
    stopped = json.loads(render(sample_event("timer.stopped", NOW), TRACKINGTIME))["data"]
    assert (started["start"], started["end"], started["duration"]) == ("2024-01-15 10:00:00", None, None)
    assert (stopped["start"], stopped["end"]) == ("2024-01-15 07:30:00", "2024-01-15 10:00:00")
    assert stopped["duration"] == 9000
    assert stopped["tags"]


def test_what_is_not_set_is_null():
    log = Event(type="timelog.created", record=Record(id="1", time_log=TimeLog(user_id="2")))
    data = json.loads(render(log, TRACKINGTIME))["data"]
    assert [data[name] for name in ("task", "start", "end", "date", "external_id")] == [None] * 5
    task = Event(type="task.created", record=Record(id="1", task=Task(task_name="x")))
    data = json.loads(render(task, TRACKINGTIME))["data"]
    assert [data[name] for name in ("estimated_time", "due_date")] == [None, None]


@pytest.mark.parametrize("event_type", sorted(set(EVENT_TYPES) - set(EVENT_OF.values())))
def test_all_other_events_have_our_own_body(event_type):
    event = sample_event(event_type, NOW)
    assert render(event, TRACKINGTIME) == render(event, Shape())


def test_a_time_beyond_the_years_is_null():
    event = Event(type="timelog.deleted", record_id="1", commit_time=Timestamp(seconds=10**15))
    assert json.loads(render(event, TRACKINGTIME))["date"] is None
