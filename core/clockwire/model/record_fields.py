"""What of a record can be compared: its values in a form whose order is theirs, in Python and on any database.

| kind                        | form                                                                               |
|-----------------------------|------------------------------------------------------------------------------------|
| string, uuid                | the text                                                                           |
| bool; int; enum             | true or false; the number; the number                                              |
| timestamp, duration         | whole microseconds                                                                 |
| date                        | "2024-01-15"                                                                       |
| decimal                     | 25 digits, `model/decimals.py`                                                     |
| list; tags                  | array of texts; array of the ids and the names                                     |
| object (custom fields)      | nested objects and arrays; each scalar a text that begins with the mark of its kind |

What is not set has no entry: a custom null, "", {} or [] neither. Labels repeat other records and would grow stale,
so they are never stored; nor is what the table has a column for (id, version, create_time, update_time).
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value as StructValue
from google.type.date_pb2 import Date

from clockwire.model.decimals import sortable
from clockwire.model.instants import SECOND, of_timestamp
from clockwire.model.record_types import RECORD_TYPES, RecordTypeInfo, type_of
from clockwire.v1.records_pb2 import Record

Value = str | int | list["Value"] | dict[str, "Value"]

# The marks keep the kinds apart and in an order; none can be taken for the beginning of JSON.
BOOL_MARK, NUMBER_MARK, STRING_MARK = "b", "n", "s"

_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def fields_of(record: Record) -> dict[str, Value]:
    """The values that are stored beside the record."""
    values: dict[str, Value] = {"external_id": record.external_id} if record.external_id else {}
    _add_body(values, record, labels=False)
    if record.custom_fields.fields and (custom := _custom_object(record.custom_fields.fields)):
        values["custom_fields"] = custom
    return values


def values_of(record: Record) -> dict[str, Value]:
    """Every value a filter can name: what is stored, what the table has columns for, and the labels it holds."""
    values = fields_of(record)
    _add_body(values, record, labels=True)
    if record.id:
        values["id"] = record.id
    if record.version:
        values["version"] = record.version
    if record.HasField("create_time"):
        values["create_time"] = of_timestamp(record.create_time)
    if record.HasField("update_time"):
        values["update_time"] = of_timestamp(record.update_time)
    return values


def value_at(values: Mapping[str, Value], keys: Sequence[str]) -> Value | None:
    """The value under nested keys, None where there is none."""
    value: Value | None = values.get(keys[0])
    for key in keys[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def to_json(fields: Mapping[str, Value]) -> str:
    """The values as they are stored. Keys keep their characters: SQLite compares them as they are written."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def date_text(date: Date) -> str:
    """A full civil day, "2024-01-15"."""
    return f"{date.year:04}-{date.month:02}-{date.day:02}"


def of_duration(duration: Duration) -> int:
    """A length of time in whole microseconds, cut towards zero."""
    micros = abs(duration.nanos) // 1000
    return duration.seconds * SECOND + (micros if duration.nanos >= 0 else -micros)


def marked_number(number: float) -> str:
    """A finite number as text of fixed width whose order is the order of numbers."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))  # + 0.0 makes zero of minus zero
    if (bits >> 52) & 0x7FF == 0x7FF:
        raise ValueError(number)
    return f"{NUMBER_MARK}{(bits ^ _ALL) if bits & _SIGN else (bits | _SIGN):016x}"


def _add_body(values: dict[str, Value], record: Record, *, labels: bool) -> None:
    type_ = type_of(record)
    if not type_:
        return
    info = RECORD_TYPES[type_]
    readers = _readers(type_, labels=labels)
    for field, value in cast("Message", getattr(record, info.body_field)).ListFields():
        if (reader := readers.get(field.number)) and (form := reader(value)) not in ("", []):
            values[field.name] = form


@cache
def _readers(type_: int, *, labels: bool) -> Mapping[int, Callable[[Any], Value]]:
    """How each column is read, by field number: either the labels, or everything but labels and the key."""
    info: RecordTypeInfo = RECORD_TYPES[cast("Any", type_)]
    numbers = {field.name: field.number for field in info.body.fields}
    return {
        numbers[column.path]: _READERS[column.kind]
        for column in info.columns
        if column.path in numbers and numbers[column.path] != 1 and bool(column.label_of) is labels
    }


def _custom_object(fields: Mapping[str, StructValue]) -> dict[str, Value]:
    entries = ((key, _custom_value(value)) for key, value in fields.items())
    return {key: value for key, value in entries if value is not None}


def _custom_value(value: StructValue) -> Value | None:
    match value.WhichOneof("kind"):
        case "bool_value":
            return BOOL_MARK + ("true" if value.bool_value else "false")
        case "number_value":
            return marked_number(value.number_value)
        case "string_value":
            return STRING_MARK + value.string_value if value.string_value else None
        case "struct_value":
            return _custom_object(value.struct_value.fields) or None
        case "list_value":
            entries = map(_custom_value, value.list_value.values)
            return [entry for entry in entries if entry is not None] or None
        case _:
            return None


_READERS: Mapping[str, Callable[[Any], Value]] = {
    "string": str,
    "uuid": str,
    "bool": bool,
    "int": int,
    "enum": int,
    "decimal": lambda decimal: sortable(decimal.value) if decimal.value else "",
    "date": date_text,
    "timestamp": of_timestamp,
    "duration": of_duration,
    "list": list,
    "tags": lambda tags: [text for tag in tags for text in (tag.id, tag.name) if text],
}
