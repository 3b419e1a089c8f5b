"""What an event is before and after it has its place in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clockwire.model.instants import Instant
from clockwire.model.states import State
from clockwire.v1.common_pb2 import RecordType


class EventDraft(NamedTuple):
    """Something that happened to a record or timer, in a transaction that has not been committed."""

    type: str
    record_type: RecordType.ValueType
    record_id: str
    #: The version after the change; for a deletion the last version plus 1.
    version: int
    #: The state after the change, whole and with its labels; None for a deletion.
    record: State | None
    #: The state before the change; None for a creation.
    before: State | None
    #: For .updated only: paths relative to Record, or to Timer.
    changed_paths: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """What one operation did to the log."""

    #: Cursor after its last event; for a no-op, of the log's head.
    cursor: str
    event_ids: Sequence[str] = ()


class LogEntry(NamedTuple):
    """An event in the log: its place, what filters ask for, and its encoded message."""

    sequence: int
    id: str
    type: str
    record_id: str
    commit_time: Instant
    origin: int
    api_key_id: str
    #: What else filters ask for, as JSON: see `model/event_filter.py`.
    facets: str
    message: bytes
    before: bytes | None
