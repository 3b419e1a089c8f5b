"""The bytes that are signed and sent, column by column and shape by shape."""

import json
from decimal import Decimal as Exact

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import given

from clockwire.model.payloads import PayloadFormat, Shape, content_type, render
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS
from clockwire.v1.common_pb2 import Actor, RecordType, Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import APPROVAL_STATUS_SUBMITTED, PROJECT_STATUS_ON_HOLD, Project, Record, TimeLog
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.random_events import events

ID = "41984ad9-9efd-4af2-9212-037a49a736fc"
SHAPES = [Shape(payload_format=each, decimals_as_strings=flag) for each in PayloadFormat for flag in (False, True)]


def event_of(type_: str, record: Record) -> Event:
    return Event(
        id="018d0c5b-3a00-7000-8000-000000000007",
        type=type_,
        sequence=42,
        workspace_id="018d0c5b-3a00-7000-8000-000000000001",
        commit_time=Timestamp(seconds=1705312800, nanos=123_999_999),
        record_type=EVENT_TYPES[type_].record_type,
        record_id=ID,
        record=record,
    )


def time_log(**columns) -> dict[str, object]:
    body: dict[str, object] = json.loads(
        render(event_of("timelog.created", Record(id=ID, time_log=TimeLog(**columns))), Shape())
    )
    return body


def custom_fields(values) -> bytes:
    record = Record(id=ID, time_log=TimeLog())
    record.custom_fields.update(values)
    body = render(event_of("timelog.created", record), Shape())
    return body.partition(b'"CustomFields":')[2].removesuffix(b"}")


def test_a_deletion_has_exactly_the_documented_body():
    event = Event(type="project.deleted", record_type=RecordType.RECORD_TYPE_PROJECT, record_id=ID)

    assert render(event, Shape()) == b'{"event":"project.deleted","id":"41984ad9-9efd-4af2-9212-037a49a736fc"}'


def test_a_project_has_the_documented_column_names():
    project = Project(
        project_id=ID,
        project_name="Übergröße ✓",
        status=PROJECT_STATUS_ON_HOLD,
        start_date=Date(year=2024, month=1, day=15),
        quoted_cost=Decimal(value="12500.50"),
        estimated_time=Duration(seconds=9000),
        billable=False,
    )
    actor = Actor(kind=Actor.KIND_API_KEY, display_name="etl")
    created = Timestamp(seconds=1705312800)
    record = Record(id=ID, version=3, project=project, create_time=created, create_actor=actor)

    assert render(event_of("project.updated", record), Shape()).decode() == (
        '{"event":"project.updated","id":"' + ID + '","ProjectID":"' + ID + '","ProjectName":"Übergröße ✓",'
        '"ClientID":null,"ClientName":null,"Status":"OnHold","StartDate":"2024-01-15","FinishDate":null,"DueDate":null,'
        '"ClosedDate":null,"BillingType":null,"Currency":null,"QuotedCost":12500.50,"ClientRate":null,"SalaryRate":null,'
        '"EstimatedHours":2.5,"EstimatedSeconds":9000,"BudgetAmount":null,"BudgetHours":null,"BudgetSeconds":null,'
        '"Billable":false,"Folder":null,"AssemblyLine":null,"PurchaseOrder":null,"Description":null,'
        '"ManagerUserID":null,"ExternalID":null,"Version":3,"Created":"2024-01-15T10:00:00.000Z","Modified":null,'
        '"CreatedBy":"etl","ModifiedBy":null,"CustomFields":{}}'
    )


@given(events())
def test_every_body_is_json_with_exactly_the_columns_in_order(event):
    body = json.loads(render(event, Shape()))

    info = SUBJECTS[event.record_type]
    columns = [] if event.type.endswith(".deleted") else [column.name for column in info.payload_columns]
    assert list(body) == ["event", "id", *columns]
    assert (body["event"], body["id"]) == (event.type, event.record_id)


@given(events())
def test_every_shape_of_ours_holds_the_same_flat_body(event):
    for shape in SHAPES:
        body = render(event, shape)
        bare = render(event, Shape(decimals_as_strings=shape.decimals_as_strings))
        match shape.payload_format:
            case PayloadFormat.FLAT:
                assert body == bare
            case PayloadFormat.THIN:
                assert json.loads(body) == {"event": event.type, "id": event.record_id}
            case PayloadFormat.TIMETRACKER:
                assert json.loads(body)["id"] == event.record_id
            case PayloadFormat.TRACKINGTIME:
                told = json.loads(body)
                assert told.get("data", told)["id"] == event.record_id
            case _:
                assert b'"data":' + bare + b"}" in body
                assert list(json.loads(body))[-1] == "data"


@given(events())
def test_rendering_again_gives_the_same_bytes(event):
    again = Event.FromString(event.SerializeToString())

    assert all(render(event, shape) == render(again, shape) for shape in SHAPES)


def test_standard_webhooks_get_type_timestamp_and_data():
    body = render(
        event_of("timelog.created", Record(id=ID, time_log=TimeLog())), Shape(payload_format=PayloadFormat(2))
    )

    assert body.startswith(b'{"type":"timelog.created","timestamp":"2024-01-15T10:00:00.123Z","data":{"event":')


def test_cloudevents_get_their_context_attributes():
    shape = Shape(payload_format=PayloadFormat.CLOUDEVENTS)
    body = json.loads(render(event_of("timelog.created", Record(id=ID, time_log=TimeLog())), shape))

    assert body.pop("data")["id"] == ID
    assert body == {
        "specversion": "1.0",
        "id": "018d0c5b-3a00-7000-8000-000000000007",
        "source": "/workspaces/018d0c5b-3a00-7000-8000-000000000001",
        "type": "timelog.created",
        "subject": ID,
        "time": "2024-01-15T10:00:00.123Z",
        "datacontenttype": "application/json",
        "sequence": "0000000000000000042",
    }


def test_content_types_follow_the_format():
    assert {shape.payload_format.name: content_type(shape) for shape in SHAPES} == {
        "FLAT": "application/json; charset=utf-8",
        "STANDARD": "application/json; charset=utf-8",
        "CLOUDEVENTS": "application/cloudevents+json; charset=utf-8",
        "THIN": "application/json; charset=utf-8",
        "TIMETRACKER": "application/json; charset=utf-8",
        "TRACKINGTIME": "application/json; charset=utf-8",
    }


def test_formats_are_numbered_as_in_the_contract():
    contract = {name.removeprefix("PAYLOAD_FORMAT_"): number for name, number in Subscription.PayloadFormat.items()}

    assert {each.name: each.value for each in PayloadFormat} == {k: v for k, v in contract.items() if v}


@pytest.mark.parametrize(
    ("stored", "number"),
    [
        ("125.50", "125.50"),
        ("0", "0"),
        ("-0.00", "-0.00"),
        ("-3", "-3"),
        ("999999999999999999.999999", "999999999999999999.999999"),
        ("1E+3", "1000"),
        ("1e-7", "0.0000001"),
        ("+5", "5"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_000", "1000"),
        ("٣", "3"),
        ("1E+400", "1E+400"),
        ("1E-999999", "1E-999999"),
        ("", None),
        ("NaN", None),
        ("-Infinity", None),
        ("abc", None),
        ("1e99999999999999999999", None),
        ('1,"x":2', None),
    ],
)
def test_decimals_keep_their_digits(stored, number):
    record = Record(id=ID, time_log=TimeLog(client_rate=Decimal(value=stored)))
    as_number = render(event_of("timelog.created", record), Shape())
    as_string = render(event_of("timelog.created", record), Shape(decimals_as_strings=True))

    assert f'"ClientRate":{number or "null"},"SalaryRate":null'.encode() in as_number
    assert json.loads(as_string)["ClientRate"] == number
    assert number is None or json.loads(as_number, parse_float=Exact, parse_int=Exact)["ClientRate"] == Exact(stored)


@pytest.mark.parametrize(
    ("seconds", "nanos", "hours"),
    [
        (9000, 0, "2.5"),
        (3600, 0, "1"),
        (0, 0, "0"),
        (1, 0, "0.000278"),
        (5400, 999_999_999, "1.500278"),
        (36_000_000, 0, "10000"),
        (-5400, 0, "-1.5"),
        (0, -1, "0"),
        (0, 1_800_000, "0"),
        (0, 5_400_000, "0.000002"),
        (315_576_000_000, 0, "87660000"),
    ],
)
def test_lengths_are_hours_and_whole_seconds(seconds, nanos, hours):
    body = render(
        event_of("timelog.created", Record(time_log=TimeLog(duration=Duration(seconds=seconds, nanos=nanos)))), Shape()
    )

    assert f'"Duration":{hours},"DurationSeconds":{seconds},"Break":null,"BreakSeconds":null'.encode() in body


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (0, 0, "1970-01-01T00:00:00.000Z"),
        (1705312800, 999_999_999, "2024-01-15T10:00:00.999Z"),
        (-1, 500_000_000, "1969-12-31T23:59:59.500Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00.000Z"),
        (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
        (253_402_300_800, 0, None),
        (2**62, 0, None),
        (0, -1, None),
    ],
)
def test_instants_are_utc_with_milliseconds(seconds, nanos, text):
    assert time_log(start_time=Timestamp(seconds=seconds, nanos=nanos))["StartTime"] == text


def test_days_are_written_with_all_their_digits():
    assert time_log(date=Date(year=987, month=6, day=5))["Date"] == "0987-06-05"
    assert time_log(date=Date())["Date"] is None


def test_unset_columns_are_null_and_lists_are_empty():
    body = time_log()

    assert body["Tags"] == []
    assert body["CustomFields"] == {}
    assert body["Version"] == 0
    assert {name for name, value in body.items() if value is not None} == {
        "event",
        "id",
        "Tags",
        "CustomFields",
        "Version",
    }


def test_presence_tells_false_from_unset():
    assert time_log(billable=False)["Billable"] is False
    assert time_log()["Billable"] is None


def test_enums_are_words_and_unknown_ones_null():
    assert time_log(approval_status=APPROVAL_STATUS_SUBMITTED)["ApprovalStatus"] == "Submitted"
    assert time_log(approval_status=99)["ApprovalStatus"] is None


def test_tags_have_an_id_and_a_name():
    assert time_log(tags=[Tag(id=ID, name="a\u2028b"), Tag(name='"')])["Tags"] == [
        {"id": ID, "name": "a\u2028b"},
        {"id": "", "name": '"'},
    ]


def test_text_is_utf8_and_escaped_where_json_needs_it():
    body = render(event_of("timelog.created", Record(time_log=TimeLog(description='\U0001f600 ü "\\\n\x00'))), Shape())

    assert '"Description":"\U0001f600 ü \\"\\\\\\n\\u0000"'.encode() in body


def test_custom_fields_are_json_with_sorted_keys():
    assert custom_fields({"b": 1, "a": [True, None, "x", {"z": 2.5}]}) == b'{"a":[true,null,"x",{"z":2.5}],"b":1}'


def test_numbers_json_does_not_know_are_null():
    assert custom_fields({"n": float("nan"), "p": float("inf"), "q": -float("inf")}) == b'{"n":null,"p":null,"q":null}'


def test_large_custom_numbers_stay_what_they_are():
    assert json.loads(custom_fields({"n": 2.0**53, "m": 1e300, "k": 2.0**53 - 1})) == {
        "n": 2.0**53,
        "m": 1e300,
        "k": 2**53 - 1,
    }
