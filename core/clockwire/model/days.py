"""Which day it is somewhere, and how days are counted."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clockwire.model.errors import FieldInvalid


def day_of(time: Timestamp, time_zone: str, field: str) -> Date:
    """The civil day of a point in time in a zone. FieldInvalid for *field* if the calendar has no such day."""
    try:
        local = datetime.fromtimestamp(time.seconds, _zone(time_zone))
    except (OverflowError, ValueError):
        raise FieldInvalid.of(field, "lies outside the calendar in this time zone") from None
    return Date(year=local.year, month=local.month, day=local.day)


def order_of(date: Date) -> int:
    """A number that grows with the day; 0 for a day that is not set."""
    return (date.year * 100 + date.month) * 100 + date.day


def years_between(start: Date, end: Date) -> int:
    """Whole years from one day to a later one."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
