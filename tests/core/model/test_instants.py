"""What a point in time is."""

import pytest

from clockwire.model.instants import Instant, micros, of_timestamp, to_datetime, to_text, to_timestamp

FIRST: Instant = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z, the first instant a Timestamp can hold
LAST: Instant = 253_402_300_799_999_999


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_705_312_800_123_999, "2024-01-15T10:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (FIRST, "0001-01-01T00:00:00.000Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_in_rfc_3339_cut_to_the_millisecond(instant, text):
    assert to_text(instant) == text


@pytest.mark.parametrize("instant", [0, 1, -1, 1_705_312_800_123_456, FIRST, LAST])
def test_an_instant_survives_the_contract(instant):
    assert of_timestamp(to_timestamp(instant)) == instant


def test_a_length_is_counted_in_whole_microseconds():
    assert micros(to_datetime(5_000_001) - to_datetime(0)) == 5_000_001
