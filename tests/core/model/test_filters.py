"""The filter language: what it says of a record, and what it refuses."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.errors import FilterInvalid
from clockwire.model.filters import parse_filter
from clockwire.v1.common_pb2 import RecordType, Tag
from clockwire.v1.records_pb2 import Client, Record, TimeLog
from tests.support import any_records
from tests.support.filter_examples import FAIL, HOLD, example_task

TASK = RecordType.RECORD_TYPE_TASK
TIME_LOG = RecordType.RECORD_TYPE_TIME_LOG


@pytest.mark.parametrize("text", HOLD)
def test_this_holds(text):
    assert parse_filter(text, TASK).matches(example_task())


@pytest.mark.parametrize("text", FAIL)
def test_this_does_not_hold(text):
    assert not parse_filter(text, TASK).matches(example_task())


def test_not_is_the_opposite_also_where_a_value_is_missing():
    for text in ("category_id = 'x'", "finish_date < 2024-01-01", "custom_fields.x > 1", "assigned_user_ids : 'z'"):
        assert parse_filter(f"NOT {text}", TASK).matches(example_task())


def test_tags_are_found_by_id_and_by_name():
    log = Record(time_log=TimeLog(tags=[Tag(id="t1", name="Travel"), Tag(id="t2")]))
    assert parse_filter('tags : "Travel" AND tags : "t1" AND tags : "t2" AND tags != null', TIME_LOG).matches(log)
    assert not parse_filter('tags : ""', TIME_LOG).matches(log)
    assert parse_filter("tags = null", TIME_LOG).matches(Record(time_log=TimeLog()))


def test_decomposed_text_finds_what_is_stored_composed():
    client = Record(client=Client(client_name="Café"))
    assert parse_filter('client_name = "Cafe\u0301"', RecordType.RECORD_TYPE_CLIENT).matches(client)


def test_without_a_type_only_what_all_types_have_may_be_named():
    assert parse_filter("version = 3 AND currency = null AND custom_fields.n = 5", None).matches(example_task())
    assert parse_filter("update_time = null", None).matches(example_task())
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
