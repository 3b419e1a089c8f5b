"""How is one value read from JSON? Each kind of field says what it takes, and in words what it does not."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

#: What makes of plain JSON what a field holds; raises Wrong.
Read = Callable[[Any], Any]

#: How deep a Struct may go: each level is three of messages, of which protobuf takes a hundred.
DEEPEST: Final = 30

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_CAPITAL = re.compile(r"[A-Z]")
_LIMITS: Mapping[int, tuple[int, int]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}


class Wrong(Exception):
    """A value is not what its field holds; the sentence says what it has to be."""


def reader(field: FieldDescriptor) -> Read:
    """What reads one value of this field; of a message only if JSON writes it in a way of its own."""
    if field.message_type is not None:
        return WELL_KNOWN[field.message_type.full_name]
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    if field.cpp_type in _LIMITS:
        return _whole(*_LIMITS[field.cpp_type])
    return {FieldDescriptor.CPPTYPE_BOOL: _bool, FieldDescriptor.CPPTYPE_STRING: _text}.get(field.cpp_type, _number)


def whole_limits(field: FieldDescriptor) -> tuple[int, int]:
    """The least and the most that a field for whole numbers, or of an enum, can hold."""
    return _LIMITS.get(field.cpp_type, _LIMITS[FieldDescriptor.CPPTYPE_INT32])


def _text(plain: object) -> str:
    if isinstance(plain, str):
        return plain
    raise Wrong("must be a string")


def _bool(plain: object) -> bool:
    if isinstance(plain, bool):
        return plain
    raise Wrong("must be true or false")


def _whole(least: int, most: int) -> Read:
    def read(plain: object) -> int:
        if (isinstance(plain, str) and _WHOLE.fullmatch(plain)) or (isinstance(plain, float) and plain.is_integer()):
            plain = int(plain)
        if isinstance(plain, int) and not isinstance(plain, bool) and least <= plain <= most:
            return plain
        raise Wrong(f"must be a whole number, {least} to {most}")

    return read


def _number(plain: object) -> float:
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return plain
    if plain in {"NaN", "Infinity", "-Infinity"}:
        return float(str(plain))
    raise Wrong("must be a number")


def _bytes(plain: object) -> bytes:
    """Base64 of either alphabet, with or without padding."""
    try:
        text = _text(plain).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong("must be base64") from error


def _enum(described: EnumDescriptor) -> Read:
    numbers = {name: value.number for name, value in described.values_by_name.items()}
    by_number = _whole(*_LIMITS[FieldDescriptor.CPPTYPE_INT32])

    def read(plain: object) -> int:
        if isinstance(plain, int) and not isinstance(plain, bool):
            number: int = by_number(plain)
            return number
        if isinstance(plain, str) and plain in numbers:
            return numbers[plain]
        raise Wrong(f"must be one of {', '.join(numbers)}")

    return read


def _timestamp(plain: object) -> Timestamp:
    try:
        value = Timestamp()
        value.FromJsonString(_text(plain))
    except ValueError as error:
        raise Wrong('must be an instant, "2026-01-15T09:30:00Z"') from error
    return value


def _duration(plain: object) -> Duration:
    try:
        value = Duration()
        value.FromJsonString(_text(plain))
    except ValueError as error:
        raise Wrong('must be a length of time in seconds, "5400s"') from error
    return value


def _mask(plain: object) -> FieldMask:
    """Paths in ProtoJSON's form ("timeLog.startTime"), or as the contract has them ("time_log.start_time")."""
    text = _text(plain)
    return FieldMask(paths=[_in_contract(path) for path in text.split(",")] if text else [])


def _in_contract(path: str) -> str:
    return path if "_" in path else _CAPITAL.sub(lambda found: f"_{found.group().lower()}", path)


def _struct(plain: object) -> Struct:
    if not isinstance(plain, dict):
        raise Wrong("must be a JSON object")
    if _deeper_than(plain, DEEPEST):
        raise Wrong(f"must not be nested deeper than {DEEPEST} levels")
    value = Struct()
    value.update(plain)
    return value


def _deeper_than(plain: object, levels: int) -> bool:
    if isinstance(plain, dict):
        plain = list(plain.values())
    if not isinstance(plain, list):
        return False
    return levels == 0 or any(_deeper_than(each, levels - 1) for each in plain)


#: Messages that JSON writes in a way of their own.
WELL_KNOWN: Mapping[str, Read] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "google.protobuf.FieldMask": _mask,
    "google.protobuf.Struct": _struct,
}
