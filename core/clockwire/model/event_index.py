"""What filters ask of an event, gathered once: its type, and what its record is or was about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from clockwire.model.record_types import RECORD_TYPES
from clockwire.v1.common_pb2 import Origin, RecordType
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIndex:
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
    origin: "Origin.ValueType" = Origin.ORIGIN_UNSPECIFIED
    api_key_id: str = ""

    @property
    def about(self) -> Iterator[str]:
        """The ids of all that the event is about; one may come twice."""
        yield self.record_id
        yield from self.project_ids
        yield from self.client_ids
        yield from self.user_ids


def index_of(event: Event, before: Record | None) -> EventIndex:
    """The index of an event, whose record had the state *before* (None if it is new)."""
    ids: _Ids = {target: set() for target in _TARGETS}
    if before is not None:
        _collect(ids, before, event.record_type)
    if event.HasField("record"):
        _collect(ids, event.record, event.record_type)
    if event.record_type in ids:
        ids[event.record_type].add(event.record_id)
    projects, clients, users = ids.values()
    return EventIndex(
        type=event.type,
        record_type=event.record_type,
        record_id=event.record_id,
        project_ids=frozenset(projects),
        client_ids=frozenset(clients),
        user_ids=frozenset(users),
        changed_paths=tuple(event.changed_paths.paths),
        origin=event.origin,
        api_key_id=event.actor.api_key_id,
    )


_Ids = dict["RecordType.ValueType", set[str]]
_TARGETS = (RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_CLIENT, RecordType.RECORD_TYPE_USER)


def _collect(ids: _Ids, record: Record, type_: "RecordType.ValueType") -> None:
    """Add what the record refers to."""
    body = getattr(record, RECORD_TYPES[type_].body_field)
    for target, path in _references(type_, lists=False):
        if id_ := getattr(body, path):
            ids[target].add(id_)
    for target, path in _references(type_, lists=True):
        ids[target].update(getattr(body, path))


@cache
def _references(type_: "RecordType.ValueType", *, lists: bool) -> Sequence[tuple["RecordType.ValueType", str]]:
    """The references of a type that an index keeps, each with what it refers to: single ones, or lists of them."""
    return tuple(
        (column.reference_type, column.path)
        for column in RECORD_TYPES[type_].columns
        if column.reference_type in _TARGETS and (column.kind == "list") is lists
    )
