"""What a rule sees of a change, and how a rule fills what was left open.

The rules of a type are a sequence of steps, taken in order. A step either derives a field or checks something.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import Instant
from clockwire.model.workspace import Workspace
from clockwire.v1.records_pb2 import BillingRate, Record

B = TypeVar("B", bound=Message)


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

    def rates(self) -> Sequence[BillingRate]:
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
    #: The fields of the body that the caller wrote: they are not derived from others.
    sent: AbstractSet[str]
    around: Around
    #: How the body is called in Record, "time_log".
    name: str

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


def derive(field: str, by: Callable[[Change[Any]], Any], *, after: Sequence[str] = ()) -> Step:
    """The step that fills a field nobody wrote: if it is empty, or one of the fields it comes *after* has changed."""

    def step(change: Change[Any]) -> None:
        body = change.body
        stale = change.before is not None and field not in change.sent and after and change.changes(*after)
        if stale or not is_set(body, field):
            assign(body, field, by(change))

    return step


def compute(field: str, by: Callable[[Change[Any]], Any]) -> Step:
    """The step that gives a field its value in every change, whatever it was."""

    def step(change: Change[Any]) -> None:
        assign(change.body, field, by(change))

    return step


def in_order(first: str, last: str) -> Step:
    """The step that refuses a period that ends before it begins."""

    def step(change: Change[Any]) -> None:
        one, other = getattr(change.body, first), getattr(change.body, last)
        if one.year and other.year and (one.year, one.month, one.day) > (other.year, other.month, other.day):
            raise change.refuse(last, f"must not be before {first}")

    return step


def is_set(body: Message, field: str) -> bool:
    """Whether the field has a value."""
    value = getattr(body, field)
    if isinstance(value, Message) or value is False or value == 0:
        return body.DESCRIPTOR.fields_by_name[field].has_presence and body.HasField(field)
    return bool(value)


def assign(body: Message, field: str, value: Any) -> None:  # noqa: ANN401 - whatever type the field has
    """The field has this value; None: no value."""
    if value is None:
        body.ClearField(field)
    elif isinstance(value, Message):
        getattr(body, field).CopyFrom(value)
    else:
        setattr(body, field, value)
