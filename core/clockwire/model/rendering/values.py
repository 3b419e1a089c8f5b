"""How one value of a record is written in JSON.

Every function here is total: whatever a message can hold becomes something JSON can, because a body that cannot be
rendered would hold up the whole log. What validation never lets in (the year 12000, "abc" as a decimal) is null.
Texts that come again from body to body are remembered.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from orjson import Fragment

from clockwire.v1.common_pb2 import Tag

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS = [f".{each:03}Z" for each in range(1000)]
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_LONGEST_PLAIN = 60  # digits before or after the point; longer ones keep their exponent, which JSON allows too
_EXACT_INTEGERS = 2.0**53


def timestamp(value: Timestamp) -> str | None:
    """RFC 3339 in UTC, cut to the millisecond: ``2024-01-15T10:00:00.000Z``."""
    second, nanos = _second(value.seconds), value.nanos
    return second + _MILLIS[nanos // 1_000_000] if second and 0 <= nanos < 1_000_000_000 else None


def date(value: Date) -> str | None:
    """``2024-01-15``; a date with nothing set is null."""
    return _day(value.year, value.month, value.day)


def midnight(day: str | None) -> str | None:
    """The beginning of a day as `date` writes it: ``2024-01-15T00:00:00.000Z``."""
    return day and f"{day}T00:00:00.000Z"


def hours(value: Duration) -> Fragment:
    """A length in hours, to six places and no more than needed: ``2.5``."""
    return _hours(value.seconds, value.nanos)


@lru_cache(4096)
def number(text: str) -> Fragment | None:
    """A decimal as a JSON number with the digits as they are stored: ``125.50``."""
    plain = _plain(text)
    return None if plain is None else Fragment(plain)


@lru_cache(4096)
def number_text(text: str) -> str | None:
    """The same digits as a JSON string."""
    return _plain(text)


def tags(values: Iterable[Tag]) -> list[dict[str, str]]:
    """Labels, each with its id and name."""
    return [{"id": tag.id, "name": tag.name} for tag in values]


def struct(value: Struct) -> dict[str, object]:
    """Free JSON, with its keys in order, so that equal structs give equal bytes."""
    return {key: _free(value.fields[key]) for key in sorted(value.fields)}


def _free(value: Value) -> object:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return _free_number(value.number_value)
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return struct(value.struct_value)
        case "list_value":
            return _free_list(value.list_value)
        case _:
            return None


def _free_list(value: ListValue) -> list[object]:
    return [_free(each) for each in value.values]


def _free_number(value: float) -> float:
    """A Struct knows only doubles: whole ones are written as integers again; NaN and infinity become null in orjson."""
    return int(value) if value.is_integer() and abs(value) < _EXACT_INTEGERS else value


@lru_cache(4096)
def _second(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds").removesuffix("+00:00")
    except OverflowError:
        return ""


@lru_cache(4096)
def _day(year: int, month: int, day: int) -> str | None:
    return f"{year:04}-{month:02}-{day:02}" if year or month or day else None


@lru_cache(4096)
def _hours(seconds: int, nanos: int) -> Fragment:
    """Exact in integers: a millionth of an hour is 3,600,000 ns. Halves go to the even neighbor."""
    millionths, rest = divmod(abs(seconds * 1_000_000_000 + nanos), 3_600_000)
    millionths += rest > 1_800_000 or (rest == 1_800_000 and millionths % 2)
    whole, part = divmod(millionths, 1_000_000)
    sign = "-" if millionths and seconds * 1_000_000_000 + nanos < 0 else ""
    return Fragment(f"{sign}{whole}.{part:06}".rstrip("0").rstrip("."))


def _plain(text: str) -> str | None:
    """The decimal without sign, zeros or exponent that JSON would not take; None if it is no finite number."""
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    readable = isinstance(exponent, int) and exponent >= -_LONGEST_PLAIN and value.adjusted() <= _LONGEST_PLAIN
    return f"{value:f}" if readable else str(value)
