"""Which days, instants, lengths of time and zones are accepted, and what of them is kept."""

import zoneinfo
from datetime import date, timedelta
from functools import cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import SECOND, Instant, micros, of_timestamp

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # 0001-01-01 to 9999-12-31
LONGEST = 315_576_000_000  # seconds; the limit of google.protobuf.Duration
_NANOS = 1_000_000_000
# What zoneinfo finds beside the zones: names for this machine's own setting and for none.
_NO_ZONES = {"localtime", "posixrules", "Factory"}


@cache
def time_zones() -> frozenset[str]:
    """The IANA names of all time zones."""
    return frozenset(zoneinfo.available_timezones() - _NO_ZONES)


def check_time_zone(field: str, text: str) -> str:
    """An IANA name, "Europe/Berlin"."""
    if text not in time_zones():
        raise FieldInvalid.of(field, f"{text[:60]!r} is no IANA time zone, such as Europe/Berlin")
    return text


def check_date(field: str, day: Date) -> date:
    """A full civil day of the years 1 to 9999."""
    try:
        return date(day.year, day.month, day.day)
    except (ValueError, OverflowError) as error:
        shown = f"{day.year}-{day.month}-{day.day}"
        raise FieldInvalid.of(field, f"{shown} is no day: year, month and day are all needed") from error


def check_timestamp(field: str, timestamp: Timestamp) -> Instant:
    """An instant of the years 1 to 9999, cut to the microsecond."""
    if not (FIRST_SECOND <= timestamp.seconds <= LAST_SECOND and 0 <= timestamp.nanos < _NANOS):
        raise FieldInvalid.of(field, "must be a time of the years 1 to 9999, with nanos from 0 to 999,999,999")
    return of_timestamp(timestamp)


def check_duration(
    field: str, duration: Duration, *, minimum: timedelta = timedelta(0), maximum: timedelta | None = None
) -> int:
    """A length of time in whole microseconds, cut, of *minimum* to *maximum*."""
    seconds, nanos = duration.seconds, duration.nanos
    if abs(seconds) > LONGEST or abs(nanos) >= _NANOS or seconds * nanos < 0:
        raise FieldInvalid.of(field, f"must have seconds within {LONGEST:,} and nanos of the same sign")
    length = (abs(seconds) * _NANOS + abs(nanos)) // 1000 * (-1 if seconds < 0 or nanos < 0 else 1)
    if length < micros(minimum):
        raise FieldInvalid.of(field, f"is {_shown(length)}, at least {_shown(micros(minimum))} is needed")
    if maximum is not None and length > micros(maximum):
        raise FieldInvalid.of(field, f"is {_shown(length)}, at most {_shown(micros(maximum))} is allowed")
    return length


def _shown(length: int) -> str:
    whole, rest = divmod(abs(length), SECOND)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if length < 0 else ''}{whole}{fraction}s"
