"""What JSON may stand for a message? A JSON Schema of each, from its descriptor and the contract's comments.

The schemas say what is read: a field may be null, which is as if it were not there, and a whole number may be text.
What is written is a part of that.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from clockwire.web.json_values import whole_limits
from clockwire.web.json_writing import is_map

Schema = dict[str, Any]

_PACKAGE: Final = "clockwire.v1."
#: What text may stand for a whole number.
WHOLE_TEXT: Final = "^-?[0-9]{1,20}$"

_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time", "example": "2026-01-15T09:30:00Z"},
    "google.protobuf.Duration": {
        "type": "string",
        "description": "Seconds.",
        "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$",
        "example": "5400s",
    },
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Paths of fields by their names in the contract, with commas between.",
        "example": "record.project.project_name",
    },
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
}


def schemas_of(*kinds: type[Message]) -> dict[str, Schema]:
    """The schema of messages of these kinds and of all that is in them, by the name it is referred to with."""
    found: dict[str, Descriptor] = {}
    waiting = [cast("Descriptor", kind.DESCRIPTOR) for kind in kinds]
    while waiting:
        message = waiting.pop()
        if found.setdefault(name_of(message), message) is message:
            waiting += [each for each in _parts(message) if name_of(each) not in found]
    return {name: _object(found[name]) for name in sorted(found)}


def reference(kind: type[Message]) -> Schema:
    """Stands for the schema of messages of this kind."""
    return _reference(cast("Descriptor", kind.DESCRIPTOR))


def name_of(described: Descriptor | EnumDescriptor) -> str:
    """Its name, without the package of the contract."""
    return described.full_name.removeprefix(_PACKAGE)


@cache
def comments() -> Mapping[str, str]:
    """The contract's comments, by the name of what they stand at: "Project.project_name"."""
    found: dict[str, str] = json.loads(Path(__file__).with_name("comments.json").read_text(encoding="utf-8"))
    return found


def _reference(message: Descriptor) -> Schema:
    return {"$ref": f"#/components/schemas/{name_of(message)}"}


def _parts(message: Descriptor) -> Iterator[Descriptor]:
    for field in message.fields:
        held = field.message_type.fields_by_name["value"] if field.message_type and is_map(field) else field
        if held.message_type is not None and held.message_type.full_name not in _WELL_KNOWN:
            yield held.message_type


def _object(message: Descriptor) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {field.json_name: _described(message, field) for field in message.fields},
        "additionalProperties": False,
    }
    return _with_comment(schema, name_of(message))


def _described(message: Descriptor, field: FieldDescriptor) -> Schema:
    return _with_comment(_or_null(_schema(field)), f"{name_of(message)}.{field.name}")


def _with_comment(schema: Schema, name: str) -> Schema:
    text = " ".join(filter(None, (comments().get(name), schema.get("description"))))
    return schema | {"description": text} if text else schema


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _schema(field: FieldDescriptor) -> Schema:
    if field.message_type is not None and is_map(field):
        return {"type": "object", "additionalProperties": _one(field.message_type.fields_by_name["value"])}
    if field.is_repeated:
        return {"type": "array", "items": _one(field)}
    return _one(field)


def _one(field: FieldDescriptor) -> Schema:
    if field.message_type is not None:
        known = _WELL_KNOWN.get(field.message_type.full_name)
        return dict(known) if known else _reference(field.message_type)
    if field.enum_type is not None:
        return {"anyOf": [{"type": "string", "enum": list(field.enum_type.values_by_name)}, _whole(field)]}
    if field.type == FieldDescriptor.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    kinds = {FieldDescriptor.CPPTYPE_BOOL: "boolean", FieldDescriptor.CPPTYPE_STRING: "string"}
    if field.cpp_type in kinds:
        return {"type": kinds[field.cpp_type]}
    return {"anyOf": [_whole(field), {"type": "string", "pattern": WHOLE_TEXT}]}


def _whole(field: FieldDescriptor) -> Schema:
    least, most = whole_limits(field)
    return {"type": "integer", "minimum": least, "maximum": most}
