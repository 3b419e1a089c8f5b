"""What filters ask of an event, gathered once: its type, and what its record is or was about."""

from collections.abc import Callable, Iterable, Iterator
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


def index_of(event: Event, before: Record | None) -> EventIndex:
    """The index of an event, whose record had the state *before* (None if it is new)."""
    states = [record for record in (before, event.record if event.HasField("record") else None) if record is not None]
    return EventIndex(
        type=event.type,
        record_type=event.record_type,
        record_id=event.record_id,
        project_ids=_ids(RecordType.RECORD_TYPE_PROJECT, event, states),
        client_ids=_ids(RecordType.RECORD_TYPE_CLIENT, event, states),
        user_ids=_ids(RecordType.RECORD_TYPE_USER, event, states),
        changed_paths=tuple(event.changed_paths.paths),
        origin=event.origin,
        api_key_id=event.actor.api_key_id,
    )


def _ids(target: "RecordType.ValueType", event: Event, states: Iterable[Record]) -> frozenset[str]:
    """The ids of the *target* type that the states name, without the empty one."""
    references = _references(event.record_type, target)
    ids = {id_ for record in states for id_ in references(record)}
    ids.discard("")
    if event.record_type == target:
        ids.add(event.record_id)
    return frozenset(ids)


@cache
def _references(type_: "RecordType.ValueType", target: "RecordType.ValueType") -> Callable[[Record], Iterator[str]]:
    """The function that yields what a record of a type refers to of the *target* type."""
    info = RECORD_TYPES[type_]
    columns = [column for column in info.columns if column.reference_type == target]
    single = [column.path for column in columns if column.kind != "list"]
    lists = [column.path for column in columns if column.kind == "list"]

    def references(record: Record) -> Iterator[str]:
        body = getattr(record, info.body_field)
        for path in single:
            yield getattr(body, path)
        for path in lists:
            yield from getattr(body, path)

    return references
