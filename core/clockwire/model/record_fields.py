"""What of a record can be compared: its values in a form whose order is theirs, in Python and on any database.

| kind                        | form                                                                               |
|-----------------------------|------------------------------------------------------------------------------------|
| string, uuid                | the text                                                                           |
| bool; int; enum             | true or false; the number; the number                                              |
| timestamp, duration         | whole microseconds                                                                 |
| date                        | "2024-01-15"                                                                       |
| decimal                     | 25 digits, `model/decimals.py`                                                     |
| list; tags                  | array of texts; array of the ids and the names                                     |
| object (custom fields)      | nested objects and arrays of marked texts, `model/custom_values.py`                 |

What is not set has no entry: a custom null, "", {} or [] neither. Labels repeat other records and would grow stale,
so they are never stored; nor is what the table has a column for (id, version, create_time, update_time).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

import orjson
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from clockwire.model.columns import Column
from clockwire.model.custom_values import Value, custom_values
from clockwire.model.decimals import sortable
from clockwire.model.instants import SECOND, of_timestamp
from clockwire.model.record_types import RECORD_TYPES, SUBJECTS, TIMER, type_of
from clockwire.model.states import State
from clockwire.v1.common_pb2 import RecordType, Tag
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

_Reader = Callable[[dict[str, Value], Message], None]


def fields_of(record: Record) -> dict[str, Value]:
    """The values that are stored beside the record."""
    values: dict[str, Value] = {"external_id": record.external_id} if record.external_id else {}
    if type_ := type_of(record):
        _reader(type_, labels=False)(values, getattr(record, RECORD_TYPES[type_].body_field))
    if record.HasField("custom_fields") and (custom := custom_values(record.custom_fields.fields)):
        values["custom_fields"] = custom
    return values


def values_of(state: State) -> dict[str, Value]:
    """Every value a filter can name: what is stored, what the table has columns for, and the labels it holds."""
    return _values_of_timer(state) if isinstance(state, Timer) else _values_of_record(state)


def _values_of_timer(timer: Timer) -> dict[str, Value]:
    values: dict[str, Value] = {"id": timer.id} if timer.id else {}
    for labels in (False, True):
        _reader(TIMER.type, labels=labels)(values, timer)
    return values


def _values_of_record(record: Record) -> dict[str, Value]:
    values = fields_of(record)
    if type_ := type_of(record):
        _reader(type_, labels=True)(values, getattr(record, RECORD_TYPES[type_].body_field))
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
    return orjson.dumps(fields).decode()


def date_text(date: Date) -> str:
    """A full civil day, "2024-01-15"."""
    return _day(date.year, date.month, date.day)


def of_duration(duration: Duration) -> int:
    """A length of time in whole microseconds, cut towards zero."""
    micros = abs(duration.nanos) // 1000
    return duration.seconds * SECOND + (micros if duration.nanos >= 0 else -micros)


def _tags(tags: Sequence[Tag]) -> list[Value]:
    return [text for tag in tags for text in (tag.id, tag.name) if text]


# What comes again from record to record is remembered: the amounts, of which there are few, and the days.
_sortable = lru_cache(4096)(sortable)


@lru_cache(4096)
def _day(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}"


_IF_NOT_EMPTY = "if value := body.{path}: values['{path}'] = "
_IF_SET = "if has('{path}'): values['{path}'] = "
_STATEMENTS = {
    "string": _IF_NOT_EMPTY + "value",
    "uuid": _IF_NOT_EMPTY + "value",
    "enum": _IF_NOT_EMPTY + "value",
    "int": _IF_NOT_EMPTY + "value",
    "optional int": _IF_SET + "body.{path}",
    "bool": _IF_SET + "body.{path}",
    "decimal": "if value := body.{path}.value: values['{path}'] = sortable(value)",
    "date": _IF_SET + "date(body.{path})",
    "timestamp": _IF_SET + "timestamp(body.{path})",
    "duration": _IF_SET + "duration(body.{path})",
    "list": _IF_NOT_EMPTY + "list(value)",
    "tags": "if value := tags(body.{path}): values['{path}'] = value",
}


@cache
def _reader(type_: "RecordType.ValueType", *, labels: bool) -> _Reader:
    """The function that adds columns of a body to values: either the labels, or everything but labels and the key.

    It is written out once, a statement for each column, and compiled: a type has some thirty columns, and each write
    reads them all. Its text holds nothing but paths of the descriptors.
    """
    info = SUBJECTS[type_]
    own = [column for column in info.columns[1 : len(info.body.fields)] if not column.is_actor]
    columns = [column for column in own if bool(column.label_of) is labels]
    lines = (_STATEMENTS[_form(column)].format(path=column.path) for column in columns)
    names: dict[str, Any] = {
        "sortable": _sortable,
        "date": date_text,
        "timestamp": of_timestamp,
        "duration": of_duration,
        "tags": _tags,
    }
    exec("\n ".join(["def read(values, body):", "has = body.HasField", *lines, "return"]), names)  # noqa: S102 -- our own text, never input
    return cast("_Reader", names["read"])


def _form(column: Column) -> str:
    return "optional int" if column.kind == "int" and column.has_presence else column.kind
