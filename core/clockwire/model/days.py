"""Which day it is somewhere, and how days are counted."""

from datetime import date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clockwire.model.errors import FieldInvalid

_DAYS_KEPT = 1024


def day_of(time: Timestamp, time_zone: str, field: str) -> Date:
    """The civil day of a point in time in a zone; not to be changed.

    FieldInvalid for *field* if the calendar has no such day.
    """
    try:
        local = datetime.fromtimestamp(time.seconds, _zone(time_zone))
    except (OverflowError, ValueError):
        raise FieldInvalid.of(field, "lies outside the calendar in this time zone") from None
    return _date(local.toordinal())


def order_of(day: Date) -> int:
    """A number that grows with the day; 0 for a day that is not set."""
    return (day.year * 100 + day.month) * 100 + day.day


def years_between(start: Date, end: Date) -> int:
    """Whole years from one day to a later one."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


@lru_cache(_DAYS_KEPT)
def _date(ordinal: int) -> Date:
    day = date.fromordinal(ordinal)
    return Date(year=day.year, month=day.month, day=day.day)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
