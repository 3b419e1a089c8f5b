"""Which value one column of a record may hold. Each check changes the message to what is stored."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal as Number
from typing import Any

from google.protobuf.message import Message

from clockwire.model import decimals
from clockwire.model.columns import Column
from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import SECOND, to_timestamp
from clockwire.model.values import bounds
from clockwire.model.values.custom_fields import check_custom_fields
from clockwire.model.values.text import check_country, check_currency, check_email, check_id, check_text, check_url
from clockwire.model.values.times import check_date, check_duration, check_time_zone, check_timestamp

_CODES: Mapping[str, Callable[[str, str], str]] = {
    "currency": check_currency,
    "country": check_country,
    "time_zone": check_time_zone,
    "email": check_email,
    "contact_email": check_email,
    "receipt_url": check_url,
}


def check_column(field: str, message: Message, column: Column) -> None:
    """The value that *message* holds in the column is allowed, and is in the form in which it is stored."""
    _CHECKS[column.kind](field, message, column)


def _check_string(field: str, message: Message, column: Column) -> None:
    path, text = column.path, getattr(message, column.path)
    if path in _CODES:
        stored = _CODES[path](field, text)
    else:
        minimum, maximum = bounds.characters(column)
        stored = check_text(field, text, maximum, minimum=minimum)
    setattr(message, path, stored)


def _check_uuid(field: str, message: Message, column: Column) -> None:
    check_id(field, getattr(message, column.path))


def _check_bool(field: str, message: Message, column: Column) -> None:
    """Both are allowed."""


def _check_int(field: str, message: Message, column: Column) -> None:
    allowed = bounds.integers(column)
    if getattr(message, column.path) not in allowed:
        raise FieldInvalid.of(field, f"must be from {allowed[0]} to {allowed[-1]:,}")


def _check_enum(field: str, message: Message, column: Column) -> None:
    number = getattr(message, column.path)
    if number not in column.enum_words:
        raise FieldInvalid.of(field, f"{number} is unknown; there are {', '.join(column.enum_values)}")


def _check_decimal(field: str, message: Message, column: Column) -> None:
    """An empty text in a Decimal is no value, as everywhere."""
    decimal = getattr(message, column.path)
    if not decimal.value:
        message.ClearField(column.path)
        return
    try:
        decimal.value = decimals.normalised(decimal.value)
    except decimals.NotADecimal as error:
        raise FieldInvalid.of(field, str(error)) from error
    least, largest = bounds.amounts(column)
    if not least <= Number(decimal.value) <= largest:
        range_ = f"be from {least} to {largest}" if largest < bounds.INFINITE else "not be negative"
        raise FieldInvalid.of(field, f"must {range_}")


def _check_date(field: str, message: Message, column: Column) -> None:
    check_date(field, getattr(message, column.path))


def _check_timestamp(field: str, message: Message, column: Column) -> None:
    timestamp = getattr(message, column.path)
    timestamp.CopyFrom(to_timestamp(check_timestamp(field, timestamp)))


def _check_duration(field: str, message: Message, column: Column) -> None:
    duration = getattr(message, column.path)
    minimum, maximum = bounds.lengths(column)
    length = check_duration(field, duration, minimum=minimum, maximum=maximum)
    duration.seconds, duration.nanos = length // SECOND, length % SECOND * 1000


def _check_list(field: str, message: Message, column: Column) -> None:
    entries = getattr(message, column.path)
    _check_size(field, entries, column)
    for index, entry in enumerate(entries):
        check_id(f"{field}[{index}]", entry)
    _check_distinct(field, entries)


def _check_tags(field: str, message: Message, column: Column) -> None:
    """Each tag has an id, or a name, or both; then the id wins."""
    tags = getattr(message, column.path)
    _check_size(field, tags, column)
    for index, tag in enumerate(tags):
        if tag.id:
            check_id(f"{field}[{index}].id", tag.id)
        if tag.name or not tag.id:
            tag.name = check_text(f"{field}[{index}].name", tag.name, bounds.LONGEST_TAG, minimum=1)
    _check_distinct(field, [tag.id for tag in tags if tag.id])
    _check_distinct(field, [tag.name.casefold() for tag in tags if not tag.id])


def _check_object(field: str, message: Message, column: Column) -> None:
    check_custom_fields(field, getattr(message, column.path))


def _check_size(field: str, entries: Sequence[Any], column: Column) -> None:
    most = bounds.entries(column)
    if len(entries) > most:
        raise FieldInvalid.of(field, f"has {len(entries):,} entries, at most {most:,} are allowed")


def _check_distinct(field: str, texts: Sequence[str]) -> None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise FieldInvalid.of(field, f"names {text!r} twice")
        seen.add(text)


_CHECKS: Mapping[str, Callable[[str, Message, Column], None]] = {
    "string": _check_string,
    "uuid": _check_uuid,
    "bool": _check_bool,
    "int": _check_int,
    "enum": _check_enum,
    "decimal": _check_decimal,
    "date": _check_date,
    "timestamp": _check_timestamp,
    "duration": _check_duration,
    "list": _check_list,
    "tags": _check_tags,
    "object": _check_object,
}
