"""What of a record can be compared, and in which form."""

import json
import math

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.custom_values import marked_number
from clockwire.model.record_fields import fields_of, of_duration, to_json, value_at, values_of
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.records_pb2 import ApprovalStatus, Record, TimeLog
from tests.support import any_records


def time_log() -> Record:
    record = Record(id="r", external_id="é", version=2)
    record.create_time.CopyFrom(Timestamp(seconds=1))
    record.time_log.CopyFrom(
        TimeLog(
            time_log_id="r",
            user_id="u",
            user_name="Ann",
            date=Date(year=2024, month=1, day=5),
            start_time=Timestamp(seconds=5, nanos=6_000),
            duration=Duration(seconds=90),
            client_rate=Decimal(value="-125.50"),
            billable=False,
            approval_status=ApprovalStatus.APPROVAL_STATUS_OPEN,
            tags=[Tag(id="t", name="Travel"), Tag(name="x")],
            salary_rate=Decimal(),
        )
    )
    record.custom_fields.update({"a": 1, "b": [True, None, "", {}, "x"], "c": {"d": {}}, "e": None, "": "y"})
    return record


def test_every_kind_has_its_comparable_form():
    assert fields_of(time_log()) == {
        "external_id": "é",
        "user_id": "u",
        "date": "2024-01-05",
        "start_time": 5_000_006,
        "duration": 90_000_000,
        "client_rate": "0999999999999999874500000",
        "billable": False,
        "approval_status": 1,
        "tags": ["t", "Travel", "x"],
        "custom_fields": {"a": "nbff0000000000000", "b": ["btrue", "sx"], "": "sy"},
    }


def test_labels_and_what_the_table_has_columns_for_are_not_stored_but_compared():
    more = {"id": "r", "version": 2, "create_time": 1_000_000, "user_name": "Ann"}
    assert values_of(time_log()) == fields_of(time_log()) | more
    assert values_of(Record()) == {}


def test_what_lies_deeper_is_reached_by_its_keys():
    values = fields_of(time_log())
    assert value_at(values, ["custom_fields", "a"]) == "nbff0000000000000"
    assert value_at(values, ["custom_fields", "a", "b"]) is None
    assert value_at(values, ["custom_fields", "b", "0"]) is None
    assert value_at(values, ["nothing"]) is None


@given(st.data())
def test_the_json_is_what_the_values_are_and_keeps_every_character(data):
    type_ = data.draw(st.sampled_from(any_records.TYPES))
    fields = fields_of(data.draw(any_records.records(type_, own_id="r")))
    assert json.loads(to_json(fields)) == fields
    assert "\\u" not in to_json(fields)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite)
def test_the_order_of_marked_numbers_is_that_of_the_numbers(one, other):
    first, second = marked_number(one), marked_number(other)
    assert (first < second, first == second) == (one < other, one == other)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_only_finite_numbers_have_a_place_in_the_order(number):
    with pytest.raises(ValueError, match=r"inf|nan"):
        marked_number(number)


@pytest.mark.parametrize(("nanos", "micros"), [(1_999, 1_000_001), (-1_999, -1_000_001)])
def test_durations_are_cut_towards_zero(nanos, micros):
    assert of_duration(Duration(seconds=1 if nanos > 0 else -1, nanos=nanos)) == micros
