"""How one field's value is written as plain JSON, and read back.

    date        "2024-01-15"                        number of money, rate, quantity   "125.50"
    instant     "2024-01-15T10:00:00Z"              length of time                    "5400s"
    enum        "InProgress"                        tags                              ["on site", "night"]

Reading takes Python's own values as well (date, aware datetime, timedelta, Decimal, int, bool), lengths also as
"H:MM" or "H:MM:SS", and numbers and booleans as text, because templates make text of everything. A float is refused
where an exact number is meant.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from google.protobuf import json_format
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage

from clockwire.v1.common_pb2 import Actor, Tag

# What a field of a message holds, of whichever kind it is.
FieldValue = Any

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def plain_value(field: FieldDescriptor, value: FieldValue) -> Plain:
    """*value* of *field* as JSON."""
    if is_repeated(field):
        return [_plain_one(field, each) for each in value]
    return _plain_one(field, value)


def parsed_value(field: FieldDescriptor, value: object) -> FieldValue:
    """What a message's constructor takes for *field*; ValueError, naming the field, for what cannot be meant."""
    try:
        if is_repeated(field):
            return [_parsed_one(field, each) for each in _many(value)]
        return _parsed_one(field, value)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        sentence = f"{field.name}: {value!r} is not {_MEANT[_kind(field)]}"
        raise ValueError(f"{sentence} ({error})" if isinstance(error, _Refused) else sentence) from error


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether *field* holds many. protobuf 7 has `is_repeated`, protobuf 5 only the `label` that 7 took away."""
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(getattr(field, "label") == FieldDescriptor.LABEL_REPEATED)  # noqa: B009 - not in today's types


class _Refused(ValueError):
    """A value that is refused for a reason worth saying."""


def _plain_one(field: FieldDescriptor, value: FieldValue) -> Plain:
    write = _WRITE.get(_kind(field))
    if write is not None:
        return write(value)
    if field.enum_type is not None:
        return _word(field.enum_type, value)
    return cast("Plain", value)


def _parsed_one(field: FieldDescriptor, value: object) -> FieldValue:
    if field.enum_type is not None:
        return _number(field.enum_type, value)
    return _READ[_kind(field)](value)


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return str(field.message_type.name)
    if field.enum_type is not None:
        return "enum"
    return {FieldDescriptor.CPPTYPE_STRING: "text", FieldDescriptor.CPPTYPE_BOOL: "bool"}.get(field.cpp_type, "int")


def _many(value: object) -> Iterable[object]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _Refused("a list is needed here")
    return value


def _word(enum: EnumDescriptor, number: int) -> Plain:
    """The value's name without its prefix, in PascalCase; None for UNSPECIFIED."""
    if number == 0:
        return None
    name = enum.values_by_number[number].name if number in enum.values_by_number else str(number)
    return "".join(part.capitalize() for part in name.removeprefix(_prefix(enum)).split("_"))


def _number(enum: EnumDescriptor, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    wanted = str(value).upper().removeprefix(_prefix(enum)).replace("_", "")
    words = {each.name.removeprefix(_prefix(enum)).replace("_", ""): each.number for each in enum.values if each.number}
    if wanted not in words:
        raise _Refused("one of " + ", ".join(str(_word(enum, each.number)) for each in enum.values if each.number))
    return words[wanted]


def _prefix(enum: EnumDescriptor) -> str:
    """What the contract puts before the names of an enum: "PROJECT_STATUS_" for ProjectStatus."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper() + "_"


def _text(value: object) -> str:
    if isinstance(value, bool | bytes | Mapping | list | tuple):
        raise _Refused("text is needed here")
    return str(value)


def _bool(value: object) -> bool:
    if str(value).lower() not in {"true", "false"}:
        raise _Refused("true or false")
    return str(value).lower() == "true"


def _int(value: object) -> int:
    if isinstance(value, bool | float):
        raise _Refused("a whole number is needed here")
    return int(cast("str", value))


def _decimal(value: object) -> DecimalMessage:
    if isinstance(value, bool | float):
        raise _Refused('floats are not exact: write it as text, "125.50", or as a Decimal')
    number = Decimal(cast("str", value))
    if not number.is_finite():
        raise _Refused("a finite number is needed here")
    return DecimalMessage(value=format(number, "f"))


def _date(value: object) -> Date:
    day = value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None
    day = day or dt.date.fromisoformat(cast("str", value))
    return Date(year=day.year, month=day.month, day=day.day)


def parsed_instant(value: object) -> Timestamp:
    """An aware datetime, or RFC 3339 text."""
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(cast("str", value))
    if moment.tzinfo is None:
        raise _Refused("a time needs its offset: 2024-01-15T10:00:00Z")
    instant = Timestamp()
    instant.FromDatetime(moment)
    return instant


def _duration(value: object) -> Duration:
    length = Duration()
    length.FromTimedelta(value if isinstance(value, dt.timedelta) else _length(str(value)))
    return length


_CLOCK = re.compile(r"(\d+):([0-5]\d)(?::([0-5]\d))?")


def _length(text: str) -> dt.timedelta:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not text.endswith("s") or not math.isfinite(float(text[:-1])):
        raise _Refused('a bare number does not say its unit: write "5400s", "1:30" or a timedelta')
    return dt.timedelta(microseconds=int(Decimal(text[:-1]).scaleb(6)))


def _tag(value: object) -> Tag:
    if isinstance(value, Mapping):
        return Tag(id=str(value.get("id") or ""), name=str(value.get("name") or ""))
    return Tag(name=_text(value))


def _struct(value: object) -> Struct:
    if not isinstance(value, Mapping):
        raise _Refused("a mapping is needed here")
    struct = Struct()
    struct.update(dict(value))
    return struct


def _plain_actor(actor: Actor) -> Plain:
    return {
        "kind": _word(Actor.Kind.DESCRIPTOR, actor.kind),
        "api_key_id": actor.api_key_id or None,
        "user_id": actor.user_id or None,
        "display_name": actor.display_name or None,
        "inbound_hook_id": actor.inbound_hook_id or None,
    }


def _actor(value: object) -> Actor:
    """What `_plain_actor` wrote; the server sets actors itself and does not read them."""
    if not isinstance(value, Mapping):
        raise _Refused("a mapping is needed here")
    kind = _number(Actor.Kind.DESCRIPTOR, value["kind"]) if value.get("kind") else 0
    texts = {name: str(value.get(name) or "") for name in ("api_key_id", "user_id", "display_name", "inbound_hook_id")}
    return Actor(kind=cast("Actor.Kind.ValueType", kind), **texts)


_WRITE: dict[str, Callable[[Any], Plain]] = {
    "text": lambda value: value or None,
    "Date": lambda value: f"{value.year:04}-{value.month:02}-{value.day:02}",
    "Decimal": lambda value: str(value.value),
    "Timestamp": lambda value: str(value.ToJsonString()),
    "Duration": lambda value: str(value.ToJsonString()),
    "Struct": json_format.MessageToDict,
    "Tag": lambda value: str(value.name),
    "Actor": _plain_actor,
}
_READ: dict[str, Callable[[object], Any]] = {
    "text": _text,
    "bool": _bool,
    "int": _int,
    "Date": _date,
    "Decimal": _decimal,
    "Timestamp": parsed_instant,
    "Duration": _duration,
    "Struct": _struct,
    "Tag": _tag,
    "Actor": _actor,
}
_MEANT = {
    "text": "text",
    "bool": "a boolean",
    "int": "a whole number",
    "enum": "one of its values",
    "Date": "a day like 2024-01-15",
    "Decimal": "an exact number",
    "Timestamp": "a time like 2024-01-15T10:00:00Z",
    "Duration": "a length of time like 5400s",
    "Struct": "an object",
    "Tag": "a tag",
    "Actor": "an actor",
}
