"""Glances: what passes one would pass the check, and stay as it is."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.values.columns import check_column
from clockwire.model.values.glances import glance_of
from clockwire.v1.records_pb2 import Record

ID = "1b4e28ba-2fa1-7d2f-883f-0016d3cca427"

texts = st.text(max_size=3) | st.sampled_from(
    [" ", "\n", "a\nb", "a\r\nb", "\x7f", "\x85", "\u200b", "\u00a0", "e\u0301", "é", "EUR", "DE", "UTC", "localtime"]
    + ["x" * length for length in (64, 65, 200, 201, 500, 501, 10_000, 10_001)]
    + ["é" * 500, ID, ID.upper(), f"{ID}\n", "a@b.c", "https://x.y"]
)
amounts = st.sampled_from(
    ["", "-0", "+1", "01", "1.50", ".5", "5.", "-1", "100", "100.01", "1e3", "NaN", "Infinity", "٣", "9" * 18, "9" * 19]
)
seconds = st.integers(-2, 2) | st.sampled_from(
    [86_400, 86_401, 604_800, 604_801, 315_576_000_000, 315_576_000_001, -62_135_596_801, 253_402_300_800]
)
nanos = st.sampled_from([0, 1, 999, 1_000, 999_999_000, 999_999_999, 10**9, -1, -1_000])
parts = st.sampled_from([0, 1, 2, 12, 13, 28, 29, 30, 31, 32, -1, 2023, 2024, 9999, 10_000])
VALUES = {
    "string": texts.filter(len),
    "uuid": texts.filter(len),
    "bool": st.booleans(),
    "int": st.integers(-1, 1_001),
    "enum": st.integers(-1, 12),
    "decimal": st.builds(Decimal, value=amounts),
    "date": st.builds(Date, year=parts, month=parts, day=parts),
    "timestamp": st.builds(Timestamp, seconds=seconds, nanos=nanos),
    "duration": st.builds(Duration, seconds=seconds, nanos=nanos),
}
COLUMNS = [
    (info, column)
    for info in RECORD_TYPES.values()
    for column in info.columns
    if column.path in info.body.fields_by_name and not column.output_only
]


def body_with(info, column, value):
    body = getattr(Record(), info.body_field)
    if isinstance(value, str | int):
        setattr(body, column.path, value)
    else:
        getattr(body, column.path).CopyFrom(value)
    return body


@given(st.sampled_from([each for each in COLUMNS if each[1].kind in VALUES]), st.data())
def test_what_passes_a_glance_needs_neither_a_check_nor_a_change(place, data):
    info, column = place
    body = body_with(info, column, data.draw(VALUES[column.kind]))
    if glance_of(column)(getattr(body, column.path)):
        before = body.SerializeToString()
        check_column("field", body, column)
        assert body.SerializeToString() == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("user_id", ID),
        ("description", "Measured the roof, für 2 Tage"),
        ("client_rate", Decimal(value="125.50")),
        ("date", Date(year=2024, month=2, day=29)),
        ("start_time", Timestamp(seconds=1_705_312_800, nanos=5_000)),
        ("duration", Duration(seconds=86_400)),
        ("currency", "EUR"),
        ("time_zone", "Europe/Berlin"),
        ("billable", False),
        ("approval_status", 1),
    ],
)
def test_what_is_usual_passes_at_a_glance(path, value):
    info, column = next(each for each in COLUMNS if each[0].token == "timelog" and each[1].path == path)
    assert glance_of(column)(getattr(body_with(info, column, value), path))


def test_nothing_read_only_passes():
    assert not any(
        glance_of(column)("text") for info in RECORD_TYPES.values() for column in info.columns if column.output_only
    )
