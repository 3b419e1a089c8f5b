"""When is meant by a time that another system wrote? RFC 3339, or TrackingTime's "2024-01-15 10:00:00" in a zone."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import Instant, micros
from clockwire.model.values.times import time_zones

_OFFSET = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d{2}))?")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_zone(field: str, text: str) -> tzinfo:
    """An IANA name, or an offset such as GMT+10:00. Raises FieldInvalid."""
    if text in time_zones():
        return ZoneInfo(text)
    match = _OFFSET.fullmatch(text)
    hours, minutes = (int(match[2]), int(match[3] or 0)) if match else (99, 0)
    if match is None or hours > 14 or minutes > 59:
        raise FieldInvalid.of(field, f"{text[:60]!r} is no time zone, such as Europe/Berlin or GMT+01:00")
    return timezone((1 if match[1] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


def read_time(field: str, text: str, zone: tzinfo) -> Instant:
    """The instant that is written, in the *zone* if it names no offset. Raises FieldInvalid."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise FieldInvalid.of(field, f"{text[:60]!r} is no time, such as 2024-01-15T10:00:00Z or 2024-01-15 10:00:00")
    try:
        written = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '').upper()}")
        moment = written if written.tzinfo else written.replace(tzinfo=zone)
        return micros(moment.astimezone(UTC) - _EPOCH)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid.of(field, f"there is no time {text[:60]!r}") from error


def is_day(text: str) -> bool:
    """Whether a day alone is written."""
    return _DAY.fullmatch(text) is not None
