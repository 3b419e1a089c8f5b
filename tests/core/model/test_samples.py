"""Samples are whole, plausible and always the same."""

import json
from decimal import Decimal
from typing import Any

import pytest

from clockwire.model.identifiers import is_id
from clockwire.model.instants import DAY, of_timestamp
from clockwire.model.payloads import Shape, render
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS, TIMER
from clockwire.model.samples import sample_event, sample_id
from clockwire.model.states import state_of
from clockwire.v1.common_pb2 import RecordType

NOW = 1_705_400_000_000_000
RUNNING = {"StopTime", "Duration", "DurationSeconds"}
EMPTY = {
    "timer.started": RUNNING,
    "timer.updated": RUNNING,
    "timer.discarded": RUNNING - {"StopTime"},
}


def body_of(event_type: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(render(sample_event(event_type, NOW), Shape()), parse_float=Decimal)
    return body


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_sample_fills_every_column(event_type):
    empty = {name for name, value in body_of(event_type).items() if value in (None, "", [], {})}

    assert empty == EMPTY.get(event_type, {"ClosedDate"} if event_type.endswith(".reopened") else set())


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_sample_is_an_event_of_its_type(event_type):
    event, info = sample_event(event_type, NOW, "w"), SUBJECTS[EVENT_TYPES[event_type].record_type]

    assert (event.type, event.workspace_id, event.record_type) == (event_type, "w", info.type)
    assert of_timestamp(event.commit_time) == NOW
    assert is_id(event.id)
    assert is_id(event.record_id)
    assert (state_of(event) is None) is event_type.endswith(".deleted")
    assert event.HasField("timer") is (info is TIMER)
    assert not event.HasField("record") or event.record.WhichOneof("body") == info.body_field
    assert bool(event.changed_paths.paths) is event_type.endswith(".updated")


def test_samples_are_equal_at_the_same_moment_and_have_new_event_ids_at_another():
    assert sample_event("task.created", NOW) == sample_event("task.created", NOW)
    assert sample_event("task.created", NOW).id != sample_event("task.created", NOW + 1000).id
    assert len({sample_event(each, NOW).id for each in EVENT_TYPES}) == len(EVENT_TYPES)


def test_samples_refer_to_one_another():
    log, project = body_of("timelog.created"), body_of("project.created")

    assert (log["ProjectID"], log["ProjectName"]) == (project["ProjectID"], project["ProjectName"])
    assert body_of("invoice.created")["TimeLogIDs"] == [log["TimeLogID"]]
    assert body_of("subproject.created")["ParentID"] == sample_id(RecordType.RECORD_TYPE_SUBPROJECT, number=2)


def test_the_amounts_of_the_samples_add_up():
    log, expense, invoice = body_of("timelog.created"), body_of("expense.created"), body_of("invoice.created")

    assert log["ClientCost"] == log["ClientRate"] * log["Duration"]
    assert log["SalaryCost"] == log["SalaryRate"] * log["Duration"]
    assert expense["Amount"] == expense["Quantity"] * expense["UnitCost"]
    assert invoice["Subtotal"] == log["ClientCost"] + expense["Amount"]
    assert invoice["Tax"] == round(invoice["Subtotal"] * invoice["TaxRate"] / 100, 2)
    assert invoice["Total"] == invoice["Subtotal"] + invoice["Tax"]
    assert invoice["BalanceDue"] == invoice["Total"] - invoice["AmountPaid"]
    assert invoice["PaidInFull"] is True


def test_the_times_of_a_sample_agree():
    log = sample_event("timelog.created", NOW).record.time_log

    start, end = of_timestamp(log.start_time), of_timestamp(log.end_time)
    assert (end - start) // 1_000_000 == log.duration.seconds + log.break_time.seconds
    assert NOW - 2 * DAY < start < end < of_timestamp(log.approve_time) < NOW


def test_a_reopened_sample_is_open():
    assert body_of("project.reopened")["Status"] == "Active"
    assert body_of("task.reopened")["Status"] == "InProgress"
    assert body_of("task.closed")["Status"] == "Closed"
