"""Which values are seen at a glance to be right, and to be in the form in which they are stored: nearly all of them.

A glance is one quick question about a value, made for a column. Yes is certain. No means only that `check_column` has
to look: it knows what is wrong, and brings into form what can be. Texts that come again are remembered, the short ones:
what a caller may send without end must not be kept.
"""

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal as Number
from functools import lru_cache
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.model import decimals
from clockwire.model.columns import Column
from clockwire.model.errors import FieldInvalid
from clockwire.model.identifiers import is_id
from clockwire.model.instants import SECOND, micros
from clockwire.model.values import bounds
from clockwire.model.values.codes import COUNTRIES, CURRENCIES
from clockwire.model.values.times import FIRST_SECOND, LAST_SECOND, LONGEST, check_date, time_zones

Glance = Callable[[Any], object]

_LENGTH_OF_ID = 36
_NANOS = range(0, 1_000_000_000, 1_000)  # of a time that is whole in microseconds


def glance_of(column: Column) -> Glance:
    """Whether a value that is set in this column needs neither a check nor a change."""
    if column.output_only:
        return _never
    make = _OF_PATH.get(column.path) or _OF_KIND.get(column.kind)
    return make(column) if make else _never


def _never(_: object) -> bool:
    return False


def _always(_: object) -> bool:
    return True


def _is_id(text: str) -> bool:
    return len(text) == _LENGTH_OF_ID and _is_known_id(text)


def _string(column: Column) -> Glance:
    """On one line and in NFC: what can be printed holds no control character."""
    minimum, maximum = bounds.characters(column)

    def is_plain(text: str) -> bool:
        return (
            text.isprintable()
            and len(text) <= maximum
            and (text.isascii() or unicodedata.is_normalized("NFC", text))
            and not (minimum and text.isspace())
        )

    return is_plain


def _decimal(column: Column) -> Glance:
    least, largest = bounds.amounts(column)

    @lru_cache(4096)
    def is_stored_so(text: str) -> bool:
        try:
            return decimals.normalised(text) == text and least <= Number(text) <= largest
        except decimals.NotADecimal:
            return False

    def is_in_form(decimal: Decimal) -> bool:
        text = decimal.value
        return len(text) <= decimals.LONGEST and is_stored_so(text)

    return is_in_form


def _is_day(date: Date) -> bool:
    try:
        check_date("", date)
    except FieldInvalid:
        return False
    return True


def _is_instant(timestamp: Timestamp) -> bool:
    return timestamp.nanos in _NANOS and FIRST_SECOND <= timestamp.seconds <= LAST_SECOND


def _duration(column: Column) -> Glance:
    minimum, maximum = bounds.lengths(column)
    shortest, longest = micros(minimum), micros(maximum) if maximum else LONGEST * SECOND

    def is_within(duration: Duration) -> bool:
        nanos = duration.nanos
        return nanos in _NANOS and shortest <= duration.seconds * SECOND + nanos // 1000 <= longest

    return is_within


# The same few users, projects and tasks are named again and again.
_is_known_id = lru_cache(16_384)(is_id)

_OF_PATH: Mapping[str, Callable[[Column], Glance]] = {
    "currency": lambda _: CURRENCIES.__contains__,
    "country": lambda _: COUNTRIES.__contains__,
    "time_zone": lambda _: time_zones().__contains__,
    **dict.fromkeys(("email", "contact_email", "receipt_url"), lambda _: _never),
}
_OF_KIND: Mapping[str, Callable[[Column], Glance]] = {
    "string": _string,
    "uuid": lambda _: _is_id,
    "bool": lambda _: _always,
    "int": lambda column: bounds.integers(column).__contains__,
    "enum": lambda column: column.enum_words.__contains__,
    "decimal": _decimal,
    "date": lambda _: _is_day,
    "timestamp": lambda _: _is_instant,
    "duration": _duration,
}
