"""How is a message written as JSON? As ProtoJSON says (https://protobuf.dev/programming-guides/json/), by tables.

The library's own writer asks the descriptor of each field of each message anew, which costs several times the call that
is answered. Here each kind of message is looked at once.
"""

import base64
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

_UNDERSCORE = re.compile(r"_([a-z])")
#: A path that ProtoJSON can write, and read again as it was.
_PLAIN_PATH = re.compile(r"(?:[^A-Z_,]|_(?=[a-z]))*")
#: Below this a float stands for one whole number.
_EXACT = 1 << 53

#: What makes plain JSON of a field's value, of whatever type that is.
Write = Callable[[Any], Any]

_AS_TEXT = frozenset({FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64})


def json_of(message: Message) -> bytes:
    """The message as JSON; what is at its default is left out."""
    return orjson.dumps(_written(message))


def is_map(field: FieldDescriptor) -> bool:
    """Whether the field holds values by keys."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _written(message: Message) -> dict[str, Any]:
    columns = _columns(message.DESCRIPTOR)
    plain = {}
    for field, value in message.ListFields():
        name, write = columns[field.number]
        plain[name] = value if write is None else write(value)
    return plain


@cache
def _columns(descriptor: Descriptor) -> Mapping[int, tuple[str, Write | None]]:
    """Name and writing of each field, by its number; None where the value is JSON already."""
    return {field.number: (field.json_name, _write(field)) for field in descriptor.fields}


def _write(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None and is_map(field):
        return _map(_write_one(field.message_type.fields_by_name["value"]))
    one = _write_one(field)
    if field.is_repeated:
        return list if one is None else lambda values: [one(each) for each in values]
    return one


def _map(one: Write | None) -> Write:
    return lambda values: {_key(key): value if one is None else one(value) for key, value in values.items()}


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _write_one(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None:
        write: Write = _WELL_KNOWN.get(field.message_type.full_name, _written)
        return write
    if field.enum_type is not None:
        names: dict[int, str] = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode()
    return str if field.cpp_type in _AS_TEXT else None


def _json_string(value: Any) -> str:  # noqa: ANN401 - a time or a length of time
    text: str = value.ToJsonString()
    return text


def _mask(mask: FieldMask) -> str:
    """The paths in ProtoJSON's form, but for keys of custom fields that it has no form for: they stand as they are."""
    return ",".join(
        _UNDERSCORE.sub(lambda found: found[1].upper(), path) if _PLAIN_PATH.fullmatch(path) else path
        for path in mask.paths
    )


def _struct(struct: Struct) -> dict[str, Any]:
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Value) -> object:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(each) for each in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) < _EXACT else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
    return None


_WELL_KNOWN: Mapping[str, Write] = {
    "google.protobuf.Timestamp": _json_string,
    "google.protobuf.Duration": _json_string,
    "google.protobuf.FieldMask": _mask,
    "google.protobuf.Struct": _struct,
}
