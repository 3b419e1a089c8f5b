"""Values: what a record may hold, in which form it is stored, and how what is wrong is named."""

import math

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from clockwire.model.errors import FieldInvalid
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.values import check_record, check_required
from clockwire.v1.common_pb2 import RecordType, Tag
from clockwire.v1.records_pb2 import (
    BillingRate,
    Client,
    Expense,
    InventoryItem,
    Invoice,
    Project,
    Record,
    Task,
    TimeLog,
    User,
)
from tests.support import any_records

ID = "1b4e28ba-2fa1-7d2f-883f-0016d3cca427"
OTHER_ID = "1b4e28ba-2fa1-7d2f-883f-0016d3cca428"


def project(**fields) -> Record:
    return Record(project=Project(project_name="Roof", **fields))


def task(**fields) -> Record:
    return Record(task=Task(task_name="T", project_id=ID, **fields))


def time_log(**fields) -> Record:
    return Record(time_log=TimeLog(user_id=ID, **fields))


def custom(fields) -> Record:
    record = project()
    record.custom_fields.update(fields)
    return record


def violations(record, *, partial=False):
    """What is wrong with a record: field to description."""
    with pytest.raises(FieldInvalid) as refused:
        check_record(record, partial=partial)
    return {violation.field: violation.description for violation in refused.value.violations}


def test_what_is_right_stays_as_it_is_but_for_its_type():
    record = project(client_rate=Decimal(value="125.50"), currency="EUR", start_date=Date(year=2024, month=2, day=29))
    record.id, record.external_id, record.etag = ID, "X-1", '"7"'
    expected = Record(type=RecordType.RECORD_TYPE_PROJECT)
    expected.MergeFrom(record)
    assert check_record(record, partial=False) == expected


def test_text_becomes_nfc_and_its_line_ends_newlines():
    checked = check_record(project(description="Cafe\u0301\r\nand\tmore"), partial=False)
    assert checked.project.description == "Café\nand\tmore"


def test_read_only_and_unknown_fields_are_dropped_without_a_word():
    sent = project(client_name="Acme", close_time=Timestamp(nanos=-5), project_id="nonsense")
    sent.version, sent.type = 7, RecordType.RECORD_TYPE_TASK
    sent.create_time.CopyFrom(Timestamp(seconds=2**60))
    sent.create_actor.display_name = "\0"
    unknown = b"\xa2\x3e\x03new"  # field 996, as a newer contract may have it
    checked = check_record(Record.FromString(sent.SerializeToString() + unknown), partial=False)
    assert (
        checked.SerializeToString()
        == Record(type=RecordType.RECORD_TYPE_PROJECT, project=Project(project_name="Roof")).SerializeToString()
    )


def test_the_record_that_was_sent_is_left_alone():
    sent = project(client_name="Acme", description="e\u0301")
    before = sent.SerializeToString()
    check_record(sent, partial=False)
    assert sent.SerializeToString() == before


def test_times_are_cut_to_the_microsecond():
    log = TimeLog(user_id=ID, start_time=Timestamp(seconds=5, nanos=1_999), duration=Duration(seconds=5, nanos=1_999))
    checked = check_record(Record(time_log=log), partial=False).time_log
    assert (checked.start_time.nanos, checked.duration.seconds, checked.duration.nanos) == (1_000, 5, 1_000)


def test_an_amount_keeps_its_scale_and_an_empty_one_is_none():
    checked = check_record(project(client_rate=Decimal(value="+0125.50"), quoted_cost=Decimal()), partial=False)
    assert checked.project.client_rate.value == "125.50"
    assert not checked.project.HasField("quoted_cost")


def test_required_fields_are_asked_for_unless_only_a_part_was_sent():
    sent = Record(expense=Expense(employee_paid=True))
    assert violations(sent) == {"record.expense.user_id": "is required", "record.expense.date": "is required"}
    assert check_record(sent, partial=True).expense.employee_paid
    with pytest.raises(FieldInvalid, match="is required"):
        check_required(sent)
    check_required(project())


def test_a_body_is_required_unless_only_a_part_was_sent():
    assert list(violations(Record(external_id="x"))) == ["record"]
    assert check_record(Record(external_id="x"), partial=True).external_id == "x"


@pytest.mark.parametrize(
    ("record", "field", "problem"),
    [
        (Record(id="1", project=Project(project_name="Roof")), "record.id", "UUID"),
        (Record(id=ID.upper(), project=Project(project_name="Roof")), "record.id", "UUID"),
        (Record(external_id="x" * 201, project=Project(project_name="Roof")), "record.external_id", "at most 200"),
        (Record(project=Project(project_name=" \n")), "record.project.project_name", "not only blanks"),
        (Record(project=Project(project_name="x" * 256)), "record.project.project_name", "at most 255"),
        (project(description="x" * 10_001), "record.project.description", "at most 10,000"),
        (project(folder="x" * 501), "record.project.folder", "at most 500"),
        (project(folder="a\0b"), "record.project.folder", "U.0000"),
        (project(folder="a\rb"), "record.project.folder", "U.000D"),
        (project(folder="a\x85b"), "record.project.folder", "U.0085"),
        (project(client_id="acme"), "record.project.client_id", "UUID"),
        (project(currency="eur"), "record.project.currency", "ISO 4217"),
        (project(status=17), "record.project.status", "Planned, Active, OnHold, Closed"),
        (project(status=-1), "record.project.status", "unknown"),
        (project(client_rate=Decimal(value="1e3")), "record.project.client_rate", "without an exponent"),
        (project(client_rate=Decimal(value="NaN")), "record.project.client_rate", "decimal number"),
        (project(client_rate=Decimal(value="-1")), "record.project.client_rate", "negative"),
        (project(start_date=Date()), "record.project.start_date", "no day"),
        (project(start_date=Date(year=2024, month=2)), "record.project.start_date", "no day"),
        (project(start_date=Date(year=2023, month=2, day=29)), "record.project.start_date", "no day"),
        (project(start_date=Date(year=10_000, month=1, day=1)), "record.project.start_date", "no day"),
        (project(estimated_time=Duration(seconds=-1)), "record.project.estimated_time", "is -1s, at least 0s"),
        (project(estimated_time=Duration(seconds=1, nanos=-1)), "record.project.estimated_time", "same sign"),
        (project(estimated_time=Duration(seconds=2**40)), "record.project.estimated_time", "within"),
        (
            task(percent_complete=Decimal(value="100.000001")),
            "record.task.percent_complete",
            "0 to 100",
        ),
        (
            task(assigned_user_ids=[ID] * 51),
            "record.task.assigned_user_ids",
            "51 entries, at most 50",
        ),
        (
            task(assigned_user_ids=[ID, ID]),
            "record.task.assigned_user_ids",
            "twice",
        ),
        (
            task(assigned_user_ids=[ID, "x"]),
            "record.task.assigned_user_ids[1]",
            "UUID",
        ),
        (time_log(duration=Duration()), "record.time_log.duration", "at least 0.000001s"),
        (
            time_log(duration=Duration(seconds=86_400, nanos=1_000)),
            "record.time_log.duration",
            "at most 86400s",
        ),
        (time_log(time_zone="Berlin"), "record.time_log.time_zone", "IANA"),
        (time_log(time_zone="../UTC"), "record.time_log.time_zone", "IANA"),
        (time_log(time_zone="localtime"), "record.time_log.time_zone", "IANA"),
        (
            time_log(start_time=Timestamp(seconds=2**40)),
            "record.time_log.start_time",
            "years 1 to 9999",
        ),
        (
            time_log(start_time=Timestamp(nanos=10**9)),
            "record.time_log.start_time",
            "years 1 to 9999",
        ),
        (time_log(tags=[Tag()]), "record.time_log.tags[0].name", "1 to 64"),
        (time_log(tags=[Tag(name="x" * 65)]), "record.time_log.tags[0].name", "at most 64"),
        (time_log(tags=[Tag(id="x")]), "record.time_log.tags[0].id", "UUID"),
        (time_log(tags=[Tag(name="A"), Tag(name="a")]), "record.time_log.tags", "twice"),
        (Record(client=Client(client_name="C", country="UK")), "record.client.country", "3166"),
        (Record(client=Client(client_name="C", contact_email="a@b@c")), "record.client.contact_email", "mail"),
        (Record(client=Client(client_name="C", tax_rate=Decimal(value="-1"))), "record.client.tax_rate", "0 to 100"),
        (Record(user=User(user_name="U", email="ann")), "record.user.email", "no mail address"),
        (Record(user=User(user_name="U", email="ann@x" + "y" * 250)), "record.user.email", "at most 254"),
        (Record(user=User(user_name="U", weekly_time=Duration(seconds=604_801))), "record.user.weekly_time", "at most"),
        (Record(invoice=Invoice(client_id=ID, invoice_number="x" * 65)), "record.invoice.invoice_number", "at most 64"),
        (Record(billing_rate=BillingRate(option_year=0)), "record.billing_rate.option_year", "from 1"),
        (
            Record(expense=Expense(user_id=ID, date=Date(year=2024, month=1, day=1), receipt_url="javascript:x()")),
            "record.expense.receipt_url",
            "http or https",
        ),
        (custom({"a": "x" * 16_384}), "record.custom_fields", "at most 16,384"),
        (custom({"": 1}), "record.custom_fields.", "1 to 200"),
        (custom({"k" * 201: 1}), "record.custom_fields." + "k" * 60, "at most 200"),
        (custom({"a": {"b": ["\x07"]}}), "record.custom_fields.a.b", "U.0007"),
        (custom({"a": math.nan}), "record.custom_fields.a", "finite"),
        (custom({"a": [math.inf]}), "record.custom_fields.a", "finite"),
        (custom({"é": 1, "e\u0301": 2}), "record.custom_fields.é", "twice"),
    ],
)
def test_this_is_refused_where_it_stands(record, field, problem):
    found = violations(record)
    assert list(found) == [field]
    with pytest.raises(FieldInvalid, match=problem):
        check_record(record, partial=True)


@pytest.mark.parametrize(
    "record",
    [
        Record(inventory_item=InventoryItem(inventory_name="Nail", quantity_in_stock=Decimal(value="-5"))),
        Record(user=User(user_name="Ann", email="ann.o'neil+x@mail.example.com", time_zone="America/New_York")),
        Record(client=Client(client_name="x" * 255, country="DE", tax_rate=Decimal(value="19"), currency="XCG")),
        time_log(duration=Duration(seconds=86_400), tags=[Tag(id=ID), Tag(name="ID")]),
        Record(invoice=Invoice(client_id=ID, time_log_ids=[ID, OTHER_ID], subtotal=Decimal(value="-1.5"))),
        time_log(start_time=Timestamp(seconds=-62_135_596_800)),
        custom({"a": "x" * 16_375}),
        custom({"a": [None, True, 0.5, "", {}, {"b": []}]}),
    ],
)
def test_this_is_accepted(record):
    checked = check_record(record, partial=False)
    checked.ClearField("type")
    assert checked == record


def test_custom_fields_may_be_nested_ten_deep():
    def nested(levels, wrap):
        value = "x"
        for _ in range(levels - 1):
            value = wrap(value)
        return custom({"a": value})

    for wrap in (lambda value: {"a": value}, lambda value: [value]):
        check_record(nested(10, wrap), partial=False)
        assert "nested 10 deep" in str(violations(nested(11, wrap)))


def test_custom_text_and_keys_become_nfc():
    checked = check_record(custom({"e\u0301": ["e\u0301"]}), partial=False)
    assert checked.custom_fields == custom({"é": ["é"]}).custom_fields


def test_at_most_twenty_fields_are_named_and_all_at_once():
    sent = project(**dict.fromkeys(["folder", "assembly_line", "purchase_order", "description"], "\0"), currency="x")
    assert len(violations(sent)) == 5
    struct = Struct()
    struct.update({"a": "\0"})
    sent = Record(id="x", external_id="\0", custom_fields=struct, task=Task())
    sent.task.assigned_user_ids.append("x")
    for column in RECORD_TYPES[RecordType.RECORD_TYPE_TASK].columns:
        if column.kind == "string" and not column.output_only and column.path != "external_id":
            setattr(sent.task, column.path, "\0")
        if column.kind == "decimal" and not column.output_only:
            getattr(sent.task, column.path).value = "x"
        if column.kind == "date" and not column.output_only:
            sent.task.MergeFrom(Task(start_date=Date(day=1), finish_date=Date(day=1), due_date=Date(day=1)))
        if column.kind == "uuid" and not column.output_only:
            setattr(sent.task, column.path, "x")
    sent.task.estimated_time.seconds = -1
    found = violations(sent)
    assert 15 < len(found) <= 20


@settings(max_examples=50)
@given(st.data())
def test_checking_what_was_checked_changes_nothing(data):
    type_ = data.draw(st.sampled_from(any_records.TYPES))
    record = data.draw(any_records.records(type_, own_id=ID))
    try:
        checked = check_record(record, partial=True)
    except FieldInvalid as refused:
        assert all(violation.field.startswith("record.") for violation in refused.violations)  # noqa: PT017
        return
    assert check_record(checked, partial=True) == checked


@given(st.text(), st.text(), st.floats(), st.integers(-(2**63), 2**63 - 1))
def test_hostile_values_are_refused_or_stored_never_worse(text, key, number, integer):
    sent = Record(id=text, external_id=text, user=User(user_name=text, email=text, time_zone=text, currency=text))
    sent.custom_fields.update({key: [text, number]})
    sent.user.client_rate.value = text
    sent.user.weekly_time.seconds = integer
    sent.user.hire_date.year = integer % 2**31
    try:
        check_record(sent, partial=False)
    except FieldInvalid as refused:
        assert refused.violations  # noqa: PT017
