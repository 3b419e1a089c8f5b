"""What a point in time is: whole microseconds since 1970-01-01T00:00:00Z.

One integer orders, compares and stores exactly on every database, and has no zone to get wrong. It becomes a
Timestamp, or text, only where it leaves the service.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

Instant = int
Clock = Callable[[], Instant]

SECOND: Instant = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> Instant:
    """The time of this machine."""
    return time.time_ns() // 1000


def to_timestamp(instant: Instant) -> Timestamp:
    """The instant as it is written in the contract."""
    seconds, micros = divmod(instant, SECOND)
    return Timestamp(seconds=seconds, nanos=micros * 1000)


def of_timestamp(timestamp: Timestamp) -> Instant:
    """The instant a Timestamp names, cut to the microsecond."""
    return timestamp.seconds * SECOND + timestamp.nanos // 1000


def to_datetime(instant: Instant) -> datetime:
    """The instant as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=instant)


def to_text(instant: Instant) -> str:
    """The instant in RFC 3339 with milliseconds: ``2024-01-15T10:00:00.000Z``."""
    return to_datetime(instant).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def micros(length: timedelta) -> int:
    """A length of time in whole microseconds."""
    return length // timedelta(microseconds=1)
