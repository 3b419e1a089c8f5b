"""What differs between two bodies of a type: one function per type, made from the descriptors.

A change touches few columns of thirty, but all are compared, for each update. So the comparisons are written out once
and compiled, as the columns of a rendered body are (`model/rendering/flat.py`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from google.protobuf.message import Message

from clockwire.model.columns import Column
from clockwire.model.record_types import RECORD_TYPES
from clockwire.v1.common_pb2 import RecordType

Differences = Callable[[Message, Message], list[str]]

_IF_OTHER = "if old.{path} != new.{path}: "
_IF_SET_OR_OTHER = (
    "if (is_set := new.HasField('{path}')) != old.HasField('{path}') or is_set and old.{path} != new.{path}: "
)


@cache
def differences_of(type_: "RecordType.ValueType") -> Differences:
    """The function that names what differs: paths relative to Record in the order of fields, without labels."""
    info = RECORD_TYPES[type_]
    columns = [column for column in info.columns[: len(info.body.fields)] if not column.label_of]
    lines = (f"{_condition(column)}paths.append('{info.body_field}.{column.path}')" for column in columns)
    names: dict[str, Any] = {}
    source = "\n ".join(["def differences(old, new):", "paths = []", *lines, "return paths"])
    exec(source, names)  # noqa: S102 -- the text is made from our own descriptors, never from input
    return cast("Differences", names["differences"])


def _condition(column: Column) -> str:
    """An unset value is not the same as an empty one, where the contract tells them apart."""
    return (_IF_SET_OR_OTHER if column.has_presence else _IF_OTHER).format(path=column.path)
