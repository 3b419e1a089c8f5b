"""Orders: what may be named, and where a record stands."""

import pytest
from google.type.date_pb2 import Date

from clockwire.model.errors import FieldInvalid, PageTokenInvalid
from clockwire.model.ordering import parse_order
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record, TimeLog

TIME_LOG = RecordType.RECORD_TYPE_TIME_LOG


def test_paths_and_directions_are_read_in_their_order():
    order = parse_order(" date desc,user_name ,  version asc ", TIME_LOG)
    assert [(key.path.name, key.descending) for key in order.keys] == [
        ("date", True),
        ("user_name", False),
        ("version", False),
    ]
    assert parse_order("  ", TIME_LOG).keys == ()


def test_a_position_is_the_values_of_the_keys_and_the_id():
    order = parse_order("date desc, user_name, billable", TIME_LOG)
    log = Record(id="r", time_log=TimeLog(date=Date(year=2024, month=1, day=5), billable=False))
    assert order.position_of(log) == ("2024-01-05", None, False, "r")
    order.check_position(order.position_of(log))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("date, user_name, version, id", "at most 3"),
        ("date, date desc", "once"),
        ("date,", "is not a path"),
        ("date descending", "is not a path"),
        ("date DESC", "is not a path"),
        ("date; DROP TABLE record", "is not a path"),
        ("day", "unknown path 'day'"),
        ("time_log.date", "unknown path"),
        ("tags", "no single value"),
        ("custom_fields.a", "no single value"),
        ("custom_fields.", "a key in a path"),
        ("..", "is not a path"),
    ],
)
def test_anything_else_is_refused(text, problem):
    with pytest.raises(FieldInvalid, match=problem) as refused:
        parse_order(text, TIME_LOG)
    assert [violation.field for violation in refused.value.violations] == ["order_by"]


@pytest.mark.parametrize(
    "position",
    [
        (),
        ("r",),
        (1, "a", True, "r", "more"),
        ("1", "a", True, "r"),
        (True, "a", True, "r"),
        (1, 2, True, "r"),
        (1, "a\0", True, "r"),
        (1, "\ud800", True, "r"),
        (1, "a", 1, "r"),
        (2**63, "a", True, "r"),
        (1, "a", True, None),
        (1, "a", True, 5),
    ],
)
def test_a_position_of_other_kinds_is_refused(position):
    order = parse_order("version, user_name, billable", TIME_LOG)
    order.check_position((1, "a", True, "r"))
    with pytest.raises(PageTokenInvalid):
        order.check_position(position)
