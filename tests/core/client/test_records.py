"""Records as plain dictionaries."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage

from clockwire.client import event_fields_of, fields_of, record_of, record_type, type_token
from clockwire.client.requests import update_request
from clockwire.client.values import is_repeated
from clockwire.v1.common_pb2 import Actor, RecordType, Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record, TimeLog

TYPES = [number for number in RecordType.values() if number]


@pytest.mark.parametrize("number", TYPES, ids=type_token)
def test_a_record_survives_the_way_through_json(number):
    record = full_record(number)

    plain = json.loads(json.dumps(fields_of(record)))

    assert None not in plain.values()
    assert record_of(type_token(number), plain) == record


@pytest.mark.parametrize("number", TYPES, ids=type_token)
def test_no_field_of_a_body_hides_one_of_the_envelope(number):
    body = Record.DESCRIPTOR.fields_by_number[20 + number].message_type
    envelope = {field.name for field in Record.DESCRIPTOR.fields if field.number < 20}

    assert not envelope & {field.name for field in body.fields}


def test_values_are_written_as_people_write_them():
    written = record_of(
        "timelog",
        {
            "user_id": "u",
            "date": "2024-01-15",
            "start_time": "2024-01-15T09:00:00+01:00",
            "duration": "1:30",
            "billable": "true",
            "client_rate": "125.50",
            "approval_status": "Submitted",
            "tags": ["on site"],
            "custom_fields": {"cost_center": "4711"},
        },
    )
    meant = record_of(
        "time_log",
        {
            "UserID": "u",
            "Date": dt.date(2024, 1, 15),
            "StartTime": dt.datetime(2024, 1, 15, 8, tzinfo=dt.UTC),
            "Duration": dt.timedelta(hours=1, minutes=30),
            "Billable": True,
            "ClientRate": Decimal("125.50"),
            "ApprovalStatus": TimeLog.DESCRIPTOR.fields_by_name["approval_status"].enum_type.values_by_number[2].number,
            "Tags": [{"name": "on site"}],
            "CustomFields": {"cost_center": "4711"},
        },
    )

    assert written == meant
    assert written.time_log.client_rate.value == "125.50"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"colour": "red"}, "timelog has no field 'colour'"),
        ({"client_rate": 125.5}, "floats are not exact"),
        ({"client_rate": "much"}, "is not an exact number"),
        ({"client_rate": "NaN"}, "a finite number is needed"),
        ({"date": "15.1.2024"}, "a day like 2024-01-15"),
        ({"start_time": "2024-01-15T09:00:00"}, "a time needs its offset"),
        ({"duration": 90}, "does not say its unit"),
        ({"duration": "infs"}, "does not say its unit"),
        ({"billable": "perhaps"}, "true or false"),
        ({"approval_status": "Lost"}, "one of Open, Submitted, Approved, Rejected"),
        ({"tags": "night"}, "a list is needed here"),
        ({"user_id": ["u"]}, "text is needed here"),
        ({"custom_fields": "x"}, "a mapping is needed here"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        record_of("timelog", fields)


def test_an_unknown_type_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="it is one of project, task, timelog"):
        record_type("timesheet")


def test_an_update_writes_what_is_named_and_clears_what_is_none():
    request = update_request(
        "project",
        {"id": "p", "external_id": "e", "status": "Closed", "due_date": None},
        allow_missing=False,
        request_id="",
    )

    assert list(request.update_mask.paths) == ["external_id", "project.status", "project.due_date"]
    assert not request.record.project.HasField("due_date")


def test_an_external_id_that_finds_the_record_is_not_written():
    request = update_request("project", {"external_id": "e", "folder": "Shop"}, allow_missing=True, request_id="")

    assert list(request.update_mask.paths) == ["project.folder"]
    assert request.record.external_id == "e"


def test_an_event_is_plain_json_with_its_record_inside():
    event = Event(id="e", type="timelog.created", sequence=7, record_type=RecordType.RECORD_TYPE_TIME_LOG)
    event.record.time_log.user_name = "Ada"

    plain = event_fields_of(event)

    assert json.loads(json.dumps(plain)) == plain
    assert plain["record_type"] == "timelog"
    assert plain["record"]["user_name"] == "Ada"
    assert event_fields_of(Event(type="timelog.deleted"))["record"] is None


def full_record(number):
    """A record with every field set."""
    record = Record()
    body = Record.DESCRIPTOR.fields_by_number[20 + number]
    for field in Record.DESCRIPTOR.fields:
        if field.number < 20 and field.name != "type":
            record.MergeFrom(Record(**{field.name: some_value(field)}))
    fields = {field.name: some_value(field) for field in body.message_type.fields}
    record.MergeFrom(Record(**{body.name: type(getattr(record, body.name))(**fields)}))
    return record


def some_value(field):
    """A value for *field*, of its kind."""
    value = SOME[field.message_type.name] if field.message_type else SOME[field.cpp_type]
    return [value, value] if is_repeated(field) else value


SOME = {
    "Date": Date(year=2024, month=2, day=29),
    "Decimal": DecimalMessage(value="-125.500000"),
    "Timestamp": Timestamp(seconds=1_705_312_800, nanos=123_456_000),
    "Duration": Duration(seconds=5400, nanos=1_000),
    "Struct": Struct(fields={"deep": Value(list_value=ListValue(values=[Value(number_value=1.5)]))}),
    "Tag": Tag(name="on site"),
    "Actor": Actor(kind=Actor.KIND_USER, api_key_id="k", user_id="u", display_name="Ada"),
    FieldDescriptor.CPPTYPE_STRING: "text, 文",
    FieldDescriptor.CPPTYPE_BOOL: False,
    FieldDescriptor.CPPTYPE_ENUM: 1,
    FieldDescriptor.CPPTYPE_INT32: 7,
    FieldDescriptor.CPPTYPE_INT64: 2**53,
}
