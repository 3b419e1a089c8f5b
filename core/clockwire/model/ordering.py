"""In which order records are listed, and where in that order a record stands.

Up to 3 paths, ascending or " desc". What has no value comes after what has one, in both directions; ties, and all that
has no value, are ordered by id. Text goes by code points, enums by their numbers, false before true.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clockwire.model.errors import FieldInvalid, PageTokenInvalid
from clockwire.model.filters.paths import Path, UnknownPath, path_of
from clockwire.model.record_fields import value_at, values_of
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

Scalar = str | int | bool | None

_MOST_KEYS = 3
_KEY = re.compile(r"\s*([A-Za-z_][\w.]*)(?:\s+(asc|desc))?\s*", re.ASCII)
_NOT_IN_AN_ORDER = {"list", "tags", "object"}
_TEXT_KINDS = {"string", "uuid", "decimal", "date"}
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One path to order by."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The keys, the most important first. The id is always the last and not among them."""

    keys: tuple[OrderKey, ...]

    def position_of(self, record: Record) -> tuple[Scalar, ...]:
        """Where the record stands: the value of each key, then its id."""
        values = values_of(record)
        return (*(_scalar(value_at(values, key.path.keys)) for key in self.keys), record.id)

    def check_position(self, position: Sequence[Scalar]) -> None:
        """Raises PageTokenInvalid unless these can be the values of this order's keys, and an id."""
        kinds = [*(key.path.kind for key in self.keys), "id"]
        if len(position) != len(kinds) or not all(map(_fits, kinds, position)):
            raise PageTokenInvalid("is malformed")


def parse_order(text: str, record_type: "RecordType.ValueType") -> Order:
    """The order that *text* writes down: "date desc, user_name". Raises FieldInvalid."""
    if not text.strip():
        return Order(())
    parts = text.split(",")
    if len(parts) > _MOST_KEYS:
        raise FieldInvalid.of("order_by", f"at most {_MOST_KEYS} paths are allowed")
    keys = tuple(_key(part, record_type) for part in parts)
    if len({key.path.name for key in keys}) < len(keys):
        raise FieldInvalid.of("order_by", "each path may be named once")
    return Order(keys)


def _key(part: str, record_type: "RecordType.ValueType") -> OrderKey:
    match = _KEY.fullmatch(part)
    if match is None:
        raise FieldInvalid.of("order_by", f'{part.strip()[:100]!r} is not a path, or a path and " desc"')
    try:
        path = path_of(match[1].split("."), record_type)
    except UnknownPath as error:
        raise FieldInvalid.of("order_by", str(error)) from error
    if path.kind in _NOT_IN_AN_ORDER:
        raise FieldInvalid.of("order_by", f"{path.name} holds no single value of one kind to order by")
    return OrderKey(path, descending=match[2] == "desc")


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, str | int) else None


def _fits(kind: str, value: Scalar) -> bool:
    if kind == "id":
        return isinstance(value, str) and _is_text(value)
    if value is None:
        return True
    if kind in _TEXT_KINDS:
        return isinstance(value, str) and _is_text(value)
    if kind == "bool":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_INTEGER


def _is_text(value: str) -> bool:
    """Whether a database takes it as text."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
