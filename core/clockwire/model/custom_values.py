"""What of custom fields can be compared: each scalar as a text that begins with the mark of its kind."""

import struct
from collections.abc import Mapping

from google.protobuf.struct_pb2 import Value as StructValue

Value = str | int | list["Value"] | dict[str, "Value"]

# The marks keep the kinds apart and in an order; none can be taken for the beginning of JSON.
BOOL_MARK, NUMBER_MARK, STRING_MARK = "b", "n", "s"

_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def custom_values(fields: Mapping[str, StructValue]) -> dict[str, Value]:
    """What of the fields of an object can be compared, by key."""
    entries = ((key, _value(value)) for key, value in fields.items())
    return {key: value for key, value in entries if value is not None}


def marked_number(number: float) -> str:
    """A finite number as text of fixed width whose order is the order of numbers."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))  # + 0.0 makes zero of minus zero
    if (bits >> 52) & 0x7FF == 0x7FF:
        raise ValueError(number)
    return f"{NUMBER_MARK}{(bits ^ _ALL) if bits & _SIGN else (bits | _SIGN):016x}"


def _value(value: StructValue) -> Value | None:
    match value.WhichOneof("kind"):
        case "bool_value":
            return BOOL_MARK + ("true" if value.bool_value else "false")
        case "number_value":
            return marked_number(value.number_value)
        case "string_value":
            return STRING_MARK + value.string_value if value.string_value else None
        case "struct_value":
            return custom_values(value.struct_value.fields) or None
        case "list_value":
            entries = map(_value, value.list_value.values)
            return [entry for entry in entries if entry is not None] or None
        case _:
            return None
