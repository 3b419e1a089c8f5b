"""What filters ask of an event, gathered once: its type, and what its record or timer is or was about."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import or_
from typing import NamedTuple, cast

from google.protobuf.message import Message

from clockwire.model.record_types import SUBJECTS
from clockwire.model.states import State
from clockwire.v1.common_pb2 import (
    ORIGIN_UNSPECIFIED,
    RECORD_TYPE_CLIENT,
    RECORD_TYPE_PROJECT,
    RECORD_TYPE_USER,
    Origin,
    RecordType,
)
from clockwire.v1.events_pb2 import Event

# What an index keeps the ids of, in the order of its fields.
_TARGETS = (RECORD_TYPE_PROJECT, RECORD_TYPE_CLIENT, RECORD_TYPE_USER)


class EventIndex(NamedTuple):
    """The part of an event that most filters need.

    The sets hold what the state before or the state after refers to, and the record itself where it is of that type.
    """

    type: str
    record_type: "RecordType.ValueType"
    record_id: str
    project_ids: frozenset[str] = frozenset()
    client_ids: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    changed_paths: tuple[str, ...] = ()
    origin: "Origin.ValueType" = ORIGIN_UNSPECIFIED
    api_key_id: str = ""

    @property
    def about(self) -> Sequence[str]:
        """The ids of all that the event is about; one may come twice."""
        return (self.record_id, *self.project_ids, *self.client_ids, *self.user_ids)


def index_of(event: Event, before: State | None) -> EventIndex:
    """The index of an event, whose record or timer had the state *before* (None if it is new)."""
    record_type, record_id = event.record_type, event.record_id
    body, mentioned = SUBJECTS[record_type].body_field, _mentioned(record_type)
    after = getattr(event.record, body) if record_type else event.timer
    ids = mentioned(after)  # after a deletion of an empty one
    if before is not None:
        ids = [*map(or_, ids, mentioned(getattr(before, body) if record_type else before))]
    if record_type in _TARGETS:
        ids = [each | {record_id} if type_ == record_type else each for type_, each in zip(_TARGETS, ids, strict=True)]
    projects, clients, users = ids
    return EventIndex(
        type=event.type,
        record_type=record_type,
        record_id=record_id,
        project_ids=projects,
        client_ids=clients,
        user_ids=users,
        changed_paths=tuple(event.changed_paths.paths) if event.HasField("changed_paths") else (),
        origin=event.origin,
        api_key_id=event.actor.api_key_id,
    )


@cache
def _mentioned(type_: "RecordType.ValueType") -> Callable[[Message], Sequence[frozenset[str]]]:
    """The function that finds the ids of each target that a body holds: its columns written out once, and compiled."""
    sets = ", ".join(f"frozenset(filter(None, [{', '.join(_references(type_, target))}]))" for target in _TARGETS)
    find = eval(f"lambda body: ({sets})")  # noqa: S307 -- the text is made from our own descriptors, never from input
    return cast("Callable[[Message], Sequence[frozenset[str]]]", find)


def _references(type_: "RecordType.ValueType", target: "RecordType.ValueType") -> Iterator[str]:
    for column in SUBJECTS[type_].columns:
        if column.reference_type == target:
            yield f"*body.{column.path}" if column.kind == "list" else f"body.{column.path}"
