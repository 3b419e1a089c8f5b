"""What a rule sees of a change, and how a rule fills what was left open.

The rules of a type are a sequence of steps, taken in order. A step either derives a field or checks something.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter, methodcaller
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import Instant
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.rules.rate_book import RateBook
from clockwire.model.workspace import Workspace
from clockwire.v1.records_pb2 import Record

B = TypeVar("B", bound=Message)

# A field's name says whether it can be unset, and holds a message: it is the same in every type that has the field.
_FIELDS = [each for info in RECORD_TYPES.values() for each in info.body.fields]
_CAN_BE_UNSET = {each.name for each in _FIELDS if each.has_presence}
_MESSAGES = {each.name for each in _FIELDS if each.message_type}
_REFERENCES = {each.path for info in RECORD_TYPES.values() for each in info.columns if each.reference_type}


class Around(Protocol):
    """What stands around a record that changes. Every record that it refers to is known to exist."""

    @property
    def now(self) -> Instant:
        """The time of the change."""
        ...

    @property
    def workspace(self) -> Workspace:
        """The settings that records fall back on."""
        ...

    def find(self, id_: str) -> Record | None:
        """A record of the workspace as it is at this point of the change."""
        ...

    def rates(self) -> RateBook:
        """The billing rates of the workspace."""
        ...

    def has_users(self, id_: str, field: str) -> bool:
        """Whether any record refers to this one with this field."""
        ...

    def users_of(self, id_: str, field: str, *, types: Sequence[int]) -> Sequence[Record]:
        """The records of these types that refer to this one with this field."""
        ...


@dataclass(slots=True)
class Change(Generic[B]):
    """A record that is about to be written. `body` is a copy of the new state, which the steps complete."""

    id: str
    body: B
    #: The body as it is stored; None for a creation.
    before: B | None
    #: The fields of the body that the caller wrote in an update: they are not derived from others.
    sent: AbstractSet[str]
    around: Around
    #: How the body is called in Record, "time_log".
    name: str
    #: The bodies of other records that were asked for, by the field that refers to them; see `places.py`.
    targets: dict[str, Any] = field(default_factory=dict)

    def wrote(self, field_: str) -> bool:
        """Whether the caller wrote the field; in a creation, whatever was not derived."""
        return self.before is None or field_ in self.sent

    def is_open(self, field_: str, after: Sequence[str] = ()) -> bool:
        """Whether the field is to be derived: it is empty, or follows from one that changed and was not written."""
        is_filled = self.body.HasField(field_) if field_ in _CAN_BE_UNSET else getattr(self.body, field_)
        return not is_filled or self.is_stale(field_, after)

    def is_stale(self, field_: str, after: Sequence[str]) -> bool:
        """Whether the field follows from one that changed, and nobody wrote it."""
        return self.before is not None and bool(after) and field_ not in self.sent and self.changes(*after)

    def assign(self, field_: str, value: Any) -> None:  # noqa: ANN401 - whatever type the field has
        """The field has this value; None: no value."""
        _putter(field_)(self, value)

    def changes(self, *fields: str) -> bool:
        """Whether one of these fields changes. Everything does in a creation."""
        before = self.before
        return before is None or any(getattr(before, each) != getattr(self.body, each) for each in fields)

    def refuse(self, field: str, description: str) -> FieldInvalid:
        """The error for a wrong value of a field."""
        return FieldInvalid.of(self.path(field), description)

    def path(self, field: str) -> str:
        """The field as errors name it, "record.time_log.date"."""
        return f"record.{self.name}.{field}"


Step = Callable[[Change[Any]], None]


@cache
def _putter(name: str) -> Callable[[Change[Any], Any], None]:
    """The function that gives a field a value, or none: what it takes for this field is found out once."""
    is_message, is_reference = name in _MESSAGES, name in _REFERENCES

    def put(change: Change[Any], value: Any) -> None:  # noqa: ANN401
        if value is None:
            change.body.ClearField(name)
        elif is_message:
            getattr(change.body, name).CopyFrom(value)
        else:
            setattr(change.body, name, value)
        if is_reference:
            change.targets.pop(name, None)

    return put


def derive(name: str, by: Callable[[Change[Any]], Any], *, after: Sequence[str] = ()) -> Step:
    """The step that fills a field nobody wrote: if it is empty, or one of the fields it comes *after* has changed."""
    look = methodcaller("HasField", name) if name in _CAN_BE_UNSET else attrgetter(name)
    put = _putter(name)

    def step(change: Change[Any]) -> None:
        is_filled = look(change.body)
        if is_filled and (change.before is None or not change.is_stale(name, after)):
            return
        value = by(change)
        if is_filled or value is not None:
            put(change, value)

    return step


def compute(name: str, by: Callable[[Change[Any]], Any]) -> Step:
    """The step that gives a field its value in every change, whatever it was."""
    put = _putter(name)

    def step(change: Change[Any]) -> None:
        put(change, by(change))

    return step


def in_order(first: str, last: str) -> Step:
    """The step that refuses a period that ends before it begins."""

    def step(change: Change[Any]) -> None:
        one, other = getattr(change.body, first), getattr(change.body, last)
        if one.year and other.year and (one.year, one.month, one.day) > (other.year, other.month, other.day):
            raise change.refuse(last, f"must not be before {first}")

    return step
