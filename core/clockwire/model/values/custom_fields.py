"""Which custom fields are accepted: any JSON object, within bounds."""

import json
import math

from google.protobuf.struct_pb2 import Struct, Value

from clockwire.model.errors import FieldInvalid
from clockwire.model.values.text import check_text

_LARGEST = 16 * 1024  # bytes of UTF-8, as JSON without blanks
_DEEPEST = 10
_LONGEST_KEY = 200
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Plain = None | bool | float | str | list["Plain"] | dict[str, "Plain"]


def check_custom_fields(field: str, struct: Struct) -> None:
    """The object fits: at most 16 KiB as JSON, 10 levels, keys of 1 to 200 characters. Its text becomes NFC."""
    plain = _object(field, struct, depth=1)
    size = len(_JSON.encode(plain).encode())
    if size > _LARGEST:
        raise FieldInvalid.of(field, f"has {size:,} bytes as JSON, at most {_LARGEST:,} are allowed")
    normal = Struct()
    normal.update(plain)
    struct.CopyFrom(normal)


def _object(field: str, struct: Struct, *, depth: int) -> dict[str, Plain]:
    if depth > _DEEPEST:
        raise FieldInvalid.of(field, f"objects and lists may be nested {_DEEPEST} deep")
    entries: dict[str, Plain] = {}
    for written, value in struct.fields.items():
        key = check_text(f"{field}.{written[:60]}", written, _LONGEST_KEY, minimum=1)
        if key in entries:
            raise FieldInvalid.of(f"{field}.{key}", "is there twice, written with different characters")
        entries[key] = _value(f"{field}.{key}", value, depth=depth)
    return entries


def _value(field: str, value: Value, *, depth: int) -> Plain:
    match value.WhichOneof("kind"):
        case "string_value":
            return check_text(field, value.string_value, _LARGEST)
        case "number_value":
            if not math.isfinite(value.number_value):
                raise FieldInvalid.of(field, "must be a finite number")
            return value.number_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _object(field, value.struct_value, depth=depth + 1)
        case "list_value":
            if depth == _DEEPEST:
                raise FieldInvalid.of(field, f"objects and lists may be nested {_DEEPEST} deep")
            return [_value(field, entry, depth=depth + 1) for entry in value.list_value.values]
        case _:
            return None
