"""The filter language: what it says of a record, and what it refuses."""

import string

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.errors import FilterInvalid
from clockwire.model.filters import parse_filter
from clockwire.v1.common_pb2 import RecordType, Tag
from clockwire.v1.records_pb2 import Client, Record, Task, TaskPriority, TaskStatus, TimeLog
from tests.support import any_records

TASK = RecordType.RECORD_TYPE_TASK
TIME_LOG = RecordType.RECORD_TYPE_TIME_LOG


def task() -> Record:
    record = Record(id="1b4e28ba-2fa1-7d2f-883f-0016d3cca427", version=3, external_id="T*1")
    record.task.CopyFrom(
        Task(
            task_name='Measure "A" roof',
            project_name="Roof",
            status=TaskStatus.TASK_STATUS_IN_PROGRESS,
            priority=TaskPriority.TASK_PRIORITY_MEDIUM,
            estimated_time=Duration(seconds=5400),
            percent_complete=Decimal(value="12.50"),
            estimated_cost=Decimal(value="-2"),
            due_date=Date(year=2024, month=2, day=29),
            assigned_user_ids=["u1", "u2"],
            billable=False,
        )
    )
    record.create_time.CopyFrom(Timestamp(seconds=1_705_312_800, nanos=500_000_000))  # 2024-01-15T10:00:00.5Z
    record.custom_fields.update(
        {"cost center": "4711", "n": 5, "flag": True, "empty": "", "none": None, "deep": {"list": ["a", 2, {"a": 1}]}}
    )
    return record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        'id = "1b4e28ba-2fa1-7d2f-883f-0016d3cca427"',
        "task_id = '1b4e28ba-2fa1-7d2f-883f-0016d3cca427'",
        r"""task_name = 'Measure "A" roof' AND task_name = "Measure \"A\" roof" """,
        'task_name = "Mea*" AND task_name = "*roof" AND task_name = "*A*" AND task_name = "*"',
        r'external_id = "T\*1" AND external_id = "T\**" AND external_id != "T1*"',
        'task_name > "Measure" AND task_name < "measure"',
        'project_name = "Roof"',
        'status = InProgress AND status = "IN_PROGRESS" AND status = TASK_STATUS_IN_PROGRESS AND status != Closed',
        "priority > Low AND priority <= Medium",
        "estimated_time = 5400s AND estimated_time < '5400.000001s' AND estimated_time > -1s",
        "percent_complete = 12.5 AND percent_complete < 100 AND percent_complete > 9 AND estimated_cost < -1.999",
        'due_date = 2024-02-29 AND due_date < "2024-03-01"',
        "create_time = 2024-01-15T11:00:00.500+01:00 AND create_time > '2024-01-15T10:00:00Z'",
        "billable = false AND billable != true AND version = 3",
        'assigned_user_ids : "u2" AND assigned_user_ids : "u*" AND NOT assigned_user_ids : "u"',
        "category_id = null AND category_id = '' AND NOT task_name = null AND task_name != ''",
        'custom_fields."cost center" = "4711" AND custom_fields."cost center" != 4711 AND custom_fields.n < 10',
        'custom_fields.flag = true AND custom_fields.deep != null AND custom_fields.deep.list : "a"',
        "custom_fields.deep.list : 2 AND NOT custom_fields.deep.list : 1 AND custom_fields.deep.list.a = null",
        "custom_fields.empty = null AND custom_fields.none = '' AND custom_fields.n >= 5 AND NOT custom_fields.n > 5",
        "(status = Todo OR version = 3) AND NOT (status = Todo OR version = 4)",
        "NOT NOT version=3",
    ],
)
def test_this_holds(text):
    assert parse_filter(text, TASK).matches(task())


@pytest.mark.parametrize(
    "text",
    [
        *("category_id = 'x'", "category_id < 'x'", "category_id >= ''", "category_id = '*'"),
        *("due_date = null", "billable = true", "finish_date < 2024-01-01", "actual_time >= 0s"),
        *("task_name = 'measure*'", "task_name = '*Measure'", "task_name = '*measure*'"),
        *("custom_fields.n = '5'", "custom_fields.n > 'a'", "custom_fields.flag = 'true'", "custom_fields.x = '*'"),
        *("custom_fields.n : 5", "custom_fields.deep = '*'", "custom_fields.flag > 'a'"),
    ],
)
def test_this_does_not_hold(text):
    assert not parse_filter(text, TASK).matches(task())


def test_not_is_the_opposite_also_where_a_value_is_missing():
    for text in ("category_id = 'x'", "finish_date < 2024-01-01", "custom_fields.x > 1", "assigned_user_ids : 'z'"):
        assert parse_filter(f"NOT {text}", TASK).matches(task())


def test_tags_are_found_by_id_and_by_name():
    log = Record(time_log=TimeLog(tags=[Tag(id="t1", name="Travel"), Tag(id="t2")]))
    assert parse_filter('tags : "Travel" AND tags : "t1" AND tags : "t2" AND tags != null', TIME_LOG).matches(log)
    assert not parse_filter('tags : ""', TIME_LOG).matches(log)
    assert parse_filter("tags = null", TIME_LOG).matches(Record(time_log=TimeLog()))


def test_decomposed_text_finds_what_is_stored_composed():
    client = Record(client=Client(client_name="Café"))
    assert parse_filter('client_name = "Cafe\u0301"', RecordType.RECORD_TYPE_CLIENT).matches(client)


def test_without_a_type_only_what_all_types_have_may_be_named():
    assert parse_filter("version = 3 AND currency = null AND custom_fields.n = 5", None).matches(task())
    assert parse_filter("update_time = null", None).matches(task())
    for text in ("task_name = 'x'", "status = Closed"):
        with pytest.raises(FilterInvalid, match="paths of every type"):
            parse_filter(text, None)


@pytest.mark.parametrize(
    ("text", "position", "token", "problem"),
    [
        ("stat = 1", 0, "stat", "unknown path 'stat' .did you mean 'status'.*paths of task: id, task_id"),
        ("task_name.x = 1", 0, "task_name.x", "unknown path"),
        ("custom_fields = 1", 0, "custom_fields", "name one of its keys"),
        ('custom_fields."" = 1', 0, 'custom_fields.""', "printable"),
        (r'custom_fields."a\"b" = 1', 0, r'custom_fields."a\"b"', "no quotes"),
        ("roof", 4, "", "a word alone is no condition"),
        ('"roof"', 0, '"roof"', "expected a path"),
        ("version = 1 AND", 15, "", "expected a path, found the end"),
        ("version = 1 version = 2", 12, "version", "expected AND, OR or the end"),
        ("version = 1 and version = 2", 12, "and", "expected AND, OR or the end"),
        ("version = 1 AND version = 2 OR version = 3", 28, "OR", "need brackets"),
        ("version = 1 OR version = 2 AND version = 3", 27, "AND", "need brackets"),
        ("(version = 1", 0, "(", "not closed"),
        ("version = 1)", 11, ")", "expected AND, OR or the end"),
        ("version =", 9, "", "expected a value"),
        ("version == 1", 9, "=", "expected a value"),
        ("version ~ 1", 8, "~", "neither a path"),
        ("version = 1.5", 10, "1.5", "a whole number"),
        ("version = 9223372036854775808", 10, "9223372036854775808", "64 bits"),
        ("version = '1'", 10, "'1'", "a whole number"),
        ("version < null", 8, "<", "= and != only"),
        ("version : 1", 8, ":", "looks into a list"),
        ("billable > true", 9, ">", "= and != only"),
        ("billable = 1", 11, "1", "true, false or null"),
        ("task_name = Roof", 12, "Roof", "put it in quotes"),
        ("task_name = 'Ro*of'", 12, "'Ro*of'", "at an end"),
        ("task_name < 'Ro*'", 10, "<", "= and != only"),
        ("task_name = 'Roof", 12, "'Roof", "not closed"),
        (r"task_name = 'Ro\of'", 12, r"'Ro\of'", "unknown escape"),
        ("task_name = 'a\0'", 12, "'a\0'", "U.0000 is not allowed"),
        ("task_name = '\ud800'", 12, "'\ud800'", "U.D800 is not allowed"),
        ("assigned_user_ids = 'x'", 18, "=", "is a list"),
        ("status = Open", 9, "Open", "one of Todo, InProgress, Closed"),
        ("status = ''", 9, "''", "one of"),
        ("percent_complete = 1e5", 19, "1e5", "neither"),
        ("percent_complete = '1'", 19, "'1'", "a decimal number"),
        ("percent_complete = 0.1234567", 19, "0.1234567", "6 after the point"),
        ("percent_complete = 1000000000000000000", 19, "1000000000000000000", "18 digits"),
        ("due_date = 2024-02-30", 11, "2024-02-30", "is a day"),
        ("due_date = 2024-02-01T00:00:00Z", 11, "2024-02-01T00:00:00Z", "is a day"),
        ("create_time > 2024-02-01", 14, "2024-02-01", "RFC 3339"),
        ("create_time > 2024-02-01T00:00:00", 14, "2024-02-01T00:00:00", "RFC 3339"),
        ("create_time > 0000-02-01T00:00:00Z", 14, "0000-02-01T00:00:00Z", "RFC 3339"),
        ("estimated_time > 5400", 17, "5400", "in seconds"),
        ("estimated_time > 315576000001s", 17, "315576000001s", "in seconds"),
        ("estimated_time > 1.0000001s", 17, "1.0000001s", "in seconds"),
        ("custom_fields.x = 5s", 18, "5s", "a quoted text, a number, true, false or null"),
        ("custom_fields.x < true", 16, "<", "= and != only"),
        ("custom_fields.x = 1" + "0" * 400, 18, "1" + "0" * 36 + "...", "too large"),
    ],
)
def test_this_is_refused_and_the_place_is_named(text, position, token, problem):
    with pytest.raises(FilterInvalid, match=problem) as refused:
        parse_filter(text, TASK)
    assert refused.value.metadata == {"position": str(position), "token": token}


def test_length_comparisons_and_depth_are_bounded():
    assert parse_filter(" " * 1_986 + "version = 1234", TASK).root
    assert parse_filter(" OR ".join(["version=1"] * 50), TASK).root
    assert parse_filter("(" * 20 + "version=1" + ")" * 20, TASK).root
    for text in (" " * 2_001, " OR ".join(["version=1"] * 51), "(" * 21 + "version=1" + ")" * 21, "NOT " * 400):
        with pytest.raises(FilterInvalid, match=r"at most|nested"):
            parse_filter(text, TASK)


words = st.sampled_from(
    [
        *"()=<>!:\"'\\*.-",
        "AND",
        "OR",
        "NOT",
        "null",
        "true",
        "status",
        "custom_fields",
        "tags",
        "billable",
        "5s",
        "2024-01-15",
    ]
)


@given(st.lists(words | st.text(max_size=5) | st.text(string.printable, max_size=5)).map("".join))
def test_any_text_is_a_filter_or_refused(text):
    try:
        parse_filter(text, TIME_LOG).matches(Record(time_log=TimeLog()))
    except FilterInvalid as refused:
        assert 0 <= int(refused.metadata["position"]) <= len(text)  # noqa: PT017 - refusing is optional


@given(st.data())
def test_every_allowed_filter_is_read(data):
    type_ = data.draw(st.sampled_from(any_records.TYPES))
    text = data.draw(any_records.filters(type_))
    assert parse_filter(text, type_).text == text
